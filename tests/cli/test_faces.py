import re

import numpy as np
import pytest
from PIL import Image
from skimage import data

import visnmf


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("album") / "photos"
    folder.mkdir()
    Image.fromarray(data.astronaut()).save(folder / "eileen.png")
    Image.fromarray(data.brick()[:150, :150]).save(folder / "wall.png")
    return folder


def facts_of(result):
    return {name: value.strip() for name, value in
            (line.split("  ", 1) for line in result.stdout.splitlines())}  # fmt: skip


def test_faces_are_written_and_told(run, photos, tmp_path):
    result = run("faces", photos, "-o", "aligned/", "--size", "40x32")
    assert result.exit_code == 0, result.stderr
    assert [path.name for path in (tmp_path / "aligned").iterdir()] == ["eileen.png"]
    assert Image.open(tmp_path / "aligned" / "eileen.png").size == (32, 40)
    assert Image.open(tmp_path / "aligned.png").size[0] > 100
    facts = facts_of(result)
    assert facts["photos"] == "2, 1 left out:"
    assert facts["faces"] == "1 of 40 x 32, gray"
    assert facts["look at"] == "aligned.png"
    assert re.search(r"wall.png +no face found", result.stdout)
    assert "warning" not in result.stderr


def test_what_comes_next_works(run, photos):
    result = run("faces", photos, "-o", "my faces", "--color", "--on-error", "skip")
    assert "warning" not in result.stderr
    command = facts_of(result)["what next"]
    assert command == "visnmf learn 'my faces' --color -k 1 -o faces.safetensors"
    learned = run("learn", "my faces", "--color", "-k", 1, "-o", "faces.safetensors")
    assert learned.exit_code == 0, learned.stderr
    assert visnmf.Model.load("faces.safetensors").layout.shape == (64, 64, 3)


def test_nothing_is_mixed_or_written_over(run, photos, tmp_path):
    result = run("faces", photos, "-o", photos)
    assert result.exit_code == 2
    assert "holds the photos" in result.stderr
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "old.png").write_bytes(b"")
    result = run("faces", photos, "-o", "full")
    assert result.exit_code == 2
    assert "not empty" in result.stderr
    (tmp_path / "mine.png").write_bytes(b"mine")
    result = run("faces", photos, "-o", "mine")
    assert result.exit_code == 2
    assert (tmp_path / "mine.png").read_bytes() == b"mine"


def test_no_face_is_an_error_in_one_line(run, photos, tmp_path):
    result = run("faces", photos / "wall.png", "-o", "aligned")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "no face found in 1 picture(s)" in result.stderr
    assert not (tmp_path / "aligned").exists()


def test_learn_warns_of_pictures_that_are_not_aligned(run, tmp_path):
    rng = np.random.default_rng(0)
    (tmp_path / "noise").mkdir()
    for number in range(12):
        picture = rng.integers(0, 256, (16, 16), dtype=np.uint8)
        Image.fromarray(picture).save(tmp_path / "noise" / f"{number}.png")
    result = run("learn", "noise", "-k", 2, "-o", "noise.safetensors")
    assert result.exit_code == 0, result.stderr
    [line] = [line for line in result.stderr.splitlines() if line.startswith("warning")]
    assert "do not look aligned" in line
    assert "visnmf faces" in line
