import hashlib
import pickle
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from visnmf.archive.container import Container
from visnmf.archive.container_write import container_size, write_container
from visnmf.archive.header import Base, Header, Mode
from visnmf.archive.registry import Coder
from visnmf.archive.sections import Section, SectionKind
from visnmf.errors import ArchiveFormatError, ArchiveNotFoundError, InvalidInputError

TINY = Header(
    n=3,
    height=2,
    width=2,
    bits=8,
    dtype="uint8",
    low=0,
    high=255,
    base=Base.NONE,
    sheet_chunk=2,
    columns=2,
    step=1,
    mode=Mode.LOSSLESS,
)
TINY_SECTIONS = [
    Section(SectionKind.NAMES, Coder.RAW, b"\x00\x051.png\x03\x00\x01"),
    Section(SectionKind.RESIDUAL, Coder.RAW, bytes(range(8))),
    Section(SectionKind.RESIDUAL, Coder.RAW, bytes(range(8, 12))),
]
# The format cannot change unseen: whatever changes these bytes needs another version.
TINY_FILE = bytes.fromhex(
    """
    89 56 4e 4d 0d 0a 1a 0a 01 00 00 00 25 00 00 00 8c df 68 8b
    00 04 01 08 03 02 02 01 00 01 02 02 00 01 00 00
    01 00 0a 83 b9 68 81  08 00 08 9f 68 aa 88  08 00 04 7e fd 1c 86
    00 05 31 2e 70 6e 67 03 00 01  00 01 02 03 04 05 06 07  08 09 0a 0b
    00 04 01 08 03 02 02 01 00 01 02 02 00 01 00 00
    01 00 0a 83 b9 68 81  08 00 08 9f 68 aa 88  08 00 04 7e fd 1c 86
    01 00 00 00 25 00 00 00 8c df 68 8b 4d 4e 56 89
    b4 9f 6c cb 5d 82 e2 31 d8 8d 63 1d c5 c7 a7 5a
    09 1c b6 54 c7 bd 5d 7d a5 01 13 5c 32 03 05 9d
    """
)
DOCS = Path(__file__).parents[2] / "tools" / "docs" / "archive-format.md"

FULL = Header(
    n=700,
    height=19,
    width=19,
    channels=3,
    kept=300,
    bits=8,
    dtype="uint8",
    low=0,
    high=255,
    base=Base.FACTORS,
    apart=True,
    rank=40,
    chunk=256,
    sheet_chunk=350,
    columns=40,
    shift=20,
    step=5,
    mode=Mode.MAX_ERROR,
    target=2,
    psnr=45.5,
    worst_psnr=44.25,
    worst=17,
    max_error=2,
)
FULL_SECTIONS = [
    Section(SectionKind.NAMES, Coder.ZSTD, b"names" * 9),
    Section(SectionKind.MASK, Coder.RAW, b"mask" * 4),
    Section(SectionKind.NOTES, Coder.RAW, b"{}"),
    Section(SectionKind.SCALES, Coder.RAW, b"scales" * 7),
    Section(SectionKind.BASIS, Coder.JXL, b"basis" * 40),
    Section(SectionKind.BASIS, Coder.AVIF, b"more" * 40),
    *(Section(SectionKind.ENCODINGS, Coder.JXL, bytes([i]) * 50) for i in range(3)),
    *(Section(SectionKind.RESIDUAL, Coder.JPEGLS, bytes([i]) * 60) for i in range(7, 9)),
]


@pytest.fixture
def full(tmp_path):
    """Path of an archive that has every kind of section but sheets."""
    path = tmp_path / "full.vnmf"
    write_container(path, FULL, FULL_SECTIONS)
    return path


def titles(container):
    return [what for what, _ in container.hurt()]


ALL_TITLES = [
    "names",
    "mask",
    "notes",
    "scales",
    "basis 0",
    "basis 1",
    "encodings 0 (pictures 0 to 255)",
    "encodings 1 (pictures 256 to 511)",
    "encodings 2 (pictures 512 to 699)",
    "residual 0 (pictures 0 to 349)",
    "residual 1 (pictures 350 to 699)",
]


