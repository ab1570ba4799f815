"""The one iteration: at any moment the pair is the best so far, and its record is true."""

import importlib

import numpy as np
import pytest

from visnmf import factorize
from visnmf.kernels import reference
from visnmf.losses.frobenius import Frobenius
from visnmf.matrices.dense import Dense
from visnmf.solve.extrapolation import Extrapolation
from visnmf.solve.iterate import Pair, Problem, iterate
from visnmf.solve.stopping import Rule, Trace
from visnmf.updates.hals import Hals

RNG = np.random.default_rng(0)
V = RNG.random((30, 5)) ** 3 @ RNG.random((5, 80)) ** 3 + 0.1 * RNG.random((30, 80))
W, H = RNG.random((5, 30)), RNG.random((5, 80))


def objective(pair):
    return 0.5 * np.linalg.norm(V - pair.W.T.astype(float) @ pair.H) ** 2


def kkt(pair):
    residual = pair.W.T.astype(float) @ pair.H - V
    total = 0.0
    for F, gradient in ((pair.W, pair.H @ residual.T), (pair.H, pair.W @ residual)):
        total += (np.where(F > 0, gradient, np.minimum(gradient, 0)) ** 2).sum()
    return np.sqrt(total)


def start(dtype=np.float64, update=None):
    matrix = Dense(V.astype(dtype))
    problem = Problem(matrix, Frobenius(matrix), update or Hals(reference), reference)
    return problem, Pair(W.astype(dtype), H.astype(dtype))


def go(problem, pair, *, beta=0.4, iterations=60, callback=None, **rule):
    extrapolation = Extrapolation(beta=beta) if beta else None
    trace = Trace(callback=callback)
    reason = iterate(
        problem, pair, phase="V", rule=Rule(iterations, **rule), trace=trace,
        extrapolation=extrapolation,
    )  # fmt: skip
    return reason, trace.history


@pytest.mark.parametrize("beta", [0.0, 0.4, 0.99])  # the last one must be taken back often
@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 1e-5), (np.float64, 1e-12)])
def test_each_record_tells_of_the_pair(beta, dtype, close):
    problem, pair = start(dtype)
    size = 0.5 * np.linalg.norm(V) ** 2
    seen = []

    def compare(record):
        assert record.objective == pytest.approx(objective(pair), abs=close * size)
        if not np.isnan(record.kkt):
            assert record.kkt == pytest.approx(kkt(pair), rel=1e4 * close, abs=1e2 * close * size)
            seen.append(record.iteration)
        assert (pair.W >= 0).all()
        assert (pair.H >= 0).all()

    go(problem, pair, beta=beta, iterations=63, callback=compare)
    assert 63 in seen
    assert len(seen) >= 4


def test_extrapolation_that_goes_too_far_is_taken_back():
    problem, pair = start()
    betas = []
    extrapolation = Extrapolation(beta=0.99)
    trace = Trace(callback=lambda record: betas.append(extrapolation.beta))
    iterate(
        problem, pair, phase="V", rule=Rule(80), trace=trace, extrapolation=extrapolation
    )  # fmt: skip
    assert (np.diff(betas) < 0).any()  # a rise was met
    objectives = [record.objective for record in trace.history]
    assert (np.diff(objectives) <= 0).all()
    assert len(set(objectives)) > 40  # and it went on from there


def one_sweep(F, A, M):
    G, B = A @ A.T, A @ M
    for k in range(len(F)):
        F[k] = np.maximum(0, F[k] + (B[k] - G[k] @ F) / G[k, k])
    return F


def ang_and_gillis(iterations, beta):
    """Yield W'H of the best pair of extrapolated HALS, straight from algorithm 2 of the paper."""
    W_step, H_step, W_pushed, H_pushed = W, H, W, H  # as stepped, as extrapolated
    best, last, ceiling = np.inf, beta, 1.0
    for _ in range(iterations):
        H_next = one_sweep(H_pushed.copy(), W_pushed, V)
        H_tried = np.maximum(0, H_next + beta * (H_next - H_step))
        W_next = one_sweep(W_pushed.copy(), H_tried, V.T)
        error = np.linalg.norm(V - W_next.T @ H_tried)
        if error <= best:
            best, last = error, beta
            W_pushed = np.maximum(0, W_next + beta * (W_next - W_step))
            W_step, H_step, H_pushed = W_next, H_next, H_tried
            beta, ceiling = min(ceiling, 1.05 * beta), min(1.0, 1.01 * ceiling)
        else:
            W_pushed, H_step = W_step, H_pushed  # go on from the best pair
            ceiling, beta = last, beta / 2
        yield W_step.T @ H_pushed


@pytest.mark.parametrize("beta", [0.4, 0.99])
def test_steps_are_extrapolated_as_in_the_paper(beta, monkeypatch):
    monkeypatch.setattr("visnmf.solve.iterate._MEASURE_EVERY", 1000)  # it steps from W itself
    problem, pair = start(update=Hals(reference, sweeps=1))
    fits = []
    go(problem, pair, beta=beta, iterations=31, callback=lambda _: fits.append(pair.W.T @ pair.H))
    for fit, theirs in zip(fits[:30], ang_and_gillis(30, beta), strict=True):
        np.testing.assert_allclose(fit, theirs, rtol=1e-7, atol=1e-9)


