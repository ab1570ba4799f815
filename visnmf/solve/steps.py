"""How an iteration of a composition steps, and how far it goes beyond its steps."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from visnmf.losses.models import Split
from visnmf.solve.extrapolation import Extrapolation
from visnmf.solve.iterate import effort_of
from visnmf.solve.side import Model
from visnmf.solve.state import numbers_of, set_numbers

if TYPE_CHECKING:
    from visnmf.solve.alternate import Composition

__all__ = ["Ask", "Course", "Steps"]


@dataclass
class Course:
    """How far an iteration has come, but for the factors."""

    iteration: int = 0
    best: float = 0.0
    slow: int = 0
    idle: int = 0
    cold: bool = False
    """Whether the first steps are short."""
    plain: bool = False
    """Whether the last step was taken back, so that the next one is not extrapolated."""


@dataclass(frozen=True)
class Ask:
    """How an iteration steps, where steps are those of the sides.

    Parameters
    ----------
    effort : float
        The share of the sweeps.
    beta : float
        How far to go beyond them.
    """

    effort: float
    beta: float


class Steps:
    """The steps of either factor: bold ones while they pay, else those of the sides.

    Parameters
    ----------
    problem : Composition
        Whose sides step.
    extrapolation : Extrapolation or None
        That of the sides' steps.
    """

    def __init__(self, problem: Composition, extrapolation: Extrapolation | None) -> None:
        self.problem = problem
        self.usual = extrapolation
        self.bold = problem.bold_steps(extrapolation is not None)
        self.boldly = False  # whether this iteration's are
        self.beta = 0.0
        self.iteration, self.effort = 0, 1.0

    def begin(self, course: Course) -> None:
        """Settle how an iteration steps; plainly where the last one was taken back."""
        self.iteration, plain = course.iteration, course.plain
        self.effort = effort_of(self.iteration) if course.cold else 1.0
        bold = self.bold if self.bold and not self.bold.left else None
        # After a bold step that was not extrapolated, and rose, one that cannot
        self.boldly = bold is not None and not (plain and self.boldly and not self.extrapolated)
        chosen = bold.extrapolation if bold and self.boldly else self.usual
        self.beta = chosen.beta if chosen and not plain else 0.0

    @property
    def asked(self) -> Ask:
        """How the iteration that was begun steps."""
        return Ask(self.effort, self.beta)

    def coming(self, course: Course) -> Ask:
        """Tell how the next iteration will step, from what is known of the last one."""
        beta = self.usual.beta if self.usual and not course.plain else 0.0
        return Ask(effort_of(course.iteration + 1) if course.cold else 1.0, beta)

    def following(self, course: Course) -> Ask:
        """Tell how the next iteration will step if this one lowers the objective."""
        grown = copy(self.usual)
        if grown and self.extrapolated and not self.boldly:
            grown.grow()
        beta = grown.beta if grown else 0.0
        return Ask(effort_of(course.iteration + 1) if course.cold else 1.0, beta)

    def leave_bold(self) -> bool:
        """Leave bold steps for good; tell whether they were not left before."""
        if self.bold is None or self.bold.left:
            return False
        self.bold.left = True
        return True

    def state(self) -> dict[str, Any]:
        """Return the numbers that `restore` takes."""
        return {
            "boldly": self.boldly,
            "beta": self.beta,
            "usual": None if self.usual is None else numbers_of(self.usual),
            "bold": None if self.bold is None else self.bold.state(),
        }

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays that `restore` takes."""
        return {} if self.bold is None else self.bold.arrays()

    def restore(self, state: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
        """Go on from there."""
        self.boldly, self.beta = bool(state["boldly"]), float(state["beta"])
        if self.usual is not None:
            set_numbers(self.usual, state["usual"])
        if self.bold is not None:
            self.bold.restore(state["bold"], arrays)

    @property
    def extrapolated(self) -> bool:
        """Whether this iteration goes beyond its steps."""
        return self.beta > 0

    @property
    def safe(self) -> bool:
        """Whether the steps of this iteration cannot raise the objective but by rounding."""
        return not self.boldly and not self.extrapolated

    def step(self, factor: str, F: np.ndarray, other: np.ndarray, model: Model) -> None:
        """Step on the factor "W" or "H", in place, beside the other one."""
        if self.boldly:
            assert self.bold is not None
            assert isinstance(model, Split)
            self.bold.step(factor, F, other, model, self.effort, self.iteration)
        else:
            getattr(self.problem, factor).step(F, model, self.effort)

    def ahead(self, factor: str, behind: np.ndarray, F: np.ndarray) -> np.ndarray:
        """Return a factor pushed on along the way from `behind`; a copy."""
        if self.boldly:
            assert self.bold is not None
            return self.bold.push(behind, F, self.extrapolated)
        side = getattr(self.problem, factor)
        return side.ahead(behind, F, self.beta)

    def forget(self) -> None:
        """Note that the factors were scaled."""
        if self.bold:
            self.bold.forget()

    def note(self, fell: bool) -> None:
        """Note what came of the iteration."""
        if self.boldly:
            assert self.bold is not None
            self.bold.note(fell, self.extrapolated)
        elif self.usual and self.extrapolated:
            if fell:
                self.usual.grow()
            else:
                self.usual.back()