def test_what_is_written_comes_back(full):
    with Container.open(full) as container:
        assert container.header == FULL
        assert not container.damage
        assert not container.hurt()
        assert len(container.entries) == len(FULL_SECTIONS)
        for entry, section in zip(container.entries, FULL_SECTIONS, strict=True):
            assert (entry.kind, entry.coder) == (section.kind, section.coder)
            assert container.read(entry.kind, entry.index) == (section.coder, section.data)
            assert full.read_bytes()[entry.offset :][: entry.length] == section.data
        assert container.count(SectionKind.ENCODINGS) == 3
        assert container.count(SectionKind.SHEET) == 0


def test_size_is_known_before(full, tmp_path):
    size = full.stat().st_size
    assert container_size(FULL, [len(section.data) for section in FULL_SECTIONS]) == size
    assert write_container(tmp_path / "again", FULL, iter(FULL_SECTIONS)) == size
    assert (tmp_path / "again").read_bytes() == full.read_bytes()


def test_a_small_set_pays_less_than_300_bytes_for_its_frame():
    header = replace(FULL, n=250, chunk=256, sheet_chunk=250, kept=0, channels=1, apart=False,
                     step=0, mode=Mode.PSNR, target=28, psnr=28.01,
                     worst_psnr=20, columns=16)  # fmt: skip
    assert container_size(header, [300, 80, 5000, 5000]) - 10380 < 230


def test_bytes_do_not_change(tmp_path):
    write_container(tmp_path / "tiny", TINY, TINY_SECTIONS)
    assert (tmp_path / "tiny").read_bytes().hex(" ") == TINY_FILE.hex(" ")


def test_the_example_of_the_docs_is_this_file():
    dump = DOCS.read_text().partition("```hex\n")[2].partition("```")[0]
    lines = [line.partition("#")[0] for line in dump.splitlines()]
    assert bytes.fromhex("".join(lines)) == TINY_FILE


def test_a_reader_written_from_the_docs_understands_it(full):
    """Nothing of ours in it but the file."""
    data = full.read_bytes()
    assert data[:8] == b"\x89VNM\r\n\x1a\n"
    version, zero, size, crc = struct.unpack_from("<HHII", data, 8)
    directory = data[20 : 20 + size]
    assert (version, zero, zlib.crc32(data[8:16] + directory)) == (1, 0, crc)
    assert hashlib.sha256(data[:-32]).digest() == data[-32:]
    assert data[-36:-32] == b"MNV\x89"
    assert data[-48:-36] == data[8:20]
    assert data[-48 - size : -48] == directory
    at = 0

    def number():
        nonlocal at
        result = shift = 0
        while True:
            byte = directory[at]
            at += 1
            result |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return result

    flags, mode, dtype, bits = directory[:4]
    at = 4
    n, height, width, channels = (number() for _ in range(4))
    kept = number() if flags & 8 else height * width
    rank, chunk, per_sheet, columns, shift, step, worst, error = (number() for _ in range(8))
    floats = 2 * bool(flags & 16) + (mode <= 3) + 2 * bool(error)
    target, psnr, worst_psnr = struct.unpack_from(f"<{floats}d", directory, at)
    at += 8 * floats
    assert (flags & 3, bool(flags & 4), mode, dtype, bits) == (2, True, 3, 1, 8)
    assert (n, height, width, channels, kept) == (700, 19, 19, 3, 300)
    assert (rank, chunk, per_sheet, columns, shift, step) == (40, 256, 350, 40, 20, 5)
    assert (worst, error, target, psnr, worst_psnr) == (17, 2, 2, 45.5, 44.25)
    begin, found = 20 + size, []
    while at < size:
        kind, coder = directory[at : at + 2]
        at += 2
        length = number()
        section = data[begin : begin + length]
        assert struct.unpack_from("<I", directory, at) == (zlib.crc32(section),)
        at, begin = at + 4, begin + length
        found.append(Section(SectionKind(kind), Coder(coder), section))
    assert found == FULL_SECTIONS
    assert begin == len(data) - 48 - size


def test_damage_to_a_section_is_named_and_others_are_read(full):
    with Container.open(full) as container:
        entries = list(container.entries)
    whole = full.read_bytes()
    for place, entry in enumerate(entries):
        data = bytearray(whole)
        data[entry.offset + entry.length - 1] ^= 1
        full.write_bytes(data)
        with Container.open(full) as container:
            assert titles(container) == [ALL_TITLES[place], "SHA-256 of the whole file"]
            with pytest.raises(ArchiveFormatError, match=r"full.vnmf: .*CRC-32 differs") as caught:
                container.read(entry.kind, entry.index)
            assert ALL_TITLES[place] in str(caught.value)
            for other in entries:
                if other != entry:
                    container.read(other.kind, other.index)


