"""What verify finds."""

import pytest
from handmade import framed, taken_apart

import visnmf
from visnmf.archive.container import Container
from visnmf.archive.directory import section_title
from visnmf.archive.header_bytes import header_bytes
from visnmf.archive.verify import verify
from visnmf.errors import InvalidInputError


@pytest.mark.parametrize("kind", ["factors", "layers", "masked", "AVIF"])
def test_good_archives_verify(kind, corpus):
    folder, inside = corpus
    images = inside[kind]
    originals = images if kind == "masked" else visnmf.load_images(images, mode="keep")
    path = str(folder / f"{kind}.vnmf")
    assert verify(path).good
    assert verify(path, originals).good


def test_other_originals_break_the_promise(corpus):
    folder, inside = corpus
    wrong = visnmf.load_images(inside["layers"] ^ 1, mode="keep")
    found = verify(str(folder / "layers.vnmf"), wrong)
    assert not found.good
    assert "off by 1" in found.broken
    with pytest.raises(InvalidInputError, match="the archive holds"):
        verify(str(folder / "layers.vnmf"), visnmf.load_images(inside["layers"][:5], mode="keep"))


KINDS = ["factors", "layers", "bound", "lossless noise", "color", "apart", "masked", "AVIF"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_flipped_bit_in_any_section_is_named_and_in_no_other(kind, corpus, tmp_path):
    folder, _ = corpus
    good = (folder / f"{kind}.vnmf").read_bytes()
    with Container.open(folder / f"{kind}.vnmf") as file:
        titles = [section_title(file.header, entry) for entry in file.entries]
        entries = list(file.entries)
    path = tmp_path / "bad.vnmf"
    for entry, title in zip(entries, titles, strict=True):
        for place in (0, entry.length // 2, entry.length - 1):
            bad = bytearray(good)
            bad[entry.offset + place] ^= 4
            path.write_bytes(bad)
            told = [what for what, _ in verify(str(path)).hurt]
            assert told == [title, "SHA-256 of the whole file"]


def test_a_flipped_bit_anywhere_in_the_frame_is_named(corpus, tmp_path):
    folder, _ = corpus
    good = (folder / "factors.vnmf").read_bytes()
    with Container.open(folder / "factors.vnmf") as file:
        entries = list(file.entries)
    begin, end = entries[0].offset, entries[-1].offset + entries[-1].length
    path = tmp_path / "bad.vnmf"
    for place in [*range(begin), *range(end, len(good))]:
        bad = bytearray(good)
        bad[place] ^= 4
        path.write_bytes(bad)
        told = [what for what, _ in verify(str(path)).hurt]
        wanted = "directory at the front" if place < begin else "directory at the end"
        whole = "SHA-256 of the whole file"
        assert told == ([whole] if place >= len(good) - 32 else [wanted, whole])


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_what_a_cut_end_or_a_lost_front_took_is_named(share, corpus, tmp_path):
    folder, _ = corpus
    good = (folder / "factors.vnmf").read_bytes()
    with Container.open(folder / "factors.vnmf") as file:
        header, entries = file.header, list(file.entries)
    path, cut = tmp_path / "cut.vnmf", int(share * len(good))
    path.write_bytes(good[:cut])
    if cut > entries[0].offset:  # the first directory is whole
        told = {what for what, _ in verify(str(path)).hurt}
        gone = {section_title(header, e) for e in entries if e.offset + e.length > cut}
        there = {section_title(header, e) for e in entries if e.offset + e.length <= cut}
        assert gone <= told
        assert not there & told
        assert {"size of the file", "SHA-256 of the whole file"} <= told
    path.write_bytes(good[cut:])
    if cut < entries[-1].offset + entries[-1].length:
        told = {what for what, _ in verify(str(path)).hurt}
        assert {section_title(header, e) for e in entries if e.offset < cut} <= told
        assert not {section_title(header, e) for e in entries if e.offset >= cut} & told
        assert {"size of the file", "directory at the front"} <= told


def test_sections_that_pass_their_checksum_but_do_not_decode_are_told(corpus, tmp_path):
    header, sections = taken_apart(corpus[0] / "factors.vnmf")
    kind, coder, data = sections[-1]
    sections[-1] = (kind, coder, data[: len(data) // 2] + b"?")
    path = tmp_path / "odd.vnmf"
    path.write_bytes(framed(header_bytes(header), sections))
    found = verify(str(path))
    assert not found.hurt
    assert not found.good
    assert any("pictures 0 to 19" in told for told in found.undecodable)
