"""What an estimate tells."""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["Estimate"]


@dataclass(frozen=True)
class Estimate:
    """What a factorization will take; its str is a table.

    Attributes
    ----------
    shape : tuple of int
        Of V, (m, n).
    rank : int
        How many parts.
    loss, update : str
        As asked for.
    seconds : float
        The best guess.
    seconds_at_most : float
        If every iteration that is allowed for were needed.
    seconds_per_iteration : float
        Of an iteration on V itself.
    seconds_of_start : float
        Until the first iteration, the making of stand-ins and the fit that other losses
        start from included.
    n_iter, warm_iter : int
        Iterations that are expected on V, and on stand-ins.
    max_iter : int
        The most on V.
    bytes_of_V : int
        What V itself takes.
    bytes_beside_V : int
        The most that is needed at a time beside it, W and H included.
    stand_ins : str
        What the first iterations work on in place of V, "" for none.
    kernels : str
        "compiled" or "numpy".
    threads : int
        How many there are to work on.
    calibrated : bool
        Whether this machine was measured.
    """

    shape: tuple[int, int]
    rank: int
    loss: str
    update: str
    seconds: float
    seconds_at_most: float
    seconds_per_iteration: float
    seconds_of_start: float
    n_iter: int
    warm_iter: int
    max_iter: int
    bytes_of_V: int
    bytes_beside_V: int
    stand_ins: str
    kernels: str
    threads: int
    calibrated: bool

    def facts(self) -> list[tuple[str, str]]:
        """Return what there is to tell, a name and a value each."""
        m, n = self.shape
        steps = f"about {self.n_iter} iterations"
        if self.warm_iter:
            steps = f"about {self.warm_iter} iterations on that, {self.n_iter} on V"
        guess = "" if self.calibrated else "; of a usual machine, this one was not measured"
        plural = "" if self.threads == 1 else "s"
        return [
            ("V", f"{m:,} x {n:,}, {_bytes(self.bytes_of_V)}"),
            ("rank", f"{self.rank}, loss {self.loss}, update {self.update}"),
            ("kernels", f"{self.kernels}, on {self.threads} thread{plural}"),
            ("stand-ins", self.stand_ins or "none"),
            ("time", f"{_seconds(self.seconds)}: {steps}{guess}"),
            ("at most", f"{_seconds(self.seconds_at_most)}: {self.max_iter} iterations on V"),
            (
                "an iteration",
                f"{_seconds(self.seconds_per_iteration)} on V, "
                f"{_seconds(self.seconds_of_start)} to start",
            ),
            ("memory", f"{_bytes(self.bytes_beside_V)} beside V"),
        ]

    def __str__(self) -> str:
        facts = self.facts()
        width = max(len(name) for name, _ in facts)
        return "\n".join(f"{name:<{width}}  {value}" for name, value in facts)


def _seconds(value: float) -> str:
    """Return seconds as people write them."""
    if value < 0.1:
        return f"{1000 * value:.2g} ms"
    if value < 120:
        return f"{value:.2g} s" if value < 10 else f"{value:.0f} s"
    return f"{value / 60:.3g} min" if value < 7200 else f"{value / 3600:.3g} h"


def _bytes(value: float) -> str:
    power = min(int(math.log10(max(value, 1)) // 3), 4)
    return f"{value / 1000**power:.3g} {('B', 'kB', 'MB', 'GB', 'TB')[power]}"
