"""`visnmf.compress`: every mode keeps its promise, on sets of every kind."""

import numpy as np
import pytest

import visnmf
from visnmf.errors import InvalidInputError

RNG = np.random.default_rng(0)
PARTS = RNG.integers(0, 120, (3, 6, 7))


def alike(n=60, dtype=np.uint8, noise=2.0, channels=0):
    """Pictures of three parts and some noise."""
    rng = np.random.default_rng(1)
    shape = (channels,) if channels else ()
    weights = rng.random((n, 3, *shape))
    pictures = np.einsum("nk...,khw->nhw...", weights, PARTS)
    pictures = np.clip(pictures + rng.normal(0, noise, pictures.shape), 0, 255)
    return np.rint(pictures * (257 if dtype == np.uint16 else 1)).astype(dtype)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "set.vnmf"


def psnr_of(a, b):
    error = np.mean((a.astype(float) - b.astype(float)) ** 2)
    return 10 * np.log10(255**2 / error)


def test_a_psnr_is_met_and_told(path):
    pictures = alike()
    done = visnmf.compress(pictures, path, psnr=32)
    back = visnmf.Archive.open(path)[:]
    assert psnr_of(pictures, back) == pytest.approx(done.psnr, abs=1e-9)
    assert done.psnr >= 32
    assert done.nbytes == path.stat().st_size < pictures.nbytes
    assert done.files is not None
    assert done.files.png > 0


@pytest.mark.parametrize("nbytes", [900, 1500])
def test_a_size_is_kept(path, nbytes):
    done = visnmf.compress(alike(), path, max_bytes=nbytes, compare=False)
    assert path.stat().st_size == done.nbytes <= nbytes
    assert done.psnr > 20


def test_what_does_not_fit_is_refused(path):
    with pytest.raises(InvalidInputError, match="fits into 100 bytes"):
        visnmf.compress(alike(), path, max_bytes=100, compare=False)
    assert not path.exists()


@pytest.mark.parametrize("channels", [0, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_without_loss_every_level_comes_back(path, dtype, channels):
    pictures = alike(30, dtype, channels=channels)
    done = visnmf.compress(pictures, path, lossless=True, compare=False)
    back = visnmf.Archive.open(path)[:]
    assert back.dtype == dtype
    np.testing.assert_array_equal(back, pictures)
    assert np.isinf(done.psnr)


@pytest.mark.parametrize("bound", [1, 2, 7])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_bound_holds_for_every_level(path, dtype, bound):
    pictures = alike(40, dtype)
    visnmf.compress(pictures, path, max_error=bound, compare=False)
    back = visnmf.Archive.open(path)[:]
    assert np.abs(back.astype(int) - pictures).max() <= bound


@pytest.mark.parametrize(
    "pictures",
    [
        np.zeros((5, 4, 4), np.uint8),
        np.full((5, 4, 4), 255, np.uint8),
        np.array([[[7]]], np.uint8),
        np.repeat(alike(1), 9, axis=0),
        alike(1),
        RNG.integers(0, 256, (20, 5, 3), dtype=np.uint8),
        RNG.integers(0, 256, (2, 1, 40), dtype=np.uint8),
    ],
    ids=["black", "white", "one pixel", "identical", "one", "noise", "rows"],
)
@pytest.mark.parametrize(
    "target", [{"lossless": True}, {"psnr": 25}, {"max_bytes": 9000}, {"max_error": 3}]
)
def test_sets_of_every_kind(path, pictures, target):
    done = visnmf.compress(pictures, path, compare=False, **target)
    back = visnmf.Archive.open(path)[:]
    assert back.shape == pictures.shape
    if "lossless" in target:
        np.testing.assert_array_equal(back, pictures)
    elif "psnr" in target:
        assert done.psnr >= 25
    elif "max_bytes" in target:
        assert path.stat().st_size == done.nbytes <= 9000
        assert done.psnr == np.inf  # all of these fit without loss
    else:
        assert np.abs(back.astype(int) - pictures).max() <= 3


def test_by_hand(path):
    done = visnmf.compress(alike(), path, rank=3, step=8.0, compare=False)
    archive = visnmf.Archive.open(path)
    assert archive.header.rank == 3
    assert archive.basis.shape == (42, 3)
    assert done.psnr > 30


def test_where_sheets_are_smaller_they_are_stored(path):
    pictures = RNG.integers(0, 256, (12, 16, 16), dtype=np.uint8)
    done = visnmf.compress(pictures, path, psnr=20, compare=False)
    assert "sheets" in done.held
    with pytest.raises(InvalidInputError, match="contact sheets"):
        _ = visnmf.Archive.open(path).basis


def test_parts_come_near_but_never_reach_what_is_asked():
    """Rank and quality that stay below a PSNR at every step are not settled on."""
    from visnmf.archive.canvas import Canvas
    from visnmf.archive.goal import Goal
    from visnmf.archive.search import Problem, seek_factors

    V = np.asfortranarray(alike(80, noise=0.5).reshape(80, -1).T.astype(np.float32) / 255)
    problem = Problem(V, 80, 255, Canvas(6, 7))
    for psnr in (20.0, 30.0, 40.0):
        found = seek_factors(problem, Goal(psnr=psnr))
        assert found
        assert all(f.curve.meets(Goal(psnr=psnr), 0.13) for f in found)
        assert [f.cost for f in found] == sorted(f.cost for f in found)


def test_the_same_gives_the_same_bytes(path, tmp_path):
    other = tmp_path / "other.vnmf"
    for where in (path, other):
        visnmf.compress(alike(), where, psnr=30, seed=3, compare=False)
    assert path.read_bytes() == other.read_bytes()


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({}, "just one"),
        ({"psnr": 30, "lossless": True}, "just one"),
        ({"psnr": 0}, "psnr"),
        ({"psnr": 30, "step": 2}, "go with rank"),
        ({"max_bytes": 0}, "max_bytes"),
        ({"max_error": 1.5}, "whole number"),
        ({"rank": 0}, "rank"),
        ({"rank": 2, "step": -1}, "step"),
        ({"rank": 2, "quality": 101}, "quality"),
        ({"lossless": True, "chunk": 0}, "chunk"),
    ],
)
def test_settings_that_make_no_sense(path, settings, told):
    with pytest.raises(InvalidInputError, match=told):
        visnmf.compress(alike(), path, **settings)
    assert not path.exists()


