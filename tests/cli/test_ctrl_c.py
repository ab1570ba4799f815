"""Ctrl-C while an archive is written or read: exit code 130, and nothing half done is left.

The process sends SIGINT to itself once it has come to a certain place, as a key pressed then would.
"""

import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import visnmf

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")

CHILD = """
import importlib, os, signal, sys

def interrupted(module, name, turn):
    module = importlib.import_module(module)
    real, calls = getattr(module, name), []

    def once(record):
        if len(calls) == turn:
            calls.append(1)
            os.kill(os.getpid(), signal.SIGINT)

    def call(*args, **options):
        calls.append(1)
        if len(calls) == turn:
            if name == "factorize":  # in the midst of a fit, which ends in order
                options["callback"] = once
            else:
                os.kill(os.getpid(), signal.SIGINT)
        return real(*args, **options)

    setattr(module, name, call)

module, name, turn, *words = sys.argv[1:]
interrupted(module, name, int(turn))
sys.argv = ["visnmf", *words]
from visnmf.cli.app import main
main()
"""


def press_ctrl_c(place, words, folder):
    """Run a command that is interrupted the nth time it comes to a place."""
    command = [sys.executable, "-c", CHILD, *map(str, place), *map(str, words)]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 130, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
    assert done.stderr.splitlines()[-1] == "interrupted; nothing more is written"
    assert "Traceback" not in done.stderr


@pytest.fixture(scope="module")
def pictures():
    """Pictures of a few parts and a little noise."""
    rng = np.random.default_rng(0)
    parts = rng.random((5, 16 * 16)) ** 3
    rows = rng.random((40, 5)) @ parts * 80 + rng.integers(0, 4, (40, 16 * 16))
    return rows.astype(np.uint8).reshape(40, 16, 16)


FIT = ("visnmf.archive.search", "factorize", 2)
CODEC = ("imagecodecs", "jpegxl_encode", 2)
WRITING = ("os", "fsync", 1)


@pytest.mark.parametrize(
    ("place", "target"),
    [
        (FIT, ["--psnr", "35"]),
        (FIT, ["--lossless"]),
        (CODEC, ["--lossless"]),
        (WRITING, ["--rank", "5"]),
    ],
    ids=lambda words: words[-2] if len(words) == 2 else words[1] if len(words) == 3 else words[0],
)
def test_compress(place, target, pictures, tmp_path):
    np.save(tmp_path / "p.npy", pictures)
    archive = tmp_path / "a.vnmf"
    words = ["compress", "p.npy", "-o", archive, *target, "--no-compare", "--overwrite"]
    press_ctrl_c(place, words, tmp_path)
    assert sorted(os.listdir(tmp_path)) == ["p.npy"]
    archive.write_bytes(b"as it was")
    press_ctrl_c(place, words, tmp_path)
    assert sorted(os.listdir(tmp_path)) == ["a.vnmf", "p.npy"]
    assert archive.read_bytes() == b"as it was"


@pytest.mark.parametrize(
    "place",
    [("visnmf.archive.append", "whole_encodings", 1), ("imagecodecs", "jpegxl_encode", 1), WRITING],
    ids=lambda place: place[1],
)
def test_append(place, pictures, tmp_path):
    archive = tmp_path / "a.vnmf"
    visnmf.compress(pictures[:30], archive, lossless=True, compare=False)
    np.save(tmp_path / "p.npy", pictures[30:])
    before = archive.read_bytes()
    press_ctrl_c(place, ["append", "a.vnmf", "p.npy"], tmp_path)
    press_ctrl_c(place, ["append", "a.vnmf", "p.npy", "-o", "b.vnmf"], tmp_path)
    assert sorted(os.listdir(tmp_path)) == ["a.vnmf", "p.npy"]
    assert archive.read_bytes() == before


@pytest.mark.parametrize(
    "place",
    [("visnmf.archive.extract", "encode_picture", 4), ("os", "replace", 4)],
    ids=lambda place: place[1],
)
def test_extract(place, pictures, tmp_path):
    visnmf.compress(pictures, tmp_path / "a.vnmf", lossless=True, compare=False)
    press_ctrl_c(place, ["extract", "a.vnmf", "-o", "out"], tmp_path)
    there = sorted(os.listdir(tmp_path / "out"))
    assert there[:3] == ["00.png", "01.png", "02.png"]
    assert len(there) <= 4  # the fourth may be there, but then it is whole
    for name, picture in zip(there, pictures, strict=False):
        np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "out" / name)), picture)
    old = tmp_path / "old"
    old.mkdir()
    for j in range(40):
        (old / f"{j:02}.png").write_bytes(b"as it was")
    press_ctrl_c(place, ["extract", "a.vnmf", "-o", "old", "--overwrite"], tmp_path)
    assert len(os.listdir(old)) == 40
    assert (old / "39.png").read_bytes() == b"as it was"
    np.testing.assert_array_equal(np.asarray(Image.open(old / "00.png")), pictures[0])
