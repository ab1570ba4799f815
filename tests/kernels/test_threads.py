"""The threads of a fit: shares, BLAS's own threads, and results that do not depend on them."""

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

import visnmf
from visnmf.errors import InvalidInputError
from visnmf.kernels import threads as module
from visnmf.kernels.choose import choose_kernels
from visnmf.kernels.products import gram_of, product
from visnmf.kernels.threads import available, jobs, spread, threads


@pytest.fixture
def seven(monkeypatch):
    """A machine of seven processors, on which nothing is too small to be divided."""
    monkeypatch.setattr(module, "cores", lambda: 7)
    monkeypatch.setattr(module, "_WORTH", 1.0)
    monkeypatch.setattr(module, "_process", module._Process())


def blas_threads():
    return max(
        library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"
    )


def test_shares_cover_everything_once(seven):
    for n_jobs in (1, 2, 7):
        for count in (0, 1, 2, 5, 7, 100):
            seen = np.zeros(count, int)

            def task(first, last, seen=seen):
                seen[first:last] += 1

            with threads(n_jobs):
                spread(task, count, 1e9)
            assert (seen == 1).all()


def test_shares_run_on_different_threads(seven):
    names = []
    meet = threading.Barrier(3, timeout=30)

    def task(first, last):
        meet.wait()  # passes only when three run at a time
        names.append(threading.current_thread().name)

    with threads(3):
        spread(task, 3, 1e9)
    assert len(set(names)) == 3


def test_small_work_stays_on_one_thread():
    calls = []
    with threads(-1):
        spread(lambda first, last: calls.append((first, last)), 10, 1e3)
    assert calls == [(0, 10)]


def test_an_error_of_a_share_is_raised(seven):
    def task(first, last):
        if first:
            raise ValueError("not here")

    with threads(2), pytest.raises(ValueError, match="not here"):
        spread(task, 2, 1e9)


def test_blas_has_one_thread_while_a_fit_runs():
    with threadpool_limits(2, user_api="blas"):
        seen = []
        with threads(2):
            seen.append(blas_threads())
            with threads(1):
                seen.append(blas_threads())
            seen.append(blas_threads())
        assert seen == [1, 1, 1]
        assert blas_threads() == 2


def test_blas_gets_its_threads_back_after_an_error():
    with threadpool_limits(2, user_api="blas"):
        with pytest.raises(InvalidInputError), threads(2):
            visnmf.factorize(-np.ones((3, 3)), 1)
        assert blas_threads() == 2


def test_none_is_what_blas_has(seven):
    for count in (1, 2):
        with threadpool_limits(count, user_api="blas"), threads():
            assert available() == count


def test_what_is_set_outside_holds_inside(seven):
    with threads(3), threads():
        assert available() == 3
    with jobs(2), threads():
        assert available() == 2
    with jobs(5), threads(4):
        assert available() == 4
    with threads(6), threads(), threads(6):  # one fit and not three
        assert available() == 6
    assert available() == 1


def test_minus_one_is_every_processor(seven):
    for n_jobs, count in ((-1, 7), (-2, 6), (-100, 1), (100, 7)):
        with threads(n_jobs):
            assert available() == count


@pytest.mark.parametrize("n_jobs", [0, 1.5, "two", True])
def test_nonsense_is_refused(n_jobs):
    with pytest.raises(InvalidInputError, match="n_jobs must be"):
        visnmf.factorize(np.ones((3, 3)), 1, n_jobs=n_jobs)


def test_fits_at_a_time_share_the_processors(seven):
    meet = threading.Barrier(2, timeout=30)

    def fit():
        with threads(6):
            meet.wait()
            found = available()
            meet.wait()
        return found

    with ThreadPoolExecutor(2) as pool:
        assert [future.result() for future in [pool.submit(fit) for _ in range(2)]] == [3, 3]


def test_two_fits_in_two_threads_give_what_each_gives_alone():
    rng = np.random.default_rng(0)
    problems = [rng.random((120, 300)).astype(np.float32) for _ in range(2)]

    def fit(V):
        return visnmf.factorize(V, 8, max_iter=30, n_jobs=2)

    alone = [fit(V) for V in problems]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(fit, problems))
    for a, b in zip(alone, together, strict=True):
        np.testing.assert_array_equal(a.W, b.W)
        np.testing.assert_array_equal(a.H, b.H)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("q", [1, 63, 64, 65, 200, 1000])
