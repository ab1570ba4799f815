"""Residuals of blocks of a V with weights, compiled and in NumPy."""

import numpy as np
import pytest

from visnmf.kernels import masking
from visnmf.kernels.masking import choose_masking

try:
    from visnmf.kernels import compiled_masking
except ImportError:
    compiled_masking = None

needs_numba = pytest.mark.skipif(compiled_masking is None, reason="numba is not installed")
KERNELS = [
    pytest.param(masking, id="numpy"),
    pytest.param(compiled_masking, id="compiled", marks=needs_numba),
]


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("known_only", [True, False])
@pytest.mark.parametrize("place", [(0, 7, 0, 200), (2, 7, 13, 14), (3, 4, 5, 70)])
@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 1e-6), (np.float64, 1e-13)])
def test_a_residual_counts_by_its_weight(kernels, known_only, place, dtype, close):
    rng = np.random.default_rng(0)
    V = rng.random((7, 200)).astype(dtype)
    M = rng.random(V.shape) < 0.6 if known_only else rng.random(V.shape).astype(dtype)
    at = slice(*place[:2]), slice(*place[2:])
    Y = rng.random(V[at].shape).astype(dtype)
    plain = V[at].astype(np.float64) - Y
    found = kernels.residual(V, M, at, Y)
    np.testing.assert_allclose(Y, M[at] * plain, atol=close)
    assert found == pytest.approx((M[at] * plain**2).sum(), rel=1e2 * close)


def test_which_residuals_run_is_a_matter_of_size(monkeypatch):
    assert choose_masking(100) is masking
    if compiled_masking is not None:
        assert choose_masking(1_000_000) is compiled_masking
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert choose_masking(1_000_000) is masking
