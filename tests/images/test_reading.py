"""Kinds of files, each made here: what goes in must come out."""

import io
import os
import struct
import warnings
import zipfile
from contextlib import suppress

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps

from visnmf.errors import ImageReadError
from visnmf.images.colors import from_pillow, luma
from visnmf.images.load import load_images

rng = np.random.default_rng(0)
RGB = rng.integers(0, 256, (5, 7, 3), dtype=np.uint8)
DEEP = rng.integers(0, 65536, (5, 7, 3), dtype=np.uint16)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp"])
def test_exif_orientation(tmp_path, suffix, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"picture.{suffix}"
    Image.fromarray(RGB).save(path, exif=exif)
    with Image.open(path) as image:
        expected = np.asarray(ImageOps.exif_transpose(image).convert("RGB"), np.float32) / 255
    np.testing.assert_allclose(load_images(path, mode="rgb")[0], expected, atol=1e-6)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_of_deep_color(tmp_path, orientation):
    tag = [(274, "H", 1, orientation, True)]
    tifffile.imwrite(tmp_path / "deep.tif", DEEP, photometric="rgb", extratags=tag)
    shallow = (DEEP >> 8).astype(np.uint8)
    tifffile.imwrite(tmp_path / "shallow.tif", shallow, photometric="rgb", extratags=tag)
    deep = load_images(tmp_path / "deep.tif", mode="rgb")
    expected = load_images(tmp_path / "shallow.tif", mode="rgb")
    assert deep.layout.dtype == "uint16"
    assert deep.layout.shape == expected.layout.shape
    np.testing.assert_allclose(deep.V, expected.V, atol=1 / 255)


@pytest.mark.parametrize("suffix", ["png", "ppm", "tif"])
def test_color_of_16_bits_loses_none(tmp_path, suffix):
    path = str(tmp_path / f"deep.{suffix}")  # OpenCV compresses a TIFF with LZW
    cv2.imwrite(path, DEEP[..., ::-1])
    images = load_images(path, mode="rgb")
    np.testing.assert_array_equal(images.layout.to_original(images[0]), DEEP)
    gray = load_images(path)
    np.testing.assert_array_equal(gray.layout.to_original(gray[0]), luma(DEEP))


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("bits", ["u2", "u4", "i2", "f4", "f8"])
def test_gray_tiffs_of_all_depths_and_byte_orders(tmp_path, order, bits):
    values = (DEEP[..., 0] // 3).astype(bits)
    tifffile.imwrite(tmp_path / "x.tif", values, photometric="minisblack", byteorder=order)
    images = load_images(tmp_path / "x.tif")
    high = 65535 if bits == "u2" else values.max()
    low = 0 if bits == "u2" else values.min()
    assert (images.layout.low, images.layout.high) == (low, high)
    np.testing.assert_allclose(images.layout.to_original(images[0]), values, atol=0.01)


def test_white_is_zero(tmp_path):
    for values in (RGB[..., 0], DEEP[..., 0]):
        tifffile.imwrite(tmp_path / "x.tif", values, photometric="miniswhite")
        images = load_images(tmp_path / "x.tif")
        expected = np.iinfo(values.dtype).max - values
        np.testing.assert_array_equal(images.layout.to_original(images[0]), expected)


def test_gray_with_opacity_in_16_bits(tmp_path):
    values = DEEP[..., :2]
    tifffile.imwrite(
        tmp_path / "x.tif",
        values,
        photometric="minisblack",
        planarconfig="contig",
        extrasamples=["unassalpha"],
    )
    expected = values[..., 0] / 65535 * (values[..., 1] / 65535)
    np.testing.assert_allclose(load_images(tmp_path / "x.tif")[0], expected, atol=1e-5)


def packed_12_bits():
    """A TIFF of 2 x 4 pixels of 12 bits, all white."""
    entries = {256: (3, 4), 257: (3, 2), 258: (3, 12), 259: (3, 1), 262: (3, 1)}
    entries |= {273: (4, 8), 277: (3, 1), 278: (3, 2), 279: (4, 12)}
    packed = [struct.pack("<HHII", tag, kind, 1, value) for tag, (kind, value) in entries.items()]
    ifd = struct.pack("<H", len(entries)) + b"".join(packed) + bytes(4)
    return struct.pack("<2sHI", b"II", 42, 20) + b"\xff" * 12 + ifd


def test_12_bits_reach_white(tmp_path):
    (tmp_path / "x.tif").write_bytes(packed_12_bits())
    images = load_images(tmp_path / "x.tif")
    assert (images.layout.high, images.layout.shape) == (4095, (2, 4))
    assert (images.V == 1).all()


@pytest.mark.parametrize(
    "mode", ["1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "CMYK", "YCbCr", "HSV"]
)
def test_every_mode_of_pillow(mode):
    image = Image.fromarray(RGB).convert(
        "RGBA" if mode == "RGBa" else "LA" if mode == "La" else mode
    )
    image = image.convert(mode)
    gray = from_pillow(image, "gray", (0, 0, 0))
    color = from_pillow(image, "rgb", (0, 0, 0))
    kept = from_pillow(image, "keep", (0, 0, 0))
    assert gray.values.shape == (5, 7)
    assert color.values.shape == (5, 7, 3)
    assert kept.values.shape == ((5, 7) if mode in {"1", "L", "LA", "La"} else (5, 7, 3))
    opaque = image.convert(mode.upper()) if mode in {"La", "RGBa"} else image
    plain = np.asarray(opaque.convert("RGB"))
    np.testing.assert_allclose(color.values, plain, atol=2)


@pytest.mark.parametrize(
    ("image", "transparent"),
    [
        (Image.fromarray(np.arange(4, dtype=np.uint8)[None]), 2),
        (Image.fromarray(np.arange(12, dtype=np.uint8).reshape(1, 4, 3)), (6, 7, 8)),
        (Image.fromarray(np.arange(4, dtype=np.uint8)[None]).convert("P"), 2),
        (Image.fromarray(np.arange(4, dtype=np.uint8)[None]).convert("P"), b"\xff\xff\0"),
    ],
)
def test_a_transparent_color(tmp_path, image, transparent):
    image.save(tmp_path / "x.png", transparency=transparent)
    picture = load_images(tmp_path / "x.png", mode="rgb", background=(1, 0.6, 0))[0]
    np.testing.assert_allclose(picture[0, 2], [1, 0.6, 0])
    np.testing.assert_allclose(picture[0, 3] * 255, np.asarray(image.convert("RGB"))[0, 3])
    gray = load_images(tmp_path / "x.png", background="white")[0]
    assert gray[0, 2] == 1


def test_gray_is_that_of_pillow(tmp_path):
    Image.fromarray(RGB).save(tmp_path / "x.png")
    expected = np.asarray(Image.open(tmp_path / "x.png").convert("L"))
    images = load_images(tmp_path / "x.png")
    np.testing.assert_array_equal(images.layout.to_original(images[0]), expected)
    assert np.abs(luma(RGB).astype(int) - expected).max() <= 1


def test_frames_of_animations_and_pages(tmp_path):
    frames = [Image.fromarray(np.full((4, 5), 40 * i, np.uint8)) for i in range(5)]
    for suffix in ("gif", "png", "tif", "webp"):
        path = tmp_path / f"x.{suffix}"
        frames[0].save(path, save_all=True, append_images=frames[1:], lossless=True)
        images = load_images(path)
        np.testing.assert_allclose(images.V[0] * 255, [0, 40, 80, 120, 160], atol=1e-4)
        assert images.names[3] == f"x.{suffix}[3]"
        assert load_images([path]).names == [f"x.{suffix}"]
        assert load_images(path, frames="first").V.max() == 0
        assert load_images(path, frames=slice(1, 4, 2)).names == [
            f"x.{suffix}[1]",
            f"x.{suffix}[3]",
        ]
        assert len(load_images([path, path], frames="all")) == 10
        with pytest.raises(ImageReadError, match="none of the frames"):
            load_images(path, frames=slice(7, 9))


def test_video(tmp_path):
    path = str(tmp_path / "x.avi")
    writer = cv2.VideoWriter(path, cv2.VideoWriter_fourcc(*"MJPG"), 10, (32, 16))
    for i in range(6):
        writer.write(np.full((16, 32, 3), (0, 0, 40 * i), np.uint8))
    writer.release()
    images = load_images(path, mode="rgb")
    assert images.layout.shape == (16, 32, 3)
    red, green, blue = images.to_images().mean((1, 2)).T * 255
    np.testing.assert_allclose(red, 40 * np.arange(6), atol=8)
    assert max(green.max(), blue.max()) < 12
    assert load_images(path, frames=slice(1, None, 3)).names == ["x.avi[1]", "x.avi[4]"]
    with pytest.raises(ImageReadError, match="from its start"):
        load_images(path, frames=slice(-2, None))
    (tmp_path / "bad.mp4").write_bytes(b"nothing of a video" * 99)
    with pytest.raises(ImageReadError, match=r"bad\.mp4.*no frame"):
        load_images(tmp_path / "bad.mp4")


def test_the_size_is_checked_before_anything_is_decoded(tmp_path):
    for name, size in (("x.png", (3000, 4000)), ("y.png", (9500, 9500))):
        Image.new("1", size).save(tmp_path / name)
    with pytest.raises(ImageReadError, match="max_pixels=1000000"):
        load_images(tmp_path / "x.png", max_pixels=10**6)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ImageReadError, match="bomb"):
            load_images(tmp_path / "y.png")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
def test_a_named_pipe_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "x.png")
    with pytest.raises(ImageReadError, match="not a regular file"):
        load_images(tmp_path / "x.png")


def test_missing_and_forbidden_files_are_named(tmp_path):
    with pytest.raises(ImageReadError, match=r"x\.png: No such file"):
        load_images([tmp_path / "x.png"])


def test_stacks(tmp_path):
    stack = RGB.reshape(1, 5, 7, 3)
    np.save(tmp_path / "x.npy", stack)
    np.savez(tmp_path / "one.npz", anything=stack)
    np.savez_compressed(tmp_path / "usual.npz", images=stack, subject=np.arange(3))
    np.savez(tmp_path / "two.npz", a=stack, b=stack[:, :2])
    expected = load_images(stack, mode="rgb").V
    for name in ("x.npy", "one.npz", "usual.npz"):
        np.testing.assert_array_equal(load_images(tmp_path / name, mode="rgb").V, expected)
    assert load_images(tmp_path / "two.npz", key="b").layout.height == 2
    with pytest.raises(ImageReadError, match=r"\(a, b\); choose one with key"):
        load_images(tmp_path / "two.npz")
    with pytest.raises(ImageReadError, match="no array 'c'"):
        load_images(tmp_path / "two.npz", key="c")
    np.save(tmp_path / "flat.npy", RGB[..., 0])
    assert load_images(tmp_path / "flat.npy").layout.shape == (5, 7)


def npy_header(shape, dtype="<f4"):
    buffer = io.BytesIO()
    fields = {"descr": dtype, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(buffer, fields)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x93NUMPY",
        npy_header((10**6, 10**6)),
        npy_header((3, 4, 5)) + b"short",
        npy_header((1, 2, 2), "|O") + b"cos\nsystem\n(S'false'\ntR.",
        npy_header((1, 2, 2), "<c8") + bytes(32),
        npy_header((0, 2, 2)),
        npy_header((2,)) + bytes(8),
    ],
)
def test_hostile_stacks(tmp_path, data):
    (tmp_path / "x.npy").write_bytes(data)
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("images.npy", data)
    (tmp_path / "nozip.npz").write_bytes(data)
    for name in ("x.npy", "x.npz", "nozip.npz"):
        with pytest.raises(ImageReadError, match=name):
            load_images(tmp_path / name)


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "tif", "bmp", "webp", "ppm", "tga", "npy"])
def test_files_cut_anywhere_load_or_are_named(tmp_path, suffix):
    path = tmp_path / f"x.{suffix}"
    if suffix == "npy":
        np.save(path, RGB[None])
    else:
        Image.fromarray(np.tile(RGB, (4, 4, 1))).save(path)
    data = path.read_bytes()
    for _ in range(60):
        cut = bytearray(data[: rng.integers(len(data)) if rng.random() < 0.5 else None])
        for position in rng.integers(0, max(len(cut), 1), size=4):
            cut[position : position + 1] = bytes([rng.integers(256)])
        path.write_bytes(cut)
        # Any other exception fails the test.
        with suppress(ImageReadError):
            assert np.isfinite(load_images(path, mode="rgb", max_pixels=10**6).V).all()
