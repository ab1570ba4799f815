"""Files that nobody of good will wrote: refused as ours, and before they cost memory."""

import hashlib
import random
import struct
import tracemalloc
import zlib
from contextlib import contextmanager

import pytest

from visnmf.archive.container import Container
from visnmf.archive.sections import SectionKind
from visnmf.archive.varints import varint
from visnmf.errors import ArchiveFormatError

# Fields of a header that is in order: a lossless set of 3 pictures, 2 x 2, on two sheets.
CODES = {"flags": 0, "mode": 4, "dtype": 1, "bits": 8}
NUMBERS = {
    **{"n": 3, "height": 2, "width": 2, "channels": 1},
    **{"rank": 0, "chunk": 1, "sheet_chunk": 2, "columns": 2},
    **{"shift": 0, "step": 1, "worst": 0, "max_error": 0},
}
ROWS = [(1, 0, 10), (8, 0, 8), (8, 0, 4)]
BODY = bytes(range(22))
FACTORS = {"flags": 2, "rank": 1, "chunk": 2}


def directory(rows=ROWS, floats=(), body=BODY, extra=b"", **fields):
    """Return the bytes of a directory, in order but for what is asked for."""
    wanted = {**CODES, **NUMBERS, **fields}
    out = bytearray(wanted[name] for name in CODES)
    out += b"".join(
        wanted[name] if isinstance(wanted[name], bytes) else varint(wanted[name])
        for name in NUMBERS
    )
    out += struct.pack(f"<{len(floats)}d", *floats)
    at = 0
    for kind, coder, length in rows:
        crc = zlib.crc32(body[at : at + length]) if at + length <= len(body) else 0
        out += bytes([kind, coder]) + varint(length) + struct.pack("<I", crc)
        at += length
    return bytes(out) + extra


def frame(data, body=BODY, version=1, reserved=0, length=None):
    """Frame a directory and sections, with checksums that are right."""
    state = struct.pack("<HHI", version, reserved, len(data) if length is None else length)
    state += struct.pack("<I", zlib.crc32(state + data))
    out = b"\x89VNM\r\n\x1a\n" + state + data + body + data + state + b"MNV\x89"
    return out + hashlib.sha256(out).digest()


@contextmanager
def memory_below(limit):
    tracemalloc.start()
    try:
        yield
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < limit


def opened(path, content):
    """Open a file of such bytes both ways, within memory of 10 MB and four times the file."""
    path.write_bytes(content)
    with memory_below(10 * 2**20 + 4 * len(content)):
        for salvage in (True, False):
            Container.open(path, salvage=salvage).close()


def test_the_file_made_by_hand_is_in_order(tmp_path):
    opened(tmp_path / "a", frame(directory()))
    with Container.open(tmp_path / "a") as container:
        assert not container.hurt()
        assert container.read(SectionKind.RESIDUAL, 1)[1] == bytes([18, 19, 20, 21])
    rows = [(4, 0, 4), (5, 2, 8), (6, 5, 8), (6, 5, 2)]
    opened(tmp_path / "a", frame(directory(rows, **FACTORS, mode=5, step=0)))


