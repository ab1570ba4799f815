"""Encodings of images of which other pixels are known: exact least squares over these."""

import numpy as np
import pytest
from scipy.optimize import nnls

from visnmf.kernels.columns import LANES
from visnmf.matrices.masked import Masked
from visnmf.solve.encode import encode
from visnmf.solve.known_rows import fit_known_rows

RNG = np.random.default_rng(0)
M, RANK, N = 60, 8, 90
W = RNG.random((M, RANK)) ** 2
V = RNG.random((M, N)) * 10.0 ** RNG.uniform(-2, 2, N)
# One mask for most, a few that two or three share, and many of their own, some nearly blind
KNOWN = RNG.random((M, N)) < RNG.uniform(0.2, 0.95, N)
KNOWN[:, :40] = KNOWN[:, [1]]
KNOWN[:, 50:53] = KNOWN[:, [50]]
KNOWN[:, 60] = True


def assert_exact(H, V, W, known, close):
    for v, h, rows in zip(V.T, H.T.astype(float), known.T, strict=True):
        exact = nnls(W[rows], v[rows])[1]
        assert np.linalg.norm(v[rows] - W[rows] @ h) <= exact * (1 + close) + 1e-9


@pytest.mark.parametrize("kernels", ["numpy", "compiled"])
@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 1e-4), (np.float64, 1e-6)])
@pytest.mark.parametrize("order", ["C", "F"])
def test_each_image_is_as_near_as_exact_least_squares_on_what_is_known(
    kernels, dtype, close, order
):
    if kernels == "compiled":
        pytest.importorskip("numba")
    H = encode(np.asarray(V, dtype, order=order), W, observed=KNOWN, kernels=kernels)
    assert H.dtype == dtype
    assert (H >= 0).all()
    assert_exact(H, V, W, KNOWN, close)


def test_what_is_hidden_is_never_read():
    poisoned = np.where(KNOWN, V, np.nan)
    poisoned[5, ~KNOWN[5]] = -np.inf
    want = encode(np.where(KNOWN, V, 0), W, observed=KNOWN)
    np.testing.assert_array_equal(encode(poisoned, W, observed=KNOWN), want)
    missing = encode(np.where(KNOWN, V, np.nan), W, missing=np.nan)
    np.testing.assert_array_equal(missing, want)


def test_an_image_does_not_depend_on_who_shares_its_mask():
    whole = encode(V, W, observed=KNOWN, goal=1e-9)
    for j in (0, 51, 60, 80):
        alone = encode(V[:, [j]], W, observed=KNOWN[:, [j]], goal=1e-9)
        np.testing.assert_allclose(alone[:, 0], whole[:, j], rtol=1e-5, atol=1e-7)


def test_threads_change_nothing():
    wide = np.float32(RNG.random((3000, 70)))
    parts = RNG.random((3000, 30))
    known = RNG.random(wide.shape) < 0.7
    first, second = (encode(wide, parts, observed=known, n_jobs=k) for k in (1, 2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("copies", [1, 2 * LANES])
def test_a_part_that_is_hidden_gets_nothing_and_spoils_nothing(copies):
    """Its square over the known rows is all rounding if it is taken as a difference."""
    local = np.zeros((M, 3), np.float32)
    local[:20, 0], local[20:, 1], local[:18, 2] = 1, 1 + RNG.random(40), 100
    local[40, 2] = 1e-3  # a trace of it is seen
    known = np.ones((M, copies), bool)
    known[:20] = False
    values = np.float32(RNG.random((M, copies)))
    H = encode(values, local, observed=known)
    assert not H[0].any()
    assert_exact(H, values.astype(float), local.astype(float), known, 1e-4)


def test_parts_much_alike_go_to_the_active_set():
    alike = 1 + 0.05 * RNG.random((M, 15))
    values = alike @ np.maximum(RNG.standard_normal((15, N)), 0) + 0.01 * RNG.random((M, N))
    assert_exact(encode(values, alike, observed=KNOWN), values, alike, KNOWN, 1e-5)


def test_every_image_that_is_late_is_solved_outright():
    """After one sweep over parts that are much alike all are late, whoever shares their mask."""
    from visnmf.kernels import reference

    alike = 1 + 0.05 * RNG.random((M, RANK))
    values = np.where(KNOWN, alike @ RNG.random((RANK, N)) + 0.05 * RNG.random((M, N)), 0)
    H = fit_known_rows(
        Masked(values, KNOWN), np.ascontiguousarray(alike.T), reference, sweeps=1, goal=1e-12
    )
    assert_exact(H, values, alike, KNOWN, 1e-7)


def test_images_of_which_nothing_is_known_get_nothing():
    known = KNOWN.copy()
    known[:, [3, 70]] = False
    H = encode(V, W, observed=known)
    assert not H[:, [3, 70]].any()
    np.testing.assert_allclose(H[:, 71], encode(V, W, observed=KNOWN)[:, 71], rtol=1e-4)
    known[:, : 2 * LANES] = False
    assert not encode(V, W, observed=known)[:, : 2 * LANES].any()


def test_black_images_and_empty_parts():
    parts, values = W.copy(), V.copy()
    parts[:, 2], values[:, 80] = 0, 0
    H = encode(values, parts, observed=KNOWN)
    assert not H[2].any()
    assert not H[:, 80].any()
    assert np.isfinite(H).all()


def test_input_is_left_alone():
    values, weights = np.asfortranarray(np.where(KNOWN, V, 0)), np.asfortranarray(KNOWN)
    values.flags.writeable = weights.flags.writeable = False
    from visnmf.kernels import reference

    H = fit_known_rows(
        Masked(values, weights), np.ascontiguousarray(W.T), reference, sweeps=500, goal=1e-6
    )
    assert_exact(H, V, W, KNOWN, 1e-6)


def test_weights_that_are_ones_and_zeros_lead_to_the_same_place():
    by_weights = encode(V, W, weights=KNOWN.astype(float) * 2, goal=1e-8)
    exact = encode(V, W, observed=KNOWN, goal=1e-8)
    for H in (by_weights, exact):
        assert_exact(H, V, W, KNOWN, 1e-3)
