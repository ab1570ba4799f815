"""What `factorize` gives back is what it says it is."""

import itertools
import json
import pickle

import numpy as np
import pytest

import visnmf
from visnmf import factorize
from visnmf.matrices.dense import Dense
from visnmf.starts.nndsvd import nndsvd
from visnmf.starts.scaling import scale_to_fit


def random_v(m=40, n=70, rank=6, noise=0.1, dtype=np.float64, seed=0):
    rng = np.random.default_rng(seed)
    V = rng.random((m, rank)) ** 3 @ rng.random((rank, n)) ** 3 + noise * rng.random((m, n))
    return V.astype(dtype)


def true_objective(V, W, H):
    return 0.5 * np.linalg.norm(V.astype(float) - W.astype(float) @ H.astype(float)) ** 2


def true_kkt(V, W, H):
    V, W, H = (A.astype(float) for A in (V, W, H))
    residual = W @ H - V
    total = 0.0
    for F, gradient in ((W, residual @ H.T), (H, W.T @ residual)):
        total += (np.where(F > 0, gradient, np.minimum(gradient, 0)) ** 2).sum()
    return np.sqrt(total)


RUNS = [
    dict(zip(("init", "warmup", "extrapolate", "kernels"), values, strict=True))
    for values in itertools.product(
        ("nndsvda", "random"), ("none", "sample", "low rank", "both"), (True, False), ("numpy",)
    )
]


@pytest.mark.parametrize("settings", RUNS, ids=lambda s: "-".join(map(str, s.values())))
@pytest.mark.parametrize("shape", [(40, 70), (70, 40)])
def test_what_is_reported_is_true(settings, shape):
    V = random_v(*shape)
    result = factorize(V, 5, max_iter=30, **settings)
    assert result.W.shape == (shape[0], 5)
    assert result.H.shape == (5, shape[1])
    assert (result.W >= 0).all()
    assert (result.H >= 0).all()
    assert result.objective == pytest.approx(true_objective(V, result.W, result.H), rel=1e-9)
    assert result.kkt == pytest.approx(true_kkt(V, result.W, result.H), rel=1e-6, abs=1e-9)
    last = result.history[-1]
    assert (last.phase, last.objective, last.kkt) == ("closing", result.objective, result.kkt)


@pytest.mark.parametrize("settings", RUNS, ids=lambda s: "-".join(map(str, s.values())))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_objective_never_rises_within_a_phase(settings, dtype):
    result = factorize(random_v(dtype=dtype), 5, max_iter=60, tol=0, change=0, **settings)
    for _, rows in itertools.groupby(result.history, key=lambda r: r.phase):
        objectives = [row.objective for row in rows]
        assert (np.diff(objectives) <= 0).all()
    on_v = [r.objective for r in result.history if r.phase == "V"]
    assert result.objective <= on_v[-1] * (1 + 1e-4)
    assert [r.iteration for r in result.history if r.phase == "V"] == [*range(1, result.n_iter + 1)]
    assert result.n_iter == 60 or result.reason == "precision"


@pytest.mark.parametrize("kernels", ["numpy", "auto"])
def test_kkt_in_the_history_is_that_of_the_pair(kernels):
    V = random_v()
    result = factorize(V, 5, max_iter=20, tol=0, change=0, warmup="none", kernels=kernels)
    measured = [r for r in result.history if not np.isnan(r.kkt)]
    assert [r.iteration for r in measured] == [10, 20, 1]
    # A run that ends at the tenth iteration closes the very pair of that record
    short = factorize(V, 5, max_iter=10, tol=0, change=0, warmup="none", kernels=kernels)
    assert [r.kkt for r in short.history if r.iteration == 10] == [measured[0].kkt]
    assert short.kkt < 3 * measured[0].kkt


def test_floats_of_both_sizes_agree():
    V = random_v(100, 300, 8)
    errors = [
        np.sqrt(2 * factorize(V.astype(dtype), 8, max_iter=300, tol=1e-6, change=0).objective)
        for dtype in (np.float32, np.float64)
    ]
    assert errors[0] == pytest.approx(errors[1], rel=1e-3)


