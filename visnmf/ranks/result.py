"""What a survey of ranks gives back, whatever it was judged by."""

from __future__ import annotations

import csv
import io
import os
from dataclasses import dataclass

import numpy as np

from visnmf.arguments import check_path
from visnmf.files import write_atomically

__all__ = ["RankChoice"]

_WORDS = {
    "error": "held-out error",
    "excess": "over the best",
    "uncertainty": "+- (1 SE)",
    "least": "worst part",
    "spread": "+- (1 SE)",
    "silhouette": "silhouette",
    "cophenetic": "cophenetic",
    "dispersion": "dispersion",
    "explained": "explained",
    "bend": "below the line",
    "cost": "cost",
    "relevance": "least part",
}


@dataclass(frozen=True, eq=False)
class RankChoice:
    """Ranks that were tried, what speaks for each, and the one to take.

    Attributes
    ----------
    criterion : {"heldout", "stability", "elbow", "ard"}
        What they were judged by.
    rank : int
        The recommended one.
    best : int
        The rank that scores best, without regard to how many parts that takes.
    interval : tuple of int
        The lowest and the highest rank that was tried that might as well be it: its uncertainty.
        Each criterion says what that means.
    reason : str
        Why, in words.
    ranks : ndarray of int
        What was tried, ascending.
    table : dict of str to ndarray of float64
        A column a figure, a number a rank. The first column is what is decided by.

        - heldout: `error`, the squared error of the hidden entries as a share of their energy;
          `excess`, how much more than that of the best rank; `uncertainty`, one standard
          error of that difference over groups of images and masks.
        - stability: `least`, the silhouette of the worst part; `spread`, its standard error over
          restarts; `silhouette`, the mean over all parts; `cophenetic` and `dispersion` of the
          consensus of images; `explained`, the share of the energy that the best fit explains.
        - elbow: `bend`, how far the logarithm of what is left over lies below the straight line;
          `explained`, the share of the energy.
        - ard: `cost`, the objective over the least one, in nats; `relevance`, of the part that
          counts least.
    """

    criterion: str
    rank: int
    best: int
    interval: tuple[int, int]
    reason: str
    ranks: np.ndarray
    table: dict[str, np.ndarray]

    def summary(self) -> str:
        """Return the table of the ranks, and the recommendation."""
        words = [_WORDS[name] for name in self.table]
        widths = [max(len(word), 9) for word in words]
        lines = ["  ".join(["rank", *(w.rjust(k) for w, k in zip(words, widths, strict=True))])]
        for at, rank in enumerate(self.ranks):
            cells = [
                f"{column[at]:{width}.{1 if np.ptp(column) > 100 else 6}f}"
                for column, width in zip(self.table.values(), widths, strict=True)
            ]
            mark = "  <- recommended" if rank == self.rank else ""
            lines.append("  ".join([f"{rank:4d}", *cells]) + mark)
        return "\n".join([*lines, self.reason])

    def save_csv(self, path: str | os.PathLike[str]) -> None:
        """Write the table for other programs: rank, a column a figure, and which is recommended.

        Parameters
        ----------
        path : str or path
            The file; it appears whole or not at all.

        Raises
        ------
        InvalidInputError
            If there is no such folder.
        """
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        rows.writerow(["rank", *self.table, "recommended"])
        for at, rank in enumerate(self.ranks):
            figures = [repr(float(column[at])) for column in self.table.values()]
            rows.writerow([int(rank), *figures, int(rank == self.rank)])
        write_atomically(check_path(path, "path"), text.getvalue().encode())

    def facts(self) -> dict[str, object]:
        """Return what a model's file keeps of it: the criterion, the answer and the reason."""
        low, high = self.interval
        return {
            "criterion": self.criterion,
            "rank": self.rank,
            "interval": [low, high],
            "tried": [int(rank) for rank in self.ranks],
            "reason": self.reason,
        }

    def __repr__(self) -> str:
        low, high = self.interval
        return (
            f"<RankChoice by {self.criterion}: {self.rank} parts, {low} to {high}; "
            f"{len(self.ranks)} ranks tried>"
        )
