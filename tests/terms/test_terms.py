"""One suite for all penalties and one for all constraints; a new term joins a list."""

import numpy as np
import pytest
from scipy.optimize import minimize

from visnmf.errors import InvalidInputError
from visnmf.terms.ball import UnitBall
from visnmf.terms.discriminant import Discriminant
from visnmf.terms.elastic_net import ElasticNet
from visnmf.terms.graph import Graph
from visnmf.terms.hoyer import Sparseness
from visnmf.terms.orthogonal import Orthogonal
from visnmf.terms.protocol import Constraint, Penalty
from visnmf.terms.simplex import Simplex
from visnmf.terms.smooth import smooth_pictures
from visnmf.terms.spread import Spread
from visnmf.terms.total_variation import TotalVariation

RANK, Q = 3, 10  # also two channels of 2 x 3 pixels, one of them masked
MASK = np.array([[True, True, True], [True, False, True]])
LABELS = [0, 0, 1, 1, 1, -1, 2, None, 2, 0]


def a_graph():
    S = np.random.default_rng(5).random((Q, Q)) * (np.random.default_rng(6).random((Q, Q)) < 0.4)
    return S + S.T


PENALTIES = [
    ElasticNet(l1=0.3),
    ElasticNet(l2=0.7),
    ElasticNet(l1=0.3, l2=0.7),
    ElasticNet(),
    Orthogonal(0.4),
    Spread(0.9),
    Graph(a_graph(), 1.3),
    smooth_pictures((2, 3, 2), 0.8, mask=MASK),
    TotalVariation((2, 3, 2), 0.6, mask=MASK, eps=0.1),
    TotalVariation((5, 2), 0.6, eps=1e-3),
    Discriminant(LABELS, within=1.5),
    Discriminant(LABELS, within=1.5, between=0.9),
    Discriminant(LABELS, within=0.0, between=2.0),
]
MADE_FOR_Q = [term for term in PENALTIES if not isinstance(term, ElasticNet | Orthogonal | Spread)]
CONSTRAINTS = [
    Simplex("part"),
    Simplex("image"),
    UnitBall(),
    UnitBall(1),
    Sparseness(0.0),
    Sparseness(0.3),
    Sparseness(0.8),
    Sparseness(0.99),
]
CONVEX = [set_ for set_ in CONSTRAINTS if set_.convex]

each_penalty = pytest.mark.parametrize("term", PENALTIES, ids=lambda term: type(term).__name__)
each_constraint = pytest.mark.parametrize(
    "constraint", CONSTRAINTS, ids=lambda term: type(term).__name__
)


