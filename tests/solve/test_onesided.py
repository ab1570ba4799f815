"""One factor fitted with the other one held."""

import numpy as np
import pytest
from cases import LOSSES, RANK, Case, objective, violation

from visnmf.kernels import reference
from visnmf.solve.onesided import fit_one

TERMS = ["none", "ElasticNet", "Graph", 'Simplex("image")']


def fitted(case, limit=2000, goal=1e-7):
    problem = case.composed(bounded=False)
    m, n = problem.matrix.shape
    rng = np.random.default_rng(0)
    W, H = rng.random((RANK, m)), rng.random((RANK, n))
    problem.H.admit(H)
    held = W.copy()
    fit_one(problem.H, problem.loss, problem.matrix, W, H, reference, limit=limit, goal=goal)
    np.testing.assert_array_equal(W, held)
    return problem, W, H


@pytest.mark.parametrize("term", TERMS)
@pytest.mark.parametrize("loss", ["frobenius", "kl", 1.5])
@pytest.mark.parametrize("matrix", ["dense, rows contiguous", "sparse", "masked", "entries"])
def test_no_feasible_way_leads_down_from_the_end(matrix, loss, term):
    """These are convex: so it is the least there is."""
    case = Case(matrix, loss, term, "H", "auto")
    problem, W, H = fitted(case)
    best = objective(case, W, H)
    rng = np.random.default_rng(1)
    for scale in (1e-3, 0.1, 1):
        for _ in range(20):
            other = np.maximum(H + scale * rng.normal(size=H.shape), 1e-9)
            if problem.H.constraint is not None:
                problem.H.constraint.project(other)
                other = np.maximum(other, 1e-12)
            assert objective(case, W, other) >= best - 1e-4 * abs(best)
    if problem.H.constraint is not None:
        assert violation(problem.H.constraint, H) < 1e-5


@pytest.mark.parametrize("loss", LOSSES)
def test_it_never_ends_higher_than_it_began(loss):
    case = Case("weighted", loss, "none", "H", "auto")
    told = [objective(case, *fitted(case, limit, goal=0)[1:]) for limit in (1, 3, 10, 100)]
    assert (np.diff(told) <= 1e-9 * told[0]).all()
