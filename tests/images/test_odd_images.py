"""Broken, hostile and unusual files: each loads as it should look, or is named with a reason."""

import os
import warnings

import numpy as np
import pytest
from PIL import Image

from visnmf.errors import ImageReadError, SkippedImagesWarning
from visnmf.images.load import load_images

UNREADABLE = {
    "LICENSE-Pillow.txt": "known format",
    "apng_syntax_num_frames_zero.png": "decoded",
    "broken.png": "known format",
    "crash-0e16d3bfb83be87356d026d66919deaefca44dac.tif": "decoder error",
    "crash-2020-10-test.tif": "decoded",
    "crash-5762152299364352.fli": "truncated",
    "crash-754d9c7ec485ffb76a90eeaab191ef69a2a3a3cd.sgi": "overrun",
    "cross_scan_line_truncated.tga": "truncated",
    "decompression_bomb.ico": "too large",
    "float32_nan_inf_neg.tif": "2 of 3072 values are NaN",
    "hopper_bad.p7": "known format",
    "hopper_naxis_zero.fits": "No image data",
    "jpeg_cut_half.jpg": "truncated",
    "libtiff_segfault.tif": "GiB",
    "negative.npy": "2 of 3072 values are NaN",
    "object_array.npy": "Python objects",
    "oom-225817ca0f8c663be7ab4b9e717b02c661e66834.tif": "corrupted",
    "tiff_overflow_rows_per_strip.tif": "corrupted",
    "zero_bytes.png": "empty",
}
# name: (height, width, frames)
READABLE = {
    "12in16bit.tif": (100, 100, 1),
    "16bit.cropped.jp2": (64, 64, 1),
    "all_black.png": (64, 48, 1),
    "apng_chunk_no_actl.png": (64, 128, 1),
    "apng_dispose_op_previous_frame.png": (64, 128, 3),
    "apng_mode_palette_1bit_alpha.png": (64, 128, 2),
    "bmp_b_badrle.bmp": (64, 127, 1),
    "bmp_b_pal8badindex.bmp": (64, 127, 1),
    "broken_exif_dpi.jpg": (100, 100, 1),
    "different_transparency.gif": (100, 100, 2),
    "exif-dpi-zerodivision.jpg": (200, 200, 1),
    "exif_rot6.jpg": (48, 64, 1),
    "first_frame_transparency.gif": (50, 75, 1),
    "g4-multi.tiff": (4677, 3307, 3),
    "hopper.Lab.tif": (128, 128, 1),
    "hopper_16bit_plain.pgm": (128, 128, 1),
    "hopper_orientation_5.jpg": (128, 128, 1),
    "hopper_orientation_8.jpg": (128, 128, 1),
    "icc-after-SOF.jpg": (10, 10, 1),
    "iss634.apng": (245, 245, 41),
    "multipage-lastframe.tif": (20, 20, 1),
    "multipage_multiple_frame_loop.tiff": (10, 10, 2),
    "no_palette.gif": (1, 1, 2),
    "pil_sample_cmyk.jpg": (100, 100, 1),
    "psd-oob-write-overflow.psd": (10, 10, 1),
    "really_png.jpg": (64, 48, 1),
    "tiff_16bit_RGBa.tiff": (40, 100, 1),
    "tiff_strip_cmyk_jpeg.tif": (100, 100, 1),
    "tiff_strip_ycbcr_jpeg_2x2_sampling.tif": (360, 480, 1),
    "uint16.png": (64, 48, 1),
}


@pytest.fixture
def odd(real_data):
    folder = real_data("odd_images")
    return lambda name: os.path.join(folder, name)


def test_every_file_is_listed_here(odd):
    assert set(os.listdir(odd(""))) == set(UNREADABLE) | set(READABLE)


