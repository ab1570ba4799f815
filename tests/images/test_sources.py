import os

import pytest

from visnmf.errors import ImageReadError
from visnmf.images.sources import find_pictures, natural_key, short_names


@pytest.fixture
def folder(tmp_path):
    for name in (
        "img10.png",
        "img2.PNG",
        "Img1.jpg",
        "notes.txt",
        ".hidden.png",
        "b/c/x.gif",
        "b/1.tif",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return tmp_path


def names(paths, folder):
    return [os.path.relpath(path, folder).replace(os.sep, "/") for path in paths]


def test_a_folder_is_read_in_natural_order(folder):
    assert names(find_pictures(str(folder)), folder) == ["Img1.jpg", "img2.PNG", "img10.png"]


def test_folders_in_the_folder_on_request(folder):
    found = names(find_pictures(str(folder), recursive=True), folder)
    assert found == ["b/1.tif", "b/c/x.gif", "Img1.jpg", "img2.PNG", "img10.png"]


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no symbolic links")
def test_links_in_a_circle_end(folder):
    (folder / "b" / "loop").symlink_to(folder, target_is_directory=True)
    (folder / "self").symlink_to(folder / "self")
    (folder / "dangling.png").symlink_to(folder / "nothing")
    found = names(find_pictures(str(folder), recursive=True), folder)
    assert found.count("img10.png") == 1
    assert len(found) == 6
    assert "dangling.png" in found  # so that reading it names it


def test_globs(folder):
    assert names(find_pictures(str(folder / "*.png")), folder) == ["img10.png"]
    assert names(find_pictures(str(folder / "**" / "*.gif")), folder) == ["b/c/x.gif"]
    with pytest.raises(ImageReadError, match="no file matches"):
        find_pictures(str(folder / "*.webp"))


def test_a_file_whose_name_looks_like_a_pattern_is_itself(tmp_path):
    (tmp_path / "a[1].png").write_bytes(b"x")
    assert find_pictures(str(tmp_path / "a[1].png")) == [str(tmp_path / "a[1].png")]


def test_a_list_keeps_its_order(folder):
    paths = [folder / "img10.png", str(folder / "Img1.jpg")]
    assert find_pictures(paths) == [str(path) for path in paths]
    with pytest.raises(ImageReadError, match="empty"):
        find_pictures([])


def test_mistakes_are_met_with_help(folder):
    with pytest.raises(ImageReadError, match=r"did you mean .*img10\.png"):
        find_pictures(str(folder / "imgg10.png"))
    with pytest.raises(ImageReadError, match="nor is there a folder"):
        find_pictures(str(folder / "no" / "such"))
    (folder / "empty").mkdir()
    with pytest.raises(ImageReadError, match=r"\.png.*recursive=True"):
        find_pictures(str(folder / "empty"))


def test_natural_order():
    given = ["a10", "a2", "A1", "b", "a", "1", "02", "10"]
    assert sorted(given, key=natural_key) == ["1", "02", "10", "a", "A1", "a2", "a10", "b"]


def test_short_names_are_relative_to_what_holds_all():
    paths = [os.path.join("x", "a", "1.png"), os.path.join("x", "b", "1.png")]
    assert short_names(paths) == ["a/1.png", "b/1.png"]
    assert short_names(paths, "x") == ["a/1.png", "b/1.png"]
    assert short_names(paths[:1]) == ["1.png"]
