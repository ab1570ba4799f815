"""Which update is taken, what holds the other factor, and what is refused, in which words."""

import numpy as np
import pytest
from cases import GRID, RANK, TERMS, Case

from visnmf import factorize
from visnmf.errors import InvalidInputError
from visnmf.solve.compose import sort_terms
from visnmf.terms import ElasticNet, Simplex, Sparseness, TotalVariation, UnitBall

DENSE, MASKED = "dense, rows contiguous", "masked"


@pytest.mark.parametrize(
    ("loss", "term", "update"),
    [
        ("frobenius", "none", "hals"),
        ("frobenius", "Orthogonal", "hals"),
        ("frobenius", "TotalVariation", "hals"),
        ("frobenius", "Sparseness", "hals"),
        ("frobenius", 'Simplex("part")', "hals"),
        ("frobenius", 'Simplex("image")', "fast gradient"),
        ("frobenius", "Discriminant(between) + Simplex", "fast gradient"),
        ("kl", "none", "mu"),
        ("is", "Graph", "mu"),
        (1.5, "UnitBall(2)", "mu"),
        (1.5, "Sparseness", "projected gradient"),
    ],
)
def test_what_auto_takes(loss, term, update):
    assert Case(DENSE, loss, term, "H", "auto").composed().H.update.name == update


REFUSED = [
    ((DENSE, "kl", "none", "H", "hals"), "update='hals'.*quadratic.*kullback.*'mu'"),
    ((DENSE, 1.5, "none", "H", "bpp"), r"update='bpp'.*beta=1\.5"),
    ((DENSE, "frobenius", "none", "H", "newton"), "'newton'.*kullback.*not for frobenius"),
    ((MASKED, "kl", "none", "H", "newton"), "'newton' has no weights or missing entries.*'mu'"),
    ((DENSE, "kl", "Graph", "H", "newton"), "'newton'.*graph on H.*only with ElasticNet"),
    ((DENSE, "frobenius", "Orthogonal", "W", "bpp"), "'bpp'.*convex.*orthogonality on W"),
    ((DENSE, "frobenius", "Orthogonal", "W", "fast gradient"), "convex.*orthogonality.*'hals'"),
    ((DENSE, "frobenius", "Graph", "H", "bpp"), "'bpp' needs one curvature.*graph on H"),
    ((DENSE, "frobenius", "UnitBall(2)", "H", "bpp"), "'bpp' cannot hold H to unit ball"),
    ((DENSE, "frobenius", 'Simplex("image")', "H", "hals"), "'hals' cannot hold H to sum to one"),
    ((DENSE, "frobenius", "Sparseness", "W", "mu"), "'mu' cannot hold W to sparseness"),
    ((DENSE, "frobenius", "Sparseness", "W", "fast gradient"), "convex set.*sparseness on W"),
    ((DENSE, "kl", "Sparseness", "W", "auto"), r"sparseness.*infinite.*frobenius.*ElasticNet"),
    ((DENSE, "kl", "Discriminant(between)", "H", "mu"), "discriminant.*without end.*Simplex"),
    (("sparse", "is", "none", "H", "mu"), "zeros.*infinite.*floor"),
]


@pytest.mark.parametrize(("case", "message"), REFUSED)
def test_what_is_refused(case, message):
    with pytest.raises(InvalidInputError, match=message):
        Case(*case).composed()


def test_known_parts_are_refused_where_they_cannot_be_held():
    known = np.ones((1, 20))
    with pytest.raises(InvalidInputError, match="couples known rows of H with free ones"):
        Case(DENSE, "frobenius", 'Simplex("image")', "H", "auto").composed(known_H=known)


# What holds a factor where the other one alone is penalized


