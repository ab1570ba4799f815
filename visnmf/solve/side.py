"""One factor's side of a problem: its update, and what is asked of the factor beside the loss."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol, cast

import numpy as np

from visnmf.kernels.choose import Kernels
from visnmf.losses.known import KnownEntries
from visnmf.losses.models import Point, Quadratic, Split, projected
from visnmf.losses.protocol import Loss
from visnmf.matrices.protocol import Matrix
from visnmf.solve.extrapolation import push, push_on_logs
from visnmf.terms.elastic_net import ElasticNet
from visnmf.terms.protocol import Bound, Constraint, Penalty
from visnmf.updates.hals import Hals
from visnmf.updates.multiplicative import Multiplicative, lift, scale_into
from visnmf.updates.newton_kl import Entries

__all__ = ["Model", "Side", "Update"]

Model = Quadratic | Split


class Update(Protocol):
    """A step that lowers a model over one factor, in place."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def needs(self) -> str:
        """Which model: "quadratic", "split", "any" of them, or "entries" of V."""
        ...

    @property
    def couples(self) -> frozenset[str]:
        """Which constraints it keeps, by what they couple."""
        ...

    @property
    def convex_only(self) -> bool:
        """Whether a model must be convex."""
        ...

    @property
    def uniform_only(self) -> bool:
        """Whether all columns must have the same curvature."""
        ...

    def step(  # noqa: D102
        self, F: np.ndarray, model: Any, effort: float = 1.0, constraint: Constraint | None = None
    ) -> None: ...


