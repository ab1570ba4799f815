"""Which ranks are tried: a coarse grid, then around the answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from visnmf.arguments import check_integer
from visnmf.errors import InvalidInputError

__all__ = ["Grid", "check_ranks", "halves"]

_RATIO = 1.6  # from one rank of the coarse grid to the next
_CLOSE = 20  # ranks beyond this one lie close enough to each other when a share of it apart


@dataclass(frozen=True)
class Grid:
    """Ranks to try first, ascending.

    Parameters
    ----------
    ranks : tuple of int
        The ranks.
    refined : bool
        Whether others may come between them.
    """

    ranks: tuple[int, ...]
    refined: bool


def check_ranks(ranks: Any, shape: tuple[int, int]) -> Grid:
    """Return the ranks that are asked for: (lowest, highest), or a list of all.

    Parameters
    ----------
    ranks : (int, int) or list of int
        Where a highest rank is beyond those of any V of this shape, it ends there.
    shape : (int, int)
        Of V.
    """
    wrong = f"ranks must be (lowest, highest) or a list of ranks, not {ranks!r}"
    try:
        given = [check_integer(rank, "each rank", 1) for rank in ranks]
    except TypeError as error:
        raise InvalidInputError(wrong) from error
    if not given or (isinstance(ranks, tuple) and (len(given) != 2 or given[0] > given[1])):
        raise InvalidInputError(wrong)
    most = min(shape)
    beyond = max(given) if not isinstance(ranks, tuple) else given[0]
    if beyond > most:
        raise InvalidInputError(
            f"rank {beyond} is beyond a V of shape {shape[0]} x {shape[1]}, which {most} parts "
            f"explain whole; give ranks of at most {most}"
        )
    if not isinstance(ranks, tuple):
        return Grid(tuple(sorted(set(given))), False)
    low, high = given[0], min(given[1], most)
    grid = [low]
    while grid[-1] < high:
        grid.append(min(high, max(grid[-1] + 1, round(grid[-1] * _RATIO))))
    return Grid(tuple(grid), True)


def halves(ranks: list[int], gaps: Iterable[int], around: int) -> list[int]:
    """Return a rank in the middle of each gap that is wide.

    Parameters
    ----------
    ranks : list of int
        What was tried, ascending.
    gaps : iterable of int
        Places in `ranks`: a gap is between a place and the next; those that are not there are
        passed over.
    around : int
        The answer so far: a gap is wide above a twentieth of it, and above 1.
    """
    wide = max(1, around // _CLOSE)
    return sorted(
        {
            (ranks[at] + ranks[at + 1]) // 2
            for at in gaps
            if 0 <= at < len(ranks) - 1 and ranks[at + 1] - ranks[at] > wide
        }
    )