HEADERS = {
    "n of none": {"n": 0},
    "giant n": {"n": 2**62},
    "giant height": {"height": 2**40},
    "giant width": {"width": 2**63 - 1},
    "giant picture": {"height": 2**20, "width": 2**20},
    "giant channels": {"channels": 4097},
    "giant color": {"height": 2**16, "width": 2**15, "channels": 2},
    "giant rank": {**FACTORS, "rank": 2**16},
    "giant parts": {**FACTORS, "rank": 65535, "height": 2**8, "width": 2**8},
    "giant chunk": {**FACTORS, "chunk": 2**21},
    "giant encodings": {**FACTORS, "rank": 65535, "chunk": 2**20, "n": 10**7},
    "giant sheet": {"sheet_chunk": 2**20, "n": 2**20, "height": 64, "width": 64},
    "giant last row of a sheet": {"sheet_chunk": 2**20, "columns": 2**20, "height": 2**12},
    "sections without number": {"n": 10**8, "sheet_chunk": 1, "columns": 1},
    "many columns": {"columns": 3},
    "rank without factors": {"rank": 3},
    "factors without rank": {"flags": 2},
    "no residual": {"step": 0},
    "even step": {"step": 2},
    "large step": {"step": 2**17 + 1},
    "shift": {"shift": 63},
    "worst picture": {"worst": 3},
    "error of a lossless set": {"max_error": 1},
    "base": {"flags": 3},
    "apart": {"flags": 4},
    "reserved bits": {"flags": 32},
    "more reserved bits": {"flags": 64},
    "mode": {"mode": 6},
    "no mode": {"mode": 0},
    "dtype": {"dtype": 12},
    "bits": {"bits": 12},
    "bits of a double": {"bits": 255},
    "bool": {"bits": 1},
    "long number": {"n": b"\x83\x00"},
    "endless number": {"n": b"\xff" * 400},
    "low is NaN": {"flags": 16, "floats": (float("nan"), 255.0)},
    "high is infinite": {"flags": 16, "floats": (0.0, float("inf"))},
    "low is above high": {"flags": 16, "floats": (1.0, 0.0)},
    "range that goes without saying": {"flags": 16, "floats": (0.0, 255.0)},
    "range of no width": {"flags": 16, "floats": (0.0, 0.0)},
    "target is NaN": {"mode": 1, "floats": (float("nan"),)},
    "target is infinite": {"mode": 1, "floats": (float("inf"),)},
    "target of half a byte": {"mode": 2, "floats": (0.5,)},
    "psnr is NaN": {"mode": 5, "step": 3, "max_error": 1, "floats": (float("nan"), 3.0)},
    "psnr is infinite": {"mode": 5, "step": 3, "max_error": 1, "floats": (float("inf"), 3.0)},
    "worst is better": {"mode": 5, "step": 3, "max_error": 1, "floats": (30.0, 31.0)},
    "error above the bound": {"mode": 5, "step": 3, "max_error": 2, "floats": (30.0, 29.0)},
    "error above the target": {
        "mode": 3, "step": 5, "max_error": 2, "floats": (1.0, 30.0, 29.0)
    },
    "floats that are not there": {"mode": 1, "rows": []},
}  # fmt: skip
TABLES = {
    "none": [],
    "one too few": ROWS[:2],
    "one too many": [*ROWS, (8, 0, 4)],
    "names twice": [ROWS[0], *ROWS],
    "another order": [ROWS[1], ROWS[2], ROWS[0]],
    "a mask without need": [ROWS[0], (2, 0, 1), *ROWS[1:]],
    "sheets without need": [ROWS[0], (7, 2, 1), *ROWS[1:]],
    "factors without need": [ROWS[0], (4, 0, 1), (5, 0, 1), (6, 0, 1), *ROWS[1:]],
    "kind 0": [(0, 0, 10), *ROWS[1:]],
    "kind 9": [*ROWS, (9, 0, 10)],
    "kind 255": [*ROWS[:2], (255, 0, 10)],
    "coder 15": [*ROWS[:2], (8, 15, 4)],
    "coder 255": [*ROWS[:2], (8, 255, 4)],
    "a lossy residual": [*ROWS[:2], (8, 16, 4)],
    "lossy names": [(1, 19, 10), *ROWS[1:]],
    "a section of nothing": [*ROWS[:2], (8, 0, 0)],
    "a section of 2 GB": [*ROWS[:2], (8, 0, 2**31)],
    "a section of 2^63 bytes": [*ROWS[:2], (8, 0, 2**63 - 1)],
}


@pytest.mark.parametrize("fields", HEADERS.values(), ids=HEADERS)
def test_headers_that_make_no_sense(tmp_path, fields):
    with pytest.raises(ArchiveFormatError, match="a: the directory"):
        opened(tmp_path / "a", frame(directory(**fields)))


@pytest.mark.parametrize("rows", TABLES.values(), ids=TABLES)
def test_tables_that_are_not_what_the_header_implies(tmp_path, rows):
    with pytest.raises(ArchiveFormatError, match="a: .*section|a: .*coder"):
        opened(tmp_path / "a", frame(directory(rows)))


@pytest.mark.parametrize("length", [5, 100, 2**31 - 1])
def test_sections_that_leave_the_file(tmp_path, length):
    content = frame(directory([*ROWS[:2], (8, 0, length)]))
    path = tmp_path / "a"
    path.write_bytes(content)
    with pytest.raises(ArchiveFormatError, match="cut short"):
        Container.open(path)
    with memory_below(2**20), Container.open(path, salvage=True) as container:
        assert container.read(SectionKind.RESIDUAL, 0)[1] == BODY[10:18]
        assert any("residual 1" in what for what, _ in container.hurt())
        with pytest.raises(ArchiveFormatError):
            container.read(SectionKind.RESIDUAL, 1)


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (frame(directory(), version=2), "version 2, this visnmf reads up to 1; upgrade"),
        (frame(directory(), version=65535), "version 65535"),
        (frame(directory(), version=0), "version is none"),
        (frame(directory(), reserved=1), "version is none"),
        (frame(directory(), reserved=0x8000), "version is none"),
        (frame(directory(), length=2**32 - 1), "absurd"),
        (frame(directory(), length=2**26), "leaves the file"),
        (frame(directory(), length=0), "damaged"),
        (frame(directory(), length=11), "damaged"),
        (frame(b""), "in the middle"),
        (frame(directory(extra=b"\x08")), "in the middle"),
        (frame(directory(extra=b"\x08\x00\xff")), "in the middle"),
        (frame(directory(), body=BODY + b"more"), "4 bytes too many"),
        (frame(directory()) + b"\x00", "1 byte too many"),
        (frame(directory()).replace(directory(), bytes(len(directory()))), "CRC-32 differs"),
        (b"\x89VNM\r\n\x1a\n" * 9, "version"),
        (b"MNV\x89" * 99, "no archive"),
        (bytes(1000), "no archive"),
    ],
)
def test_frames_that_are_refused(tmp_path, content, match):
    path = tmp_path / "a"
    path.write_bytes(content)
    with memory_below(2**20), pytest.raises(ArchiveFormatError, match=match):
        Container.open(path)


