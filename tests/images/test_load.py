import logging
import os
import subprocess
import sys
import warnings

import numpy as np
import pytest
from PIL import Image

from visnmf.errors import ImageReadError, InvalidInputError, SkippedImagesWarning
from visnmf.images.load import load_images

rng = np.random.default_rng(0)
STACK = rng.integers(0, 256, (6, 10, 8), dtype=np.uint8)


@pytest.fixture
def folder(tmp_path):
    """Six pictures in two folders, and a file that is none."""
    for i, picture in enumerate(STACK):
        path = tmp_path / "set" / ("odd" if i % 2 else "even") / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(path)
    (tmp_path / "set" / "even" / "notes.txt").write_text("not a picture")
    return tmp_path / "set"


def test_a_folder_becomes_columns(folder):
    images = load_images(folder, recursive=True)
    assert images.names == [f"even/{i}.png" for i in (0, 2, 4)] + [
        f"odd/{i}.png" for i in (1, 3, 5)
    ]
    expected = STACK[[0, 2, 4, 1, 3, 5]].reshape(6, -1).T / np.float32(255)
    np.testing.assert_array_equal(images.V, expected)
    assert images.V.dtype == np.float32
    assert images.V.flags.f_contiguous
    assert (images.layout.low, images.layout.high, images.layout.dtype) == (0, 255, "uint8")
    assert images.source == str(folder)


@pytest.mark.parametrize("workers", [None, 1, 3])
def test_threads_and_progress_keep_the_order(tmp_path, workers):
    pictures = rng.integers(0, 256, (100, 3, 4), dtype=np.uint8)
    for i, picture in enumerate(pictures):
        Image.fromarray(picture).save(tmp_path / f"{i}.png")
    calls = []
    images = load_images(tmp_path, workers=workers, progress=lambda *call: calls.append(call))
    np.testing.assert_array_equal(images.V, load_images(pictures).V)
    assert calls == [(i + 1, 100) for i in range(100)]


def test_a_glob_and_a_list_and_a_file(folder):
    glob = load_images(str(folder / "*" / "*.png"))
    assert len(glob) == 6
    paths = [folder / "odd" / "3.png", folder / "even" / "0.png"]
    assert load_images(paths).names == ["odd/3.png", "even/0.png"]
    assert load_images(paths[0]).names == ["3.png"]


def test_arrays():
    images = load_images(STACK)
    np.testing.assert_array_equal(images.to_images(), STACK / np.float32(255))
    color = rng.random((4, 5, 6, 3), dtype=np.float32)
    weights = np.array([0.299, 0.587, 0.114], dtype=np.float32)
    np.testing.assert_allclose(load_images(color).to_images(), color @ weights, rtol=1e-6)
    assert load_images(color, mode="rgb").layout.shape == (5, 6, 3)
    assert load_images(STACK, mode="rgb").layout.shape == (10, 8, 3)
    many = rng.random((2, 3, 4, 7))
    assert load_images(many, mode="keep").layout.channels == 7
    with pytest.raises(InvalidInputError, match='7 channels have no mode="gray"'):
        load_images(many)
    rgba = np.full((1, 1, 1, 4), 255, np.uint8)
    rgba[..., 3] = 51
    assert load_images(rgba, mode="rgb").V.max() == pytest.approx(0.2)
    assert load_images(rgba, background="white").V.max() == pytest.approx(1)


