"""The encodings of a composition: the best ones, and those that are being tried.

As `visnmf.solve.encodings`, for models that hold at one point only: what is known of a
pair comes with the model of H that is built there, when it was tried.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from visnmf.losses.models import Point, value_built
from visnmf.solve.iterate import Pair
from visnmf.solve.side import Model
from visnmf.solve.steps import Ask, Steps

if TYPE_CHECKING:
    from visnmf.solve.alternate import Composition

__all__ = ["HeldTrials", "Trials"]


class Trials(Protocol):
    """H beside V, as `visnmf.solve.alternate` asks for it.

    At first the encodings to begin at are tried; `look` and `accept` make them the best.
    """

    @property
    def tried(self) -> np.ndarray:
        """The encodings that are tried, for steps that look at both factors at once."""
        ...

    def advance(self, before: np.ndarray, W: np.ndarray, steps: Steps) -> tuple[np.ndarray, Model]:
        """Step from the best encodings and try that; return W' pushed on, and its model there.

        Parameters
        ----------
        before, W : ndarray (rank, m)
            The best W', and where the step that led to it began.
        steps : Steps
            How to step, and how far beyond.
        """
        ...

    def look(self, W: np.ndarray, before: np.ndarray, ask: Ask, *, measured: bool) -> float:
        """Build the model of H at what is tried; return loss and penalties of H there.

        Parameters
        ----------
        W, before : ndarray (rank, m)
            W' beside it, and where the step that led to it began.
        ask : Ask
            How the next step will be, if this one is accepted: where V is read, it is read
            for that step too.
        measured : bool
            Whether `measure` will be asked for.
        """
        ...

    def accept(self) -> None:
        """Make what is tried the best."""
        ...

    def take_back(self, W: np.ndarray, *, scaled: bool) -> None:
        """Go on from the best encodings beside W', with no way behind; tell if they were scaled."""
        ...

    def measure(self, W: np.ndarray) -> tuple[Point, Point, float]:
        """Return the KKT residuals of the best H and of W', and the size of what pulls up."""
        ...

    def lengths(self) -> np.ndarray:
        """Return the lengths of the rows of what is tried."""
        ...

    def scale(self, factors: np.ndarray) -> None:
        """Multiply the rows of all encodings."""
        ...

    def arrays(self) -> dict[str, np.ndarray]:
        """Return what `restore` takes: views."""
        ...

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """Go on from arrays that `arrays` once gave: they are tried."""
        ...


class HeldTrials:
    """Encodings and V in memory.

    Parameters
    ----------
    problem : Composition
        What is minimized.
    pair : Pair
        Whose H is the best one, kept up to date.
    """

    def __init__(self, problem: Composition, pair: Pair) -> None:
        self.problem, self.pair = problem, pair
        self._stepped = self.tried = pair.H
        self._before = pair.H

    tried: np.ndarray
    _model: Model
    _built: Model

    def advance(self, before: np.ndarray, W: np.ndarray, steps: Steps) -> tuple[np.ndarray, Model]:
        """Step from the best encodings and try that; return W' pushed on, and its model there."""
        self._stepped = self.pair.H.copy()
        steps.step("H", self._stepped, W, self._model)
        ahead = steps.ahead("W", before, W)
        self.tried = steps.ahead("H", self._before, self._stepped)
        return ahead, self.problem.model_W(self._with(ahead))

    def look(self, W: np.ndarray, before: np.ndarray, ask: Ask, *, measured: bool) -> float:
        """Build the model of H at what is tried; return loss and penalties of H there."""
        self._built = self.problem.model_H(self._with(W))
        return value_built(self._built, self.tried, self.problem.kernels)

    def accept(self) -> None:
        """Make what is tried the best."""
        self._before, self.pair.H, self._model = self._stepped, self.tried, self._built

    def take_back(self, W: np.ndarray, *, scaled: bool) -> None:
        """Go on from the best encodings; their model is built anew where they were scaled."""
        self._before = self.tried = self.pair.H
        if scaled:
            self._model = self.problem.model_H(self._with(W))

    def measure(self, W: np.ndarray) -> tuple[Point, Point, float]:
        """Return the KKT residuals, and the size of what pulls up; costs a model of W."""
        return self.problem.measure(self._with(W), self._model)

    def lengths(self) -> np.ndarray:
        """Return the lengths of the rows of what is tried."""
        return np.sqrt(np.einsum("kj,kj->k", self.tried, self.tried))

    def scale(self, factors: np.ndarray) -> None:
        """Multiply the rows of all copies."""
        for F in (self.tried, self._stepped, self.pair.H):
            F *= factors[:, None]

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the best encodings, and where the step to them ended."""
        return {"H": self.pair.H, "H_before": self._before}

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """Go on from there."""
        self.tried, self._stepped = self.pair.H, self.pair.H.copy()
        self.tried[...] = arrays["H"]
        self._stepped[...] = arrays["H_before"]

    def _with(self, W: np.ndarray) -> Pair:
        """Return W' beside what is tried."""
        return Pair(W, self.tried)
