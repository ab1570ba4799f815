import numpy as np
import pytest
from scipy.optimize import nnls

from visnmf.solve.encode import encode

RNG = np.random.default_rng(0)
W = RNG.random((50, 8)) ** 2


@pytest.mark.parametrize("kernels", ["numpy", "auto"])
@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 1e-4), (np.float64, 1e-6)])
def test_each_image_is_as_near_as_exact_least_squares(kernels, dtype, close):
    V = RNG.random((50, 200)) * 10.0 ** RNG.uniform(-2, 2, 200)
    H = encode(V.astype(dtype), W, kernels=kernels)
    assert H.dtype == dtype
    assert (H >= 0).all()
    for v, h in zip(V.T, H.T, strict=True):
        exact = nnls(W, v)[1]
        assert np.linalg.norm(v - W @ h) <= exact * (1 + close)


def test_an_image_is_encoded_the_same_whoever_is_beside_it():
    V = RNG.random((50, 130))
    whole = encode(V, W, goal=1e-9)
    np.testing.assert_allclose(encode(V[:, 70:71], W, goal=1e-9), whole[:, 70:71], atol=1e-6)


def test_what_the_parts_explain_wholly_comes_back():
    H = np.maximum(RNG.standard_normal((8, 30)), 0)
    np.testing.assert_allclose(encode(W @ H, W, goal=1e-10), H, atol=1e-5)


def test_empty_images_and_empty_parts():
    parts = W.copy()
    parts[:, 3] = 0
    V = RNG.random((50, 5))
    V[:, 2] = 0
    H = encode(V, parts)
    assert np.isfinite(H).all()
    assert not H[:, 2].any()
    assert not H[3].any()