def test_an_exact_factorization_is_found_to_rounding():
    rng = np.random.default_rng(0)
    W, H = np.maximum(rng.standard_normal((30, 4)), 0), np.maximum(rng.standard_normal((4, 50)), 0)
    result = factorize(W @ H, 4, max_iter=3000, tol=0, change=0)
    assert visnmf.measure.relative_error(W @ H, result.W, result.H) < 1e-6
    for dtype in (np.float32, np.float64):
        V = (W @ H).astype(dtype)
        history = factorize(V, 4, max_iter=1000, tol=0, change=0).history
        assert min(record.objective for record in history) >= 0


def test_a_given_start_is_used_kept_and_left_alone():
    V = random_v()
    rng = np.random.default_rng(5)
    W, H = rng.random((40, 4)), rng.random((4, 70))
    copies = W.copy(), H.copy()
    result = factorize(V, 4, W=W, H=H, max_iter=1, sweeps=1, extrapolate=False, warmup="none")
    np.testing.assert_array_equal(W, copies[0])
    np.testing.assert_array_equal(H, copies[1])
    first = H.copy()  # the first step of plain HALS: H by W, row by row
    G, B = W.T @ W, W.T @ V
    for k in range(4):
        first[k] = np.maximum(0, first[k] + (B[k] - G[k] @ first) / G[k, k])
    G, B = first @ first.T, first @ V.T
    parts = W.T.copy()
    for k in range(4):
        parts[k] = np.maximum(0, parts[k] + (B[k] - G[k] @ parts) / G[k, k])
    cosine = (parts * result.W.T).sum(1) / np.linalg.norm(parts, axis=1)
    np.testing.assert_allclose(cosine / np.linalg.norm(result.W, axis=0), 1, rtol=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("given", [np.float32, np.float64, np.int64])
def test_a_given_start_takes_the_type_of_v(dtype, given):
    rng = np.random.default_rng(0)
    W, H = rng.integers(1, 9, (40, 4)).astype(given), rng.integers(1, 9, (4, 70)).astype(given)
    result = factorize(random_v(dtype=dtype), 4, W=W, H=H, max_iter=3)
    assert result.W.dtype == result.H.dtype == dtype


@pytest.mark.parametrize("shape", [(40, 70), (70, 40)])
@pytest.mark.parametrize("init", ["nndsvd", "nndsvda"])
@pytest.mark.parametrize("warmup", ["none", "low rank"])
def test_the_svd_start_is_that_of_the_exact_svd(shape, init, warmup):
    V = random_v(*shape, noise=0)  # of rank 6: the range finder loses nothing
    U, S, Z = np.linalg.svd(V, full_matrices=False)
    W, H = nndsvd((U[:, :5], S[:5], Z[:5]), init, V.mean(), np.random.default_rng(0))
    scale_to_fit(Dense(V), W, H)
    plain = {"sweeps": 1, "extrapolate": False, "warmup": warmup, "max_iter": 1}
    plain["callback"] = lambda record: True  # after one iteration
    by_hand, ours = factorize(V, 5, W=W.T, H=H, **plain), factorize(V, 5, init=init, **plain)
    np.testing.assert_allclose(ours.W @ ours.H, by_hand.W @ by_hand.H, atol=1e-4)


def test_parts_come_in_order_of_their_energy():
    for seed in range(10):
        V = random_v(rank=8, seed=seed)
        result = factorize(V, 8, init="random", seed=seed, max_iter=5)
        energy = np.linalg.norm(result.W, axis=0) * np.linalg.norm(result.H, axis=1)
        assert (np.diff(energy) <= 1e-12 * energy[0]).all()


@pytest.mark.parametrize(
    "settings",
    [
        {"init": "random"},
        {"init": "nndsvdar", "warmup": "none"},
        {"warmup": "low rank"},
        {"warmup": "sample"},
        {"init": "random", "warmup": "both"},
    ],
    ids=str,
)
def test_a_seed_gives_one_result(settings, monkeypatch):
    monkeypatch.setattr("visnmf.solve.warmup._LEAST_SAMPLE", 20)
    V = random_v(400, 700, noise=0.5)
    seeds = (1, np.random.default_rng(1), 2)
    runs = [factorize(V, 4, seed=seed, max_iter=3, **settings) for seed in seeds]
    np.testing.assert_array_equal(runs[0].W, runs[1].W)
    np.testing.assert_array_equal(runs[0].H, runs[1].H)
    assert not np.array_equal(runs[0].W, runs[2].W)
    assert (runs[0].settings["seed"], runs[1].settings["seed"]) == (1, None)


def test_the_state_of_numpy_is_neither_used_nor_changed():
    V = random_v()
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    factorize(V, 4, init="random", max_iter=2)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


@pytest.mark.parametrize("warmup", ["none", "sample", "low rank", "both"])
def test_a_given_start_keeps_its_order(warmup):
    rng = np.random.default_rng(0)
    W, H = rng.random((40, 4)) ** 4, rng.random((4, 70)) ** 4
    W *= [1, 3, 2, 4]
    result = factorize(W @ H, 4, W=W, H=H, max_iter=5, warmup=warmup)
    unit = [F / np.linalg.norm(F, axis=0) for F in (W, result.W)]
    assert (np.argmax(unit[0].T @ unit[1], axis=1) == np.arange(4)).all()


def test_going_on_from_a_result_never_makes_it_worse():
    V = random_v(100, 150)
    first = factorize(V, 5, max_iter=200, tol=0, change=0)
    for warmup in ("auto", "none"):
        more = factorize(V, 5, W=first.W, H=first.H, max_iter=1, warmup=warmup)
        assert more.objective <= first.objective * (1 + 1e-9)


def test_transposing_changes_the_factors_over():
    V = random_v(60, 90)
    rng = np.random.default_rng(0)
    W, H = rng.random((60, 5)), rng.random((5, 90))
    tight = {"max_iter": 3000, "tol": 1e-9, "change": 0, "warmup": "none"}
    one = factorize(V, 5, W=W, H=H, **tight)
    other = factorize(V.T, 5, W=H.T, H=W.T, **tight)
    assert one.objective == pytest.approx(other.objective, rel=2e-2)


def test_without_numba_all_is_the_same_to_rounding(monkeypatch):
    V = random_v(150, 300)
    compiled = factorize(V, 25, max_iter=10)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    plain = factorize(V, 25, max_iter=10)
    assert plain.objective == pytest.approx(compiled.objective, rel=1e-6)


def test_plain_hals_is_one_sweep_a_time():
    V = random_v()
    result = factorize(
        V, 5, sweeps=1, extrapolate=False, warmup="none", tol=0, change=0, max_iter=50
    )
    objectives = [r.objective for r in result.history if r.phase == "V"]
    assert (np.diff(objectives) < 0).all()


def test_it_is_as_good_as_scikit_learn():
    from sklearn.decomposition import NMF

    V = random_v(80, 120, 10, 0.3)
    theirs = NMF(10, max_iter=2000, tol=1e-6, random_state=0).fit(V.T).reconstruction_err_
    ours = np.sqrt(2 * factorize(V, 10, max_iter=1000, tol=1e-6, change=1e-7).objective)
    assert ours <= 1.01 * theirs


def test_the_result_tells_about_itself():
    result = factorize(random_v(), 4, max_iter=3, init="random", change=0, tol=0)
    assert result.rank == 4
    assert "40 x 70, rank 4" in repr(result)
    assert "max_iter" in repr(result)
    assert result.settings["init"] == "random"
    assert not result.converged
    json.dumps(result.settings)
    again = pickle.loads(pickle.dumps(result))
    np.testing.assert_array_equal(again.W, result.W)
