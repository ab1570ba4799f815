"""One factor's side: loss and penalties merged into one model, known rows apart."""

import numpy as np
import pytest
from cases import FACTORS, GRID, LENGTH, MATRICES, RANK, TERMS, Case, divergence

from visnmf.errors import InvalidInputError
from visnmf.kernels import reference
from visnmf.terms import ElasticNet, Graph, Orthogonal, Simplex, TotalVariation
from visnmf.terms.protocol import Constraint

SETS = ("none", "Simplex", "UnitBall", "Sparseness")
PENALTIES = ["none", *(name for name in TERMS if name.partition("(")[0] not in SETS)]
each_factor = pytest.mark.parametrize("factor", FACTORS)


def factors(m, n):
    rng = np.random.default_rng(1)
    return {"W": rng.random((RANK, m)) + 0.05, "H": rng.random((RANK, n)) + 0.05}


def composed(case):
    """Return the side, V as it sees it, the other factor, its own, and the objective of that."""
    problem = case.composed(bounded=False)
    F = factors(*problem.matrix.shape)
    own, other = case.factor, "H" if case.factor == "W" else "W"
    side = getattr(problem, own)
    matrix = problem.matrix if own == "H" else problem.matrix.T
    given = case.input

    def objective(G):
        Y = F[other].T @ G if own == "H" else G.T @ F[other]
        terms = TERMS[case.term](own)
        penalties = [term for term in terms if not isinstance(term, Constraint)]
        whole = divergence(given.values, Y, given.weights, case.loss)
        return whole + sum(term.value(G) for term in penalties)

    return problem.loss, side, matrix, F[other], F[own], objective


def differences(function, F):
    gradient = np.empty_like(F)
    for place in np.ndindex(*F.shape):
        step = np.zeros_like(F)
        step[place] = 1e-5
        gradient[place] = (function(F + step) - function(F - step)) / 2e-5
    return gradient


def cases_of(update, losses):
    for term in PENALTIES:
        for factor in FACTORS:
            for turn, matrix in enumerate(MATRICES):
                loss = losses[turn % len(losses)]
                yield pytest.param(
                    Case(matrix, loss, term, factor, update), id=f"{matrix}-{loss}-{term}-{factor}"
                )


def composed_or_skip(case):
    try:
        return composed(case)
    except InvalidInputError:
        pytest.skip("refused, as the conformance suite checks")


@pytest.mark.parametrize(
    "case", [*cases_of("gradient", ["frobenius"]), *cases_of("gradient", ["kl", 0.5, 1.5, 3.0])]
)
def test_the_gradient_of_the_whole_by_finite_differences(case):
    loss, side, matrix, A, F, objective = composed_or_skip(case)
    model = side.model(loss, matrix, A, F)
    np.testing.assert_allclose(model.gradient(F), differences(objective, F), rtol=1e-4, atol=1e-5)
    assert model.at(F, reference).objective == pytest.approx(objective(F))


@pytest.mark.parametrize("case", list(cases_of("gradient", ["frobenius"])))
def test_the_quadratic_lies_above_and_touches(case):
    loss, side, matrix, A, F, objective = composed_or_skip(case)
    model = side.model(loss, matrix, A, F)
    rng = np.random.default_rng(2)
    assert model.value(F) == pytest.approx(objective(F))
    for scale in (0.01, 0.3, 1, 3):
        for G in (scale * rng.random(F.shape), np.maximum(F + scale * rng.normal(size=F.shape), 0)):
            assert model.value(G) >= objective(G) - 1e-9 * (1 + abs(objective(G)))


@pytest.mark.parametrize("case", list(cases_of("mu", ["frobenius", "kl", 0.5, 1.5, 3.0])))
def test_the_split_has_halves_that_are_not_negative(case):
    loss, side, matrix, A, F, objective = composed_or_skip(case)
    model = side.model(loss, matrix, A, F)
    assert (model.neg >= 0).all()
    assert (model.pos >= 0).all()
    np.testing.assert_allclose(model.gradient(F), differences(objective, F), rtol=1e-4, atol=1e-5)
    assert model.objective == pytest.approx(objective(F))
    assert model.value(2 * F) == pytest.approx(objective(2 * F))


