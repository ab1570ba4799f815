import random
import subprocess
import sys

import numpy as np
import pytest

from visnmf.archive import coders
from visnmf.archive.coders import (
    LOSSY,
    MAX_SAMPLES,
    Coder,
    decode_image,
    encode_image,
    encode_near,
    lossy_codec,
    pack_bytes,
    unpack_bytes,
)
from visnmf.errors import ArchiveFormatError, InvalidInputError

DTYPES = [np.uint8, np.uint16]
SHAPES = [(1, 1), (1, 2), (1, 130), (75, 1), (7, 3), (37, 53), (64, 80), (5, 2100)]
CODECS = pytest.mark.parametrize("codec", LOSSY, ids=lambda codec: codec.name)
MIDDLE = {
    Coder.JPEG: 60,
    Coder.WEBP: 60,
    Coder.JPEG2000: 35.0,
    Coder.JXL_LOSSY: 2.0,
    Coder.AVIF: 60,
}


def picture(shape, dtype=np.uint8, noise=0.01, seed=0):
    """Return a smooth picture with a little noise, as levels over the whole range."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    values = (np.sin(x / 7) + np.cos(y / 9) + 2) / 4
    if len(shape) == 3:
        values = np.stack([values, values**2, 1 - values], axis=-1)
    values = values + np.random.default_rng(seed).normal(0, noise, shape)
    return (np.clip(values, 0, 1) * np.iinfo(dtype).max).astype(dtype)


def psnr(a, b):
    error = np.mean((a.astype(float) - b) ** 2)
    return 10 * np.log10(float(np.iinfo(a.dtype).max) ** 2 / max(error, 1e-12))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("channels", [(), (3,)], ids=["gray", "rgb"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_every_level_comes_back(shape, channels, dtype):
    for noise in (0.0, 0.01, 9.0):  # 9: nothing but noise, and clipped
        levels = picture(shape + channels, dtype, noise)
        coder, data = encode_image(levels, effort=5)
        found = decode_image(coder, data, levels.shape, dtype)
        assert found.dtype == dtype
        assert np.array_equal(found, levels)
        found += 1  # it is a new array


@pytest.mark.parametrize("levels", [0, 1, 65535])
def test_one_level_throughout_takes_a_few_bytes(levels):
    flat = np.full((40, 50), levels, np.uint16)
    coder, data = encode_image(flat)
    assert len(data) < 60
    assert np.array_equal(decode_image(coder, data, flat.shape, flat.dtype), flat)


@pytest.mark.parametrize("dtype", DTYPES)
def test_noise_takes_no_more_than_its_bytes(dtype):
    noise = np.random.default_rng(0).integers(0, 2**16, (90, 70)).astype(dtype)
    coder, data = encode_image(noise, effort=3)
    assert len(data) <= noise.nbytes
    assert np.array_equal(decode_image(coder, data, noise.shape, dtype), noise)


def test_no_effort_of_jpeg_xl_takes_less():
    noise = np.random.default_rng(0).normal(0, 12, (120, 130))
    sheet = np.rint(128 + 40 * np.sin(np.arange(130) / 9) + noise).astype(np.uint8)
    size = len(encode_image(sheet)[1])
    least = min(len(coders._jxl(sheet, effort)) for effort in range(3, 10))
    assert size <= 1.005 * least < len(coders._jxl(sheet, 9))


def test_efforts():
    rows = np.random.default_rng(0).poisson(0.4, (30, 500)).astype(np.uint8)
    sizes = [len(encode_image(rows, effort)[1]) for effort in (3, 9, 10)]
    assert sizes[2] <= sizes[1] < sizes[0]
    for effort in (0, 11):
        with pytest.raises(InvalidInputError, match="1 to 10"):
            encode_image(rows, effort)


def test_sides_beyond_what_a_codec_takes():
    for shape in [(1, 70000), (2**20 + 1, 1)]:
        levels = (np.arange(np.prod(shape)) // 5000).astype(np.uint8).reshape(shape)
        coder, data = encode_image(levels, effort=3)
        assert coder not in {Coder.JPEGLS, Coder.JXL if max(shape) > 2**20 else None}
        assert np.array_equal(decode_image(coder, data, shape, np.uint8), levels)
    for codec in LOSSY:
        assert not codec.takes(levels)


def test_gray_is_little_endian_in_plain_bytes():
    data = bytes([1, 2, 3, 4, 5, 6])
    levels = decode_image(Coder.RAW, data, (1, 3), np.uint16)
    assert levels.tolist() == [[0x0201, 0x0403, 0x0605]]
    coder, found = encode_image(np.array([[0x0201]], np.uint16))
    assert (coder, found) == (Coder.RAW, b"\x01\x02")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("channels", [(), (3,)], ids=["gray", "rgb"])
@pytest.mark.parametrize("error", [0, 1, 2, 7, 100])
def test_near_lossless_keeps_its_bound(error, channels, dtype):
    levels = picture((40, 30, *channels), dtype, noise=0.1)
    data = encode_near(levels, error)
    found = decode_image(Coder.JPEGLS, data, levels.shape, dtype)
    off = int(np.abs(found.astype(int) - levels).max())
    assert off <= error
    assert (off == 0) == (error == 0)  # the bound is made use of
    assert len(data) <= len(encode_near(levels, 0))


@pytest.mark.parametrize(
    ("levels", "error"),
    [
        (np.zeros((2, 2), np.uint8), 128),
        (np.zeros((2, 2), np.uint16), 256),
        (np.zeros((2, 2), np.uint8), -1),
        (np.zeros((2, 2), np.uint8), 0.5),
        (np.zeros((1, 65536), np.uint8), 1),
    ],
)
def test_near_lossless_refuses(levels, error):
    with pytest.raises(InvalidInputError, match="JPEG-LS"):
        encode_near(levels, error)


@CODECS
@pytest.mark.parametrize("channels", [(), (3,)], ids=["gray", "rgb"])
def test_lossy_sheets_are_like_what_was_written(codec, channels):
    for dtype in DTYPES:
        for shape in [(1, 1), (1, 70), (33, 1), (37, 53), (7, 2100)]:
            levels = picture(shape + channels, dtype)
            assert codec.takes(levels) == (dtype == np.uint8 or 16 in codec.bits)
            if not codec.takes(levels):
                with pytest.raises(InvalidInputError, match="8 bits"):
                    codec.encode(levels, codec.best)
                continue
            for quality in (codec.best, codec.worst, MIDDLE[codec.coder]):
                data = codec.encode(levels, quality)
                found = decode_image(codec.coder, data, levels.shape, dtype)
                if shape == (37, 53):
                    assert psnr(levels, found) > (10 if quality == codec.worst else 30)


@CODECS
def test_the_ends_of_the_quality_are_named_right(codec):
    levels = picture((64, 72), noise=0.05)
    found = {}
    for quality in (codec.worst, MIDDLE[codec.coder], codec.best):
        data = codec.encode(levels, quality)
        seen = decode_image(codec.coder, data, levels.shape, levels.dtype)
        found[quality] = (len(data), psnr(levels, seen))
    assert list(found.values()) == sorted(found.values())
    assert found[codec.best][1] > 45
    low, high = sorted((codec.best, codec.worst))
    for quality in (low - 0.5, high + 1, float("nan")):
        with pytest.raises(InvalidInputError, match="quality"):
            codec.encode(levels, quality)
    if codec.whole:
        with pytest.raises(InvalidInputError, match="whole number"):
            codec.encode(levels, 50.5)


def test_progressive_jpeg_of_noise_is_written_though_pillow_has_no_room_for_it():
    noise = np.random.default_rng(0).integers(0, 256, (300, 300, 3), np.uint8)
    codec = lossy_codec(Coder.JPEG)
    found = decode_image(Coder.JPEG, codec.encode(noise, 100), noise.shape, np.uint8)
    assert psnr(noise, found) > 35


def test_the_same_levels_give_the_same_bytes():
    levels = picture((50, 60, 3))
    turned = np.asfortranarray(levels)
    assert encode_image(levels) == encode_image(levels.copy()) == encode_image(turned)
    assert encode_near(levels, 2) == encode_near(turned, 2)
    for codec in LOSSY:
        quality = MIDDLE[codec.coder]
        assert codec.encode(levels, quality) == codec.encode(turned, quality)
    assert pack_bytes(levels.tobytes()) == pack_bytes(levels.tobytes())


# Whatever later versions of the libraries write, these have to be read as they are.
LEVELS = np.array([[0, 1, 2, 300], [65535, 4, 5, 6]], np.uint16)
WRITTEN = {
    Coder.RAW: "0000 0100 0200 2c01 ffff 0400 0500 0600",
    Coder.ZSTD: "28 b52f fd20 1081 0000 0000 0100 0200 2c01 ffff 0400 0500 0600",
    Coder.BROTLI: "8b07 8000 0001 0002 002c 01ff ff04 0005 0006 0003",
    Coder.LZMA: "0100 0f00 0001 0002 002c 01ff ff04 0005 0006 0000",
    Coder.JXL: (
        "ff 0a08 70fc 0045 8b08 0401 0054 004b 188b 1542 0ad8 b835 10d0 0c90 4afe ff9d a85d a302 "
    ),
    Coder.JPEGLS: (
        "ffd8 fff7 000b 1000 0200 0401 0111 00ff f800 0d01 ffff 0012 0043 0114 0040 ffda "
        "0008 0101 0000 0000 a00c 01ca 7006 0540 2c96 ffd9 "
    ),
}


@pytest.mark.parametrize("coder", WRITTEN, ids=lambda coder: coder.name)
def test_files_written_before_are_read(coder):
    data = bytes.fromhex(WRITTEN[coder])
    assert np.array_equal(decode_image(coder, data, (2, 4), np.uint16), LEVELS)


@pytest.mark.parametrize(
    "levels",
    [
        np.zeros((0, 3), np.uint8),
        np.zeros((3, 0), np.uint8),
        np.zeros(3, np.uint8),
        np.zeros((3, 3, 1), np.uint8),
        np.zeros((3, 3, 4), np.uint8),
        np.zeros((3, 3), np.int16),
        np.zeros((3, 3), np.float32),
        np.zeros((3, 3), bool),
        np.broadcast_to(np.uint8(0), (MAX_SAMPLES + 1, 1)),
        np.broadcast_to(np.uint8(0), (2**15, 2**14)),
    ],
    ids=lambda levels: f"{levels.dtype} {levels.shape}",
)
def test_what_is_no_image_is_not_written(levels):
    with pytest.raises(InvalidInputError, match="image"):
        encode_image(levels)
    with pytest.raises(InvalidInputError, match="image"):
        encode_near(levels, 1)


@pytest.mark.parametrize(
    ("shape", "dtype"),
    [
        ((0, 3), np.uint8),
        ((-1, -3), np.uint8),
        ((3,), np.uint8),
        ((3, 3, 2), np.uint8),
        ((3, 3, 3, 3), np.uint8),
        ((2**14, 2**15), np.uint8),
        ((2**40, 1), np.uint8),
        ((3, 3), np.int8),
        ((3, 3), np.float64),
    ],
)
def test_what_is_no_image_is_not_read(shape, dtype):
    for coder in Coder:
        with pytest.raises(ArchiveFormatError):
            decode_image(coder, b"\xff\x0a" + bytes(50), shape, dtype)


@pytest.mark.parametrize("coder", [4, 7, 15, 21, 255, -1])
def test_what_is_no_coder_of_images(coder):
    with pytest.raises(ArchiveFormatError, match="no coder"):
        decode_image(coder, b"data", (2, 2), np.uint8)


@pytest.mark.parametrize("size", [0, 3, 5, 8])
def test_plain_levels_of_another_size(size):
    for coder, data in [(Coder.RAW, bytes(size)), packed(Coder.ZSTD, bytes(size))]:
        with pytest.raises(ArchiveFormatError):
            decode_image(coder, data, (2, 2), np.uint8)


def packed(coder, data):
    """Return bytes packed by one coder, whether or not it helps."""
    import lzma

    import imagecodecs

    from visnmf.archive.packed import _LZMA

    if coder == Coder.ZSTD:
        return coder, bytes(imagecodecs.zstd_encode(data, level=19))
    if coder == Coder.BROTLI:
        return coder, bytes(imagecodecs.brotli_encode(data, level=11))
    if coder == Coder.LZMA:
        return coder, lzma.compress(data, **_LZMA)
    return coder, data


PACKERS = [Coder.RAW, Coder.ZSTD, Coder.BROTLI, Coder.LZMA]
TEXTS = [b"a", b"face0001.png" * 50, bytes(70000), bytes(range(256)) * 3]


@pytest.mark.parametrize("data", TEXTS, ids=len)
def test_bytes_come_back(data):
    coder, small = pack_bytes(data)
    assert len(small) <= min(len(packed(c, data)[1]) for c in PACKERS)
    assert unpack_bytes(coder, small, len(data)) == data
    for coder in PACKERS:
        small = packed(coder, data)[1]
        assert unpack_bytes(coder, small, len(data)) == data
        assert unpack_bytes(coder, small, 10 * len(data) + 100) == data
        with pytest.raises(ArchiveFormatError):
            unpack_bytes(coder, small, len(data) - 1)


def test_nothing_is_packed_as_nothing():
    assert pack_bytes(b"") == (Coder.RAW, b"")
    assert unpack_bytes(Coder.RAW, b"", 0) == b""


@pytest.mark.parametrize("coder", PACKERS[1:], ids=lambda coder: coder.name)
def test_packed_bytes_that_are_damaged(coder):
    """Cut short, longer, or changed: our error, or no more bytes than the limit."""
    rng = random.Random(0)
    data = rng.randbytes(40) + b"one two three " * 30
    _, whole = packed(coder, data)
    limit = len(data) + 50
    for cut in range(len(whole)):
        with pytest.raises(ArchiveFormatError):
            unpack_bytes(coder, whole[:cut], limit)
    with pytest.raises(ArchiveFormatError):
        unpack_bytes(coder, whole + b"more", limit)
    refused = 0
    for _ in range(1000):
        changed = mutated(whole, rng)
        try:
            assert len(unpack_bytes(coder, changed, limit)) <= limit
        except ArchiveFormatError:
            refused += 1
    assert refused > 100


def mutated(data, rng):
    """Return bytes with a few changed, put in or left out."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at, what = rng.randrange(len(changed)), rng.random()
        if what < 0.7:
            changed[at] = rng.randrange(256)
        elif what < 0.8:
            changed[at:at] = rng.randbytes(rng.randint(1, 8))
        elif what < 0.9:
            del changed[at : at + rng.randint(1, 8)]
            changed += b"\0" * (not changed)
        else:
            del changed[at + 1 :]
    return bytes(changed)


