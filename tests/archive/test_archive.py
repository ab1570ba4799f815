"""Archives as users read them."""

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import visnmf
from visnmf.archive.sections import SectionKind
from visnmf.errors import InvalidInputError

FACTORS = ["factors", "painted", "layers", "bound", "16 bits", "color", "apart", "masked"]


@pytest.mark.parametrize("kind", ["factors", "layers", "bound", "apart", "sheets", "AVIF"])
def test_every_way_to_index_gives_the_same_pictures(kind, archive_of):
    archive, images = archive_of(kind)
    whole, n = archive[:], len(images)
    assert len(archive) == n
    assert whole.shape == images.shape
    assert whole.dtype == images.dtype
    assert np.array_equal(np.stack(list(archive)), whole)
    assert np.array_equal(archive[-1], whole[-1])
    assert np.array_equal(archive[np.int64(2)], whole[2])
    picked = [n - 1, 0, 3, 3]
    for index in (slice(3, 1, -1), slice(1, None, 2), picked, np.array(picked), np.arange(n) > 2):
        assert np.array_equal(archive[index], whole[index])
    for index in (n, -n - 1):
        with pytest.raises(IndexError):
            archive[index]


@pytest.mark.parametrize("kind", ["layers", "lossless noise", "16 bits lossless", "color lossless"])
def test_lossless_pictures_come_back(kind, archive_of):
    archive, images = archive_of(kind)
    assert np.array_equal(archive[:], images)


def test_bounds_hold(archive_of):
    archive, images = archive_of("bound")
    assert np.abs(archive[:].astype(int) - images).max() <= 2


@pytest.mark.parametrize("kind", FACTORS)
def test_basis_times_encodings_is_the_base(kind, archive_of):
    archive, _ = archive_of(kind)
    W, H, header = archive.basis, archive.encodings, archive.header
    np.testing.assert_allclose(np.linalg.norm(W, axis=0), 1, rtol=1e-5)
    planes = header.planes
    assert H.shape == (header.rank * planes, len(archive))
    V = np.stack([W @ part for part in H.reshape(planes, header.rank, -1)])
    base = archive.base(slice(None)).astype(np.float64) / header.peak
    kept = base if archive.layout.mask is None else base[:, archive.layout.mask]
    if planes > 1:
        kept = np.moveaxis(kept, -1, 0).reshape(planes, len(archive), -1)
    else:
        kept = kept.reshape(1, len(archive), -1)
    np.testing.assert_allclose(np.clip(V, 0, 1).transpose(0, 2, 1), kept, atol=0.51 / header.peak)


@pytest.mark.parametrize("kind", ["layers", "bound", "factors"])
def test_residual_is_what_the_base_leaves(kind, archive_of):
    archive, _ = archive_of(kind)
    U = archive.residual([1, -1])
    assert np.array_equal(archive.base([1, -1]) + U, archive[[1, -1]])
    assert np.array_equal(archive.residual(1), U[0])
    assert U.any() == (kind != "factors")


def test_sheets_have_no_parts(archive_of):
    archive, _ = archive_of("AVIF")
    for name in ("basis", "encodings"):
        with pytest.raises(InvalidInputError, match="contact sheets"):
            getattr(archive, name)


def test_masked_pictures_load_with_their_mask(archive_of):
    archive, images = archive_of("masked")
    loaded = archive.load()
    assert loaded.names == images.names == archive.names
    assert loaded.layout == images.layout
    np.testing.assert_allclose(loaded.V, images.V, atol=0.25)
    assert not archive[:][:, ~images.layout.mask].any()
    assert np.array_equal(archive.load([2]).V[:, 0], loaded.V[:, 2])


def test_other_types_come_back_in_their_range(tmp_path):
    rng = np.random.default_rng(0)
    images = rng.random((6, 5, 4)).astype(np.float32)
    for pictures in (images, images > 0.5):
        visnmf.compress(pictures, tmp_path / "a", psnr=30, compare=False, n_jobs=1)
        with visnmf.Archive.open(tmp_path / "a") as archive:
            assert archive[:].dtype == pictures.dtype
            errors = np.square(archive[:].astype(float) - pictures).mean()
            assert errors <= 1e-3 * (1 if pictures.dtype == bool else np.ptp(pictures) ** 2) * 1.01


def test_only_what_is_needed_is_read(archive_of, monkeypatch):
    archive, _ = archive_of("factors")
    read, plain = [], archive._file.read
    monkeypatch.setattr(archive._file, "read", lambda k, i=0: read.append((k, i)) or plain(k, i))
    assert archive[17].any()
    encodings = {i for kind, i in read if kind == SectionKind.ENCODINGS}
    assert encodings == {2}
    assert SectionKind.NAMES not in {kind for kind, _ in read}
    read.clear()
    assert archive[18].any()
    assert not read


def test_encodings_decode_no_residual(archive_of, monkeypatch):
    archive, _ = archive_of("layers")
    read, plain = [], archive._file.read
    monkeypatch.setattr(archive._file, "read", lambda k, i=0: read.append(k) or plain(k, i))
    assert archive.encodings.any()
    assert SectionKind.RESIDUAL not in read


def test_threads_read_the_same(archive_of):
    archive, _ = archive_of("layers")
    whole = archive_of("layers")[0][:]
    with ThreadPoolExecutor(8) as pool:
        assert np.array_equal(np.stack(list(pool.map(archive.__getitem__, range(200)))), whole)


def test_pickled_and_closed(archive_of):
    archive, _ = archive_of("factors")
    again = pickle.loads(pickle.dumps(archive))
    assert np.array_equal(again[0], archive_of("factors")[0][0])
    archive.close()
    with pytest.raises(InvalidInputError, match="closed"):
        archive[0]


@pytest.mark.parametrize(
    ("dtype", "exact"), [("uint32", False), ("float32", False), ("int16", True)]
)
def test_levels_that_values_were_rounded_to_are_not_called_lossless(tmp_path, dtype, exact):
    scale = {"uint32": 4e9, "float32": 1.0, "int16": 300.0}[dtype]
    values = np.random.default_rng(0).random((4, 8, 8)) * scale
    pictures = (values - (100 if dtype == "int16" else 0)).astype(dtype)
    done = visnmf.compress(pictures, tmp_path / "set.vnmf", psnr=120, compare=False)
    archive = visnmf.Archive.open(tmp_path / "set.vnmf")
    assert done.max_error == 0
    assert np.array_equal(archive[:], pictures) == exact
    assert ("lossless" in repr(archive)) == exact