@each_factor
def test_penalties_add_up(factor):
    problem = Case("masked", "frobenius", "none", factor, "hals").composed()
    F = factors(*problem.matrix.shape)[factor]
    graph = TERMS["Graph"](factor)[0]
    terms = (ElasticNet(0.1, 0.2), Orthogonal(0.3), graph, TotalVariation(GRID[factor], 0.2))
    side = type(problem.H)(problem.H.update, "quadratic", terms)
    assert side.value(F) == pytest.approx(sum(term.value(F) for term in terms))
    alone = [type(problem.H)(problem.H.update, "quadratic", (term,)) for term in terms]
    bare = type(problem.H)(problem.H.update, "quadratic")
    matrix = problem.matrix if factor == "H" else problem.matrix.T
    A = factors(*problem.matrix.shape)["W" if factor == "H" else "H"]
    slopes = [one.model(problem.loss, matrix, A, F).gradient(F) for one in (*alone, bare)]
    whole = side.model(problem.loss, matrix, A, F)
    np.testing.assert_allclose(whole.gradient(F), sum(slopes[:-1]) - 3 * slopes[-1])
    assert isinstance(graph, Graph)
    assert not whole.convex  # orthogonality is not


@pytest.mark.parametrize("update", ["hals", "mu", "gradient", "fast gradient", "bpp"])
@pytest.mark.parametrize("matrix", ["dense, rows contiguous", "masked"])
def test_a_step_leaves_known_rows_as_they_are_and_lowers_the_rest(update, matrix):
    case = Case(matrix, "frobenius", "none", "H", update)
    known = np.random.default_rng(4).random((1, LENGTH["H"]))
    known[0, :3] = 0
    problem = case.composed(known_H=known)
    F = factors(*problem.matrix.shape)
    pair_W, H = F["W"], F["H"]
    assert list(problem.H.free) == [1, 2]
    H[0] = known
    model = problem.H.model(problem.loss, problem.matrix, pair_W, H)
    before = problem.loss.value(problem.matrix, pair_W, H)
    held = H.copy()
    problem.H.step(H, model)
    np.testing.assert_array_equal(H[0], known[0])
    assert (H[1:] != held[1:]).any()
    assert problem.loss.value(problem.matrix, pair_W, H) < before


@pytest.mark.parametrize("update", ["mu", "gradient"])
@pytest.mark.parametrize("loss", ["frobenius", "kl", 1.5])
def test_admission_leaves_known_rows_as_they_are(update, loss):
    known = np.zeros((1, LENGTH["H"]))
    case = Case("sparse", loss, "UnitBall(1)", "H", update)
    problem = case.composed(known_H=known)
    F = factors(*problem.matrix.shape)["H"]
    F[0] = known
    problem.H.admit(F)
    np.testing.assert_array_equal(F[0], known[0])
    assert (F[1:].sum(axis=1) <= 1 + 1e-9).all()


@pytest.mark.parametrize("loss", ["frobenius", "kl", 1.5])
def test_the_kkt_residual_is_nothing_at_the_optimum_only(loss):
    case = Case("dense, rows contiguous", loss, 'Simplex("image")', "H", "auto")
    problem = case.composed()
    F = factors(*problem.matrix.shape)
    A, H = F["W"], F["H"]
    problem.H.admit(H)
    start = problem.H.point(H, problem.H.model(problem.loss, problem.matrix, A, H), reference)
    for _ in range(400):
        problem.H.step(H, problem.H.model(problem.loss, problem.matrix, A, H))
    end = problem.H.point(H, problem.H.model(problem.loss, problem.matrix, A, H), reference)
    assert end.square < 1e-3 * start.square
    assert isinstance(problem.H.constraint, Simplex)


def test_only_free_rows_are_pushed_on():
    case = Case("dense, rows contiguous", "kl", "none", "H", "mu")
    known = np.random.default_rng(4).random((1, LENGTH["H"]))
    side = case.composed(known_H=known).H
    rng = np.random.default_rng(0)
    F = rng.random((RANK, LENGTH["H"])) + 0.5
    behind = F * rng.uniform(0.9, 1.1, F.shape)
    found = side.ahead(behind, F, 0.5)
    np.testing.assert_array_equal(found[0], F[0])
    wanted = F[1:] * np.sqrt(F[1:] / behind[1:])
    np.testing.assert_allclose(found[side.free], wanted, rtol=1e-9)