def test_pictures_without_whole_levels_cannot_be_exact(path):
    with pytest.raises(InvalidInputError, match="no whole levels"):
        visnmf.compress(alike().astype(np.float32) / 255, path, lossless=True)


def test_a_file_is_replaced_only_if_that_is_wanted(path):
    path.write_bytes(b"mine")
    with pytest.raises(InvalidInputError, match="there already"):
        visnmf.compress(alike(), path, lossless=True, overwrite=False)
    assert path.read_bytes() == b"mine"
    with pytest.raises(InvalidInputError, match="no folder"):
        visnmf.compress(alike(), path / "no" / "set.vnmf", lossless=True)


def test_room_for_everything_is_not_searched_with_parts(path):
    told = []
    pictures = alike()
    done = visnmf.compress(
        pictures, path, max_bytes=10**6, compare=False, progress=lambda now: told.append(now.words)
    )
    assert done.max_error == 0
    assert not any("parts" in words for words in told)
    assert np.array_equal(visnmf.Archive.open(path)[:], pictures)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_equal_pictures_take_a_rank_by_hand(path, dtype):
    pictures = np.full((9, 8, 8), 77, dtype)
    visnmf.compress(pictures, path, rank=1, compare=False)
    assert np.abs(visnmf.Archive.open(path)[:].astype(int) - 77).max() <= 1


def test_too_fine_a_step_is_refused_with_one_that_does(path):
    pictures = alike()
    with pytest.raises(InvalidInputError, match=r"step=0\.0001 is too fine") as refused:
        visnmf.compress(pictures, path, rank=3, step=1e-4, compare=False)
    least = float(str(refused.value).split(" take ")[1].split()[0])
    assert visnmf.compress(pictures, path, rank=3, step=least, compare=False).psnr > 30


@pytest.mark.parametrize(
    "target", [{"psnr": "30"}, {"max_bytes": float("inf")}, {"max_error": float("nan")}]
)
def test_a_target_that_is_no_number_is_refused(path, target):
    with pytest.raises(InvalidInputError, match=f"{next(iter(target))} is a number"):
        visnmf.compress(alike(), path, **target)
