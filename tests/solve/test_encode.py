import numpy as np
import pytest
from scipy.optimize import nnls

from visnmf.solve.encode import encode
from visnmf.solve.least_squares import near_inverse, solve_clipped

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


@pytest.mark.parametrize("kernels", ["numpy", "auto"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_goal_is_met_by_every_image(kernels, dtype):
    V = (RNG.random((50, 300)) * 10.0 ** RNG.uniform(-2, 2, 300)).astype(dtype)
    H = encode(V, W, goal=1e-3, kernels=kernels).astype(float)
    gradient = W.T @ (W @ H - V)
    free = np.where(H > 0, gradient, np.minimum(gradient, 0))
    aim = np.linalg.norm(W.T @ V, axis=0)
    assert (np.linalg.norm(free, axis=0) <= 1.01e-3 * aim).all()


@pytest.mark.parametrize("shape", [(50, 1), (1, 5), (3, 40)])
def test_one_image_one_pixel_and_more_parts_than_pixels(shape):
    V = RNG.random(shape)
    H = encode(V, RNG.random((shape[0], 7)) + 0.1)
    assert H.shape == (7, shape[1])
    assert np.isfinite(H).all()
    parts = np.eye(shape[0], 60)  # more parts than pixels, most of them empty
    np.testing.assert_allclose(encode(V, parts)[: shape[0]], V, atol=1e-6)


@pytest.mark.parametrize("order", ["C", "F"])
def test_images_and_parts_are_left_alone(order):
    V, parts = np.array(RNG.random((50, 70)), order=order), np.array(W, order=order)
    V.flags.writeable = parts.flags.writeable = False
    copies = V.copy(), parts.copy()
    np.testing.assert_allclose(
        encode(V, parts), encode(np.ascontiguousarray(V), W), rtol=1e-9, atol=1e-12
    )
    np.testing.assert_array_equal(V, copies[0])
    np.testing.assert_array_equal(parts, copies[1])


def test_integers_and_image_sets():
    import visnmf

    V = (RNG.random((50, 20)) * 255).astype(np.uint8)
    H = encode(V, W)
    assert H.dtype == np.float32
    np.testing.assert_allclose(H, encode(V.astype(float), W), rtol=1e-2, atol=0.1)
    faces = visnmf.samples.load_faces()
    parts = faces.V[:, :5]
    np.testing.assert_array_equal(encode(faces, parts), encode(faces.V, parts))


@pytest.mark.parametrize("kernels", ["numpy", "auto"])
def test_parts_that_are_much_alike_are_told_apart(kernels):
    rng = np.random.default_rng(3)
    alike = 1 + 0.1 * rng.random((60, 15))
    V = alike @ np.maximum(rng.standard_normal((15, 70)), 0) + 0.01 * rng.random((60, 70))
    H = encode(V, alike, kernels=kernels)
    for v, h in zip(V.T, H.T, strict=True):
        assert np.linalg.norm(v - alike @ h) <= nnls(alike, v)[1] * (1 + 1e-5)


@pytest.mark.parametrize("order", ["C", "F"])
def test_blocks_and_threads_change_nothing(order):
    V = np.asarray(RNG.random((50, 3000)), np.float32, order=order)
    whole = encode(V, W, n_jobs=1)
    np.testing.assert_array_equal(encode(V, W, n_jobs=2), whole)
    np.testing.assert_array_equal(encode(V[:, :1024], W), whole[:, :1024])


@pytest.mark.parametrize("scale", [1e-18, 1e-6, 1e6])
def test_parts_of_any_size_are_fitted(scale):
    """Each with its own: the start must not mind that their squares leave float32."""
    sizes = np.where(np.arange(8) % 2, 1.0, scale)
    V = RNG.random((50, 20)).astype(np.float32)
    H = encode(V, W * sizes).astype(float)
    assert np.isfinite(H).all()
    if scale > 1e-10:
        for v, h in zip(V.T.astype(float), H.T, strict=True):
            assert np.linalg.norm(v - (W * sizes) @ h) <= nnls(W, v)[1] * (1 + 1e-4)


def test_the_start_is_the_solution_where_nothing_is_negative():
    H = RNG.random((8, 30)) + 0.1
    G = W.T @ W
    near = near_inverse(G)
    np.testing.assert_allclose(solve_clipped(near, G @ H), H, rtol=0.3)
    G[2], G[:, 2] = 0, 0
    assert not near_inverse(G)[2].any()
