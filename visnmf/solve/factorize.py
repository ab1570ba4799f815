"""`factorize`: V in, W and H out."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from typing import Any

import numpy as np

from visnmf.solve.result import Factorization, Record
from visnmf.solve.several import restarts

__all__ = ["factorize"]


def factorize(
    V: Any,
    rank: int,
    *,
    loss: str | float = "frobenius",
    terms_W: Any = None,
    terms_H: Any = None,
    known_W: Any = None,
    known_H: Any = None,
    observed: Any = None,
    weights: Any = None,
    missing: float | None = None,
    smoothing: float = 0.0,
    update: str = "auto",
    init: str = "auto",
    W: Any = None,
    H: Any = None,
    max_iter: int = 200,
    tol: float = 1e-4,
    change: float = 1e-4,
    time_limit: float = math.inf,
    seed: int | np.random.Generator = 0,
    warmup: str = "auto",
    sweeps: int = 8,
    extrapolate: bool = True,
    kernels: str = "auto",
    n_jobs: int | None = None,
    callback: Callable[[Record], object] | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    every: float = 60.0,
    resume: bool = False,
    scratch: str | os.PathLike[str] | None = None,
    n_init: int = 1,
    processes: int = 1,
) -> Factorization:
    r"""Factorize V into non-negative W and H.

    Minimizes, with the Frobenius loss,

    .. math:: f(W, H) = \tfrac12 \|V - W H\|_F^2, \quad W \ge 0, \; H \ge 0

    by accelerated HALS [1]_ [2]_ with extrapolation and restarts [3]_. Where V is large, the
    first iterations work on stand-ins for it; the last phase, and all that is reported
    of the result, is of V itself. Other losses, penalties, constraints, known parts and missing
    entries combine freely; what does not go together is refused before the first iteration.

    Parameters
    ----------
    V : array_like (m, n), ImageSet, scipy.sparse array, or what is read in blocks
        Non-negative and finite; columns are images. float32 and float64 are worked on
        as given, in either memory order, without a copy; integers of up to 16 bits and
        float16 become float32, other integers float64, and so does float32 whose largest
        entry lies beyond 1e-9 to 1e9. A sparse V is not made dense (unless it
        stores over 95 % of its entries); what it does not store is 0, unless `observed` is
        "stored". LazyImages, zarr.Array, h5py.Dataset, large numpy.memmap and dask.array
        are read block by block: one pass over V an iteration (where `terms_H` or a
        hold on H couple images, one for each sum that is taken).
    rank : int
        How many parts to learn, at least 1, known ones included; may exceed min(m, n).
    loss : str or float
        "frobenius", "kullback-leibler" (or "kl"), "itakura-saito" (or "is"), or the beta of
        any beta-divergence [5]_: 2, 1 and 0 are the three. Or a robust one, for what parts shall
        not explain: "huber" (single pixels, as where something hides a part of a face;
        `visnmf.losses.huber`), "l1" (the same, for noise of salt and pepper) or "l21" (whole
        images that are unlike the others) [7]_. "huber:0.1" tells the residual from which it
        counts in proportion; else it is 1.345 standard deviations of the residuals, by their
        median (`visnmf.solve.residual_scale`), and ``settings["loss"]`` tells it.
    terms_W, terms_H : term or sequence of terms, optional
        Penalties and constraints of `visnmf.terms` on either factor, one constraint at most.
        Where only one factor is penalized, the other one is held to ``|w_k| <= 1``: else scaling
        it up would undo the penalty.
    known_W : array_like (m, p), optional
        Parts that are known and held as they are, as endmembers or a background; they are
        the first p columns of W.
    known_H : array_like (q, n), optional
        Encodings that are known and held, of the q parts after those.
    observed : array_like of bool (m, n), scipy.sparse array or "stored", optional
        Which entries of V are known. The others are never looked at. A sparse array says it by
        its true entries; "stored" means those that a sparse V stores.
    weights : array_like (m, n) or scipy.sparse array, optional
        How much each entry counts, at least 0; only ratios matter.
    missing : float, optional
        The value, NaN perhaps, that says that an entry of a dense V is not known.
    smoothing : float
        theta of nsNMF [6]_, from 0 to 1: V ~ W S H with S = (1 - theta) I + theta/rank 11',
        which makes W and H sparse. H of the result is S H, so that V ~ W H.
    update : {"auto", "hals", "mu", "gradient", "fast gradient", "bpp", "newton"}
        How either factor steps: HALS, multiplicative updates, projected gradient with a
        step search (Lin), Nesterov's (NeNMF), block principal pivoting (ANLS), or scalar Newton
        steps (Kullback-Leibler only). "auto" takes HALS for the Frobenius loss and
        multiplicative updates for the others, and where a constraint needs it a gradient.
    init : str
        Where to start if W and H are not given: "random", "nndsvda", "nndsvd", "nndsvdar" [4]_,
        "kmeans", "spherical kmeans", "spa", "snpa" (separable), "frobenius" or "random frobenius"
        (a short fit with that loss, the latter from a random start). "auto" is "random" for robust
        losses, "frobenius" for other ones, from a given W and H too where these are far from any
        end and `update` is "auto"; else "nndsvda" where rank is at most min(m, n), else "random".
    W, H : array_like (m, rank), (rank, n), optional
        A start of your own, both or neither; not changed.
    max_iter : int
        The most iterations on V itself.
    tol : float
        Stop when the length of the projected gradient is at most `tol` times that of
        (V H', W'V), the gradient if nothing were explained (with other losses, the halves of the
        gradient that pull up); it is measured every ten iterations. 0 for never.
    change : float
        Stop when three iterations in a row each lower the objective by less than this share
        of it. 0 for never.
    time_limit : float
        Stop after so many seconds.
    seed : int or numpy.random.Generator
        The same seed gives the same result on the same machine.
    warmup : {"auto", "none", "sample", "low rank", "both"}
        Which stand-ins for V the first iterations work on: a sample of its longer side,
        V of low rank, both, none, or what pays for V's shape; "auto" makes none for a
        given W and H that fit V already, so that a run can be gone on with. With terms, known
        parts or missing entries there are none.
    sweeps : int
        The most sweeps over a factor for each product with V; 1 is plain HALS.
    extrapolate : bool
        Whether to extrapolate.
    kernels : {"auto", "compiled", "numpy"}
        "auto" takes the compiled sweeps where numba is installed and the problem is not
        tiny. Both compute the same, to rounding.
    n_jobs : int, optional
        Threads; -1 is one for each processor. None is as many as `visnmf.threads` says, or else
        as NumPy's BLAS has. Their number does not change the result.
    callback : callable, optional
        Called with the `Record` of each iteration; a true answer stops the run.
        `visnmf.Progress` makes of them what people want to know.
    checkpoint : str or path, optional
        A file that keeps where the run is, from the first iteration on V on. It stays when the run
        has ended, with the reason; delete it when it is of no more use.
    every : float
        Seconds between two writes of it, 0 for each iteration; more where writing takes long.
    resume : bool
        Go on from the checkpoint as if the run had never stopped: the same history from there on,
        in which `time_limit` counts all seconds. Without a file begin anew. V and the
        settings must be the same, but for max_iter, tol, change, time_limit, callback and n_jobs;
        where max_iter differs the iteration at the old bound, which is measured, does a little.
    scratch : str or path, optional
        A folder for what is of H's size, where V is read in blocks. If not given that is in
        memory while four times H is at most 512 MB, else in the temporary folder. With
        `visnmf.on_dask`, one that all workers reach.
    n_init : int
        Runs from so many starts, of which the best is kept; `visnmf.restarts` keeps all, and
        tells what the others begin at. ``settings["stability"]`` tells how sure each part is.
    processes : int
        How many of these runs at a time, each in a process; -1 is one for each processor.

    Returns
    -------
    Factorization
        With the parts in order of the energy that they explain, the most first, unless W and
        H were given or there are penalties; known parts come first.

    Raises
    ------
    InvalidInputError
        If V has negative, NaN or infinite entries, no entries, or not two dimensions, if an
        option has a value that cannot be used, or if loss, update, terms and V do not go
        together; if there is a checkpoint already and `resume` is false, or it is one of another
        V or with other settings.
    ModelFormatError
        If the checkpoint is damaged.

    Notes
    -----
    An iteration costs two products of V with a factor, 4 m n rank operations, and up
    to `sweeps` times 2 rank^2 (m + n). Beside V it needs memory for about five copies
    of the factors, and where stand-ins are made at most a fifth of V more. W H is never formed
    whole. A V in blocks needs four copies of H, three blocks (some 32 MB each) and a sample of
    at most 256 MB; it is read once before the first iteration, to look it over, and twice
    or so around them: ``settings["passes"]`` tells how often in all.

    With other losses, or with missing entries, an iteration costs about four products
    and two passes over the entries; for a sparse V this means the stored ones with the Frobenius
    and Kullback-Leibler losses, but all m n places, in blocks, with any other beta.

    Ctrl-C ends a run after its iteration: the checkpoint is written, and the best pair so far
    comes back with reason "interrupted". Where V is read in blocks the pass is left at once, the
    closing one left out, and `kkt` is NaN. A second Ctrl-C raises KeyboardInterrupt. All
    this in the main thread, and where Ctrl-C has Python's own meaning; else, and where
    a callback raises it, KeyboardInterrupt ends the run at the best pair so far.

    References
    ----------
    .. [1] A. Cichocki, A.-H. Phan (2009). Fast local algorithms for large scale
       nonnegative matrix and tensor factorizations. IEICE Trans. E92-A(3).
    .. [2] N. Gillis, F. Glineur (2012). Accelerated multiplicative updates and
       hierarchical ALS algorithms for NMF. Neural Computation 24(4).
    .. [3] A. M. S. Ang, N. Gillis (2019). Accelerating nonnegative matrix factorization
       algorithms using extrapolation. Neural Computation 31(2).
    .. [4] C. Boutsidis, E. Gallopoulos (2008). SVD based initialization: a head start
       for nonnegative matrix factorization. Pattern Recognition 41(4).
    .. [5] C. Févotte, J. Idier (2011). Algorithms for nonnegative matrix factorization
       with the beta-divergence. Neural Computation 23(9).
    .. [6] A. Pascual-Montano et al. (2006). Nonsmooth nonnegative matrix factorization
       (nsNMF). IEEE TPAMI 28(3).
    .. [7] D. Kong, C. Ding, H. Huang (2011). Robust nonnegative matrix factorization using
       L21-norm. CIKM.

    Examples
    --------
    >>> import numpy as np, visnmf
    >>> V = np.array([[1.0, 0.0, 2.0], [0.0, 3.0, 0.0], [1.0, 3.0, 2.0]])
    >>> result = visnmf.factorize(V, rank=2)
    >>> bool(np.allclose(result.W @ result.H, V, atol=1e-4))
    True

    One entry unknown, and filled in:

    >>> V[2, 2] = np.nan
    >>> filled = visnmf.factorize(V, rank=2, missing=np.nan, max_iter=500, change=0)
    >>> float((filled.W @ filled.H)[2, 2].round(2))
    2.0
    """
    settings = dict(locals())  # before there is any other name: what was asked for
    for name in ("V", "rank", "n_init", "processes"):
        del settings[name]
    return restarts(V, rank, n_init, processes=processes, **settings).best
