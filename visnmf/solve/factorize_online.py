"""`factorize_online`: each image is looked at once, and once more for its encoding."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from visnmf.arguments import check_callable, check_choice, check_integer, check_number
from visnmf.errors import InvalidInputError
from visnmf.kernels.threads import threads
from visnmf.solve.batches import Stream, Whole, is_stream, taken
from visnmf.solve.edge import check_room, check_seed
from visnmf.solve.interrupts import stops_on_ctrl_c
from visnmf.solve.naming import named
from visnmf.solve.online_run import Feed, OnlineRun
from visnmf.solve.plan import INITS, Plan
from visnmf.solve.result import Factorization, Record
from visnmf.solve.stopping import Rule, Trace

__all__ = ["factorize_online"]


def factorize_online(
    V: Any,
    rank: int,
    *,
    loss: str | float = "frobenius",
    terms_W: Any = None,
    terms_H: Any = None,
    batch_size: int = 1024,
    order: str = "mixed",
    forget: float = 0.0,
    passes: int = 1,
    encode: bool | None = None,
    init: str = "auto",
    W: Any = None,
    time_limit: float = math.inf,
    seed: int | np.random.Generator = 0,
    n_jobs: int | None = None,
    callback: Callable[[Record], object] | None = None,
) -> Factorization:
    r"""Factorize a V whose images are seen batch by batch, each of them once.

    Minimizes what `visnmf.factorize` does. The parts begin with a fit to the first batches;
    each later one is encoded by the parts so far, and leaves behind two small sums by which
    they are stepped [1]_ [2]_. A second pass then encodes all images by the last parts and
    tells the true error. For V that is too dear to read more often, or does not end.

    Parameters
    ----------
    V : array_like (m, n), ImageSet, LazyImages, scipy.sparse array, or iterable of such
        Non-negative; columns are images. An iterator or generator gives batches (m, k), as a
        camera does, and is gone through once; a list of them can be read again.
    rank : int
        How many parts to learn.
    loss : str or float
        As of `visnmf.factorize`.
    terms_W, terms_H : term or sequence of terms, optional
        As of `visnmf.factorize`, as far as they can be told image by image: on H `ElasticNet`,
        `Orthogonal` and constraints on single images, such as ``Simplex("image")``; on W
        `ElasticNet` (not for a stream) and any constraint.
    batch_size : int
        Images in a batch; smaller batches of a stream are put together.
    order : {"mixed", "given"}
        "mixed" draws each batch in short runs of images (what is stored together, or 16) from
        all of V, so that it does not matter whether V is sorted by what it shows. "given" takes
        them in order, as a stream does.
    forget : float
        The share of what earlier batches told that is given up with each batch, from 0, for a
        set, to below 1; 0.1 is for a stream whose scene changes within some ten batches.
    passes : int
        How often the parts are learned from all images.
    encode : bool, optional
        Whether to encode all images in one more pass; by default where V can be read again.
    init : str
        The start on the first batches, as of `visnmf.factorize`.
    W : array_like (m, rank), optional
        Parts to begin with, such as those of an earlier run.
    time_limit : float
        Stop learning after so many seconds.
    seed : int or numpy.random.Generator
        The same seed gives the same result on the same machine.
    n_jobs : int, optional
        Threads, as of `visnmf.factorize`; their number does not change the result.
    callback : callable, optional
        Called with a `Record` for each batch: its loss an image, by the parts before it; a
        true answer stops learning.

    Returns
    -------
    Factorization
        H is (rank, 0) where nothing was encoded; the objective is then the mean loss an image
        of the last batch times the images seen. ``settings["passes"]`` tells how often each image
        was read, and `n_iter` counts batches. The reason is "passes" where all was seen.

    Raises
    ------
    InvalidInputError
        If V or an option cannot be used, or a term needs all images at once.

    Notes
    -----
    Beside W and a batch it keeps a sample of 100 images a part, or what fits into 256 MB. With the
    Frobenius loss the sample tells when the sums are out of date, as in a stream that is sorted by
    what it shows; the parts are then fitted to it.

    References
    ----------
    .. [1] J. Mairal, F. Bach, J. Ponce, G. Sapiro (2010). Online learning for matrix
       factorization and sparse coding. JMLR 11.
    .. [2] A. Lefèvre, F. Bach, C. Févotte (2011). Online algorithms for nonnegative matrix
       factorization with the Itakura-Saito divergence. WASPAA.

    Examples
    --------
    >>> import numpy as np, visnmf
    >>> rng = np.random.default_rng(0)
    >>> parts = rng.random((30, 2))
    >>> def camera():
    ...     for _ in range(40):
    ...         yield parts @ rng.random((2, 50))
    >>> result = visnmf.factorize_online(camera(), rank=2, batch_size=100)
    >>> result.W.shape, result.H.shape
    ((30, 2), (2, 0))
    """
    trace = Trace(check_number(time_limit, "time_limit"), check_callable(callback, "callback"))
    _check_loss(loss)
    rank = check_integer(rank, "rank", 1)
    check_room(rank, 1, 4)  # of V itself nothing is known yet
    batch_size = check_integer(batch_size, "batch_size", 1)
    passes = check_integer(passes, "passes", 1)
    if check_number(forget, "forget") >= 1:
        raise InvalidInputError(f"forget must be at least 0 and below 1, not {forget!r}")
    for value, name, known in ((order, "order", ("mixed", "given")), (init, "init", INITS)):
        check_choice(value, name, known)
    with threads(n_jobs):
        rng = check_seed(seed)
        feed: Feed
        if is_stream(V):
            feed = Stream(V, batch_size)
        else:
            matrix = taken(V)
            feed = Whole(matrix, batch_size, rng if order == "mixed" else None)
            trace.passes = getattr(matrix, "passes", None)
        encode = feed.again if encode is None else bool(encode)
        if not feed.again and (encode or passes > 1):
            raise InvalidInputError(
                "V is a stream that passes by once, and cannot be read again; leave encode= and "
                "passes=, or give an array, LazyImages or a list of batches"
            )
        told = {
            "rank": rank, "method": "online",
            "loss": loss if isinstance(loss, str) else float(loss),
            "batch_size": batch_size, "order": order, "forget": float(forget), "init": init,
            "seed": int(seed) if isinstance(seed, int | np.integer) else None,
        }  # fmt: skip
        run = OnlineRun(
            feed, Plan(rank, Rule(1), init=init, loss=loss), (terms_W, terms_H), rng,
            given=W, lost=1 - (1 - forget) ** (1 / batch_size),
        )  # fmt: skip
        with stops_on_ctrl_c(trace):
            reason = run.learn(passes, trace)
            found = run.close(encode, reason, trace, told)
        return replace(found, reason="interrupted") if trace.stop else found


def _check_loss(loss: Any) -> None:
    if isinstance(named(loss), str):
        raise InvalidInputError(
            f"loss={loss!r} looks at each residual again with every step, and so at every image; "
            "use visnmf.factorize, which also reads V in blocks, or loss='frobenius'"
        )
