"""`visnmf append`."""

import numpy as np
import pytest

import visnmf
from visnmf.archive.verify import verify


@pytest.fixture
def archive(tmp_path, faces):
    path = tmp_path / "faces.vnmf"
    visnmf.compress(faces[:8], path, lossless=True, compare=False)
    return path


def test_more_pictures_into_an_archive(run, archive, faces, tmp_path):
    faces[8:].save(tmp_path / "more")
    result = run("append", archive, "more")
    assert result.exit_code == 0
    assert "4 more, 12 now" in result.stdout
    assert "lossless" in result.stdout
    assert verify(str(archive), faces).good
    assert len(set(visnmf.Archive.open(archive).names)) == 12


def test_into_another_file(run, archive, faces, tmp_path):
    faces[8:].save(tmp_path / "more")
    before = archive.read_bytes()
    assert run("append", archive, "more", "-o", "all.vnmf").exit_code == 0
    assert archive.read_bytes() == before
    assert len(visnmf.Archive.open(tmp_path / "all.vnmf")) == 12
    again = run("append", archive, "more", "-o", "all.vnmf")
    assert again.exit_code == 1
    assert "there already" in again.stderr
    assert run("append", archive, "more", "-o", "all.vnmf", "--overwrite").exit_code == 0


def test_pictures_of_another_size_are_told_what_to_do(run, archive, tmp_path):
    np.save(tmp_path / "more.npy", np.zeros((3, 20, 25), np.uint8))
    result = run("append", archive, "more.npy")
    assert result.exit_code == 1
    assert "size 25 x 25, not 20 x 25" in result.stderr
    assert "--size" in result.stderr
    assert run("append", archive, "more.npy", "--size", "25x25").exit_code == 0