def test_one_bad_byte_anywhere_loses_no_more_than_what_it_is_in(full):
    """Whatever byte it is, the archive opens, all other sections are whole, and it is told."""
    whole = full.read_bytes()
    with Container.open(full) as container:
        places = [range(e.offset, e.offset + e.length) for e in container.entries]
    for at in range(len(whole)):
        data = bytearray(whole)
        data[at] ^= 0x40
        full.write_bytes(data)
        with Container.open(full) as container:
            assert container.header == FULL
            hurt = titles(container)
            section = [
                title for title, place in zip(ALL_TITLES, places, strict=True) if at in place
            ]
            assert len(hurt) >= 1
            if section:
                assert hurt == [*section, "SHA-256 of the whole file"]
            else:
                assert not set(hurt) & set(ALL_TITLES)
            front = at < places[0].start
            assert bool(container.damage) == front
            assert ("directory at the front" in hurt) == front


@pytest.mark.parametrize("header_from", ["front", "end"])
def test_salvage_at_every_length(full, header_from):
    """Cut at the end, or with the first bytes lost: the rest can be read, what is lost is named."""
    whole = full.read_bytes()
    with Container.open(full) as container:
        entries = list(container.entries)
    front, end = entries[0].offset, entries[-1].offset + entries[-1].length
    opened = 0
    for cut in range(1, len(whole)):
        data = whole[:-cut] if header_from == "front" else whole[cut:]
        full.write_bytes(data)
        with pytest.raises(ArchiveFormatError):
            Container.open(full)
        need = front if header_from == "front" else len(whole) - end
        if len(data) < need:
            with pytest.raises(ArchiveFormatError):
                Container.open(full, salvage=True)
            continue
        opened += 1
        with Container.open(full, salvage=True) as container:
            assert any("cut short" in what for what in container.damage)
            lost = []
            for title, entry, section in zip(ALL_TITLES, entries, FULL_SECTIONS, strict=True):
                begin = entry.offset - (cut if header_from == "end" else 0)
                if begin < 0 or begin + entry.length > len(data):
                    lost.append(title)
                    with pytest.raises(ArchiveFormatError, match="missing"):
                        container.read(entry.kind, entry.index)
                else:
                    assert container.read(entry.kind, entry.index)[1] == section.data
            hurt = titles(container)
            assert [title for title in hurt if title in ALL_TITLES] == lost
            assert "size of the file" in hurt
            assert "SHA-256 of the whole file" in hurt
    assert opened > len(whole) / 2


def test_bytes_too_many(full):
    full.write_bytes(full.read_bytes() + b"junk")
    with pytest.raises(ArchiveFormatError, match=r"4 bytes too many; `visnmf extract --salvage`"):
        Container.open(full)
    with Container.open(full, salvage=True) as container:
        assert container.hurt() == [("size of the file", "has 4 bytes too many")]


def test_messages_of_what_is_no_whole_archive(full):
    whole = full.read_bytes()
    full.write_bytes(whole[:-1])
    with pytest.raises(ArchiveFormatError, match="cut short: 1 byte is missing.*salvage"):
        Container.open(full)
    full.write_bytes(b"PNG" + whole[3:-40])
    with pytest.raises(ArchiveFormatError, match="no archive of visnmf"):
        Container.open(full)
    full.write_bytes(whole.replace(b"\r\n", b"\n"))
    with pytest.raises(ArchiveFormatError, match="line ends were changed.*salvage"):
        Container.open(full)
    full.write_bytes(b"")
    with pytest.raises(ArchiveFormatError, match="no archive"):
        Container.open(full)


def test_what_is_no_file(tmp_path):
    with pytest.raises(ArchiveNotFoundError):
        Container.open(tmp_path / "absent")
    with pytest.raises(ArchiveFormatError, match="not a file"):
        Container.open(tmp_path)


