import math
import struct
from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from visnmf.archive.header import Base, Header, Mode
from visnmf.archive.header_bytes import header_bytes, take_header
from visnmf.archive.header_fields import DTYPES
from visnmf.archive.sections import SectionKind
from visnmf.archive.varints import Cursor, varint
from visnmf.errors import ArchiveFormatError, InvalidInputError
from visnmf.images.layout import ImageLayout

PLAIN = Header(
    n=300,
    height=19,
    width=20,
    bits=8,
    dtype="uint8",
    low=0,
    high=255,
    base=Base.FACTORS,
    rank=40,
    chunk=256,
    shift=20,
    mode=Mode.PSNR,
    target=28,
    psnr=28.5,
    worst_psnr=21.25,
    worst=17,
    max_error=90,
)


def read(data):
    return take_header(Cursor(data, "the directory"))


@st.composite
def headers(draw):
    """Headers whose every field is drawn within what the others leave to it."""

    def whole(least, most):
        return draw(st.integers(least, most))

    channels = whole(1, 6)
    apart = channels > 1 and draw(st.booleans())
    n, height, width = whole(1, 10**6), whole(1, 3000), whole(1, 3000)
    bits, base, mode = (
        draw(st.sampled_from([8, 16])),
        draw(st.sampled_from(Base)),
        draw(st.sampled_from(Mode)),
    )
    rank = whole(1, 20) if base == Base.FACTORS else 0
    step = draw(st.sampled_from([1, 3, 7, 65535] + [0] * (base != Base.NONE)))
    most = min(2**bits - 1, step // 2 if step else 65535)
    target = {
        Mode.PSNR: draw(st.floats(1e-3, 200)),
        Mode.MAX_BYTES: float(whole(0, 2**53)),
        Mode.MAX_ERROR: float(whole(0, 70000)),
    }.get(mode, 0.0)
    if mode in {Mode.MAX_ERROR, Mode.LOSSLESS}:
        most = min(most, int(target))
    max_error = whole(0, most)
    psnr = draw(st.floats(0, 200)) if max_error else math.inf
    dtype = draw(st.sampled_from(DTYPES))
    top = {"float16": 6e4, "float32": 3e38}.get(dtype, 1e300)
    usual = 1 if dtype == "float16" else 2**bits - 1
    low, high = sorted(draw(st.lists(st.floats(-top, top), min_size=2, max_size=2)))
    assume(low < high)
    sheet_chunk = whole(1, 4)
    return Header(
        n=n,
        height=height,
        width=width,
        channels=channels,
        kept=whole(0, height * width),
        bits=bits,
        dtype=dtype,
        **draw(
            st.sampled_from(
                [{"low": low, "high": high}, {"low": 0, "high": usual}, {"low": 0, "high": 1}]
            )
        ),  # fmt: skip
        base=base,
        apart=apart,
        rank=rank,
        chunk=whole(1, 1024),
        sheet_chunk=sheet_chunk,
        columns=whole(1, sheet_chunk * (channels if apart else 1)),
        shift=whole(0, 62),
        step=step,
        mode=mode,
        target=target,
        psnr=psnr,
        worst_psnr=draw(st.floats(0, psnr)) if max_error else math.inf,
        worst=whole(0, n - 1),
        max_error=max_error,
    )


@given(headers())
def test_a_header_survives_being_bytes(header):
    data = header_bytes(header)
    cursor = Cursor(data + b"more", "the directory")
    assert take_header(cursor) == header
    assert cursor.at == len(data)
    assert len(data) <= 97


@given(headers(), st.data())
def test_no_header_is_read_from_less_than_all_of_it(header, data):
    coded = header_bytes(header)
    with pytest.raises(ArchiveFormatError):
        read(coded[: data.draw(st.integers(0, len(coded) - 1))])


@given(headers(), st.data())
def test_a_header_with_other_bytes_is_another_header_or_none(header, data):
    coded = bytearray(header_bytes(header))
    place = data.draw(st.integers(0, len(coded) - 1))
    coded[place] ^= data.draw(st.integers(1, 255))
    cursor = Cursor(bytes(coded) + bytes(16), "the directory")
    try:
        found = take_header(cursor)
    except ArchiveFormatError:
        return
    assert found != header
    assert header_bytes(found) == cursor.data[: cursor.at]


def test_what_is_as_anyone_would_expect_takes_no_bytes():
    lossless = replace(
        PLAIN, base=Base.NONE, rank=0, chunk=1, shift=0, step=1, mode=Mode.LOSSLESS, target=0,
        psnr=math.inf, worst_psnr=math.inf, worst=0, max_error=0,
    )  # fmt: skip
    assert header_bytes(lossless).hex(" ") == (
        "00 04 01 08 ac 02 13 14 01 00 01 01 01 00 01 00 00"  # 4 codes, 12 numbers in 13 bytes
    )
    assert len(header_bytes(PLAIN)) == 4 + 14 + 24


@pytest.mark.parametrize(
    ("dtype", "bits", "high"),
    [("uint8", 8, 255), ("uint16", 16, 65535), ("int32", 16, 65535), ("bool", 8, 1),
     ("float16", 16, 1), ("float64", 16, 1)],
)  # fmt: skip
def test_the_usual_range_of_a_type_takes_no_bytes(dtype, bits, high):
    usual = replace(PLAIN, dtype=dtype, bits=bits, high=high)
    assert len(header_bytes(usual)) == len(header_bytes(PLAIN))
    assert read(header_bytes(usual)) == usual
    unusual = replace(usual, high=high + 1)
    assert len(header_bytes(unusual)) == len(header_bytes(PLAIN)) + 16
    assert read(header_bytes(unusual)) == unusual


def test_bytes_are_as_documented():
    header = replace(
        PLAIN, channels=3, kept=300, apart=True, bits=16, dtype="float32", low=-1.5, high=2.5,
        sheet_chunk=7, columns=5, step=1001, worst=299, max_error=500,
    )  # fmt: skip
    numbers = [300, 19, 20, 3, 300, 40, 256, 7, 5, 20, 1001, 299, 500]
    assert header_bytes(header) == (
        bytes([2 | 4 | 8 | 16, 1, 10, 16])
        + b"".join(map(varint, numbers))
        + struct.pack("<5d", -1.5, 2.5, 28, 28.5, 21.25)
    )


def test_derived_counts():
    header = replace(PLAIN, channels=3, kept=50, apart=True, sheet_chunk=100, columns=12, step=3,
                     max_error=1)  # fmt: skip
    assert (header.peak, header.m, header.planes) == (255, 150, 3)
    assert (header.chunks, header.sheets) == (2, 3)
    assert header.counts() == {
        SectionKind.NAMES: (0, 1),
        SectionKind.MASK: (1, 1),
        SectionKind.NOTES: (0, 1),
        SectionKind.SCALES: (1, 1),
        SectionKind.BASIS: (1, 120),
        SectionKind.ENCODINGS: (2, 2),
        SectionKind.SHEET: (0, 0),
        SectionKind.RESIDUAL: (3, 3),
    }
    assert header.pictures(SectionKind.ENCODINGS, 1) == range(256, 300)
    assert header.pictures(SectionKind.RESIDUAL, 2) == range(200, 300)
    assert not header.pictures(SectionKind.BASIS, 0)


def test_numbers_of_numpy_become_pythons():
    header = replace(PLAIN, n=np.int64(300), psnr=np.float32(28.5), low=np.uint8(0))
    assert {type(value) for value in asdict(header).values()} <= {int, float, str, bool, Base, Mode}
    assert header == PLAIN


def test_zero_has_one_sign():
    assert math.copysign(1, replace(PLAIN, low=-0.0).low) == 1


def test_types_of_originals_are_those_of_a_layout():
    assert DTYPES == (
        "bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64",
        "float16", "float32", "float64",
    )  # fmt: skip
    for dtype in DTYPES:
        ImageLayout(1, 1, dtype=dtype)


BAD = [
    {"n": 0}, {"n": 10**8 + 1}, {"n": 3.0}, {"n": True}, {"n": "3"}, {"n": 10**400},
    {"height": 0}, {"width": 2**20 + 1}, {"height": 2**20, "width": 2**20, "kept": 1},
    {"channels": 0}, {"channels": 4097}, {"kept": -1}, {"kept": 19 * 20 + 1},
    {"bits": 7}, {"bits": 1}, {"bits": 32}, {"dtype": "complex64"}, {"dtype": 3},
    {"low": math.nan}, {"high": math.inf}, {"low": 255}, {"low": "0"}, {"low": 10**400},
    {"low": -1.7e308, "high": 1.7e308},
    {"base": 3}, {"base": "factors"}, {"base": Base.SHEETS}, {"apart": True}, {"apart": 1},
    {"rank": 0}, {"rank": 65536}, {"rank": 65535, "kept": 0, "width": 2000},
    {"rank": 65535, "chunk": 2**20, "n": 10**6},
    {"chunk": 0}, {"chunk": 2**20 + 1}, {"chunk": 1, "n": 10**7},
    {"sheet_chunk": 0}, {"columns": 0}, {"columns": 2},
    {"step": 1, "max_error": 0, "sheet_chunk": 10**6, "n": 10**7},
    {"shift": -1}, {"shift": 63}, {"step": 2}, {"step": 65537}, {"step": math.nan}, {"step": -1},
    {"step": 179}, {"mode": 0}, {"mode": 6}, {"mode": Mode.LOSSLESS}, {"mode": Mode.BY_HAND},
    {"mode": Mode.MAX_ERROR}, {"mode": Mode.MAX_BYTES, "target": 0.5}, {"target": 0},
    {"mode": Mode.LOSSLESS, "target": 0}, {"target": math.inf}, {"target": math.nan},
    {"psnr": math.inf}, {"psnr": math.nan}, {"psnr": -1.0}, {"psnr": 20.0},
    {"worst_psnr": math.nan},
    {"worst_psnr": math.inf}, {"worst": 300}, {"worst": -1}, {"max_error": 256}, {"max_error": 0},
]  # fmt: skip


@pytest.mark.parametrize("change", BAD)
def test_what_makes_no_sense_is_refused(change):
    with pytest.raises(InvalidInputError):
        replace(PLAIN, **change)


def test_messages_tell_what_is_wanted():
    with pytest.raises(InvalidInputError, match="n must be from 1 to 100000000, got 0"):
        replace(PLAIN, n=0)
    with pytest.raises(InvalidInputError, match="one of 0 .NONE., 1 .SHEETS., 2 .FACTORS., got 9"):
        replace(PLAIN, base=9)
    with pytest.raises(InvalidInputError, match="take a smaller chunk"):
        replace(PLAIN, rank=65535, chunk=2**20, n=10**6)


def test_a_set_without_a_base_needs_a_residual():
    with pytest.raises(InvalidInputError, match="give a step"):
        replace(PLAIN, base=Base.NONE, rank=0)


@pytest.mark.parametrize(
    ("place", "byte", "match"),
    [
        (0, 2 | 32, "bits that version 1 does not know"),
        (0, 2 | 128, "bits that version 1 does not know"),
        (0, 3, "base must be one of"),
        (1, 0, "mode must be one of"),
        (2, 12, "unknown type of pictures"),
        (3, 9, "bits must be"),
    ],
)
def test_codes_that_are_not_known_are_refused(place, byte, match):
    data = bytearray(header_bytes(PLAIN))
    data[place] = byte
    with pytest.raises(ArchiveFormatError, match=match):
        read(bytes(data))


def test_one_header_has_one_spelling():
    data = header_bytes(PLAIN)
    with pytest.raises(ArchiveFormatError, match="needless bytes"):
        read(data[:6] + b"\x93\x00" + data[7:])  # a height of 19 in two bytes
    usual = struct.pack("<2d", 0, 255)
    stated = bytes([data[0] | 16]) + data[1:18] + usual + data[18:]
    with pytest.raises(ArchiveFormatError, match="more bytes than it needs"):
        read(stated)
    all_kept = bytes([data[0] | 8]) + data[1:9] + varint(19 * 20) + data[9:]
    with pytest.raises(ArchiveFormatError, match="more bytes than it needs"):
        read(all_kept)


@pytest.mark.parametrize("number", [0, 1, 127, 128, 300, 2**31 - 1, 2**63 - 1])
def test_numbers_of_few_bytes(number):
    data = varint(number)
    assert len(data) == max(1, -(-number.bit_length() // 7))
    assert Cursor(data, "it").varint() == number


@pytest.mark.parametrize("data", [b"", b"\x80", b"\x80\x00", b"\xff" * 9 + b"\x01", b"\xff" * 99])
def test_numbers_that_nobody_wrote(data):
    with pytest.raises(ArchiveFormatError, match="it "):
        Cursor(data, "it").varint()
