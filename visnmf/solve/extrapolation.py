"""Extrapolation of alternating updates, with restarts (Ang & Gillis 2019).

After each step a factor is pushed on along the way that it came by a factor beta,
which grows while the objective falls and shrinks when it rises.
"""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Extrapolation"]


@dataclass
class Extrapolation:
    """The factor beta and how it moves.

    Parameters
    ----------
    beta : float
        How far to go beyond a step, in steps.
    growth, ceiling_growth, shrink : float
        gamma, gamma-bar and eta of the paper.
    ceiling : float
        The largest beta for now, the paper's beta-bar.
    """

    beta: float = 0.4
    growth: float = 1.05
    ceiling_growth: float = 1.01
    shrink: float = 2.0
    ceiling: float = 1.0
    last: float = field(default=0.0, init=False)

    def grow(self) -> None:
        """Note that the objective fell."""
        self.last = self.beta
        self.beta = min(self.ceiling, self.growth * self.beta)
        self.ceiling = min(1.0, self.ceiling_growth * self.ceiling)

    def back(self) -> None:
        """Note that the objective rose, and that the step was taken back."""
        self.ceiling = self.last
        self.beta /= self.shrink