def test_many_threads_read_at_once(full):
    with Container.open(full) as container, ThreadPoolExecutor(8) as pool:
        asked = [(entry.kind, entry.index) for entry in container.entries] * 50
        found = pool.map(lambda which: container.read(*which)[1], asked)
        assert list(found) == [section.data for section in FULL_SECTIONS] * 50


def test_reading_without_pread(full, monkeypatch):
    monkeypatch.delattr("os.pread", raising=False)
    test_many_threads_read_at_once(full)


def test_a_pickled_container_opens_the_file_again(full):
    with Container.open(full) as container:
        data = pickle.dumps(container)
    assert len(data) < 1000
    with pickle.loads(data) as again:
        assert again.read(SectionKind.SCALES) == (Coder.RAW, b"scales" * 7)
    write_container(full, TINY, TINY_SECTIONS)
    with pytest.raises(ArchiveFormatError, match="changed since"):
        pickle.loads(data)


def test_a_closed_container_does_not_read(full):
    container = Container.open(full)
    container.close()
    container.close()
    with pytest.raises(InvalidInputError, match="closed"):
        container.read(SectionKind.SCALES)


def test_sections_that_are_not_there(full):
    with Container.open(full) as container:
        for kind, index in [(SectionKind.SHEET, 0), (SectionKind.ENCODINGS, 3),
                            (SectionKind.ENCODINGS, -1)]:  # fmt: skip
            with pytest.raises(InvalidInputError, match="there is no section"):
                container.read(kind, index)


@pytest.mark.parametrize(
    ("sections", "match"),
    [
        (TINY_SECTIONS[:-1], "need 2 section.s. of residual, got 1"),
        ([*TINY_SECTIONS, TINY_SECTIONS[-1]], "need 2 section.s. of residual, got 3"),
        ([TINY_SECTIONS[0], *TINY_SECTIONS], "need 0 to 1 section.s. of names, got 2"),
        (TINY_SECTIONS[::-1], "order"),
        ([*TINY_SECTIONS[:-1], Section(SectionKind.RESIDUAL, Coder.RAW, b"")], "from 1 to"),
        ([*TINY_SECTIONS[:-1], Section(SectionKind.RESIDUAL, Coder.AVIF, b"a")], "coder"),
        ([*TINY_SECTIONS[:1], Section(SectionKind.SHEET, Coder.RAW, b"a"), *TINY_SECTIONS[1:]],
         "need 0 section.s. of sheet"),
    ],
)  # fmt: skip
def test_sections_that_do_not_fit_are_not_written(tmp_path, sections, match):
    path = tmp_path / "there"
    path.write_bytes(b"before")
    with pytest.raises(InvalidInputError, match=match):
        write_container(path, TINY, sections)
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_amid_the_sections_leaves_what_was_there(full):
    before = full.read_bytes()

    def broken():
        yield FULL_SECTIONS[0]
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError):
        write_container(full, FULL, broken())
    assert full.read_bytes() == before
    assert list(full.parent.iterdir()) == [full]


def test_overwriting_and_folders(full, tmp_path):
    asked = []
    with pytest.raises(InvalidInputError, match="there already"):
        write_container(full, FULL, (asked.append(1) for _ in range(1)), overwrite=False)
    assert not asked
    with pytest.raises(InvalidInputError, match="no folder"):
        write_container(tmp_path / "no" / "file", FULL, FULL_SECTIONS)
    write_container(full, TINY, TINY_SECTIONS)
    assert Container.open(full).header == TINY


def test_sections_may_come_from_the_file_that_is_replaced(full):
    """As when pictures are appended; large ones wait on disk."""
    with Container.open(full) as container:
        again = (Section(e.kind, e.coder, container.read(e.kind, e.index)[1])
                 for e in container.entries)  # fmt: skip
        before = full.read_bytes()
        write_container(full, container.header, again)
    assert full.read_bytes() == before


def test_sections_that_do_not_fit_in_memory_wait_beside_the_file(full, monkeypatch, tmp_path):
    monkeypatch.setattr("visnmf.archive.container_write._IN_MEMORY", 100)
    monkeypatch.setattr("visnmf.archive.container_write._BLOCK", 64)
    write_container(tmp_path / "spooled", FULL, FULL_SECTIONS)
    assert (tmp_path / "spooled").read_bytes() == full.read_bytes()
    assert len(list(tmp_path.iterdir())) == 2