def factors(count, shape=(RANK, Q), seed=0):
    """Positive factors, then ones with zeros, of several scales."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        F = rng.random(shape) * 10.0 ** rng.uniform(-1, 1)
        yield F * (rng.random(shape) < 0.6) if number % 2 else F + 0.01


def quadratic(bound, F):
    """The bound at F without its constant."""
    value = 0.0 if bound.B is None else -(bound.B * F).sum()
    value += 0.0 if bound.G is None else 0.5 * (bound.G * (F @ F.T)).sum()
    return value + (0.0 if bound.d is None else 0.5 * (bound.d * F * F).sum())


def gradient_of(bound, F):
    gradient = np.zeros_like(F) if bound.B is None else np.broadcast_to(-bound.B, F.shape)
    gradient = gradient if bound.G is None else gradient + bound.G @ F
    return gradient if bound.d is None else gradient + bound.d * F


def differences(value, F, step=1e-6):
    gradient = np.empty_like(F)
    for place in np.ndindex(F.shape):
        up, down = F.copy(), F.copy()
        up[place] += step
        down[place] -= step
        gradient[place] = (value(up) - value(down)) / (2 * step)
    return gradient


@each_penalty
def test_both_forms_have_the_gradient_of_the_value(term):
    assert isinstance(term, Penalty)
    for F in factors(6):
        wanted = differences(term.value, F)
        close = 1e-5 * max(1.0, np.abs(wanted).max())
        pos, neg = term.split(F)
        np.testing.assert_allclose(pos - neg + 0 * F, wanted, atol=close)
        np.testing.assert_allclose(gradient_of(term.bound(F), F), wanted, atol=close)


@each_penalty
def test_both_halves_of_the_gradient_are_non_negative(term):
    for F in factors(10):
        for half in term.split(F):
            assert (np.asarray(half) >= 0).all()


@each_penalty
def test_the_bound_lies_above_and_touches(term):
    for F in factors(5):
        bound = term.bound(F)
        const = term.value(F) - quadratic(bound, F)
        near = [np.maximum(F + 0.1 * (G - F), 0) for G in factors(5, seed=1)]
        for G in [*factors(40, seed=2), *near]:
            there = term.value(G)
            assert quadratic(bound, G) + const >= there - 1e-10 * (1 + abs(there))


@each_penalty
def test_the_bound_lies_above_where_one_part_is_flat_and_moves_up_and_down(term):
    rng = np.random.default_rng(0)
    for F in factors(4):
        F[0] = 1.0  # there graphs that depend on F are the stiffest
        bound = term.bound(F)
        const = term.value(F) - quadratic(bound, F)
        for size in (0.01, 0.1):
            for _ in range(50):
                G = F.copy()
                G[0] += size * rng.choice([-1, 1], Q)
                there = term.value(G)
                assert quadratic(bound, G) + const >= there - 1e-10 * (1 + abs(there))


@each_penalty
def test_the_bound_is_convex_where_it_says_so(term):
    for F in factors(4):
        G, _, d = term.bound(F)
        least = 0.0 if G is None else np.linalg.eigvalsh(G)[0]
        least += 0.0 if d is None else np.min(d)
        assert (least >= -1e-12) == term.convex


@each_penalty
def test_degrees_tell_the_growth_along_a_ray(term):
    F = next(factors(1)) * 100  # where the rounded corner of the variation plays no role
    low, high = term.degrees
    assert low <= high
    pos, _ = term.split(F)
    pos_twice, _ = term.split(2 * F)
    grew = np.asarray(pos_twice) / np.where(np.asarray(pos) > 0, pos, 1)
    assert (grew <= 2 ** (high - 1) + 1e-9).all()


@each_penalty
def test_float32_stays_float32(term):
    F = next(factors(1)).astype(np.float32)
    wide = F.astype(np.float64)
    for half, exact in zip(term.split(F), term.split(wide), strict=True):
        if isinstance(half, np.ndarray):
            assert half.dtype == np.float32
        np.testing.assert_allclose(half, exact, rtol=1e-4, atol=1e-5)
    for part, exact in zip(term.bound(F), term.bound(wide), strict=True):
        if part is not None:
            assert part.dtype == np.float32
            np.testing.assert_allclose(part, exact, rtol=1e-4, atol=1e-5)
    assert isinstance(term.value(F), float)
    assert term.value(F) == pytest.approx(term.value(wide), rel=1e-5)


@each_penalty
def test_what_is_asked_leaves_the_factor_as_it_is(term):
    F = next(factors(1))
    before = F.copy()
    term.value(F), term.split(F), term.bound(F)
    np.testing.assert_array_equal(F, before)


@pytest.mark.parametrize("term", MADE_FOR_Q, ids=lambda term: type(term).__name__)
def test_a_factor_of_other_columns_is_refused(term):
    term.check((RANK, Q))
    term.check((1, Q))
    with pytest.raises(InvalidInputError, match=rf"{Q}.*{Q + 1} columns"):
        term.check((RANK, Q + 1))


@pytest.mark.parametrize(
    "term", [t for t in PENALTIES if t.degrees == (1.0, 2.0)], ids=lambda term: type(term).__name__
)
def test_multiplicative_steps_beside_the_frobenius_loss_do_not_raise_it(term):
    rng = np.random.default_rng(0)
    A, V = rng.random((RANK, 6)), rng.random((6, Q))
    G, B = A @ A.T, A @ V
    for F in factors(4):
        before = np.inf
        for _ in range(50):
            now = 0.5 * np.linalg.norm(V - A.T @ F) ** 2 + term.value(F)
            assert now <= before + 1e-12 * abs(now)
            before = now
            pos, neg = term.split(F)
            F = F * (B + neg) / np.maximum(G @ F + pos, 1e-300)


@pytest.mark.parametrize(
    "make",
    [
        lambda: ElasticNet(l1=-1.0),
        lambda: ElasticNet(l2=np.nan),
        lambda: ElasticNet(l1="much"),
        lambda: Orthogonal(np.inf),
        lambda: Graph(np.ones((3, 4))),
        lambda: Graph(np.ones(3)),
        lambda: Graph([[0, 1], [2, 0]]),
        lambda: Graph([[0, -1], [-1, 0]]),
        lambda: Graph([[0, np.nan], [np.nan, 0]]),
        lambda: Graph("none"),
        lambda: Graph(np.eye(3), -1),
        lambda: smooth_pictures((4,), 1.0),
        lambda: smooth_pictures(4, 1.0),
        lambda: smooth_pictures((4, 0), 1.0),
        lambda: smooth_pictures((2, 2), 1.0, mask=np.ones((2, 3), bool)),
        lambda: smooth_pictures((2, 2), 1.0, mask=np.ones((2, 2))),
        lambda: TotalVariation((2, 2), 1.0, mask=np.zeros((2, 2), bool)),
        lambda: TotalVariation((2, 2), 1.0, eps=0.0),
        lambda: Discriminant([-1, None]),
        lambda: Discriminant([[0, 1]]),
        lambda: Discriminant("ab"),
        lambda: Discriminant([0, 1], between=-1.0),
        lambda: Simplex("row"),
        lambda: UnitBall(3),
        lambda: Sparseness(1.0),
        lambda: Sparseness(-0.1),
        lambda: Sparseness("very"),
    ],
)
def test_settings_that_make_no_sense_are_refused(make):
    with pytest.raises(InvalidInputError):
        make()


# Constraints


def violation(constraint, F):
    """How far F is from the set, by its definition."""
    F = F.astype(np.float64)
    below = max(0.0, -F.min())
    if isinstance(constraint, Simplex):
        return max(below, np.abs(F.sum(axis=1 if constraint.along == "part" else 0) - 1).max())
    if isinstance(constraint, UnitBall):
        return max(below, (np.linalg.norm(F, constraint.norm, axis=1) - 1).max())
    root = np.sqrt(F.shape[1])
    ratio = np.abs(F).sum(axis=1) / np.linalg.norm(F, axis=1)
    return max(below, np.abs((root - ratio) / (root - 1) - constraint.target).max())


def signed(count, shape=(RANK, Q), dtype=np.float64, seed=0):
    """Factors with negative entries, of several scales, and the awkward ones."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        yield (rng.standard_normal(shape) * 10.0 ** rng.uniform(-3, 3)).astype(dtype)
    yield np.zeros(shape, dtype)
    yield np.ones(shape, dtype)
    yield np.full(shape, -2, dtype)
    yield -rng.random(shape).astype(dtype)
    yield rng.integers(0, 2, shape).astype(dtype)  # ties
    yield (1 + 1e-7 * rng.random(shape)).astype(dtype)  # near ties
    yield (rng.random(shape) - 1e4).astype(dtype)
    peaks = np.zeros(shape, dtype)
    peaks[:, 0] = 1e6
    yield peaks