@dataclass(frozen=True)
class Side:
    """What is asked of one factor F (rank x q), and the update that sees to it.

    Parameters
    ----------
    update : Update
        How it steps.
    kind : str
        The model that it steps on: "quadratic", "split", or "entries" of V.
    penalties : tuple of Penalty
        What is added to the loss.
    constraint : Constraint, optional
        What the factor is held to, its known rows apart.
    free : ndarray of int, optional
        The rows that may move, where others are known.
    turned : bool
        Whether this is W, which sees V', so that images are rows.
    """

    update: Update
    kind: str
    penalties: tuple[Penalty, ...] = ()
    constraint: Constraint | None = None
    free: np.ndarray | None = None
    turned: bool = False

    @property
    def positive(self) -> bool:
        """Whether the factor keeps off zero, as multiplicative steps need it."""
        by_sums = self.constraint is None or self.constraint.total is not None
        return self.kind == "split" and by_sums

    @property
    def held(self) -> bool:
        """Whether all of the factor is known, so that nothing can be asked of it."""
        return self.free is not None and not len(self.free)

    @property
    def plain(self) -> bool:
        """Whether nothing is asked but that F >= 0."""
        return not self.penalties and self.constraint is None and self.free is None

    @property
    def separable(self) -> bool:
        """Whether what is asked of each column of the factor is asked of it alone."""
        apart = self.constraint is None or self.constraint.couples in ("entry", "image")
        return apart and all(penalty.separable for penalty in self.penalties)

    def ahead(self, behind: np.ndarray, F: np.ndarray, beta: float) -> np.ndarray:
        """Return F pushed on along the way from `behind`, where it is allowed to be; a copy."""
        if beta == 0 or behind is F or self.held:
            return F.copy()
        if self.positive:
            # Known rows may hold zeros, and do not move
            found = F.copy()
            rows = slice(None) if self.free is None else self.free
            found[rows] = push_on_logs(behind[rows], F[rows], beta)
        else:
            found = push(behind.copy(), F, beta)
        self.admit(found)
        return found

    def value(self, F: np.ndarray) -> float:
        """Return the sum of the penalties at F; what is known is not penalized."""
        rows = self._rows(F)
        if self.held:
            return 0.0
        return float(sum(penalty.value(F[rows]) for penalty in self.penalties))

    def _rows(self, F: np.ndarray) -> np.ndarray:
        return np.arange(len(F)) if self.free is None else self.free

    def model(
        self, loss: Loss, matrix: Matrix, A: np.ndarray, F: np.ndarray, objective: bool = True
    ) -> Model:
        """Return what is to be lowered, loss and penalties, as it looks from F.

        A `Split` model knows its objective only where it is asked for: that costs a
        logarithm for each entry of V.
        """
        found = self.of_loss(loss, matrix, A, F, objective)
        return self.with_terms(found, loss, matrix, A, F)

    def of_loss(
        self, loss: Loss, matrix: Matrix, A: np.ndarray, F: np.ndarray, objective: bool = True
    ) -> Model:
        """Return the model of the loss alone; those of several blocks of images add up."""
        loss = loss.turned() if self.turned else loss
        if self.kind == "quadratic":
            return loss.quadratic(matrix, A, F, uniform=self.update.uniform_only)
        return loss.split(matrix, A, F, objective)

    def with_terms(
        self, model: Model, loss: Loss, matrix: Matrix, A: np.ndarray, F: np.ndarray
    ) -> Model:
        """Return the model of the loss, built at F, with those of the penalties."""
        penalties = () if self.held else self.penalties
        if isinstance(model, Quadratic):
            return self._bounded(model, loss, matrix, A, F)
        for penalty in penalties:
            model = _added(model, penalty, F, self._rows(F))
        if self.kind == "entries":
            sizes = [penalty for penalty in self.penalties if isinstance(penalty, ElasticNet)]
            l1, l2 = (sum(getattr(penalty, which) for penalty in sizes) for which in ("l1", "l2"))
            model = replace(model, entries=Entries(cast(Any, matrix), A, l1, l2, self.free))
        return model

    def _bounded(
        self, model: Quadratic, loss: Loss, matrix: Matrix, A: np.ndarray, F: np.ndarray
    ) -> Quadratic:
        """Return loss and bounds of the penalties; with curvatures a column where they fit."""
        rows = self._rows(F)
        part = np.ascontiguousarray(F[rows])
        penalties = () if self.held else self.penalties
        bounds = [penalty.bound(part) for penalty in penalties]
        if isinstance(model, KnownEntries):
            found = [_on_diagonal(bound) for bound in bounds]
            formed = not self._sweeps or any(bound.G is not None for bound in found)
            if formed and model.too_large:
                model = loss.quadratic(matrix, A, F, uniform=True)
            else:
                bounds = found
        for penalty, bound in zip(penalties, bounds, strict=True):
            model = _bounded(model, penalty, bound, F, rows)
        return model

    @property
    def _sweeps(self) -> bool:
        """Whether all steps are sweeps that form the curvature of some columns at a time."""
        return self.held or (self.update.name == Hals.name and self.constraint is None)

    def step(self, F: np.ndarray, model: Model, effort: float = 1.0) -> None:
        """Lower the model, in place, known rows staying as they are."""
        if self.held:
            return
        if self.kind == "entries":
            assert isinstance(model, Split)
            self.update.step(F, model.entries, effort)
        elif self.free is None:
            self.update.step(F, model, effort, self.constraint)
        else:
            part = np.ascontiguousarray(F[self.free])
            self.update.step(part, model.of_rows(self.free, F), effort, self.constraint)
            F[self.free] = part
        if self.positive and self.update.name != Multiplicative.name:
            self.admit(F)

    def admit(self, F: np.ndarray) -> None:
        """Bring F to where the update may begin: into the constraint, off zero if need be."""
        if self.held:
            return
        part = F if self.free is None else np.ascontiguousarray(F[self.free])
        if self.positive:
            lift(part)
        if self.constraint is not None:
            if self.positive:
                scale_into(part, self.constraint)  # a projection would put entries at zero
            else:
                self.constraint.project(part)
        if self.free is not None:
            F[self.free] = part

    def point(self, F: np.ndarray, model: Model, kernels: Kernels) -> Point:
        """Return value and KKT residual at F; with a constraint, of a step of length 1 / L.

        There it is L times the way from F to the projection of F - gradient / L.
        """
        if self.held:
            return Point(model.at(F, kernels).objective, 0.0, 0.0)
        if self.constraint is None and self.free is None:
            return model.at(F, kernels)
        gradient = model.gradient(F)
        rows = slice(None) if self.free is None else self.free
        part, slope = np.ascontiguousarray(F[rows]), gradient[rows]
        if self.constraint is None:
            found = projected(part, slope)
        else:
            curvature = _curvature(model, F)
            ahead = part - slope / curvature
            self.constraint.project(ahead)
            found = (part - ahead) * curvature
        squares = np.square(found, dtype=np.float64).sum()
        return Point(
            model.at(F, kernels).objective,
            float(np.abs(found).sum(dtype=np.float64)),
            float(squares),
        )


