"""Appending: one by one is as good as at once, and what was promised holds or is refused."""

import subprocess
import sys

import numpy as np
import pytest

import visnmf
from visnmf.archive import further
from visnmf.archive.archive import Archive
from visnmf.archive.fidelity import fidelity_of, joined
from visnmf.archive.header import Base, Mode
from visnmf.archive.join_names import join_names
from visnmf.archive.sole_writer import sole_writer
from visnmf.archive.verify import verify
from visnmf.errors import ArchiveBusyError, ArchiveFormatError, InvalidInputError


def made_of_parts(n, channels=1, seed=0, dtype=np.uint8):
    """Pictures of 12 x 10 that are sums of six parts, with a little noise."""
    rng = np.random.default_rng(seed)
    parts = rng.random((6, 120 * channels)) ** 3
    top = np.iinfo(dtype).max
    rows = np.minimum(rng.random((n, 6)) ** 2 @ parts * 0.3 + 0.01 * rng.random(parts[0].size), 1)
    return (top * rows).astype(dtype).reshape(n, 12, 10, *([channels] if channels > 1 else []))


def images_of(pictures):
    return visnmf.load_images(pictures, mode="keep")


def compress(pictures, path, **target):
    return visnmf.compress(pictures, path, compare=False, chunk=16, **target)


@pytest.mark.parametrize(
    "target", [{"lossless": True}, {"max_error": 2}, {"rank": 5, "step": 6.0}], ids=str
)
def test_one_by_one_gives_the_same_file_as_at_once(tmp_path, target):
    pictures = images_of(made_of_parts(75))
    path, other = tmp_path / "a.vnmf", tmp_path / "b.vnmf"
    compress(pictures[:40], path, **target)
    before = Archive.open(path)[:]
    done = visnmf.append(path, pictures[40:], output=other)
    assert (done.n, done.added) == (75, 35)
    for i in range(40, 75):
        visnmf.append(path, pictures[i : i + 1])
    assert path.read_bytes() == other.read_bytes()
    np.testing.assert_array_equal(Archive.open(path)[:40], before)
    verdict = verify(str(path), pictures)
    assert verdict.good
    assert verdict.fidelity == done.fidelity


@pytest.mark.slow
def test_three_hundred_times(tmp_path):
    pictures = images_of(made_of_parts(330))
    path, other = tmp_path / "a.vnmf", tmp_path / "b.vnmf"
    compress(pictures[:30], path, rank=5)
    visnmf.append(path, pictures[30:], output=other)
    for i in range(30, 330):
        visnmf.append(path, pictures[i : i + 1])
    assert path.read_bytes() == other.read_bytes()


@pytest.mark.parametrize(("channels", "dtype"), [(3, np.uint8), (2, np.uint8), (1, np.uint16)])
def test_colors_and_sixteen_bits_come_back_exactly(tmp_path, channels, dtype):
    pictures = images_of(made_of_parts(60, channels, dtype=dtype))
    path = tmp_path / "a.vnmf"
    compress(pictures[:37], path, lossless=True)
    visnmf.append(path, pictures[37:50])
    visnmf.append(path, pictures[50:])
    assert verify(str(path), pictures).good
    assert Archive.open(path).header.max_error == 0


def test_a_bound_holds_on_sheets_of_jpeg_ls(tmp_path):
    rng = np.random.default_rng(0)
    pictures = images_of(rng.integers(0, 256, (50, 16, 16), dtype=np.uint8))
    path = tmp_path / "a.vnmf"
    for bound in (1, 3):
        compress(pictures[:20], path, max_error=bound)
        before = Archive.open(path)[:]
        visnmf.append(path, pictures[20:27])
        visnmf.append(path, pictures[27:])
        verdict = verify(str(path), pictures)
        assert verdict.good
        assert verdict.fidelity.max_error <= bound
        np.testing.assert_array_equal(Archive.open(path)[:20], before)


def test_full_sections_keep_their_bytes(tmp_path):
    pictures = images_of(made_of_parts(70))
    path, other = tmp_path / "a.vnmf", tmp_path / "b.vnmf"
    compress(pictures[:40], path, rank=5)
    visnmf.append(path, pictures[40:], output=other)
    old, new = Archive.open(path).sections, Archive.open(other).sections
    kept = [(e.kind, e.index, e.crc) for e in old if e.kind.name != "NAMES"]
    assert set(kept[:-1]) <= {(e.kind, e.index, e.crc) for e in new}  # the last chunk was not full


def test_a_psnr_that_would_be_missed_is_told_and_given_up_only_if_asked(tmp_path):
    rng = np.random.default_rng(1)
    pictures = images_of(made_of_parts(400))
    strange = images_of(rng.integers(0, 256, (40, 12, 10), dtype=np.uint8))
    path = tmp_path / "a.vnmf"
    compress(pictures, path, psnr=34)
    assert Archive.open(path).header.base == Base.FACTORS
    before = path.read_bytes()
    with pytest.raises(InvalidInputError, match=r"new pictures reach .* below the 34 dB .*anyway"):
        visnmf.append(path, strange)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["a.vnmf"]
    done = visnmf.append(path, strange, anyway=True)
    header = Archive.open(path).header
    assert (header.mode, header.target) == (Mode.BY_HAND, 0.0)
    assert "34 dB" in done.given_up
    assert header.psnr == done.fidelity.psnr < 34


