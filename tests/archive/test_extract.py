"""What extract writes, where, and what it gets out of a damaged archive."""

import numpy as np
import pytest
from handmade import framed, taken_apart
from PIL import Image

import visnmf
from visnmf.archive.container import Container
from visnmf.archive.extract import choose, extract
from visnmf.archive.header import Base
from visnmf.archive.header_bytes import header_bytes
from visnmf.archive.names import encode_names
from visnmf.archive.packed import pack_bytes
from visnmf.archive.registry import Coder
from visnmf.archive.sections import SectionKind
from visnmf.errors import ArchiveFormatError, InvalidInputError


def files_in(folder):
    """Return what lies in a folder, by its name."""
    return {
        str(path.relative_to(folder)): np.asarray(Image.open(path))
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def named(corpus, path, names, kind="lossless noise"):
    """Write an archive with other names; return it opened."""
    header, sections = taken_apart(corpus[0] / f"{kind}.vnmf")
    assert len(names) == header.n
    sections[0] = (SectionKind.NAMES, *pack_bytes(encode_names(names)))
    path.write_bytes(framed(header_bytes(header), sections))
    return visnmf.Archive.open(path)


def hurt(corpus, path, kind, *sections):
    """Write an archive with a flipped bit in each of some sections; return what it was."""
    good = corpus[0] / f"{kind}.vnmf"
    data = bytearray(good.read_bytes())
    with Container.open(good) as file:
        for entry in file.entries:
            if (entry.kind, entry.index) in sections:
                data[entry.offset + entry.length // 2] ^= 16
    path.write_bytes(data)
    return visnmf.Archive.open(good)


def test_pictures_come_out_under_their_names(corpus, tmp_path):
    names = ["a.png", "left/b.jpg", "left/deep/er/c.TIFF", "d", "frame.0012", "ü/é.png"]
    archive = named(corpus, tmp_path / "a.vnmf", names)
    done = extract(archive, tmp_path / "out")
    files = ["a.png", "left/b.png", "left/deep/er/c.png", "d.png", "frame.0012.png", "ü/é.png"]
    assert done.paths == [str(tmp_path / "out" / file) for file in files]
    there = files_in(tmp_path / "out")
    assert sorted(there) == sorted(files)
    for file, picture in zip(files, archive[:], strict=True):
        np.testing.assert_array_equal(there[file], picture)


def test_names_that_differ_in_their_suffix_alone_get_numbers(corpus, tmp_path):
    names = ["a.jpg", "a.png", "a_2.png", "A.gif", "b/a.jpg", "a"]
    archive = named(corpus, tmp_path / "a.vnmf", names, "color lossless")
    done = extract(archive, tmp_path / "out")
    files = [path.removeprefix(f"{tmp_path / 'out'}/") for path in done.paths]
    assert files == ["a.png", "a_2.png", "a_2_2.png", "A_3.png", "b/a.png", "a_4.png"]
    there = files_in(tmp_path / "out")
    assert sorted(there) == sorted(files)
    for file, picture in zip(files, archive[:], strict=True):
        np.testing.assert_array_equal(there[file], picture)


def test_a_file_is_not_made_where_a_folder_of_others_must_be(corpus, tmp_path):
    names = ["a.png/x.png", "a.jpg", "b", "b.png/c/d.png", "e", "f"]
    archive = named(corpus, tmp_path / "a.vnmf", names)
    done = extract(archive, tmp_path / "out")
    assert len(set(done.paths)) == len(files_in(tmp_path / "out")) == 6


def test_only_those_asked_for(corpus, tmp_path):
    names = ["a/1.png", "a/2.png", "b.png", "c/1.jpg", "[d].png", "e"]
    archive = named(corpus, tmp_path / "a.vnmf", names)
    for only, files in [
        (["b.png"], ["b.png"]),
        (["b"], ["b.png"]),
        (["a/*"], ["a/1.png", "a/2.png"]),
        (["*/1.*", "b.png"], ["a/1.png", "b.png", "c/1.png"]),
        (["[d].png"], ["[d].png"]),
        (["e", "e"], ["e.png"]),
    ]:
        out = tmp_path / "-".join(only).replace("/", "_").replace("*", "x")
        done = extract(archive, out, only=only)
        assert sorted(files_in(out)) == files
        assert len(done.paths) == len(files)
    with pytest.raises(InvalidInputError, match="no picture of the archive is called 'A/1.png'"):
        extract(archive, tmp_path / "none", only=["b.png", "A/1.png"])
    assert not (tmp_path / "none").exists()


def test_names_asked_for():
    names = ["a/1.png", "a/2.png", "b.png"]
    assert choose(names, None) == [0, 1, 2]
    assert choose(names, ["b", "a/*"]) == [0, 1, 2]
    assert choose(names, ["a/2.png"]) == [1]
    with pytest.raises(InvalidInputError, match="no picture"):
        choose(names, ["c"])


def test_nothing_is_overwritten_unless_asked(corpus, tmp_path):
    archive, out = visnmf.Archive.open(corpus[0] / "masked.vnmf"), tmp_path / "out"
    (out / "disk").mkdir(parents=True)
    (out / "disk" / "7.png").write_bytes(b"mine")
    with pytest.raises(InvalidInputError, match=r"7\.png is there already; nothing was written"):
        extract(archive, out)
    assert [path.name for path in (out / "disk").iterdir()] == ["7.png"]
    extract(archive, out, only=["disk/3.png"])
    assert (out / "disk" / "7.png").read_bytes() == b"mine"
    extract(archive, out, overwrite=True)
    assert len(files_in(out)) == 12
    (tmp_path / "file").write_bytes(b"mine")
    for overwrite in (False, True):
        with pytest.raises(InvalidInputError, match="not a folder"):
            extract(archive, tmp_path / "file", overwrite=overwrite)


def test_a_file_in_the_place_of_a_folder_stays(corpus, tmp_path):
    archive, out = visnmf.Archive.open(corpus[0] / "masked.vnmf"), tmp_path / "out"
    out.mkdir()
    (out / "disk").write_bytes(b"mine")
    with pytest.raises(InvalidInputError, match="disk is no folder"):
        extract(archive, out, overwrite=True)
    assert (out / "disk").read_bytes() == b"mine"


def test_no_link_is_followed(corpus, tmp_path):
    archive = visnmf.Archive.open(corpus[0] / "masked.vnmf")
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
    (root / "disk" / "4.png").symlink_to(elsewhere / "nothing")
    for only in (None, ["disk/3.png"], ["disk/4.png"]):
        with pytest.raises(InvalidInputError, match="already"):
            extract(archive, root, only=only)
    assert len(list((root / "disk").iterdir())) == 2
    extract(archive, root, overwrite=True)
    assert (elsewhere / "victim").read_text() == "as it was"
    assert [path.name for path in elsewhere.iterdir()] == ["victim"]
    assert not (root / "disk" / "3.png").is_symlink()
    assert len(files_in(root)) == 12


@pytest.mark.parametrize("kind", ["factors", "layers", "masked", "AVIF"])
def test_numbers_stand_for_names_that_are_lost(kind, corpus, tmp_path):
    path = tmp_path / "bad.vnmf"
    whole = hurt(corpus, path, kind, (SectionKind.NAMES, 0))
    with visnmf.Archive.open(path, salvage=True) as archive:
        with pytest.raises(ArchiveFormatError, match="names"):
            extract(archive, tmp_path / "out")
        done = extract(archive, tmp_path / "out", salvage=True)
        some = extract(archive, tmp_path / "some", salvage=True, only=["*1"])
    digits = len(str(len(whole) - 1))
    files = [f"{j:0{digits}}.png" for j in range(len(whole))]
    assert [path.rpartition("/")[2] for path in done.paths] == files
    assert not done.lost
    assert len(some.paths) == len([file for file in files if file.endswith("1.png")])
    there = files_in(tmp_path / "out")
    for file, picture in zip(files, whole[:], strict=True):
        np.testing.assert_array_equal(there[file], picture)


def test_numbers_stand_for_names_that_may_be_no_files(corpus, tmp_path):
    header, sections = taken_apart(corpus[0] / "lossless noise.vnmf")
    bad = b"".join(b"\x00" + bytes([len(n)]) + n for n in [b"../x", b"a", b"b", b"c", b"d", b"e"])
    sections[0] = (SectionKind.NAMES, Coder.RAW, bad)
    (tmp_path / "bad.vnmf").write_bytes(framed(header_bytes(header), sections))
    with visnmf.Archive.open(tmp_path / "bad.vnmf") as archive:
        with pytest.raises(ArchiveFormatError, match="climbs"):
            extract(archive, tmp_path / "out")
        extract(archive, tmp_path / "out", salvage=True)
    assert sorted(files_in(tmp_path / "out")) == [f"{j}.png" for j in range(6)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.vnmf", "out"]


def test_a_lost_chunk_takes_its_pictures_alone(corpus, tmp_path):
    path = tmp_path / "bad.vnmf"
    whole = hurt(corpus, path, "factors", (SectionKind.ENCODINGS, 1))
    with visnmf.Archive.open(path, salvage=True) as archive:
        done = extract(archive, tmp_path / "out", salvage=True)
        names = archive.names
    assert list(done.lost) == names[8:16]
    assert all("encodings 1 (pictures 8 to 15)" in why for why in done.lost.values())
    there = files_in(tmp_path / "out")
    assert len(there) == 12
    for j in [*range(8), *range(16, 20)]:
        np.testing.assert_array_equal(there[f"{names[j]}.png"], whole[j])


def test_pictures_without_their_residual_are_written_and_told(corpus, tmp_path):
    path = tmp_path / "bad.vnmf"
    whole = hurt(corpus, path, "layers", (SectionKind.RESIDUAL, 0))
    assert whole.header.base == Base.FACTORS
    lost = whole.header.pictures(SectionKind.RESIDUAL, 0)
    with visnmf.Archive.open(path, salvage=True) as archive:
        with pytest.raises(ArchiveFormatError, match="residual 0"):
            extract(archive, tmp_path / "out")
        done = extract(archive, tmp_path / "out2", salvage=True)
    assert not done.lost
    assert list(done.coarse) == [whole.names[j] for j in lost]
    assert all("residual 0" in why for why in done.coarse.values())
    there = files_in(tmp_path / "out2")
    for j in range(len(whole)):
        wanted = whole.base(j) if j in lost else whole[j]
        np.testing.assert_array_equal(there[f"{whole.names[j]}.png"], wanted)


@pytest.mark.parametrize("kind", ["SCALES", "BASIS"])
def test_without_parts_nothing_is_left(kind, corpus, tmp_path):
    path = tmp_path / "bad.vnmf"
    whole = hurt(corpus, path, "factors", (SectionKind[kind], 0))
    with visnmf.Archive.open(path, salvage=True) as archive:
        done = extract(archive, tmp_path / "out", salvage=True)
    assert (len(done.paths), len(done.lost)) == (0, len(whole))
    assert all(kind.lower() in why for why in done.lost.values())


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_the_parts_show_a_mask_that_is_lost(channels, tmp_path):
    rng = np.random.default_rng(0)
    mask = rng.random((12, 10)) < 0.6
    levels = rng.integers(20, 200, (9, 12, 10, channels)).astype(np.uint8)
    images = visnmf.load_images(levels.squeeze(), mode="keep", mask=mask)
    path = tmp_path / "bad.vnmf"
    visnmf.compress(images, tmp_path / "good.vnmf", compare=False, rank=3)
    whole = hurt((tmp_path, None), path, "good", (SectionKind.MASK, 0))
    with pytest.raises(ArchiveFormatError, match="mask"):
        visnmf.Archive.open(path)
    with visnmf.Archive.open(path, salvage=True) as archive:
        assert len(archive.damage) == 1
        assert "mask: damaged" in archive.damage[0]
        assert "as they were" in archive.damage[0]
        assert archive.layout == whole.layout
        done = extract(archive, tmp_path / "out", salvage=True)
        np.testing.assert_array_equal(archive[:], whole[:])
    assert not done.lost
    assert len(done.paths) == 9


@pytest.mark.parametrize("target", [{"lossless": True}, {"rank": 2}, {"psnr": 20}], ids=str)
def test_pixels_that_a_lost_mask_kept_come_back(target, tmp_path):
    """Parts that are 0 at a pixel that is kept do not show the mask, and sheets show none."""
    rng = np.random.default_rng(0)
    mask = rng.random((12, 10)) < 0.6
    levels = np.zeros((9, 12, 10), np.uint8)
    levels[:, mask] = rng.integers(0, 200, (9, mask.sum()))
    levels[:, 5] = 0
    images = visnmf.load_images(levels, mode="keep", mask=mask)
    good, bad = tmp_path / "good.vnmf", tmp_path / "bad.vnmf"
    visnmf.compress(images, good, compare=False, **target)
    whole = visnmf.Archive.open(good)
    hurt((tmp_path, None), bad, "good", (SectionKind.MASK, 0))
    with visnmf.Archive.open(bad, salvage=True) as archive:
        assert f"at the {mask.sum()} pixels that it kept" in archive.damage[0]
        assert archive.layout.mask is None
        np.testing.assert_array_equal(archive[:][:, mask], whole[:][:, mask])
        done = extract(archive, tmp_path / "out", salvage=True)
    assert (len(done.paths), len(done.lost)) == (9, 0)


def test_a_cut_archive_gives_what_is_left_under_nested_names(corpus, tmp_path):
    whole, names = visnmf.Archive.open(corpus[0] / "factors.vnmf"), []
    names = [f"left/{j}.png" if j % 2 else f"right/deep/{j}.png" for j in range(20)]
    path = tmp_path / "a.vnmf"
    with named(corpus, path, names, "factors") as archive:
        last = list(archive.sections)[-1]
    good = path.read_bytes()
    path.write_bytes(good[: last.offset + 1])
    with pytest.raises(ArchiveFormatError, match="salvage"):
        visnmf.Archive.open(path)
    with visnmf.Archive.open(path, salvage=True) as archive:
        assert "cut short" in archive.damage[0]
        done = extract(archive, tmp_path / "out", salvage=True)
    assert list(done.lost) == names[16:]
    there = files_in(tmp_path / "out")
    assert sorted(there) == sorted(names[:16])
    for name, picture in zip(names[:16], whole[:16], strict=True):
        np.testing.assert_array_equal(there[name], picture)


def test_a_lost_front_leaves_what_lies_behind_it(corpus, tmp_path):
    good = (corpus[0] / "factors.vnmf").read_bytes()
    path = tmp_path / "a.vnmf"
    path.write_bytes(good[10:])
    with visnmf.Archive.open(path, salvage=True) as archive:
        assert "copy at the end" in archive.damage[0]
        assert len(extract(archive, tmp_path / "front", salvage=True).paths) == 20
    whole = visnmf.Archive.open(corpus[0] / "lossless noise.vnmf")
    first, second = list(whole.sections)[0], list(whole.sections)[1]
    good = (corpus[0] / "lossless noise.vnmf").read_bytes()
    path.write_bytes(good[first.offset + 1 :])  # the names are gone too
    with visnmf.Archive.open(path, salvage=True) as archive:
        done = extract(archive, tmp_path / "out", salvage=True)
    assert [p.rpartition("/")[2] for p in done.paths] == [f"{j}.png" for j in range(6)]
    path.write_bytes(good[second.offset + 1 :])
    with visnmf.Archive.open(path, salvage=True) as archive:
        assert not extract(archive, tmp_path / "none", salvage=True).paths


@pytest.mark.parametrize("change", [-3, 3])
def test_bytes_lost_or_put_in_between_take_the_section_they_are_in(change, corpus, tmp_path):
    good = (corpus[0] / "factors.vnmf").read_bytes()
    with Container.open(corpus[0] / "factors.vnmf") as file:
        middle = next(e for e in file.entries if e.kind == SectionKind.ENCODINGS and e.index == 1)
    at = middle.offset + middle.length // 2
    path = tmp_path / "a.vnmf"
    path.write_bytes(good[:at] + (b"???" if change > 0 else b"") + good[at - min(change, 0) :])
    with visnmf.Archive.open(path, salvage=True) as archive:
        done = extract(archive, tmp_path / "out", salvage=True)
        assert list(done.lost) == archive.names[8:16]
    assert len(done.paths) == 12