IMAGES = {
    "JXL": (Coder.JXL, lambda a: coders._jxl(a, 5)),
    "JPEGLS": (Coder.JPEGLS, lambda a: encode_near(a, 0)),
    "near JPEGLS": (Coder.JPEGLS, lambda a: encode_near(a, 2)),
} | {c.name: (c.coder, lambda a, c=c: c.encode(a, MIDDLE[c.coder])) for c in LOSSY}


@pytest.mark.parametrize("channels", [(), (3,)], ids=["gray", "rgb"])
@pytest.mark.parametrize("name", IMAGES)
def test_damaged_images_raise_our_error_or_have_the_right_shape(name, channels):
    coder, encode = IMAGES[name]
    shape = (12, 17, *channels)
    whole = encode(picture(shape))
    rng = random.Random(name)
    refused = 0
    for i in range(300):
        changed = mutated(whole, rng) if i else whole
        try:
            found = decode_image(coder, changed, shape, np.uint8)
            assert (found.shape, found.dtype) == (shape, np.uint8)
        except ArchiveFormatError:
            refused += 1
    assert 30 < refused < 300


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_of_another_size_is_not_decoded(name, monkeypatch):
    coder, encode = IMAGES[name]
    data = encode(picture((12, 17)))
    asked = []
    monkeypatch.setattr(coders, "_decode", lambda *args: asked.append(args))
    wrong = [
        ((17, 12), np.uint8),
        ((12, 18), np.uint8),
        ((13, 17), np.uint8),
        ((12, 17), np.uint16),
    ]
    if coder != Coder.WEBP:  # which has no gray
        wrong.append(((12, 17, 3), np.uint8))
    for shape, dtype in wrong:
        with pytest.raises(ArchiveFormatError, match="the archive says 1"):
            decode_image(coder, data, shape, dtype)
    assert not asked