@pytest.mark.parametrize("name", UNREADABLE)
@pytest.mark.parametrize("on_error", ["raise", "skip"])
def test_unreadable_files_are_named(odd, name, on_error):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ImageReadError, match=UNREADABLE[name]) as caught:
            load_images(odd(name), on_error=on_error)
    assert name in str(caught.value)


@pytest.mark.parametrize("name", READABLE)
@pytest.mark.parametrize("mode", ["gray", "rgb", "keep"])
def test_readable_files_have_the_right_shape(odd, name, mode):
    if name == "g4-multi.tiff" and mode == "rgb":
        pytest.skip("three pages of 15 megapixels in color take a second")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        images = load_images(odd(name), mode=mode)
    assert (images.layout.height, images.layout.width, len(images)) == READABLE[name]
    assert images.V.min() >= 0
    assert images.V.max() <= 1


def test_the_whole_folder_at_once(odd):
    with pytest.warns(SkippedImagesWarning, match="left out") as caught:
        images = load_images(odd(""), size=(32, 32), on_error="warn")
    assert len(caught) == 1
    skipped = {os.path.basename(error.path) for error in images.skipped}
    assert skipped < set(UNREADABLE)
    assert "zero_bytes.png" in skipped
    assert set(images.names) == set(READABLE)


def reference(path):
    return np.asarray(Image.open(path).convert("RGB"), np.float32) / 255


@pytest.mark.parametrize("name", ["hopper_orientation_5.jpg", "hopper_orientation_8.jpg"])
def test_turned_pictures_are_upright(odd, name):
    upright = load_images(odd("hopper.Lab.tif"), mode="rgb")[0]
    picture = load_images(odd(name), mode="rgb")[0]
    assert np.abs(picture - upright).mean() < 0.05  # the flag is on the left, and not sideways


def test_colors_of_print_video_and_laboratory(odd):
    cmyk = load_images(odd("pil_sample_cmyk.jpg"), mode="rgb")[0]
    red, green, blue = cmyk[:5, :17].mean((0, 1))
    assert red > 0.8
    assert max(green, blue) < 0.3
    assert cmyk[90:].max() < 0.05  # a black ground
    np.testing.assert_allclose(
        load_images(odd("tiff_strip_cmyk_jpeg.tif"), mode="rgb")[0], cmyk, atol=0.01
    )
    lab = load_images(odd("hopper.Lab.tif"), mode="rgb")[0]
    plain = load_images(odd("hopper_16bit_plain.pgm"))[0]
    gray = load_images(odd("hopper.Lab.tif"))[0]
    assert lab[5, 110, 2] > lab[5, 110, 0]  # blue behind her
    assert np.abs(gray - plain).mean() < 0.05


def test_transparent_parts_show_the_background(odd):
    black = load_images(odd("first_frame_transparency.gif"), mode="rgb")[0]
    white = load_images(odd("first_frame_transparency.gif"), mode="rgb", background="white")[0]
    assert black[0, 0].tolist() == [0, 0, 0]
    assert white[0, 0].tolist() == [1, 1, 1]
    np.testing.assert_array_equal(black[25, 37], [0, 1, 0])
    np.testing.assert_array_equal(white[25, 37], [0, 1, 0])


def test_16_bits_keep_their_depth(odd):
    deep = load_images(odd("tiff_16bit_RGBa.tiff"), mode="rgb")
    assert deep.layout.dtype == "uint16"
    shallow = np.asarray(Image.open(odd("tiff_16bit_RGBa.tiff")), np.float32) / 255
    opaque = shallow[..., :3] * shallow[..., 3:]
    np.testing.assert_allclose(deep[0], opaque, atol=0.01)
    gray = load_images(odd("uint16.png"))
    assert gray.layout.to_original(gray[0]).max() == 56540


def test_floats_load_once_told_what_to_do_about_nan(odd):
    for name in ("float32_nan_inf_neg.tif", "negative.npy"):
        images = load_images(odd(name), nan=0.0)
        assert images.layout.low < 0
        assert images.V.min() == 0
        assert images.V.max() == 1
