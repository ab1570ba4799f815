"""What verify finds, and what salvage gets out."""

import numpy as np
import pytest

import visnmf
from visnmf.archive.container import Container
from visnmf.archive.extract import choose, extract
from visnmf.archive.verify import verify
from visnmf.errors import ArchiveFormatError, InvalidInputError


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


@pytest.mark.parametrize("kind", ["factors", "layers", "masked", "AVIF"])
def test_a_flipped_bit_in_each_section_is_named_and_the_rest_salvaged(kind, corpus, tmp_path):
    folder, _ = corpus
    good = (folder / f"{kind}.vnmf").read_bytes()
    with Container.open(folder / f"{kind}.vnmf") as file:
        entries, n, chunk = list(file.entries), file.header.n, file.header.chunk
    whole = visnmf.Archive.open(folder / f"{kind}.vnmf")[:]
    for number, entry in enumerate(entries):
        bad = bytearray(good)
        bad[entry.offset + entry.length // 2] ^= 4
        path = tmp_path / "bad.vnmf"
        path.write_bytes(bad)
        told = [what for what, _ in verify(str(path)).hurt]
        assert told[0].startswith(entry.kind.name.lower())
        assert told[1:] == ["SHA-256 of the whole file"]
        name = entry.kind.name
        if name == "MASK":
            with pytest.raises(ArchiveFormatError, match="mask"):
                visnmf.Archive.open(path, salvage=True)
            continue
        with visnmf.Archive.open(path, salvage=True) as archive:
            got = extract(archive, tmp_path / str(number), salvage=True)
            if name == "NAMES":
                assert not got.lost
                assert len(got.paths) == n
                assert np.array_equal(archive[:], whole)
            elif name == "ENCODINGS" and chunk < n:
                assert 0 < len(got.lost) <= chunk
                assert len(got.paths) + len(got.lost) == n
            else:
                assert len(got.lost) == n
                assert all(name.lower() in why for why in got.lost.values())


def test_a_cut_archive_gives_what_is_left(corpus, tmp_path):
    folder, _ = corpus
    good = (folder / "factors.vnmf").read_bytes()
    with Container.open(folder / "factors.vnmf") as file:
        last = list(file.entries)[-1]
    path = tmp_path / "cut.vnmf"
    path.write_bytes(good[: last.offset + 1])
    assert any(what.startswith("encodings 2") for what, _ in verify(str(path)).hurt)
    with pytest.raises(ArchiveFormatError, match="salvage"):
        visnmf.Archive.open(path)
    with visnmf.Archive.open(path, salvage=True) as archive:
        got = extract(archive, tmp_path / "out", salvage=True)
    assert (len(got.paths), len(got.lost)) == (16, 4)
    path.write_bytes(good[10:])
    with visnmf.Archive.open(path, salvage=True) as archive:
        assert len(extract(archive, tmp_path / "front", salvage=True).paths) == 20


def test_extract_never_follows_links_or_overwrites(corpus, tmp_path):
    folder, _ = corpus
    archive = visnmf.Archive.open(folder / "masked.vnmf")
    elsewhere, root = tmp_path / "elsewhere", tmp_path / "root"
    elsewhere.mkdir()
    root.mkdir()
    (root / "disk").symlink_to(elsewhere, target_is_directory=True)
    for overwrite in (False, True):
        with pytest.raises(InvalidInputError, match="link"):
            extract(archive, root, overwrite=overwrite)
    assert not list(elsewhere.iterdir())
    (root / "disk").unlink()
    (root / "disk").mkdir()
    (elsewhere / "victim").write_text("as it was")
    (root / "disk" / "3.png").symlink_to(elsewhere / "victim")
    with pytest.raises(InvalidInputError, match="already"):
        extract(archive, root)
    assert len(list((root / "disk").iterdir())) == 1
    extract(archive, root, overwrite=True)
    assert (elsewhere / "victim").read_text() == "as it was"
    assert not (root / "disk" / "3.png").is_symlink()


def test_names_asked_for():
    names = ["a/1.png", "a/2.png", "b.png"]
    assert choose(names, None) == [0, 1, 2]
    assert choose(names, ["b", "a/*"]) == [0, 1, 2]
    assert choose(names, ["a/2.png"]) == [1]
    with pytest.raises(InvalidInputError, match="no picture"):
        choose(names, ["c"])
