"""Mutated pictures of every kind that is read: named and refused, or left out, and no more."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

import visnmf

pytest.importorskip("resource")
if not Path("/proc/self/statm").exists():
    pytest.skip("memory is bounded by what Linux tells of it", allow_module_level=True)

WORKER = Path(__file__).with_name("pictures_worker.py")
KINDS = ("png", "jpg", "gif", "webp", "bmp", "tif", "jp2", "pgm", "tga", "avif")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Faces, a photo in color and a small movie, as files of every kind."""
    folder = tmp_path_factory.mktemp("good")
    face = np.rint(255 * visnmf.samples.load_faces()[0]).astype(np.uint8)
    rows, columns = np.mgrid[:40, :56]
    color = np.stack([rows * 6, columns * 4, rows * columns // 9], axis=-1).astype(np.uint8)
    for kind in KINDS:
        Image.fromarray(face).save(folder / f"face.{kind}")
        if kind != "pgm":
            Image.fromarray(color).save(folder / f"color.{kind}")
    Image.fromarray(face.astype(np.uint16) * 257).save(folder / "deep.png")
    frames = [Image.fromarray(np.roll(color, shift, 1)) for shift in range(4)]
    for kind in ("gif", "webp", "png"):
        frames[0].save(folder / f"movie.{kind}", save_all=True, append_images=frames[1:])
    stack = np.stack([np.asarray(frame) for frame in frames])
    tifffile.imwrite(folder / "pages.tif", stack, photometric="rgb", compression="zlib")
    tifffile.imwrite(folder / "deep.tif", color[..., 0].astype(np.uint16) * 200)
    np.save(folder / "stack.npy", stack)
    np.savez_compressed(folder / "stack.npz", images=stack)
    return folder


def survive(folder, count, seed):
    """Have a process of its own load mutants: a decoder that crashes takes only that down."""
    command = [sys.executable, str(WORKER), str(folder), str(count), seed]
    done = subprocess.run(command, capture_output=True, text=True, timeout=3600, check=False)
    lines = done.stdout.split("\n")
    told = f"after case {lines[-2:]} of seed {seed!r}: {done.returncode}\n{done.stderr[-3000:]}"
    assert done.returncode == 0, told
    refused = int(lines[-2].split()[0])
    assert count // 5 < refused < count


def test_some_dozens_of_mutants(corpus):
    survive(corpus, 60, "quick")


@pytest.mark.slow
def test_a_thousand_mutants(corpus):
    survive(corpus, 1000, "a")
