"""The memory that a factorization takes beside V at its peak, counted beforehand."""

from __future__ import annotations

from visnmf.matrices.blocks import BLOCK
from visnmf.matrices.lowrank import takes_gram
from visnmf.solve.cost import Size
from visnmf.solve.warmup import StandIns

__all__ = ["of_basis", "of_masked", "of_quadratic", "of_split", "stored_bytes"]

_COPIES = 5  # of both factors while iterating on a quadratic model
_SPLIT_COPIES = 9
_BLOCKS = 5  # of A'F and what is made of it, at a time


def of_quadratic(size: Size, stand_ins: StandIns, start: int, itemsize: int) -> float:
    """Return the bytes of a run with stand-ins: those of its greediest stage.

    Parameters
    ----------
    size : Size
        Of the problem.
    stand_ins : StandIns
        What it passes through.
    start : int
        Directions of the range finder at the start, 0 if there is none.
    itemsize : int
        Bytes of a number.
    """
    factors = _factors(size, itemsize)
    stages = [_COPIES * factors]
    if start:
        stages.append(of_basis(size, start, itemsize) + 2 * factors)
    part = size
    if stand_ins.sample:
        part = size.sampled(stand_ins.sample)
        taken = part.entries * itemsize
        stages.append(taken + 3 * factors + _COPIES * _factors(part, itemsize))
        if stand_ins.rank:
            stages.append(taken + 3 * factors + of_basis(part, stand_ins.rank, itemsize))
    elif stand_ins.rank:
        lowered = stand_ins.rank * (size.m + size.n) * itemsize
        stages.append(lowered + _COPIES * factors)
    return max(stages)


def of_basis(size: Size, rank: int, itemsize: int) -> float:
    """Return the bytes that making a stand-in takes; its orthonormal basis is made in float64."""
    kept = rank * (size.m + size.n) * itemsize
    gram = takes_gram(size.short, size.long, rank)
    side = size.short if gram else size.long
    return kept + rank * side * (32 + itemsize) + (gram * size.short**2 * itemsize)


def of_split(size: Size, quadratic: float, itemsize: int, threads: int, sparse: bool) -> float:
    """Return the bytes of a run with a split model, which begins with one of V scaled.

    Parameters
    ----------
    size : Size
        Of the problem.
    quadratic : float
        The bytes of the run that it begins with.
    itemsize, threads : int
        Bytes of a number, and how many threads work on blocks.
    sparse : bool
        Whether only stored entries are looked at.
    """
    later = _SPLIT_COPIES * _factors(size, itemsize)
    if sparse:
        return max(stored_bytes(size, itemsize) + quadratic, later + 4 * size.entries * itemsize)
    blocks = _BLOCKS * threads * min(max(BLOCK, 32 * size.m), size.entries) * itemsize
    return max(size.entries * itemsize + quadratic, later) + blocks


def of_masked(size: Size, quadratic: float, itemsize: int, threads: int) -> float:
    """Return the bytes of a run with missing entries: V without them, which are known, V filled."""
    kept = size.entries * (2 * itemsize + 1)
    blocks = _BLOCKS * threads * min(max(BLOCK, 32 * size.m), size.entries) * itemsize
    later = _SPLIT_COPIES * _factors(size, itemsize) + blocks
    return kept + max(size.entries * (2 * itemsize) + quadratic, later)


def stored_bytes(size: Size, itemsize: int) -> float:
    """Return the bytes of the copies of a sparse V, by columns and by rows."""
    return 2.0 * size.entries * (itemsize + 4)


def _factors(size: Size, itemsize: int) -> float:
    return float(size.rank) * (size.m + size.n) * itemsize
