"""What the suites go through: every kind of V, loss, term and update, and what must hold of them.

Sums are written out over dense arrays in float64, as the definitions read; nothing here
uses the package's own sums.
"""

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from scipy import sparse

from visnmf import terms
from visnmf.kernels import reference
from visnmf.matrices.source import ArraySource
from visnmf.solve.compose import UPDATES, sort_terms
from visnmf.solve.intake import take_in
from visnmf.solve.naming import LOSSES as NAMES
from visnmf.solve.plan import Plan
from visnmf.solve.run import compose
from visnmf.solve.stopping import Rule
from visnmf.terms.protocol import Constraint

M, N, RANK = 12, 20, 3  # pictures of 4 x 3 pixels
GRID = {"W": (4, 3), "H": (5, 4)}
LENGTH = {"W": M, "H": N}
FACTORS = ("W", "H")


@dataclass(frozen=True)
class Input:
    """V as `factorize` takes it, and the arrays of values and of weights that it means."""

    V: Any
    options: dict[str, Any]
    values: np.ndarray
    weights: np.ndarray


def _values() -> np.ndarray:
    """Return V near a product of rank 3, positive everywhere."""
    rng = np.random.default_rng(7)
    return rng.random((M, RANK)) ** 2 @ rng.random((RANK, N)) ** 2 + 0.02 + 0.1 * rng.random((M, N))


def _dense(order: str) -> Input:
    V = np.array(_values(), order=order)
    return Input(V, {}, V, np.ones_like(V))


def _sparse() -> Input:
    rng = np.random.default_rng(8)
    V = _values() * (rng.random((M, N)) < 0.4)
    return Input(sparse.csr_array(V), {}, V, np.ones_like(V))


def _masked(share: float, *, nan: bool = False) -> Input:
    V = _values()
    known = np.random.default_rng(9).random((M, N)) < share
    if nan:
        return Input(np.where(known, V, np.nan), {"missing": np.nan}, V, known.astype(float))
    return Input(V, {"observed": known}, V, known.astype(float))


def _weighted() -> Input:
    V = _values()
    weights = np.random.default_rng(10).integers(0, 5, (M, N)).astype(float)
    return Input(V, {"weights": weights}, V, weights / weights.max())


def _entries(share: float) -> Input:
    masked = _masked(share)
    stored = sparse.csr_array(masked.values * masked.weights)
    return Input(stored, {"observed": "stored"}, masked.values, masked.weights)


class Blocks(ArraySource):
    """Columns seven at a time."""

    def __init__(self, array: np.ndarray) -> None:
        super().__init__(array, "V", block=7)

    def astype(self, dtype: Any) -> "Blocks":
        return Blocks(self.array.astype(dtype))


def _chunked(share: float = 1.0) -> Input:
    masked = _masked(share)
    source = Blocks(masked.V)
    return Input(source, masked.options if share < 1 else {}, masked.values, masked.weights)


MATRICES = {
    "dense, columns contiguous": lambda: _dense("F"),
    "dense, rows contiguous": lambda: _dense("C"),
    "sparse": _sparse,
    "masked": lambda: _masked(0.8),
    "masked, most missing": lambda: _masked(0.4, nan=True),
    "weighted": _weighted,
    "entries": lambda: _entries(0.4),
    "chunked": _chunked,
    "chunked, masked": lambda: _chunked(0.8),
}
LOSSES = ("frobenius", "kl", "is", 0.5, 1.5, 3.0, "huber:0.05", "l1", "l21")


def _graph(factor: str) -> terms.Graph:
    S = np.random.default_rng(11).random((LENGTH[factor],) * 2)
    S *= S < 0.3
    return terms.Graph(S + S.T, 0.3)


def _labels(factor: str) -> list[int]:
    return [k % 4 - 1 for k in range(LENGTH[factor])]  # some have none


TERMS = {
    "none": lambda factor: (),
    "ElasticNet": lambda factor: (terms.ElasticNet(0.05, 0.1),),
    "Orthogonal": lambda factor: (terms.Orthogonal(0.1),),
    "Spread": lambda factor: (terms.Spread(0.1),),
    "Graph": lambda factor: (_graph(factor),),
    "TotalVariation": lambda factor: (terms.TotalVariation(GRID[factor], 0.05, eps=0.05),),
    "Discriminant": lambda factor: (terms.Discriminant(_labels(factor), 0.3),),
    "Discriminant(between)": lambda factor: (terms.Discriminant(_labels(factor), 0.3, 0.2),),
    "Discriminant(between) + Simplex": lambda factor: (
        terms.Discriminant(_labels(factor), 0.3, 0.2),
        terms.Simplex("image"),
    ),
    'Simplex("part")': lambda factor: (terms.Simplex("part"),),
    'Simplex("image")': lambda factor: (terms.Simplex("image"),),
    "UnitBall(2)": lambda factor: (terms.UnitBall(2),),
    "UnitBall(1)": lambda factor: (terms.UnitBall(1),),
    "Sparseness": lambda factor: (terms.Sparseness(0.5),),
}