@pytest.mark.parametrize("loss", ["frobenius", "kl", 3.0])
@pytest.mark.parametrize(("factor", "other"), [("H", "W"), ("W", "H")])
def test_a_penalty_on_one_factor_holds_the_other(factor, other, loss):
    case = Case(DENSE, loss, "ElasticNet", factor, "auto")
    assert getattr(case.composed(), other).constraint == UnitBall()
    assert getattr(case.composed(), factor).constraint is None
    assert getattr(case.composed(bounded=False), other).constraint is None
    result = factorize(case.input.V, RANK, **case.settings, max_iter=30)
    rows = result.W.T if other == "W" else result.H
    assert (np.linalg.norm(rows, axis=1) <= 1 + 1e-6).all()


def test_penalties_on_both_factors_hold_neither():
    V = Case(DENSE, "frobenius", "none", "H", "auto").input.V
    both = {"terms_W": ElasticNet(0.01), "terms_H": ElasticNet(0.01)}
    result = factorize(V, RANK, **both)
    assert max(np.linalg.norm(result.W, axis=0).max(), np.linalg.norm(result.H, axis=1).max()) > 1


def test_sparse_parts_beside_penalized_encodings_have_length_one():
    V = Case(DENSE, "frobenius", "none", "H", "auto").input.V
    result = factorize(V, RANK, terms_W=Sparseness(0.5), terms_H=ElasticNet(0.01))
    np.testing.assert_allclose(np.linalg.norm(result.W, axis=0), 1)


def test_a_factor_held_already_stays_held_as_it_is():
    V = Case(DENSE, "frobenius", "none", "H", "auto").input.V
    result = factorize(V, RANK, terms_W=Simplex("part"), terms_H=ElasticNet(0.01))
    np.testing.assert_allclose(result.W.sum(axis=0), 1)


def test_an_update_that_cannot_hold_the_other_factor_gives_way_there():
    """Nobody asked for what holds it."""
    problem = Case(DENSE, "frobenius", "ElasticNet", "H", "bpp").composed()
    assert problem.H.update.name == "block pivoting"
    assert problem.W.update.name == "hals"


# Terms as they are given


def test_terms_one_or_several():
    asked = sort_terms([ElasticNet(1.0), UnitBall(), ElasticNet(0, 1.0)], "H", (RANK, 20))
    assert asked.penalties == (ElasticNet(1.0), ElasticNet(0, 1.0))
    assert asked.constraint == UnitBall()
    assert sort_terms(UnitBall(), "H", (RANK, 20)).constraint == UnitBall()
    assert sort_terms(None, "H", (RANK, 20)) == sort_terms([], "H", (RANK, 20))


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ("sparse", "neither a penalty nor a constraint"),
        ([ElasticNet(1.0), 3], "terms_H holds 3"),
        (ElasticNet, r"holds the class ElasticNet.*ElasticNet\(\.\.\.\)"),
        ([UnitBall(), Simplex()], "2 constraints, unit ball and sum to one.*leave one"),
        (TERMS["Graph"]("W"), "12, but the factor has 20 columns"),
        (TotalVariation(GRID["W"], 1.0), "12.* 20 columns"),
    ],
)
def test_terms_that_are_refused(terms, message):
    with pytest.raises(InvalidInputError, match=message):
        sort_terms(terms, "H", (RANK, 20))


@pytest.mark.parametrize("update", ["hals", "gradient", "fast gradient", "mu"])
def test_curvatures_of_each_column_are_taken_but_by_pivoting(update):
    composed = Case(DENSE, "frobenius", "Graph", "H", update).composed()
    assert not composed.H.update.uniform_only
    with pytest.raises(InvalidInputError, match="one curvature for all columns"):
        Case(DENSE, "frobenius", "Graph", "H", "bpp").composed()


@pytest.mark.parametrize(("term", "sweeps"), [("none", 8), ("UnitBall(2)", 8), ("Sparseness", 2)])
def test_on_sets_that_are_not_convex_few_sweeps_are_done(term, sweeps):
    assert Case(DENSE, "frobenius", term, "H", "hals").composed().H.update.sweeps == sweeps
