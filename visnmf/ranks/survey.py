"""`choose_rank`: how many parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from visnmf.arguments import check_callable, check_choice, check_integer, check_number
from visnmf.kernels.threads import threads
from visnmf.ranks.ard import by_ard
from visnmf.ranks.elbow import by_elbow
from visnmf.ranks.grid import check_ranks
from visnmf.ranks.heldout import by_heldout
from visnmf.ranks.known import known_values
from visnmf.ranks.result import RankChoice
from visnmf.ranks.stability import by_stability
from visnmf.ranks.watch import Asked, Criterion, Tried, Watch
from visnmf.solve.edge import check_seed

__all__ = ["CRITERIA", "choose_rank", "usual_ranks"]

CRITERIA: dict[str, Criterion] = {
    "heldout": by_heldout,
    "stability": by_stability,
    "elbow": by_elbow,
    "ard": by_ard,
}


def usual_ranks(shape: tuple[int, int]) -> tuple[int, int]:
    """Return the ranks to try where nobody says: 2 to 60, within the rows and columns of V."""
    high = min(60, *shape)
    return min(2, high), high


def choose_rank(
    V: Any,
    ranks: tuple[int, int] | Sequence[int] = (2, 60),
    *,
    criterion: str = "heldout",
    folds: int = 2,
    restarts: int = 10,
    max_iter: int = 200,
    change: float = 1e-3,
    seed: int | np.random.Generator = 0,
    observed: Any = None,
    missing: float | None = None,
    n_jobs: int | None = None,
    callback: Callable[[Tried], object] | None = None,
) -> RankChoice:
    """Choose the rank: how many parts.

    - "heldout": by how well hidden pixels are filled in. One entry of V in ten, here and there in
      all images, is hidden, the others are factorized, and the hidden ones judge the fit [1]_
      [2]_. What is hidden is never looked at before that.
    - "stability": the most parts that all come back when fits begin elsewhere: silhouettes of
      parts matched over the better half of the restarts [3]_; the cophenetic correlation [4]_ and
      the dispersion [5]_ of the consensus of images, over all of them, are told beside them.
    - "elbow": where the logarithm of what is left over, by rank, bends most [6]_.
    - "ard": what is left of one fit of the highest rank when the parts that do not pay for
      themselves are gone: automatic relevance determination [7]_.

    Parameters
    ----------
    V : ImageSet, array_like (m, n) or scipy.sparse array
        Images as columns, non-negative, in memory; n and m at least 2. A sparse V is made dense,
        since its zeros are hidden and filled in too; one that there is no room for is refused.
    ranks : (int, int) or list of int
        The lowest and the highest rank, as a tuple: a coarse grid is tried, then ranks around
        the answer; none beyond min(m, n). A list: all of them. "ard" goes down from the highest
        in steps of one.
    criterion : {"heldout", "stability", "elbow", "ard"}
        What ranks are judged by.
    folds : int
        How many masks, no entry in two of them, for "heldout".
    restarts : int
        How many fits of each rank from random starts, at least 2, for "stability".
    max_iter, change : int, float
        When a fit stops, as of `visnmf.factorize`.
    seed : int or numpy.random.Generator
        Of masks and fits; a generator gives the whole number that they have.
    observed : array_like of bool (m, n), scipy.sparse array or "stored", optional
        Which entries of V are known, as of `visnmf.factorize`; pixels are hidden among these, and
        the others are never looked at. Not for "ard".
    missing : float, optional
        The value, NaN perhaps, that says that an entry is not known.
    n_jobs : int, optional
        How many masks, on threads, or restarts, in processes, are worked on at a time. The number
        does not change the result.
    callback : callable, optional
        Called with a `visnmf.ranks.watch.Tried` of each rank that is done: the rank, its score,
        how far the survey is and how long it may still take; a true answer ends it there.

    Returns
    -------
    RankChoice
        The rank with an interval and the reason; ``print(choice.summary())`` tells all,
        `visnmf.plots.rank_curves` draws it, ``choice.save_csv(path)`` writes the table.

    Raises
    ------
    InvalidInputError
        If V or an option cannot be used.

    Notes
    -----
    With "heldout" and "elbow" each rank starts from the fit of the next lower one that was tried,
    with parts added from what that one leaves over; around the answer "heldout" also starts from
    the next higher one, with parts merged, so that no rank is judged by a poor minimum. The
    recommended rank of "heldout" is the lowest whose error is within one standard error of the
    least, or hardly above it (0.5 % for each part less and 2 % in all, or 1e-5 of the energy); the
    standard error is of differences in groups of images. Beyond rank 40 the answer is good to 5 %.

    With `observed` or `missing` a mask hides a tenth of the known entries, by chance; "stability"
    and "elbow" fit the known ones. "ard" is refused, since its noise is told by singular values.

    Noise that was clipped at 0 has a mean, which may count as a part of its own. The criteria ask
    different questions, and on real pictures, whose parts get smaller and smaller without an
    end, give different answers: most parts by "heldout", fewest by "stability". Where many parts
    cover all pixels alike "ard" leaves too few: what one adds to the others is less than it costs.

    A survey of 2 to 40 of 2,429 faces of 19 x 19 pixels, on one thread, takes as long as so many
    fits of rank 40 with hidden pixels to the same tolerance: "heldout" 7, "stability" 14 with 10
    restarts, "elbow" 1.5, "ard" 9 (``python tools/bench choose_rank``).

    References
    ----------
    .. [1] S. Wold (1978). Cross-validatory estimation of the number of components in
       factor and principal components models. Technometrics 20(4).
    .. [2] A. B. Owen, P. O. Perry (2009). Bi-cross-validation of the SVD and the nonnegative
       matrix factorization. Annals of Applied Statistics 3(2).
    .. [3] L. B. Alexandrov et al. (2013). Deciphering signatures of mutational processes
       operative in human cancer. Cell Reports 3(1).
    .. [4] J.-P. Brunet et al. (2004). Metagenes and molecular pattern discovery using matrix
       factorization. PNAS 101(12).
    .. [5] H. Kim, H. Park (2007). Sparse non-negative matrix factorizations via alternating
       non-negativity-constrained least squares for microarray data analysis.
       Bioinformatics 23(12).
    .. [6] V. Satopaa et al. (2011). Finding a "kneedle" in a haystack: detecting knee points
       in system behavior. ICDCS Workshops.
    .. [7] V. Y. F. Tan, C. Fevotte (2013). Automatic relevance determination in nonnegative
       matrix factorization with the beta-divergence. IEEE TPAMI 35(7).

    Examples
    --------
    >>> import numpy as np, visnmf
    >>> rng = np.random.default_rng(0)
    >>> V = rng.random((60, 3)) ** 4 @ rng.random((3, 80)) ** 4 + 0.01 * rng.random((60, 80))
    >>> bool(2 <= visnmf.choose_rank(V, (1, 8)).rank <= 4)
    True
    >>> visnmf.choose_rank(V, (1, 8), criterion="stability").rank
    3
    """
    values, known = known_values(V, observed, missing)
    grid = check_ranks(ranks, values.shape)
    check_choice(criterion, "criterion", list(CRITERIA))
    asked = Asked(
        seed=_whole_seed(seed),
        settings={
            "max_iter": check_integer(max_iter, "max_iter", 1),
            "change": check_number(change, "change"),
        },
        folds=check_integer(folds, "folds", 1),
        restarts=check_integer(restarts, "restarts", 2),
        watch=Watch(check_callable(callback, "callback")),
        known=known,
    )
    with threads(n_jobs):
        return CRITERIA[criterion](values, grid, asked)


def _whole_seed(seed: Any) -> int:
    """Return a seed that each fit of a survey begins with, whoever draws it."""
    if isinstance(seed, np.random.Generator):
        return int(seed.integers(2**31))
    check_seed(seed)
    return int(seed)