@dataclass(frozen=True)
class Case:
    """One composition."""

    matrix: str
    loss: str | float
    term: str
    factor: str
    update: str

    @property
    def input(self) -> Input:
        return MATRICES[self.matrix]()

    @property
    def terms(self) -> dict[str, Any]:
        """The terms of either factor, as `factorize` takes them."""
        return {f"terms_{self.factor}": TERMS[self.term](self.factor)}

    @property
    def settings(self) -> dict[str, Any]:
        return {"loss": self.loss, "update": self.update, **self.terms}

    def composed(self, **changes):
        """Return the problem, put together but not solved; raises where it is refused."""
        given = self.input
        matrix = take_in(given.V, **given.options)
        asked = {
            factor: sort_terms(self.terms.get(f"terms_{factor}"), factor, (RANK, LENGTH[factor]))
            for factor in FACTORS
        }
        plan = Plan(RANK, Rule(1), loss=self.loss, update=self.update, **asked, **changes)
        return compose(matrix, plan, reference)


def sided_terms() -> list[tuple[str, str]]:
    """Return each term on each factor, and no term at all once."""
    return [("none", "W"), *product([name for name in TERMS if name != "none"], FACTORS)]


def every_case(matrices=tuple(MATRICES), losses=LOSSES, updates=UPDATES) -> list[Case]:
    return [
        Case(matrix, loss, term, factor, update)
        for matrix, loss, (term, factor), update in product(
            matrices, losses, sided_terms(), updates
        )
    ]


def covering_cases(loss, update) -> list[Case]:
    """Return every term with a loss and an update, the kinds of V taking turns.

    Over all losses and updates, each kind of V meets each loss, each update and each term.
    """
    kinds = list(MATRICES)
    first = 2 * LOSSES.index(loss) + 3 * UPDATES.index(update)
    return [
        Case(kinds[(first + turn) % len(kinds)], loss, term, factor, update)
        for turn, (term, factor) in enumerate(sided_terms())
    ]


def divergence(V, Y, weights, loss) -> float:
    """Return the loss, by its definition, zero times log zero being zero."""
    if loss in ("l1", "l21") or str(loss).startswith("huber"):
        return robust(V, Y, weights, loss)
    beta = NAMES[loss] if isinstance(loss, str) else loss
    V, Y = V[weights > 0].astype(float), Y[weights > 0].astype(float)
    if beta == 2:
        each = 0.5 * (V - Y) ** 2
    elif beta == 1:
        each = np.where(V > 0, V * np.log(np.where(V > 0, V / np.maximum(Y, 1e-300), 1)), 0) - V + Y
    elif beta == 0:
        each = V / Y - np.log(V / Y) - 1
    else:
        each = (V**beta + (beta - 1) * Y**beta - beta * V * Y ** (beta - 1)) / (beta * (beta - 1))
    return float((weights[weights > 0] * each).sum())


def robust(V, Y, weights, loss) -> float:
    """Return a robust loss by its definition; sizes next to zero are rounded off."""
    V, Y, weights = (np.asarray(X, float) for X in (V, Y, weights))
    V = np.where(weights > 0, V, 0)
    if loss == "l21":
        sizes = np.sqrt((weights * (V - Y) ** 2).sum(axis=0))
        eps = 1e-3 * np.sqrt((weights * V**2).sum() / V.shape[1])
        weights = np.ones_like(sizes)
    else:
        sizes = np.abs(V - Y)
        eps = 1e-3 * (weights * V).sum() / weights.sum()
    if loss in ("l1", "l21"):
        return float((weights * np.where(sizes < eps, sizes**2 / eps + eps, 2 * sizes)).sum()) / 2
    delta = float(loss.removeprefix("huber:"))
    each = np.where(sizes < delta, sizes**2 / 2, delta * sizes - delta**2 / 2)
    return float((weights * each).sum())


def objective(case: Case, W, H) -> float:
    """Return loss and penalties of W' (rank x m) and H."""
    given = case.input
    whole = divergence(given.values, W.T.astype(float) @ H, given.weights, case.loss)
    F = (W if case.factor == "W" else H).astype(float)
    penalties = [term for term in TERMS[case.term](case.factor) if not isinstance(term, Constraint)]
    return whole + sum(term.value(F) for term in penalties)


def violation(constraint, F) -> float:
    """Return by how much F (rank x q) misses a constraint, by its definition."""
    F = F.astype(float)
    if isinstance(constraint, terms.Sparseness):
        root = np.sqrt(F.shape[1])
        norms = F.sum(axis=1) / np.linalg.norm(F, axis=1)
        return float(np.abs((root - norms) / (root - 1) - constraint.target).max())
    if isinstance(constraint, terms.Simplex):
        axis = 1 if constraint.along == "part" else 0
        return float(np.abs(F.sum(axis=axis) - 1).max())
    assert isinstance(constraint, terms.UnitBall)
    return float((np.linalg.norm(F, constraint.norm, axis=1) - 1).clip(min=0).max())
