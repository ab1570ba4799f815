"""A run of `factorize_online`: a learner is shown all batches, then all images are encoded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from visnmf.errors import InvalidInputError
from visnmf.matrices.protocol import VALUE, Matrix
from visnmf.solve.batches import beside
from visnmf.solve.compose import Asked, sort_terms
from visnmf.solve.edge import check_factor
from visnmf.solve.encode import goal_of
from visnmf.solve.given import described
from visnmf.solve.learner import OPENING, Online, opening_size
from visnmf.solve.least_squares import near_inverse, solve_clipped
from visnmf.solve.look import look
from visnmf.solve.plan import Plan
from visnmf.solve.result import Factorization
from visnmf.solve.stopping import Rule, Trace
from visnmf.terms.elastic_net import ElasticNet
from visnmf.terms.orthogonal import Orthogonal

__all__ = ["Feed", "OnlineRun"]

_WHOLE = Rule(200, tol=1e-4, change=1e-4)  # of a first fit that is to all images


class Feed(Protocol):
    """Where batches come from."""

    @property
    def n(self) -> int | None:
        """How many images there are, where that is known."""
        ...

    @property
    def again(self) -> bool:
        """Whether it can be gone through once more."""
        ...

    def batches(self) -> Iterator[Matrix]:
        """Yield all images once."""
        ...

    def tiles(self) -> Iterator[tuple[slice, Matrix]]:
        """Yield all images once, with their columns."""
        ...


class OnlineRun:
    """What is learned from a feed.

    Parameters
    ----------
    feed : Feed
        Where the images come from.
    plan : Plan
        The rank, the loss and the start.
    terms : pair
        What is asked of W and of H.
    rng : Generator
        For the start and the sample.
    given : array_like (m, rank), optional
        Parts to begin with.
    lost : float
        The share of what is remembered that is given up with each image.
    """

    def __init__(
        self,
        feed: Feed,
        plan: Plan,
        terms: tuple[Any, Any],
        rng: np.random.Generator,
        *,
        given: Any,
        lost: float,
    ) -> None:
        self._feed, self._plan, self._rng = feed, plan, rng
        self._terms, self._given, self._lost = terms, given, lost
        self._learner: Online | None = None
        self._read = self._steps = 0

    def learn(self, passes: int, trace: Trace) -> str:
        """Show all batches so often; return why it ended."""
        try:
            for _ in range(passes):
                self._read += 1
                reason = self._pass(trace)
                if reason:
                    return reason
        except KeyboardInterrupt:
            if self._learner is None:
                raise
            return trace.interrupt()
        return "passes"

    def close(self, encode: bool, reason: str, trace: Trace, told: dict[str, Any]) -> Factorization:
        """Encode what can be read again, and return all that came of it."""
        learner, feed = self._learner, self._feed
        assert learner is not None
        W = learner.W
        terms = {"terms_W": described(self._plan.W), "terms_H": described(self._plan.H)}
        told = told | terms | {"passes": self._read + encode, "images": learner.seen}
        if not encode:
            H = np.zeros((len(W), 0), W.dtype)
            return Factorization(
                W.T, H, learner.cost * learner.seen, float("nan"), trace.history, reason,
                self._steps, told, self._lost_images(),
            )  # fmt: skip
        n = feed.n
        if n is None:  # the pass was ended before it told
            n = sum(columns.stop - columns.start for columns, _ in feed.tiles())
        H = np.empty((len(W), n), W.dtype)
        found = look(feed.tiles(), W, H, learner.batch, goal=goal_of(W.dtype))
        # Of all images, W bears its penalties whole
        side = replace(found.batch.side_W, penalties=self._plan.W.penalties)
        point = side.point(W, found.model, found.batch.kernels)
        objective = found.objective + side.value(W)
        kkt = float(np.sqrt(found.square + point.square))
        if "quadratic" in found.batch.loss.kinds and not self._plan.H.penalties:
            told["relative_error"] = _share(found.objective, found.squares)
        trace.add("closing", 1, objective, kkt)
        return Factorization(
            W.T, H, objective, kkt, trace.history, reason, self._steps, told, self._lost_images()
        )  # fmt: skip

    def _lost_images(self) -> dict[int, str]:
        """Return the images that could not be read, and why."""
        return dict(getattr(getattr(self._feed, "matrix", None), "lost", {}))

    def _pass(self, trace: Trace) -> str:
        """Show all batches; return why to end, or an empty string."""
        batches = self._feed.batches()
        if self._learner is None:
            self._begin(batches)
            assert self._learner is not None
            self._steps = 1
            reason = trace.add("online", 1, self._learner.cost, float("nan"))
            if reason:
                return reason
        for matrix in batches:
            self._learner.update(matrix)
            self._steps += 1
            reason = trace.add("online", self._steps, self._learner.cost, float("nan"))
            if reason:
                return reason
        self._learner.settle()
        return ""

    def _begin(self, batches: Iterator[Matrix]) -> None:
        """Begin to learn from the first batches."""
        first = next(batches, None)
        if first is None:
            raise InvalidInputError("V is a stream that holds no batch")
        m, rank = first.shape[0], self._plan.rank
        kept, count = [first], first.shape[1]
        size = opening_size(m, rank, first.dtype)
        more: Matrix | None = first
        while count < size and (more := next(batches, None)) is not None:
            kept.append(more)
            count += more.shape[1]
        opening = beside(kept)
        n = self._feed.n
        W, H = (
            sort_terms(terms, factor, (rank, length))
            for terms, factor, length in zip(self._terms, "WH", (m, n or count), strict=True)
        )
        _check_terms(W, H, n)
        plan = replace(self._plan, W=W, H=H)
        if self._given is not None:
            A = check_factor(self._given, (m, rank), opening.dtype, "W").T
            A = np.ascontiguousarray(A)
            near = near_inverse(A @ A.T)
            plan = replace(plan, given=(A, solve_clipped(near, opening.contract(A, None, VALUE))))
        self._plan = plan
        rule = _WHOLE if more is None or count == n else OPENING
        self._learner = Online.begin(opening, plan, self._rng, n, self._lost, rule)


def _share(loss: float, squares: float) -> float:
    """Return the relative error of half a sum of squared residuals."""
    return float(np.sqrt(2 * loss / squares)) if squares > 0 else 0.0


def _check_terms(W: Asked, H: Asked, n: int | None) -> None:
    """Refuse what batches do not tell."""
    for penalty in H.penalties:
        if not isinstance(penalty, ElasticNet | Orthogonal):
            raise InvalidInputError(
                f"{penalty.name} on H needs all images at once, and batches do not tell; use "
                "visnmf.factorize, or ElasticNet or Orthogonal on H"
            )
    for penalty in W.penalties:
        if not isinstance(penalty, ElasticNet) or n is None:
            raise InvalidInputError(
                f"{penalty.name} on W cannot be weighed batch by batch"
                + (": a stream does not tell how many images come" if n is None else "")
                + "; use a constraint on W, a penalty on H, or visnmf.factorize"
            )
    if H.constraint is not None and H.constraint.couples == "part":
        raise InvalidInputError(
            f"{H.constraint.name} on H needs all images at once, and batches do not tell; use "
            "visnmf.factorize, or Simplex('image') on H"
        )
    if W.penalties and not H.penalties and H.constraint is None:
        raise InvalidInputError(
            "a penalty on W alone can be evaded: W shrinks while H grows; give terms_H="
            "ElasticNet(...) as well"
        )
