"""V known at few places: the model without formed curvatures is the one with them."""

import tracemalloc

import numpy as np
import pytest
from scipy import sparse

from visnmf.kernels import columns, reference
from visnmf.losses import known
from visnmf.losses.frobenius import Frobenius
from visnmf.losses.known import KnownEntries
from visnmf.losses.models import Quadratic
from visnmf.matrices.entries import Entries
from visnmf.matrices.stored import Stored
from visnmf.solve.side import Side
from visnmf.terms import ElasticNet, Graph, Orthogonal, Spread, UnitBall
from visnmf.updates.gradient import ProjectedGradient
from visnmf.updates.hals import Hals

try:
    from visnmf.kernels import compiled
except ImportError:
    compiled = None

needs_numba = pytest.mark.skipif(compiled is None, reason="numba is not installed")
KERNELS = [
    pytest.param(reference, id="numpy"),
    pytest.param(compiled, id="compiled", marks=needs_numba),
]
M, N, RANK = 40, 70, 5
FREE = [None, np.array([1, 3, 4])]


class Problem:
    """V known at some places, weighted, and a pair of factors."""

    def __init__(self, m=M, n=N, rank=RANK, share=0.2):
        rng = np.random.default_rng(0)
        self.V = rng.random((m, n))
        self.weights = (rng.random((m, n)) < share) * (0.5 + 0.5 * rng.random((m, n)))
        places = sparse.csc_array(self.weights)
        at = places.indices, np.repeat(np.arange(n), np.diff(places.indptr))
        stored = Stored.of(places)
        self.matrix = Entries(stored.with_data(self.V[at]), stored)
        self.A, self.F = rng.random((rank, m)), rng.random((rank, n))
        self.F[self.F < 0.2] = 0
        self.loss = Frobenius(self.matrix)

    def model(self, side):
        return side.model(self.loss, self.matrix, self.A, self.F)

    def value(self, side, F):
        residual = self.V - self.A.T @ F
        return 0.5 * (self.weights * residual * residual).sum() + side.value(F)


def chain(n, weight=0.7):
    return Graph(sparse.diags_array([np.ones(n - 1)] * 2, offsets=[-1, 1]), weight)


TERMS = {
    "none": (),
    "l1": (ElasticNet(l1=0.3),),
    "l2": (ElasticNet(l2=0.4),),
    "graph": (chain(N),),
    "elastic net and graph": (ElasticNet(0.3, 0.4), chain(N)),
}
each_terms = pytest.mark.parametrize("terms", TERMS.values(), ids=TERMS)
each_free = pytest.mark.parametrize("free", FREE, ids=["all rows", "some rows"])
each_kernels = pytest.mark.parametrize("kernels", KERNELS)


def formed(model):
    """Return the same model with the curvatures of all columns."""
    return Quadratic(model.G, model.B, model.const, model.d, model.convex)


@each_terms
@each_free
@each_kernels
def test_a_step_is_that_on_formed_curvatures(terms, free, kernels):
    p = Problem()
    side = Side(Hals(kernels), "quadratic", terms, free=free)
    model = p.model(side)
    assert isinstance(model, KnownEntries)
    found, wanted = p.F.copy(), p.F.copy()
    side.step(found, model)
    assert "G" not in vars(model)
    side.step(wanted, formed(model))
    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-9)
    assert p.value(side, found) < p.value(side, p.F)


@each_terms
@each_free
def test_value_and_gradient_are_those_of_formed_curvatures(terms, free):
    p = Problem()
    model = p.model(Side(Hals(reference), "quadratic", terms, free=free))
    whole = formed(model)
    for F in (p.F, 2 * p.F, np.zeros_like(p.F)):
        assert model.value(F) == pytest.approx(whole.value(F), rel=1e-9)
        np.testing.assert_allclose(model.gradient(F), whole.gradient(F), rtol=1e-9, atol=1e-9)
        for name in ("objective", "absolute", "square"):
            one, other = (getattr(each.at(F, reference), name) for each in (model, whole))
            assert one == pytest.approx(other, rel=1e-9)


@each_terms
@each_free
def test_at_the_f_that_it_was_built_at_it_is_the_objective(terms, free):
    p = Problem()
    side = Side(Hals(reference), "quadratic", terms, free=free)
    model = p.model(side)
    assert model.built == pytest.approx(p.value(side, p.F), rel=1e-9)
    assert model.value(p.F) == pytest.approx(p.value(side, p.F), rel=1e-9)


