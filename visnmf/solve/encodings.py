"""The encodings of all images beside V, wherever they lie, as the iteration asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from visnmf.kernels.choose import Kernels
from visnmf.losses.frobenius import Frobenius
from visnmf.losses.models import Point, Quadratic
from visnmf.matrices.protocol import Matrix

if TYPE_CHECKING:
    from visnmf.solve.iterate import Pair, Step

__all__ = ["Encodings", "Held", "Seen"]


class Seen(NamedTuple):
    """What the model of H tells of the best encodings."""

    point: Point
    pull: float
    """Length of B, the gradient if nothing were explained."""


class Encodings(Protocol):
    """H beside V: the best encodings, and those of the step that is being tried.

    A step begins at the best encodings, and is extrapolated along the way from where the step
    that led to them ended. Whether it becomes the best is told afterwards.
    """

    def look(self, W: np.ndarray, effort: float, beta: float) -> Seen:
        """Return what the model of H, made for W', tells of the best encodings.

        The next `step` will be asked for with the same numbers: where V is read for this, it
        is read for the step too.
        """
        ...

    def step(self, W: np.ndarray, effort: float, beta: float) -> Quadratic:
        """Step from the best encodings, extrapolate by beta; return the model of W there.

        Its arrays may be written over.
        """
        ...

    def accept(self) -> None:
        """Make the encodings of the last step, as extrapolated, the best ones."""
        ...

    def take_back(self) -> None:
        """Go on from the best encodings, with no way behind them to extrapolate."""
        ...

    def scale(self, factors: np.ndarray) -> None:
        """Multiply the rows of all encodings."""
        ...

    def arrays(self) -> dict[str, np.ndarray]:
        """Return what `restore` takes: views."""
        ...

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """Go on from arrays that `arrays` once gave."""
        ...


class Held:
    """Encodings and V in memory.

    Parameters
    ----------
    matrix, loss, update, kernels
        Of the problem.
    pair : Pair
        Whose H is the best one, kept up to date. The arrays change places, none is made anew.
    """

    def __init__(
        self, matrix: Matrix, loss: Frobenius, update: Step, kernels: Kernels, pair: Pair
    ) -> None:
        self._V, self._loss, self._update, self._kernels = matrix, loss, update, kernels
        self.pair = pair
        self._stepped = np.empty_like(pair.H)
        self._before = pair.H.copy()  # the last step, not extrapolated
        self._ahead = self._before
        self._B_H, self._B_W = np.empty_like(pair.H), np.empty_like(pair.W)
        self._model: Quadratic | None = None

    def look(self, W: np.ndarray, effort: float, beta: float) -> Seen:
        """Return what the model of H tells of the best encodings; it is kept for the step."""
        self._model = self._loss.model(self._V, W, out=self._B_H)
        return Seen(
            self._model.at(self.pair.H, self._kernels), float(np.linalg.norm(self._model.B))
        )

    def step(self, W: np.ndarray, effort: float, beta: float) -> Quadratic:
        """Step, extrapolate, and return the model of W."""
        model = self._model or self._loss.model(self._V, W, out=self._B_H)
        self._model = None
        np.copyto(self._stepped, self.pair.H)
        self._update.step(self._stepped, model, effort)
        self._ahead = self._kernels.push(self._before, self._stepped, beta)
        return self._loss.model(self._V.T, self._ahead, out=self._B_W)

    def accept(self) -> None:
        """Make the last step the best; the arrays change places."""
        free, self.pair.H = self.pair.H, self._ahead
        self._before, self._stepped = self._stepped, free

    def take_back(self) -> None:
        """Go on from the best encodings."""
        np.copyto(self._stepped, self.pair.H)
        self._before, self._stepped = self._stepped, self._ahead

    def scale(self, factors: np.ndarray) -> None:
        """Multiply the rows of all copies."""
        for F in (self._ahead, self._stepped, self.pair.H):
            F *= factors[:, None]

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the best encodings, and where the step to them ended."""
        return {"H": self.pair.H, "H_before": self._before}

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """Go on from there."""
        self.pair.H[...] = arrays["H"]
        self._before[...] = arrays["H_before"]
        self._model = None
