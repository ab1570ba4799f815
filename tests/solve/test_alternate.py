"""The iteration by models that hold at one point: monotone, ending, keeping the best pair."""

import numpy as np
import pytest
from cases import LOSSES, RANK, Case, objective

from visnmf.solve.alternate import alternate
from visnmf.solve.composed import admit
from visnmf.solve.extrapolation import Extrapolation
from visnmf.solve.iterate import Pair
from visnmf.solve.stopping import Rule, Trace

TERMS = ["none", "ElasticNet", "Orthogonal", "UnitBall(1)"]


def start(case, seed=0):
    problem = case.composed()
    rng = np.random.default_rng(seed)
    m, n = problem.matrix.shape
    pair = Pair(rng.random((RANK, m)), rng.random((RANK, n)))
    admit(problem, pair)
    return problem, pair


def go(problem, pair, rule, *, extrapolate=True, trace=None):
    trace = Trace(np.inf, None) if trace is None else trace
    extrapolation = Extrapolation() if extrapolate else None
    reason = alternate(
        problem, pair, phase="V", rule=rule, trace=trace, extrapolation=extrapolation
    )
    return reason, [record.objective for record in trace.history]


@pytest.mark.parametrize(
    ("term", "factor", "on_logs"),
    [("none", "H", True), ("Sparseness", "H", False), ("Sparseness", "W", False)],
)
def test_only_where_both_factors_stay_positive_logarithms_are_pushed(term, factor, on_logs):
    problem = Case("dense, rows contiguous", 1.5, term, factor, "auto").composed()
    assert [problem.W.positive, problem.H.positive].count(False) == (term != "none")
    assert problem.extrapolation() == (Extrapolation.on_logs() if on_logs else Extrapolation())


@pytest.mark.parametrize("extrapolate", [True, False])
@pytest.mark.parametrize("term", TERMS)
@pytest.mark.parametrize("loss", LOSSES)
def test_what_is_told_falls_and_is_that_of_the_pair(loss, term, extrapolate):
    case = Case("weighted", loss, term, "H", "auto")
    problem, pair = start(case)
    before = objective(case, pair.W, pair.H)
    _, told = go(problem, pair, Rule(25, tol=0, change=0), extrapolate=extrapolate)
    assert told[0] <= before * (1 + 1e-12)
    assert (np.diff(told) <= 0).all()
    assert objective(case, pair.W, pair.H) == pytest.approx(told[-1], rel=1e-7)


def test_a_run_that_is_cut_short_holds_the_best_pair():
    case = Case("masked", "kl", "none", "H", "auto")
    problem, pair = start(case)

    def interrupt(record):
        if record.iteration == 7:
            raise KeyboardInterrupt

    trace = Trace(np.inf, interrupt)
    with pytest.raises(KeyboardInterrupt):
        go(problem, pair, Rule(50, tol=0, change=0), trace=trace)
    told = trace.history[-1].objective
    assert objective(case, pair.W, pair.H) == pytest.approx(told, rel=1e-7)


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        (Rule(5, tol=0, change=0), "max_iter"),
        (Rule(500, tol=0, change=0.05), "change"),
        (Rule(2000, tol=1e-2, change=0), "kkt"),
    ],
)
def test_rules_end_it(rule, reason):
    problem, pair = start(Case("masked", "kl", "none", "H", "auto"))
    assert go(problem, pair, rule)[0] == reason


def test_time_ends_it():
    problem, pair = start(Case("masked", "kl", "none", "H", "auto"))
    rule = Rule(10**6, tol=0, change=0)
    assert go(problem, pair, rule, trace=Trace(1e-9, None))[0] == "time_limit"


def test_the_residual_is_measured_every_ten_iterations():
    problem, pair = start(Case("masked", 1.5, "none", "H", "auto"))
    trace = Trace(np.inf, None)
    go(problem, pair, Rule(30, tol=0, change=0), trace=trace)
    measured = [record.iteration for record in trace.history if not np.isnan(record.kkt)]
    assert measured == [10, 20, 30]
    assert trace.history[-1].kkt < trace.history[9].kkt


def test_a_plain_pair_is_balanced_and_its_product_stays():
    case = Case("masked", "kl", "none", "H", "auto")
    problem, pair = start(case)
    pair.W *= 1e3
    pair.H /= 1e3
    go(problem, pair, Rule(10, tol=0, change=0))
    sizes = np.linalg.norm(pair.W, axis=1) / np.linalg.norm(pair.H, axis=1)
    assert (sizes < 100).all()