def feasible(constraint, rng, shape=(RANK, Q)):
    """A random point of the set, made without the projection."""
    F = rng.random(shape) ** 3 + 1e-3
    if isinstance(constraint, Simplex):
        return F / F.sum(axis=1 if constraint.along == "part" else 0, keepdims=True)
    if isinstance(constraint, UnitBall):
        return F * rng.random((len(F), 1)) / np.linalg.norm(F, constraint.norm, axis=1)[:, None]
    return np.stack([_sparse_row(row, constraint.target, rng) for row in F])


def _sparse_row(row, target, rng):
    """Cut a row off from below, at a height found by halving, until it is sparse enough."""
    q = len(row)
    wanted = np.sqrt(q) - target * (np.sqrt(q) - 1)
    low, high = -1e3, row.max()
    for _ in range(80):
        middle = (low + high) / 2
        cut = np.maximum(row - middle, 0)
        few = cut.sum() < wanted * np.linalg.norm(cut)
        low, high = (low, middle) if few else (middle, high)
    cut = np.maximum(row - low, 0)
    return cut / np.linalg.norm(cut) * 10 * rng.random()


@each_constraint
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(RANK, Q), (1, 2), (5, 2000)])
def test_a_projection_lands_in_the_set_and_stays(constraint, dtype, shape):
    assert isinstance(constraint, Constraint)
    constraint.check(shape)
    for F in signed(5, shape, dtype):
        constraint.project(F)
        assert F.dtype == dtype
        assert np.isfinite(F).all()
        assert violation(constraint, F) < 1e-6
        again = F.copy()
        constraint.project(again)
        np.testing.assert_allclose(again, F, atol=1e-6 * max(F.max(), 1e-12))


@each_constraint
def test_no_random_point_of_the_set_is_nearer(constraint):
    rng = np.random.default_rng(1)
    for F in signed(5):
        nearest = F.copy()
        constraint.project(nearest)
        distance = np.linalg.norm(nearest - F)
        for _ in range(40):
            other = feasible(constraint, rng)
            assert violation(constraint, other) < 1e-6
            step = other - nearest
            for point in (other, nearest + 1e-3 * step) if constraint.convex else (other,):
                assert np.linalg.norm(point - F) >= distance * (1 - 1e-9)


@pytest.mark.parametrize("constraint", CONVEX, ids=lambda term: type(term).__name__)
def test_a_convex_projection_is_what_a_general_solver_finds(constraint):
    shape = (2, 4)
    for F in np.random.default_rng(3).standard_normal((4, *shape)):
        nearest = F.copy()
        constraint.project(nearest)
        axis = 0 if constraint.couples == "image" else 1

        def room(x, axis=axis):
            G = x.reshape(shape)
            used = (G**constraint.degree).sum(axis)
            return 1 - used

        found = minimize(
            lambda x, F=F: 0.5 * ((x - F.ravel()) ** 2).sum(),
            np.full(8, 0.2),
            jac=lambda x, F=F: x - F.ravel(),
            bounds=[(0, None)] * 8,
            constraints={"type": "eq" if constraint.exact else "ineq", "fun": room},
            options={"ftol": 1e-14, "maxiter": 500},
        )
        np.testing.assert_allclose(nearest, found.x.reshape(shape), atol=1e-5)


@each_constraint
def test_what_is_not_coupled_can_be_projected_apart(constraint):
    F = next(signed(1))
    whole = F.copy()
    constraint.project(whole)
    for k in range(Q if constraint.couples == "image" else RANK):
        part = F[:, k : k + 1] if constraint.couples == "image" else F[k : k + 1]
        constraint.project(part)  # a view: moved in place
    np.testing.assert_allclose(F, whole, rtol=1e-12)
