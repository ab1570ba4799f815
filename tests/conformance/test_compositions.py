"""Every kind of V x loss x term x update either runs, and then well, or is refused, and told why.

The quick tier takes each loss x term x update once, with the kinds of V in turns; the full one
takes all.
"""

import re
from dataclasses import replace

import numpy as np
import pytest
from cases import (
    LOSSES,
    MATRICES,
    RANK,
    Case,
    covering_cases,
    every_case,
    objective,
    violation,
)

from visnmf import factorize
from visnmf.errors import InvalidInputError
from visnmf.solve.compose import UPDATES
from visnmf.solve.composed import admit
from visnmf.solve.iterate import Pair

ROUNDING = 1e-9  # of sums in float64


def check(case: Case) -> None:
    try:
        problem = case.composed()
    except InvalidInputError as refusal:
        check_refusal(case, str(refusal))
        return
    check_steps(case, problem)
    for extrapolate in (True, False):
        check_run(case, problem, extrapolate)


def check_refusal(case, message):
    """A refusal names what does not fit, and what would; that is true."""
    with pytest.raises(InvalidInputError) as raised:
        run(case)
    assert str(raised.value) == message
    assert re.search(r"\b(use|hold|know|lift|leave)\b", message), message
    beta = {"kl": "kullback", "is": "itakura"}.get(case.loss, str(case.loss))
    named = [repr(case.update), case.term.partition("(")[0].lower(), beta, "holds", "couples"]
    assert any(name in message.lower() for name in named), message
    assert any(works(other) for other in ways_out(case, message)), f"nothing helps: {message}"


def works(case, turns=2):
    """Tell whether a case composes, perhaps after what its own refusal suggests."""
    try:
        case.composed()
    except InvalidInputError as refusal:
        return turns > 0 and any(works(other, turns - 1) for other in ways_out(case, str(refusal)))
    return True


def ways_out(case, message):
    """Return the cases that a refusal suggests."""
    advice = re.split(r"\b(?:use|hold|know|lift|leave)\b", message, maxsplit=1)[1]
    for name in re.findall(r"'([a-z -]+)'", advice):
        if name in UPDATES:
            yield replace(case, update=name)
        else:
            yield replace(case, loss=name)
            yield replace(case, loss=name, update="auto")
    if "Simplex" in advice and case.term == "Discriminant(between)":
        yield replace(case, term="Discriminant(between) + Simplex")


def check_steps(case, problem):
    """Neither factor's step raises the objective, from several points."""
    rng = np.random.default_rng(3)
    m, n = problem.matrix.shape
    pair = Pair(rng.random((RANK, m)), rng.random((RANK, n)))
    pair.W *= case.input.values.mean() / (pair.W.T @ pair.H).mean()
    admit(problem, pair)
    before = objective(case, pair.W, pair.H)
    for _ in range(4):
        problem.H.step(pair.H, problem.model_H(pair))
        middle = objective(case, pair.W, pair.H)
        problem.W.step(pair.W, problem.W.model(problem.loss, problem.matrix.T, pair.H, pair.W))
        after = objective(case, pair.W, pair.H)
        slack = ROUNDING * (abs(before) + 1)
        assert middle <= before + slack, f"the step of H raises {before} to {middle}"
        assert after <= middle + slack, f"the step of W raises {middle} to {after}"
        before = after


def check_run(case, problem, extrapolate):
    result = run(case, extrapolate=extrapolate)
    factors = {"W": result.W.T, "H": result.H}
    for factor, side in (("W", problem.W), ("H", problem.H)):
        F = factors[factor]
        assert F.shape == (RANK, problem.matrix.shape[0 if factor == "W" else 1])
        assert F.dtype == np.float64
        assert np.isfinite(F).all()
        assert (F >= 0).all()
        if side.constraint is not None:
            assert violation(side.constraint, F) <= 1e-5, f"{factor} misses {side.constraint}"
    told = [record.objective for record in result.history if record.phase == "V"]
    slack = ROUNDING * (abs(told[0]) + 1)
    assert (np.diff(told) <= slack).all(), f"the history rises: {told}"
    assert result.objective <= told[0] + slack
    true = objective(case, factors["W"], factors["H"])
    assert result.objective == pytest.approx(true, rel=1e-7, abs=1e-9)
    assert result.reason != "precision", "no step lowers the objective"


def run(case, **settings):
    given = case.input
    quick = {"init": "random", "max_iter": 6, "change": 0.0, "tol": 0.0, "kernels": "numpy"}
    return factorize(given.V, RANK, **given.options, **case.settings, **{**quick, **settings})


def failures(cases):
    found = []
    for case in cases:
        try:
            check(case)
        except Exception as failure:
            found.append(f"{case}: {type(failure).__name__}: {failure}")
    return found


@pytest.mark.parametrize("update", UPDATES)
@pytest.mark.parametrize("loss", LOSSES)
def test_each_loss_term_and_update(loss, update):
    assert not failures(covering_cases(loss, update))


@pytest.mark.parametrize("matrix", MATRICES)
def test_each_kind_of_v_with_each_update(matrix):
    cases = [Case(matrix, loss, "none", "H", update) for loss in LOSSES for update in UPDATES]
    assert not failures(cases)


@pytest.mark.slow
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("matrix", MATRICES)
def test_everything(matrix, loss):
    assert not failures(every_case([matrix], [loss]))