def test_what_a_library_makes_of_an_image_is_looked_at_again(monkeypatch):
    data = encode_near(picture((12, 17)), 0)
    monkeypatch.setattr(coders, "_decode", lambda *args: np.zeros((12, 18), np.uint8))
    with pytest.raises(ArchiveFormatError, match="decodes to uint8 .12, 18"):
        decode_image(Coder.JPEGLS, data, (12, 17), np.uint8)


def test_numbers_of_coders_never_change():
    assert {coder.name: int(coder) for coder in Coder} == {
        **{"RAW": 0, "ZSTD": 1, "JXL": 2, "JPEGLS": 3, "BROTLI": 5, "LZMA": 6},
        **{"AVIF": 16, "JXL_LOSSY": 17, "WEBP": 18, "JPEG": 19, "JPEG2000": 20},
    }


def test_lossy_codecs_by_number():
    assert [lossy_codec(codec.coder) for codec in LOSSY] == list(LOSSY)
    with pytest.raises(InvalidInputError, match="no lossy codec"):
        lossy_codec(Coder.JXL)


BOMBS = """
import lzma, random, resource
import imagecodecs
import numpy as np
from visnmf.archive.packed import _LZMA, unpack_bytes
from visnmf.archive.coders import LOSSY, Coder, decode_image, encode_image, encode_near
from visnmf.errors import ArchiveFormatError

def most():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

big = bytes(2**20)
small = [(Coder.ZSTD, imagecodecs.zstd_encode(big)), (Coder.BROTLI, imagecodecs.brotli_encode(big))]
flat = np.zeros((8, 8), np.uint8)
files = [(Coder.JXL, bytes(imagecodecs.jpegxl_encode(flat, lossless=True))),
         (Coder.JPEGLS, encode_near(flat, 1))]
files += [(codec.coder, codec.encode(flat, codec.worst)) for codec in LOSSY]
packer = lzma.LZMACompressor(**_LZMA)
bomb = b"".join(packer.compress(big) for _ in range(1024)) + packer.flush()
for coder, data in files:
    decode_image(coder, data, flat.shape, flat.dtype)
before = most()
for coder, data in [(Coder.LZMA, bomb), *small]:
    for limit in (1, 1000, 2**19):
        try:
            unpack_bytes(coder, data, limit)
            raise SystemExit("a bomb was let through")
        except ArchiveFormatError:
            pass
rng = random.Random(0)
for coder, data in files:
    for _ in range(2000):
        changed = bytearray(data)
        for _ in range(rng.randint(1, 3)):
            changed[rng.randrange(len(data))] = rng.choice([0, 127, 128, 255, rng.randrange(256)])
        try:
            decode_image(coder, bytes(changed), flat.shape, flat.dtype)
        except ArchiveFormatError:
            pass
print(most() - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no module resource")
def test_bombs_and_lies_take_no_memory():
    """What the libraries allocate shows in the size of the process alone."""
    done = subprocess.run(
        [sys.executable, "-c", BOMBS], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert float(done.stdout.split()[-1]) < 64  # megabytes