@pytest.mark.parametrize("terms", [(), (ElasticNet(0.3, 0.4),)], ids=["none", "elastic net"])
@each_free
def test_the_model_is_the_objective_everywhere_where_terms_are_quadratic(terms, free):
    p = Problem()
    side = Side(Hals(reference), "quadratic", terms, free=free)
    model = p.model(side)
    rows = slice(None) if free is None else free
    for scale in (0.0, 0.5, 2.0):
        F = p.F.copy()
        F[rows] *= scale
        assert model.value(F) == pytest.approx(p.value(side, F), rel=1e-9)


@each_terms
def test_some_rows_are_a_model_of_their_own(terms):
    p = Problem()
    model = p.model(Side(Hals(reference), "quadratic", terms))
    rows = FREE[1]
    part, whole = model.of_rows(rows, p.F), formed(model).of_rows(rows, p.F)
    F = p.F.copy()
    F[rows] *= 0.5
    assert part.built is None
    assert part.value(F[rows]) == pytest.approx(model.value(F), rel=1e-9)
    np.testing.assert_allclose(part.gradient(F[rows]), model.gradient(F)[rows], atol=1e-9)
    np.testing.assert_allclose(part.G, whole.G)
    np.testing.assert_allclose(part.B, whole.B)


def test_a_curvature_that_couples_rows_is_added_to_each_column():
    p = Problem()
    side = Side(Hals(reference), "quadratic", (ElasticNet(0.3, 0.4), Spread(0.2)))
    model = p.model(side)
    assert not isinstance(model, KnownEntries)
    assert model.G.shape == (RANK, RANK, N)
    assert model.value(2 * p.F) == pytest.approx(p.value(side, 2 * p.F), rel=1e-9)


def most_memory(kernels, rank, free):
    """Return the peak, in bytes, of a model, a step and a measurement; V is 200 x 3000."""
    p = Problem(200, 3000, rank, share=0.01)
    side = Side(Hals(kernels), "quadratic", (ElasticNet(0.3, 0.4), chain(3000)), free=free)
    side.step(p.F.copy(), p.model(side))  # what is compiled or loaded is so
    tracemalloc.start()
    model = p.model(side)
    F = p.F.copy()
    side.step(F, model)
    side.point(F, model, reference)
    assert model.built is not None
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


@each_kernels
@pytest.mark.parametrize("rows_known", [0, 2])
def test_memory_grows_with_the_rank_and_not_its_square(kernels, rows_known, monkeypatch):
    monkeypatch.setattr(columns, "_HELD", 1 << 16)  # what NumPy's sweeps form at a time
    ranks = 20, 40
    free = [np.arange(rows_known, rank) if rows_known else None for rank in ranks]
    small, large = (most_memory(kernels, *each) for each in zip(ranks, free, strict=True))
    assert small < 0.75 * 20 * 20 * 3000 * 8  # less than the curvatures
    assert large < 2.3 * small


HELD = {
    "a constraint": (Hals(reference), (ElasticNet(0.3, 0.4),), UnitBall(2)),
    "gradient steps": (ProjectedGradient(), (ElasticNet(0.3, 0.4),), None),
    "coupled rows": (Hals(reference), (ElasticNet(0.3, 0.4), Orthogonal(0.1)), None),
}


@pytest.mark.parametrize(("update", "terms", "constraint"), HELD.values(), ids=HELD)
def test_too_many_curvatures_to_be_formed_give_way_to_one(update, terms, constraint, monkeypatch):
    p = Problem()
    side = Side(update, "quadratic", terms, constraint)
    side.admit(p.F)
    assert p.model(side).G.ndim == 3
    monkeypatch.setattr(known, "MOST", RANK * RANK * N - 1)
    model = p.model(side)
    assert model.G.ndim == 2
    assert model.value(p.F) == pytest.approx(p.value(side, p.F), rel=1e-9)
    F = p.F.copy()
    side.step(F, model)
    assert p.value(side, F) < p.value(side, p.F)


@each_terms
def test_sweeps_need_no_room_for_curvatures(terms, monkeypatch):
    monkeypatch.setattr(known, "MOST", 1)
    p = Problem()
    assert isinstance(p.model(Side(Hals(reference), "quadratic", terms)), KnownEntries)
