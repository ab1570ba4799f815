import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from visnmf.errors import InvalidInputError
from visnmf.images.imageset import ImageSet
from visnmf.images.layout import ImageLayout
from visnmf.images.load import load_images


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64", "int32", "bool"])
def test_saved_pictures_load_as_they_were(tmp_path, dtype, channels):
    rng = np.random.default_rng(0)
    shape = (3, 5, 6) if channels == 1 else (3, 5, 6, channels)
    if dtype[0] in "iu":
        top = 10**6 if dtype == "int32" else np.iinfo(dtype).max
        pictures = rng.integers(0, top, shape, dtype=dtype, endpoint=True)
    else:
        pictures = (rng.random(shape) * (1 if dtype == "bool" else 3)).round().astype(dtype)
    images = load_images(pictures, mode="keep")
    paths = images.save(tmp_path / "out")
    suffix = ".png" if dtype in {"bool", "uint8", "uint16"} and channels in {1, 3} else ".tif"
    assert [os.path.basename(path) for path in paths] == [f"{i}{suffix}" for i in range(3)]
    back = load_images(tmp_path / "out", mode="keep")
    assert back.layout.shape == images.layout.shape
    if dtype in {"uint8", "uint16"}:
        np.testing.assert_array_equal(back.V, images.V)
    else:
        np.testing.assert_allclose(back.V, images.V, atol=1e-6)
    assert back.layout.dtype == ("uint8" if dtype == "bool" else dtype)


def test_16_bits_survive_exactly(tmp_path):
    pictures = np.arange(65536, dtype=np.uint16).reshape(1, 256, 256)
    load_images(pictures).save(tmp_path)
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "0.png")), pictures[0])
    back = load_images(tmp_path)
    np.testing.assert_array_equal(back.layout.to_original(back.to_images()), pictures)


hostile = st.lists(st.text(st.sampled_from("aB./\\:\x00 é~"), max_size=8), min_size=1, max_size=6)


@settings(max_examples=50)
@given(names=hostile)
def test_no_name_leaves_the_folder_or_overwrites_another(tmp_path_factory, names):
    folder = tmp_path_factory.mktemp("names")
    images = ImageSet(np.zeros((4, len(names))), ImageLayout(2, 2, high=255, dtype="uint8"), names)
    paths = images.save(folder / "in")
    assert len({path.lower() for path in paths}) == len(names)
    for path in paths:
        assert os.path.realpath(path).startswith(os.path.realpath(folder / "in") + os.sep)
        assert os.path.isfile(path)
    assert sorted(os.listdir(folder)) == ["in"]


def test_folders_in_names_become_folders_and_suffixes_fit(tmp_path):
    images = ImageSet(
        np.zeros((4, 3)),
        ImageLayout(2, 2, high=255, dtype="uint8"),
        ["cats/1.jpg", "cats/1.gif", "0.5 mm"],
    )
    paths = images.save(tmp_path)
    assert [os.path.relpath(p, tmp_path).replace(os.sep, "/") for p in paths] == [
        "cats/1.png",
        "cats/1_2.png",
        "0.5 mm.png",
    ]
    assert sorted(os.listdir(tmp_path / "cats")) == ["1.png", "1_2.png"]


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidInputError, match="not a folder"):
        ImageSet(np.zeros((4, 1)), ImageLayout(2, 2)).save(tmp_path / "file")