def test_bytes_that_would_be_passed_are_told(tmp_path):
    pictures = images_of(made_of_parts(300))
    path = tmp_path / "a.vnmf"
    size = compress(pictures[:200], path, max_bytes=3000).nbytes
    assert size <= 3000
    if Archive.open(path).header.base == Base.FACTORS:
        with pytest.raises(InvalidInputError, match="more than the 3,000"):
            visnmf.append(path, pictures[200:])
        assert path.stat().st_size == size


def test_lossy_sheets_are_refused(tmp_path):
    rng = np.random.default_rng(0)
    noise = images_of(rng.integers(0, 256, (12, 24, 24), dtype=np.uint8))
    path = tmp_path / "a.vnmf"
    compress(noise, path, psnr=25)
    assert Archive.open(path).header.base == Base.SHEETS
    with pytest.raises(InvalidInputError, match="contact sheets of a lossy codec"):
        visnmf.append(path, noise)


def test_other_pictures_are_refused(tmp_path):
    path = tmp_path / "a.vnmf"
    compress(images_of(made_of_parts(30)), path, lossless=True)
    before = path.read_bytes()
    with pytest.raises(InvalidInputError, match="channels 1, not 3"):
        visnmf.append(path, made_of_parts(4, 3))
    with pytest.raises(InvalidInputError, match="size 12 x 10, not 10 x 12"):
        visnmf.append(path, made_of_parts(4).transpose(0, 2, 1))
    with pytest.raises(InvalidInputError, match="type uint8, not uint16"):
        visnmf.append(path, made_of_parts(4, dtype=np.uint16))
    (tmp_path / "b.vnmf").write_bytes(b"kept")
    with pytest.raises(InvalidInputError, match="there already"):
        visnmf.append(path, made_of_parts(4), output=tmp_path / "b.vnmf")
    assert path.read_bytes() == before
    assert (tmp_path / "b.vnmf").read_bytes() == b"kept"


def test_a_damaged_archive_stays_as_it_is(tmp_path):
    pictures = images_of(made_of_parts(60))
    path = tmp_path / "a.vnmf"
    compress(pictures[:48], path, rank=5)
    entry = next(e for e in Archive.open(path).sections if e.kind.name == "ENCODINGS" and e.index)
    data = bytearray(path.read_bytes())
    data[entry.offset] ^= 1
    path.write_bytes(data)
    with pytest.raises(ArchiveFormatError, match="encodings 1"):
        visnmf.append(path, pictures[48:])
    assert path.read_bytes() == data
    assert [file.name for file in tmp_path.iterdir()] == ["a.vnmf"]


def test_of_two_at_a_time_the_second_is_refused(tmp_path):
    pytest.importorskip("fcntl")
    pictures = images_of(made_of_parts(60))
    path = tmp_path / "a.vnmf"
    compress(pictures[:40], path, rank=5)
    with sole_writer(path):
        before = path.read_bytes()
        code = "import sys, numpy, visnmf; visnmf.append(sys.argv[1], numpy.load(sys.argv[2]))"
        np.save(tmp_path / "p.npy", made_of_parts(4))
        command = [sys.executable, "-c", code, str(path), str(tmp_path / "p.npy")]
        other = subprocess.run(command, capture_output=True, text=True, check=False)
        assert other.returncode == 1
        assert "ArchiveBusyError" in other.stderr
        assert "another process is putting pictures into it" in other.stderr
        with pytest.raises(ArchiveBusyError):  # another thread, too
            visnmf.append(path, pictures[40:])
        assert visnmf.append(path, pictures[40:], output=tmp_path / "b.vnmf").n == 60
        assert path.read_bytes() == before
    assert visnmf.append(path, pictures[40:]).n == 60


@pytest.mark.parametrize("locks", [True, False])
def test_what_another_wrote_meanwhile_is_not_lost(locks, tmp_path, monkeypatch):
    """Whoever asks for no lock, and where there are none, the file is compared at the end."""
    if not locks:
        monkeypatch.setitem(sys.modules, "fcntl", None)
    pictures = images_of(made_of_parts(60))
    path, other = tmp_path / "a.vnmf", tmp_path / "b.vnmf"
    compress(pictures[:40], path, rank=5)
    visnmf.append(path, pictures[40:50], output=other)
    theirs = other.read_bytes()
    real = further.encode_entries

    def meanwhile(*args, **options):
        if other.exists():
            other.replace(path)
        return real(*args, **options)

    monkeypatch.setattr(further, "encode_entries", meanwhile)
    with pytest.raises(ArchiveBusyError, match="another process wrote it meanwhile"):
        visnmf.append(path, pictures[50:])
    assert path.read_bytes() == theirs
    assert [file.name for file in tmp_path.iterdir()] == ["a.vnmf"]
    assert visnmf.append(path, pictures[50:]).n == 60


def test_names_stay_and_new_ones_are_their_own():
    old = ["a", "b.png", "Ä.png"]
    new = ["A/x.png", "B.png", "../b.png", "ä.png", "a_x.png"]
    names = join_names(old, new)
    assert names[:3] == old
    assert len({name.casefold() for name in names}) == 8
    assert join_names(["0"], ["0", "1"]) == ["0", "1", "2"]


def test_figures_of_both_are_those_of_all():
    rng = np.random.default_rng(0)
    for _ in range(50):
        n = int(rng.integers(2, 40))
        errors = rng.integers(0, 10 ** int(rng.integers(1, 9)), n).astype(float)
        errors *= rng.random(n) < 0.7
        split = int(rng.integers(1, n))
        first, rest = errors[:split], errors[split:]
        whole = fidelity_of(errors, int(errors.any()), 361, 255)
        before = fidelity_of(first, int(first.any()), 361, 255)
        assert joined(before, split, rest, int(rest.any()), 361, 255) == whole