def test_floats_in_the_unit_range_are_not_copied():
    stack = rng.random((5, 4, 3), dtype=np.float32)
    assert np.shares_memory(load_images(stack).V, stack)
    color = rng.random((5, 4, 3, 3), dtype=np.float32)
    assert np.shares_memory(load_images(color, mode="rgb").V, color)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([0.25, 0.5]), (0, 1, "float64")),
        (np.array([-1.0, 3.0], np.float32), (-1, 3, "float32")),
        (np.array([2, 10**9], np.int32), (2, 10**9, "int32")),
        (np.array([2, 3], np.uint8), (0, 255, "uint8")),
        (np.array([2, 3], ">u2"), (0, 65535, "uint16")),
        (np.array([False, True]), (0, 1, "bool")),
        (np.array([5.0, 5.0]), (0, 5, "float64")),
        (np.array([-5.0, -5.0]), (-5, 0, "float64")),
    ],
)
def test_the_value_range(values, expected):
    images = load_images(values.reshape(2, 1, 1))
    assert (images.layout.low, images.layout.high, images.layout.dtype) == expected
    assert images.V.min() >= 0
    assert images.V.max() <= 1
    np.testing.assert_allclose(images.layout.to_original(images.to_images()).ravel(), values)


def test_a_range_that_is_given_holds_for_all():
    images = load_images(
        np.array([0, 1000, 4095, 5000], np.uint16).reshape(4, 1, 1), range=(0, 4095)
    )
    np.testing.assert_allclose(images.V[0], [0, 1000 / 4095, 1, 1], rtol=1e-6)
    assert images.layout.high == 4095


def test_8_and_16_bits_together(tmp_path):
    Image.fromarray(np.array([[0, 128, 255]], np.uint8)).save(tmp_path / "a.png")
    Image.fromarray(np.array([[0, 12345, 65535]], np.uint16)).save(tmp_path / "b.png")
    images = load_images(tmp_path)
    assert images.layout.dtype == "uint16"
    np.testing.assert_allclose(images.V[:, 0], [0, 128 / 255, 1], rtol=1e-6)
    np.testing.assert_allclose(images.V[:, 1], [0, 12345 / 65535, 1], rtol=1e-6)
    Image.fromarray(np.array([[0, 7, 9]], np.float32)).save(tmp_path / "c.tif")
    with pytest.raises(InvalidInputError, match=r"range=\(low, high\)"):
        load_images(tmp_path)
    assert load_images(tmp_path, range=(0, 255)).V[1, 2] == pytest.approx(7 / 255)


def test_sizes_that_differ(tmp_path):
    for i, size in enumerate([(8, 6), (8, 6), (5, 9), (4, 4)]):
        Image.new("L", size, 255).save(tmp_path / f"{i}.png")
    with pytest.raises(
        InvalidInputError,
        match=r"6 x 8 \(2 of them\), 9 x 5 \(1 of them\) and 1 more.*size=\(6, 8\)",
    ):
        load_images(tmp_path)
    for fit in ("resize", "crop"):
        images = load_images(tmp_path, size=(3, 7), fit=fit)
        assert images.layout.shape == (3, 7)
        assert (images.V == 1).all()
    with pytest.raises(ImageReadError, match=r"2\.png: is 9 x 5 pixels, not 6 x 8"):
        load_images(tmp_path, size=(6, 8), fit="refuse")
    assert load_images(tmp_path, size=(6, 8), fit="refuse", on_error="skip").names == [
        "0.png",
        "1.png",
    ]


def test_channels_that_differ(tmp_path):
    Image.new("L", (3, 2)).save(tmp_path / "a.png")
    Image.new("RGB", (3, 2)).save(tmp_path / "b.png")
    with pytest.raises(InvalidInputError, match='1 and 3; mode="gray" or mode="rgb"'):
        load_images(tmp_path, mode="keep")
    assert load_images(tmp_path, mode="rgb").layout.channels == 3


def test_pages_that_differ_are_the_fault_of_their_file(tmp_path):
    path = tmp_path / "x.tif"
    pages = [Image.new("L", size, 255) for size in [(4, 3), (5, 3), (4, 3)]]
    pages[0].save(path, save_all=True, append_images=pages[1:])
    with pytest.raises(ImageReadError, match=r'x\.tif: .*3 x 4 \(2 of them\).*frames="first"'):
        load_images(path)
    assert len(load_images(path, size=(2, 2))) == 3
    assert load_images(path, frames="first").layout.shape == (3, 4)


