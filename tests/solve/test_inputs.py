"""Matrices of every kind that may come in: odd shapes and values, dtypes, memory orders, sets."""

import numpy as np
import pytest

import visnmf
from visnmf import factorize


def random_v(m=40, n=70, rank=6, noise=0.1, dtype=np.float64, seed=0):
    rng = np.random.default_rng(seed)
    V = rng.random((m, rank)) ** 3 @ rng.random((rank, n)) ** 3 + noise * rng.random((m, n))
    return V.astype(dtype)


def true_objective(V, W, H):
    return 0.5 * np.linalg.norm(V.astype(float) - W.astype(float) @ H.astype(float)) ** 2


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "V",
    [
        np.ones((1, 1)),
        np.arange(1.0, 6)[None],
        np.arange(1.0, 6)[:, None],
        np.zeros((5, 7)),
        np.full((6, 9), 0.5),
        np.eye(8),
        np.vstack([np.zeros((2, 9)), np.random.default_rng(0).random((4, 9))]),
        np.hstack([np.zeros((5, 3)), np.random.default_rng(0).random((5, 4))]),
        np.full((4, 5), 1e-30),
        np.full((4, 5), 1e9),
    ],
    ids=["1x1", "m=1", "n=1", "zero", "constant", "eye", "0 rows", "0 columns", "tiny", "huge"],
)
@pytest.mark.parametrize("rank", [1, 3, 12])
@pytest.mark.parametrize("kernels", ["numpy", "auto"])
def test_odd_matrices_work(V, dtype, rank, kernels):
    V = V.astype(dtype)
    result = factorize(V, rank, max_iter=40, kernels=kernels)
    tiny = 0 < V.max() < 1e-9  # squares of float32 would vanish: worked on as float64
    assert result.W.dtype == result.H.dtype == (np.float64 if tiny else dtype)
    assert np.isfinite(result.W).all()
    assert np.isfinite(result.H).all()
    left = np.linalg.norm(V - result.W @ result.H)
    best = np.sqrt((np.linalg.svd(V.astype(float), compute_uv=False)[rank:] ** 2).sum())
    whole = np.linalg.norm(V.astype(float))
    assert left <= 1.5 * best + 0.05 * whole
    assert left <= whole * (1 + 1e-6)


@pytest.mark.parametrize(
    ("make", "dtype"),
    [
        (np.asfortranarray, np.float64),
        (lambda V: V.astype(np.float32), np.float32),
        (lambda V: V.astype(">f8"), np.float64),
        (lambda V: V.astype(np.float16), np.float32),
        (lambda V: (V * 200).astype(np.uint8), np.float32),
        (lambda V: (V * 200).astype(np.uint16), np.float32),
        (lambda V: (V * 200).astype(np.int32), np.float64),
        (lambda V: (V * 200).astype(np.int64), np.float64),
        (lambda V: V > 0.4, np.float32),
        (lambda V: np.repeat(V, 2, axis=0)[::2], np.float64),
        (lambda V: V.tolist(), np.float64),
    ],
    ids=["F", "f4", ">f8", "f2", "u1", "u2", "i4", "i8", "bool", "strided", "list"],
)
def test_arrays_of_all_kinds_are_taken_and_left_alone(make, dtype):
    V = make(random_v())
    before = np.array(V, copy=True)
    if isinstance(V, np.ndarray):
        V.flags.writeable = False
    result = factorize(V, 4, max_iter=10)
    assert result.W.dtype == dtype
    np.testing.assert_array_equal(V, before)
    assert result.objective == pytest.approx(true_objective(before, result.W, result.H), rel=1e-3)


def test_memory_order_does_not_matter():
    V = random_v(60, 90)
    first, second = (factorize(A, 5, max_iter=15) for A in (V, np.asfortranarray(V)))
    np.testing.assert_allclose(first.W, second.W, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("warmup", ["none", "sample", "low rank", "both"])
@pytest.mark.parametrize("shape", [(40, 70), (70, 40)])
@pytest.mark.parametrize("given", [False, True])
def test_v_and_a_given_start_are_never_written_to(warmup, shape, given):
    rng = np.random.default_rng(0)
    V, W, H = random_v(*shape), rng.random((shape[0], 4)), rng.random((4, shape[1]))
    copies = V.copy(), W.copy(), H.copy()
    for A in (V, W, H):
        A.flags.writeable = False
    start = {"W": W, "H": H} if given else {}
    result = factorize(V, 4, max_iter=12, warmup=warmup, **start)
    for A, copy in zip((V, W, H), copies, strict=True):
        np.testing.assert_array_equal(A, copy)
    assert not np.shares_memory(result.W, W)
    assert result.W.flags.writeable
    assert result.H.flags.writeable


@pytest.mark.parametrize("scale", [2.0**-30, 2.0**20])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kernels", ["numpy", "auto"])
def test_the_unit_of_the_pixels_does_not_matter(scale, dtype, kernels):
    V = random_v(dtype=dtype)
    one, other = (
        factorize(V * dtype(unit), 5, init="random", kernels=kernels) for unit in (1, scale)
    )
    assert (other.reason, other.n_iter) == (one.reason, one.n_iter)
    np.testing.assert_allclose(other.W, one.W * np.sqrt(scale), rtol=1e-4)  # in fact to the bit
    assert other.kkt == pytest.approx(one.kkt * scale**1.5, rel=1e-4)


def test_plain_arrays_of_one_repeated_picture():
    picture = np.random.default_rng(0).random(30)
    V = np.repeat(picture[:, None], 12, axis=1)
    for rank in (1, 3):
        result = factorize(V, rank, max_iter=300, tol=0, change=0)
        assert visnmf.measure.relative_error(V, result.W, result.H) < 1e-6


def test_an_image_set_is_taken():
    faces = visnmf.samples.load_faces()
    by_set, by_array = factorize(faces, 6, max_iter=5), factorize(faces.V, 6, max_iter=5)
    np.testing.assert_array_equal(by_set.W, by_array.W)
    U = by_set.residual(faces)
    np.testing.assert_allclose(U, faces.V - by_set.W @ by_set.H)
    assert U.min() < 0 < U.max()
    with pytest.raises(visnmf.errors.InvalidInputError, match="shape"):
        by_set.residual(faces.V[:, :3])