def test_sweeps_are_bit_for_bit_the_same_on_any_number_of_threads(seven, dtype, q):
    pytest.importorskip("numba")
    rng = np.random.default_rng(q)
    A = rng.random((20, 50)).astype(dtype)
    V = rng.random((50, q)).astype(dtype)
    G, B = A @ A.T, A @ V
    kernels = choose_kernels("compiled", 20, q)
    found = {}
    for n_jobs in (1, 2, 7):
        with threads(n_jobs):
            F = np.ones((20, q), dtype)
            kernels.hals(F, G, B, 8, 0.05)
            solved = np.zeros((20, q), dtype)
            kernels.nnls(solved, G, B, 100, 1e-4)
            found[n_jobs] = F, solved, np.array(kernels.sums(F, G, B))
    for n_jobs in (2, 7):
        for one, many in zip(found[1], found[n_jobs], strict=True):
            np.testing.assert_array_equal(one, many)


@pytest.mark.parametrize("shape", [(3, 5, 700), (40, 300, 500), (16, 64, 9000)])
def test_products_are_what_numpy_gives(seven, shape):
    rank, m, n = shape
    rng = np.random.default_rng(0)
    A = rng.random((rank, m))
    V = rng.random((n, m)).T
    F = rng.random((rank, n))
    for n_jobs in (1, 2, 7):
        with threads(n_jobs):
            np.testing.assert_allclose(product(A, V), A @ V, rtol=1e-12)
            out = np.empty((rank, m))
            assert product(F, V.T, out) is out
            np.testing.assert_allclose(out, F @ V.T, rtol=1e-12)
            np.testing.assert_allclose(gram_of(F), F @ F.T, rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("lying", [False, True])
@pytest.mark.parametrize("n", [65, 66, 129, 400])
def test_a_range_of_few_columns_is_not_left_over(n, lying, dtype, monkeypatch):
    monkeypatch.setattr(module, "cores", lambda: 7)
    monkeypatch.setattr(module, "_process", module._Process())
    rng = np.random.default_rng(n)
    A, V = rng.random((40, 10_000)).astype(dtype), rng.random((10_000, n)).astype(dtype)
    V = np.asfortranarray(V) if lying else V
    found = []
    for n_jobs in (1, 2, 7):
        with threads(n_jobs):
            found.append(product(A, V))
    eps = np.finfo(dtype).eps
    for other in found[1:]:
        np.testing.assert_allclose(other, found[0], rtol=50 * eps)


@pytest.mark.skipif(
    os.environ.get("NUMBA_DISABLE_JIT", "0") != "0",
    reason="compilation is off, and vector code has no stand-in in a new process",
)
def test_a_thread_that_outlives_the_main_one_can_still_fit():
    code = (
        "import threading, numpy as np, visnmf, visnmf.kernels.threads as t; "
        "t.cores = lambda: 4; V = np.random.default_rng(0).random((400, 900), np.float32); "
        "go = lambda: print(visnmf.factorize(V, 20, max_iter=5, n_jobs=4).n_iter); "
        "threading.Thread(target=go).start()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert (done.stdout.strip(), done.stderr) == ("5", "")


def test_an_interrupt_waits_for_the_other_shares(seven):
    ended = threading.Event()

    def task(first, last):
        if first:
            time.sleep(0.3)
            ended.set()
        else:
            raise KeyboardInterrupt

    with threads(2), pytest.raises(KeyboardInterrupt):
        spread(task, 2, 1e9)
    assert ended.is_set()


@pytest.mark.parametrize("loss", ["frobenius", "kl"])
def test_a_fit_is_the_same_on_any_number_of_threads(loss, monkeypatch):
    monkeypatch.setattr(module, "cores", lambda: 7)
    monkeypatch.setattr(module, "_process", module._Process())
    V = np.random.default_rng(0).random((600, 3000), np.float32)
    found = [factorize_on(V, loss, n_jobs) for n_jobs in (1, 2, 7)]
    for other in found[1:]:
        assert other.objective == pytest.approx(found[0].objective, rel=1e-6)
        np.testing.assert_allclose(other.W, found[0].W, atol=1e-4 * found[0].W.max())


def factorize_on(V, loss, n_jobs):
    return visnmf.factorize(V, 20, loss=loss, max_iter=5, n_jobs=n_jobs)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_has_threads_of_its_own(seven):
    V = np.random.default_rng(0).random((80, 200)).astype(np.float32)
    here = visnmf.factorize(V, 5, max_iter=10, n_jobs=2)
    with threadpool_limits(2, user_api="blas"), threads(2):
        child = os.fork()
        if child == 0:
            try:
                there = visnmf.factorize(V, 5, max_iter=10, n_jobs=2)
                same = np.allclose(there.W, here.W, rtol=1e-4, atol=1e-5)
                os._exit(0 if same and blas_threads() == 2 else 3)
            finally:
                os._exit(4)
        assert os.waitpid(child, 0)[1] == 0