def test_a_wrong_crc_is_found_when_a_section_is_read(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(frame(directory(body=bytes(22))))
    with Container.open(path) as container:
        assert [what for what, _ in container.hurt()] == [
            *("names", "residual 0 (pictures 0 to 1)", "residual 1 (picture 2)")
        ]
        with pytest.raises(ArchiveFormatError, match="CRC-32"):
            container.read(SectionKind.NAMES)


def test_a_newer_version_is_told_even_where_its_directory_lies_elsewhere(tmp_path):
    content = bytearray(frame(directory(), version=3))
    content[16:60] = bytes(44)
    with pytest.raises(ArchiveFormatError, match="version 3"):
        opened(tmp_path / "a", bytes(content))


@pytest.mark.parametrize("length", [1, 2**31 - 1])
def test_directories_that_are_bombs(tmp_path, length):
    """A table of 100,000 sections costs no more memory than what the file has itself."""
    n = 100_000
    good = directory([(8, 0, length)] * n, body=b"", n=n, sheet_chunk=1, columns=1)
    with pytest.raises(ArchiveFormatError, match="too many|cut short"):
        opened(tmp_path / "a", frame(good, body=b"a"))
    many = directory([(8, 0, length)] * n, body=b"")
    with pytest.raises(ArchiveFormatError, match="more than the"):
        opened(tmp_path / "a", frame(many, body=b""))


def test_damaged_files_raise_our_error_or_are_read(tmp_path):
    """3,000 files with bytes changed, cut out, put in, or cut off."""
    rng = random.Random(1)
    rows = [(1, 1, 4), (4, 0, 4), (5, 2, 4), (6, 5, 4), (6, 5, 2), (8, 3, 2), (8, 3, 2)]
    whole = frame(directory(rows, **FACTORS, mode=5))
    path = tmp_path / "a"
    refused = good = 0
    for _ in range(3000):
        data = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(data))
            what = rng.random()
            if what < 0.7:
                data[at] = rng.randrange(256)
            elif what < 0.8:
                del data[at : at + rng.randint(1, 9)]
            elif what < 0.9:
                data[at:at] = rng.randbytes(rng.randint(1, 9))
            else:
                del data[max(at, 1) :]
        path.write_bytes(data)
        with memory_below(2**20):
            for salvage in (False, True):
                try:
                    with Container.open(path, salvage=salvage) as container:
                        hurt = container.hurt()
                        for entry in container.entries:
                            try:
                                container.read(entry.kind, entry.index)
                            except ArchiveFormatError:
                                assert hurt
                        assert hurt or bytes(data) == whole
                        good += 1
                except ArchiveFormatError:
                    refused += 1
    assert min(refused, good) > 1000


def test_headers_with_right_checksums_and_wrong_bytes(tmp_path):
    """Who writes a hostile file makes its checksums right: fields are held to what they may be."""
    rng = random.Random(2)
    rows = [(1, 1, 4), (4, 0, 4), (5, 2, 4), (6, 5, 4), (6, 5, 2), (8, 3, 2), (8, 3, 2)]
    whole = directory(rows, **FACTORS, mode=5)
    path = tmp_path / "a"
    refused = 0
    for _ in range(3000):
        data = bytearray(whole)
        for _ in range(rng.randint(1, 3)):
            data[rng.randrange(len(data))] = rng.choice(
                [0, 1, 2, 127, 128, 255, rng.randrange(256)]
            )
        path.write_bytes(frame(bytes(data)))
        try:
            with memory_below(2**20), Container.open(path, salvage=True) as container:
                container.hurt()
        except ArchiveFormatError:
            refused += 1
    assert refused > 1000