def test_what_is_measured_after_a_step_taken_back_is_true_or_nothing():
    measured = []
    for iterations in range(1, 40):
        problem, pair = start()
        last = go(problem, pair, beta=0.99, iterations=iterations)[1][-1]
        measured.append(not np.isnan(last.kkt))
        if measured[-1]:
            assert last.kkt == pytest.approx(kkt(pair), rel=1e-8)
    assert sum(measured) > 25
    assert not all(measured)


def test_extrapolation_pays():
    plain, pushed = (go(*start(), beta=beta, iterations=40)[1][-1].objective for beta in (0.0, 0.4))
    assert pushed < plain


class Interrupting:
    """Hals that is interrupted in some step, once it has written half of it."""

    def __init__(self, steps):
        self.steps = steps

    def step(self, F, model, *effort):
        self.steps -= 1
        if not self.steps:
            F[: len(F) // 2] = 1e9
            raise KeyboardInterrupt
        Hals(reference).step(F, model, *effort)


@pytest.mark.parametrize("steps", [*range(1, 12), 20, 21, 22])
def test_an_interrupt_within_a_step_leaves_the_best_pair(steps):
    problem, pair = start(update=Interrupting(steps))
    before = objective(pair)
    trace = Trace()
    with pytest.raises(KeyboardInterrupt):
        iterate(
            problem, pair, phase="V", rule=Rule(60), trace=trace, extrapolation=Extrapolation()
        )  # fmt: skip
    best = trace.history[-1].objective if trace.history else before
    assert objective(pair) == pytest.approx(best, rel=1e-9)


def test_plain_steps_are_alternating_hals():
    problem, pair = start(update=Hals(reference, sweeps=1))
    go(problem, pair, beta=0, iterations=12)
    parts, codes = W.copy(), H.copy()
    for _ in range(12):
        one_sweep(codes, parts, V)
        one_sweep(parts, codes, V.T)
    np.testing.assert_allclose(pair.W.T @ pair.H, parts.T @ codes, rtol=1e-8, atol=1e-10)


def test_balancing_lets_no_scale_run_away():
    problem, pair = start()
    pair.W *= 1e-7
    pair.H *= 1e7
    go(problem, pair, iterations=10)
    lengths = [np.linalg.norm(F, axis=1) for F in (pair.W, pair.H)]
    # Equal when they were balanced; the step of W after that moves them a little
    np.testing.assert_allclose(lengths[0], lengths[1], rtol=0.5)


def test_a_true_callback_ends_it_there():
    reason, history = go(*start(), callback=lambda record: record.iteration == 5)
    assert (reason, len(history)) == ("callback", 5)


def test_change_wants_three_slow_iterations_in_a_row():
    reason, history = go(*start(), beta=0, iterations=5000, change=1e-3)
    assert reason == "change"
    objectives = np.array([record.objective for record in history])
    slow = -np.diff(objectives) < 1e-3 * objectives[1:]
    ends = [i for i in range(3, len(slow) + 1) if slow[i - 3 : i].all()]
    assert ends == [len(slow)]


class Resting:
    """Hals that rests in some iterations."""

    def __init__(self, *iterations):
        self.iterations, self.calls = iterations, 0

    def step(self, F, model, *effort):
        self.calls += 1
        if (self.calls + 1) // 2 not in self.iterations:
            Hals(reference, sweeps=1).step(F, model)


def test_an_iteration_that_gains_ends_a_row_of_slow_ones():
    problem, pair = start(update=Resting(3, 4, 6, 7, 8))
    reason, history = go(problem, pair, beta=0, change=1e-6)
    assert (reason, len(history)) == ("change", 8)


def test_kkt_of_scikit_learn_is_against_the_start():
    problem, pair = start()
    reason, _ = go(problem, pair, iterations=5000, tol=1e-2, absolute=True)
    assert reason == "kkt"
    first, _ = pair.start
    model = problem.loss.model(problem.matrix, W, out=np.empty_like(H))
    assert first.absolute == pytest.approx(model.at(H, reference).absolute)


def test_a_look_at_the_encodings_is_that_of_the_next_iteration(monkeypatch):
    """With few sweeps at first, from a cold start: as many as that iteration would do."""
    module = importlib.import_module("visnmf.solve.iterate")
    asked, effort_of = [], module.effort_of

    def kept(iteration):
        asked.append(iteration)
        return effort_of(iteration)

    monkeypatch.setattr(module, "effort_of", kept)
    V = np.random.default_rng(0).random((20, 30))
    run = factorize(V, 3, init="random", warmup="none", max_iter=30, tol=1e-12, change=0)
    assert asked == sorted(asked)
    assert asked[0] == 1
    assert asked[-1] == run.n_iter + 1
    assert [effort_of(k) for k in (1, 2, 3, 100)] == sorted(effort_of(k) for k in (1, 2, 3, 100))
    assert effort_of(100) == 1
