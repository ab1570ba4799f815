"""`choose_rank`: how many parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from visnmf.errors import InvalidInputError
from visnmf.kernels.threads import available, threads
from visnmf.ranks.heldout import GROUPS, Fold, hidden_masks
from visnmf.ranks.result import RankChoice, recommend
from visnmf.solve.edge import check_integer, check_number, check_values

__all__ = ["choose_rank"]

_RATIO = 1.6  # from one rank of the coarse grid to the next


def choose_rank(
    V: Any,
    ranks: tuple[int, int] | Sequence[int] = (2, 60),
    *,
    folds: int = 2,
    max_iter: int = 200,
    change: float = 1e-3,
    seed: int = 0,
    n_jobs: int | None = None,
    callback: Callable[[int, float], object] | None = None,
) -> RankChoice:
    """Choose the rank by how well hidden pixels are filled in.

    One entry of V in ten, here and there in all images, is hidden, the others are factorized,
    and the hidden ones judge the fit [1]_ [2]_. What is hidden is never looked at before that.

    Parameters
    ----------
    V : ImageSet or array_like (m, n)
        Images as columns, non-negative, in memory; n and m at least 2.
    ranks : (int, int) or list of int
        The lowest and the highest rank, as a tuple: a coarse grid is tried, then ranks around
        the answer. A list: all of them.
    folds : int
        How many masks, no entry in two of them.
    max_iter, change : int, float
        When a fit stops, as of `visnmf.factorize`.
    seed : int
        Of masks and first fits.
    n_jobs : int, optional
        Threads; masks are worked on at a time. Their number does not change the result.
    callback : callable, optional
        Called with each rank that is done and its error; a true answer ends the survey there.

    Returns
    -------
    RankChoice
        ``print(choice.summary())`` tells all; `visnmf.plots.rank_curves` draws it.

    Raises
    ------
    InvalidInputError
        If V or an option cannot be used.

    Notes
    -----
    Each rank starts from the fit of the next lower one that was tried, with parts added from what
    that one leaves over. The recommended rank is the lowest whose error is
    within one standard error of the least, or hardly above it (2 %, or 1e-5 of the energy); the
    standard error is of differences in groups of images. Beyond rank 40 the answer is good to 5 %.
    Noise that was clipped at 0 has a mean, which may count as a part of its own.

    References
    ----------
    .. [1] S. Wold (1978). Cross-validatory estimation of the number of components in
       factor and principal components models. Technometrics 20(4).
    .. [2] A. B. Owen, P. O. Perry (2009). Bi-cross-validation of the SVD and the nonnegative
       matrix factorization. Annals of Applied Statistics 3(2).

    Examples
    --------
    >>> import numpy as np, visnmf
    >>> rng = np.random.default_rng(0)
    >>> V = rng.random((60, 3)) ** 4 @ rng.random((3, 80)) ** 4 + 0.01 * rng.random((60, 80))
    >>> bool(2 <= visnmf.choose_rank(V, (1, 8)).rank <= 4)
    True
    """
    values = check_values(V)
    if min(values.shape) < 2:
        raise InvalidInputError(f"V is {values.shape}; hiding pixels needs two rows and columns")
    grid, refined = _grid(ranks)
    settings = {
        "max_iter": check_integer(max_iter, "max_iter", 1),
        "change": check_number(change, "change"),
    }
    seed = check_integer(seed, "seed", 0)
    rng = np.random.default_rng(seed)
    count = check_integer(folds, "folds", 1)
    if count > min(10, len(values)):
        raise InvalidInputError(f"folds={folds} is too many; at most {min(10, len(values))} fit V")
    masks = hidden_masks(values.shape, count, rng)
    group = rng.permutation(values.shape[1]) % min(GROUPS, values.shape[1])
    energy = float(sum(np.square(values[mask], dtype=np.float64).sum() for mask in masks))
    if not energy > 0:
        raise InvalidInputError("V is zero where pixels are hidden; there is nothing to choose by")
    work = [Fold(values, mask, seed, settings) for mask in masks]
    found: dict[int, np.ndarray] = {}

    def judge(squares: np.ndarray) -> np.ndarray:
        return np.bincount(group, squares.sum(axis=0))

    with threads(n_jobs), ThreadPoolExecutor(min(available(), len(work))) as pool:

        def attempt(rank: int) -> bool:
            sums = np.concatenate(list(pool.map(lambda fold: fold.errors(rank, judge), work)))
            found[rank] = sums * (sums.size / energy)
            return bool(callback and callback(rank, float(found[rank].mean())))

        stopped = any(attempt(rank) for rank in grid)
        while refined and not stopped and (more := _between(_told(found))):
            stopped = any(attempt(rank) for rank in more)
    return RankChoice(**_told(found))


def _told(found: dict[int, np.ndarray]) -> dict[str, Any]:
    tried = sorted(found)
    return recommend(tried, np.array([found[rank] for rank in tried]))


def _between(told: dict[str, Any]) -> list[int]:
    """Return ranks half way to the neighbors of the best and below the recommended one."""
    ranks = [int(rank) for rank in told["ranks"]]
    at, low = ranks.index(told["best"]), ranks.index(told["rank"])
    close = max(1, ranks[at] // 20)
    gaps = [(at - 1, at), (at, at + 1), (low - 1, low)]
    return sorted(
        {
            (ranks[left] + ranks[right]) // 2
            for left, right in gaps
            if left >= 0 and right < len(ranks) and ranks[right] - ranks[left] > close
        }
    )


def _grid(ranks: Any) -> tuple[list[int], bool]:
    """Return the ranks to try first, ascending, and whether others come between them."""
    try:
        given = [check_integer(rank, "each rank", 1) for rank in ranks]
    except TypeError as error:
        raise InvalidInputError(
            f"ranks must be (lowest, highest) or a list of ranks, not {ranks!r}"
        ) from error
    if not given or (isinstance(ranks, tuple) and (len(given) != 2 or given[0] > given[1])):
        raise InvalidInputError(
            f"ranks must be (lowest, highest) or a list of ranks, not {ranks!r}"
        )
    if not isinstance(ranks, tuple):
        return sorted(set(given)), False
    low, high = given
    grid = [low]
    while grid[-1] < high:
        grid.append(min(high, max(grid[-1] + 1, round(grid[-1] * _RATIO))))
    return grid, True
