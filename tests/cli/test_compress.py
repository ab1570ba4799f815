"""compress, list, info, verify and extract, as a person types them."""

import json

import numpy as np
import pytest
from PIL import Image

RNG = np.random.default_rng(0)


@pytest.fixture
def folder(tmp_path):
    """Thirty pictures of two parts."""
    made = tmp_path / "pictures"
    (made / "left").mkdir(parents=True)
    parts = RNG.integers(0, 120, (2, 64))
    for i, weights in enumerate(RNG.random((30, 2))):
        name = f"left/{i:02}.png" if i < 3 else f"{i:02}.png"
        Image.fromarray((weights @ parts).astype(np.uint8).reshape(8, 8)).save(made / name)
    return made


@pytest.fixture
def typed(run):
    def typed(*words):
        result = run(*words)
        return result.exit_code, result.stdout, result.stderr

    return typed


def test_there_and_back(folder, tmp_path, typed):
    archive, out = tmp_path / "set.vnmf", tmp_path / "out"
    code, told, _ = typed("compress", folder, "-o", archive, "--lossless", "-r")
    assert code == 0
    assert "lossless" in told
    assert "PNG files" in told
    code, told, _ = typed("list", archive)
    assert (code, len(told.split())) == (0, 30)
    code, told, _ = typed("verify", archive, folder, "-r")
    assert code == 0
    assert "kept" in told
    assert typed("extract", archive, "-o", out)[0] == 0
    for file in folder.rglob("*.png"):
        back = np.asarray(Image.open(out / file.relative_to(folder)))
        np.testing.assert_array_equal(back, np.asarray(Image.open(file)))
    code, told, _ = typed("info", archive)
    assert code == 0
    assert "frame" in told
    code, told, _ = typed("info", archive, "--json")
    assert json.loads(told)["n"] == 30


def test_some_of_them(folder, tmp_path, typed):
    archive, out = tmp_path / "set.vnmf", tmp_path / "out"
    typed("compress", folder, "-o", archive, "--psnr", "30", "-r", "--no-compare")
    assert typed("extract", archive, "-o", out, "--only", "left/*")[0] == 0
    assert sorted(p.name for p in out.rglob("*.png")) == ["00.png", "01.png", "02.png"]
    code, _, err = typed("extract", archive, "-o", out)
    assert code == 1
    assert "there already" in err
    code, _, err = typed("extract", archive, "-o", out, "--only", "nobody.png")
    assert code == 1
    assert "no picture of the archive" in err


def test_a_damaged_archive_is_told_and_salvaged(folder, tmp_path, typed):
    archive, out = tmp_path / "set.vnmf", tmp_path / "out"
    typed("compress", folder, "-o", archive, "--lossless", "-r", "--no-compare")
    whole = archive.read_bytes()
    archive.write_bytes(whole[:-20])
    code, told, err = typed("verify", archive)
    assert code == 1
    assert "cut short" in told
    assert "--salvage" in err
    assert typed("extract", archive, "-o", out)[0] == 1
    assert typed("extract", archive, "-o", out, "--salvage")[0] == 0
    assert len(list(out.rglob("*.png"))) == 30


def test_a_broken_picture_is_refused_or_left_out(folder, tmp_path, typed):
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n no more")
    archive = tmp_path / "set.vnmf"
    command = ("compress", folder, "-o", archive, "--psnr", "25", "-r", "--no-compare")
    code, _, err = typed(*command)
    assert code == 1
    assert "broken.png" in err
    assert not archive.exists()
    code, _, err = typed(*command, "--on-error", "skip")
    assert code == 0
    assert "broken.png" in err


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([], "give one target"),
        (["--psnr", "30", "--lossless"], "give one target"),
        (["--max-bytes", "many"], "200k"),
        (["--psnr", "30", "--step", "2"], "rank"),
    ],
)
def test_what_is_mistyped(folder, tmp_path, typed, options, told):
    code, _, err = typed("compress", folder, "-o", tmp_path / "set.vnmf", *options)
    assert code in (1, 2)
    assert told in err
    code, _, err = typed("info", tmp_path / "sett.vnmf")
    assert code != 0


def test_opacity_that_is_not_kept_is_told(run, tmp_path):
    folder = tmp_path / "see-through"
    folder.mkdir()
    for k in range(3):
        levels = np.full((6, 5, 4), 40 * k, np.uint8)
        Image.fromarray(levels if k else levels[..., :3]).save(folder / f"p{k}.png")
    done = run("compress", str(folder), "-o", str(tmp_path / "a.vnmf"), "--lossless")
    assert done.exit_code == 0, done.stderr
    assert "2 of the files" in done.stderr
    assert "opacity" in done.stderr
    done = run("compress", str(folder), "-o", str(tmp_path / "b.vnmf"), "--psnr", "30")
    assert "opacity" not in done.stderr