def _on_diagonal(bound: Bound) -> Bound:
    """Return a bound whose G, where it is a multiple of the identity, is in d instead."""
    if bound.G is None or np.any(bound.G != bound.G[0, 0] * np.eye(len(bound.G))):
        return bound
    return Bound(None, bound.B, bound.G[0, 0] + (0 if bound.d is None else bound.d))


def _bounded(
    model: Quadratic, penalty: Penalty, bound: Bound, F: np.ndarray, free: np.ndarray
) -> Quadratic:
    """Add the bound of a penalty on the free rows, so that the sum is right at F."""
    own = _quadratic_of(bound, F, free)
    value = penalty.value(F[free])
    const = value - own.value(F)
    if isinstance(model, KnownEntries) and bound.G is None:
        B = None if bound.B is None else own.B
        return model.beside(B, own.d, const, value, penalty.convex)
    G, B, d = model.G, model.B, model.d
    if bound.G is not None:
        G = G + (own.G if G.ndim == 2 else own.G[:, :, None])
    if bound.B is not None:
        B = B + own.B
    if own.d is not None:
        d = own.d + (0 if d is None else d)
    built = None if model.built is None else model.built + value
    return Quadratic(G, B, model.const + const, d, model.convex and penalty.convex, built)


def _quadratic_of(bound: Bound, F: np.ndarray, free: np.ndarray) -> Quadratic:
    """Return a bound on some rows as a quadratic of all, of the others constant in what moves."""
    rank, q = F.shape
    G, B = np.zeros((rank, rank), F.dtype), np.zeros_like(F)
    if bound.G is not None:
        G[np.ix_(free, free)] = bound.G
    if bound.B is not None:
        B[free] = bound.B
    d = None if bound.d is None else np.broadcast_to(np.asarray(bound.d, F.dtype), (q,))
    return Quadratic(G, B, 0.0, d)


def _added(model: Split, penalty: Penalty, F: np.ndarray, free: np.ndarray) -> Split:
    """Add the gradient of a penalty on the free rows, half by half."""
    halves = penalty.split(np.ascontiguousarray(F[free]))
    pos, neg = model.pos.copy(), model.neg.copy()
    pos[free] += np.asarray(halves[0], F.dtype)
    neg[free] += np.asarray(halves[1], F.dtype)
    low, high = penalty.degrees
    without = model.value
    return replace(
        model,
        neg=neg,
        pos=pos,
        objective=model.objective + penalty.value(F[free]),
        degrees=(min(low, model.degrees[0]), max(high, model.degrees[1])),
        value=lambda G: without(G) + penalty.value(G[free]),
    )


def _curvature(model: Model, F: np.ndarray) -> Any:
    """Return the length of a step's inverse, for the measure of a constrained problem."""
    if isinstance(model, Quadratic):
        diagonal = np.einsum("kk...->k...", model.G)
        d = 0.0 if model.d is None else float(np.max(model.d))
        most = float(np.max(diagonal)) + d
    else:
        most = float(np.max(model.pos.astype(np.float64) / np.maximum(F, max(F.mean(), 1e-30))))
    return F.dtype.type(max(most, np.finfo(F.dtype).tiny))