def test_resizing_and_cropping_see_the_right_part(tmp_path):
    wide = np.zeros((10, 30, 3), np.uint8)
    wide[:, 10:20] = (255, 0, 0)
    Image.fromarray(wide).save(tmp_path / "x.png")
    crop = load_images(tmp_path / "x.png", size=(10, 10), fit="crop", mode="rgb")[0]
    np.testing.assert_allclose(crop, np.broadcast_to([1, 0, 0], (10, 10, 3)), atol=0.01)
    squeezed = load_images(tmp_path / "x.png", size=(10, 3), mode="rgb")[0]
    assert squeezed[5, 1, 0] > 0.7
    assert squeezed[5, [0, 2], 0].max() < 0.3


def test_large_jpegs_shrink_as_others_do(tmp_path):
    ramp = np.linspace(0, 255, 800).astype(np.uint8)
    Image.fromarray(np.broadcast_to(ramp, (600, 800)).copy()).save(tmp_path / "x.jpg", quality=95)
    small = load_images(tmp_path / "x.jpg", size=(6, 8))[0]
    np.testing.assert_allclose(small, np.broadcast_to((np.arange(8) + 0.5) / 8, (6, 8)), atol=0.02)


def test_on_error(folder):
    (folder / "even" / "1.png").write_bytes(b"broken")
    (folder / "odd" / "9.png").write_bytes(b"")
    with pytest.raises(ImageReadError, match=r"even.1\.png: not a picture"):
        load_images(folder, recursive=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        images = load_images(folder, recursive=True, on_error="skip")
    assert len(images) == 6
    assert [os.path.basename(error.path) for error in images.skipped] == ["1.png", "9.png"]
    assert "2 skipped" in repr(images)
    with pytest.warns(
        SkippedImagesWarning, match=r"2 file.*1\.png.*9\.png: the file is empty"
    ) as caught:
        load_images(folder, recursive=True, on_error="warn")
    assert len(caught) == 1
    assert caught[0].filename == __file__
    with pytest.raises(ImageReadError, match=r"none of the 2 file\(s\) can be read; the first is"):
        load_images([folder / "even" / "1.png", folder / "odd" / "9.png"], on_error="skip")


def test_masks(tmp_path):
    mask = rng.random((10, 8)) > 0.5
    images = load_images(STACK, mask=mask)
    assert images.V.shape == (mask.sum(), 6)
    np.testing.assert_array_equal(images.V[:, 2], STACK[2][mask] / np.float32(255))
    Image.fromarray(mask * np.uint8(255)).save(tmp_path / "mask.png")
    np.testing.assert_array_equal(load_images(STACK, mask=tmp_path / "mask.png").V, images.V)
    with pytest.raises(InvalidInputError, match=r"shape \(10, 8\)"):
        load_images(STACK, mask=np.ones((3, 3), bool))
    with pytest.raises(InvalidInputError, match="array of bool"):
        load_images(STACK, mask=np.ones((10, 8)))


def test_nan_outside_the_mask_does_no_harm():
    stack = np.ones((2, 2, 2))
    stack[0, 0, 0] = np.nan
    with pytest.raises(InvalidInputError, match=r"1 of 4 values.*nan=0\.0"):
        load_images(stack)
    mask = np.array([[False, True], [True, True]])
    assert load_images(stack, mask=mask).V.shape == (3, 2)
    assert load_images(stack, nan=0.0).V.min() == 0


def test_cubes(tmp_path, real_data):
    cube = rng.random((4, 5, 6), dtype=np.float32) * 3
    bands = load_images(cube, cube="bands")
    assert bands.V.shape == (20, 6)
    np.testing.assert_allclose(bands.layout.to_original(bands[2]), cube[..., 2], rtol=1e-5)
    channels = load_images(cube, cube="channels")
    assert channels.layout.shape == (4, 5, 6)
    np.testing.assert_allclose(channels.layout.to_original(channels[0]), cube, rtol=1e-5)
    np.save(tmp_path / "cube.npy", cube)
    np.testing.assert_array_equal(load_images(tmp_path / "cube.npy", cube="bands").V, bands.V)
    channels.save(tmp_path / "tiff")
    as_tiff = load_images(tmp_path / "tiff" / "0.tif", cube="bands")
    np.testing.assert_allclose(as_tiff.V, bands.V, atol=1e-6)
    with pytest.raises(InvalidInputError, match="a cube is"):
        load_images(cube[0], cube="bands")
    with pytest.raises(InvalidInputError, match="needs one file or array"):
        load_images(tmp_path, cube="bands")
    assert load_images(real_data("samson_cube.npz"), cube="bands").V.shape == (95 * 95, 156)


def test_labels_from_folders(folder):
    images = load_images(folder, labels="folder")
    assert images.labels.tolist() == ["even"] * 3 + ["odd"] * 3
    assert (
        load_images(str(folder / "*" / "*.png"), labels="folder").labels.tolist()
        == images.labels.tolist()
    )
    assert load_images(folder / "odd", labels="folder").labels.tolist() == ["odd"] * 3


def test_labels_follow_what_was_skipped(folder):
    (folder / "even" / "2.png").write_bytes(b"broken")
    given = [0, 2, 4, 1, 3, 5]
    images = load_images(folder, recursive=True, labels=given, on_error="skip")
    assert images.labels.tolist() == [0, 4, 1, 3, 5]
    with pytest.raises(InvalidInputError, match=r"shape \(6,\)"):
        load_images(folder, recursive=True, labels=[1, 2], on_error="skip")


def test_labels_from_a_table(folder, tmp_path):
    table = tmp_path / "labels.csv"
    table.write_text("name,label\n" + "".join(f"{i}.png,{i * i}\n" for i in range(6)))
    images = load_images(folder, recursive=True, labels=table)
    assert images.labels.tolist() == [0, 4, 16, 1, 9, 25]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "grey"}, "mode must be one of"),
        ({"fit": "squash"}, "fit must be one of"),
        ({"cube": "slices"}, "cube must be one of"),
        ({"on_error": "ignore"}, "on_error must be one of"),
        ({"size": 10}, r"\(height, width\)"),
        ({"size": (0, 3)}, r"\(height, width\)"),
        ({"size": (2.5, 3)}, r"\(height, width\)"),
        ({"range": (1, 0)}, "low < high"),
        ({"range": 7}, r"\(low, high\)"),
        ({"background": "pink"}, '"black"'),
        ({"background": (0, 0, 300)}, '"black"'),
        ({"frames": "some"}, "slice"),
    ],
)
def test_options_are_checked(options, message):
    with pytest.raises(InvalidInputError, match=message):
        load_images(STACK, **options)


@pytest.mark.parametrize("source", [7, None, [1, 2], [np.zeros((2, 2))]])
def test_other_sources_are_refused(source):
    with pytest.raises(InvalidInputError, match="a source is a folder"):
        load_images(source)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((3, 4)),
        np.zeros((0, 3, 4)),
        np.zeros((2, 0, 4)),
        np.zeros((2, 3, 4), complex),
        np.full((2, 3, 4), "a"),
        np.full((2, 3, 4), None),
    ],
)
def test_other_arrays_are_refused(array):
    with pytest.raises(InvalidInputError):
        load_images(array)


def test_filters_and_handlers_of_the_application_are_left_alone(folder):
    before = list(warnings.filters)
    load_images(folder, recursive=True)
    assert list(warnings.filters) == before
    assert logging.getLogger("PIL").level == logging.NOTSET


def test_what_is_not_needed_is_not_imported(folder):
    code = (
        "import sys; from visnmf.images.load import load_images;"
        f"load_images({str(folder)!r}, recursive=True);"
        "print(sorted({'cv2', 'tifffile', 'matplotlib', 'sklearn', 'scipy'} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"
