"""`factorize`: V in, W and H out."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from visnmf.errors import InvalidInputError
from visnmf.kernels.choose import KERNELS
from visnmf.matrices.dense import Dense
from visnmf.solve.edge import (
    check_factor,
    check_integer,
    check_number,
    check_seed,
    check_values,
)
from visnmf.solve.result import Factorization, Record
from visnmf.solve.run import INITS, Plan, run
from visnmf.solve.stopping import Rule, Trace
from visnmf.solve.warmup import STAND_INS

__all__ = ["factorize"]


def factorize(
    V: Any,
    rank: int,
    *,
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
    callback: Callable[[Record], object] | None = None,
) -> Factorization:
    r"""Factorize V into non-negative W and H.

    Minimizes

    .. math:: f(W, H) = \tfrac12 \|V - W H\|_F^2, \quad W \ge 0, \; H \ge 0

    by accelerated HALS [1]_ [2]_ with extrapolation and restarts [3]_. Where V is large, the
    first iterations work on stand-ins for it; the last phase, and all that is reported
    of the result, is of V itself.

    Parameters
    ----------
    V : array_like (m, n) or ImageSet
        Non-negative and finite; columns are images. float32 and float64 are worked on
        as given, in either memory order, without a copy; integers of up to 16 bits and
        float16 become float32, other integers float64, and so does float32 whose largest
        entry lies beyond 1e-9 to 1e9.
    rank : int
        How many parts to learn, at least 1; may exceed min(m, n).
    init : {"auto", "nndsvda", "nndsvd", "nndsvdar", "random"}
        Where to start if W and H are not given. "auto" is "nndsvda" [4]_ where rank is at most
        min(m, n), else "random".
    W, H : array_like (m, rank), (rank, n), optional
        A start of your own, both or neither; not changed.
    max_iter : int
        The most iterations on V itself.
    tol : float
        Stop when the length of the projected gradient is at most `tol` times that of
        (V H', W'V), the gradient if nothing were explained; it is measured every ten
        iterations. 0 for never.
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
        given W and H that fit V already, so that a run can be gone on with.
    sweeps : int
        The most sweeps over a factor for each product with V; 1 is plain HALS.
    extrapolate : bool
        Whether to extrapolate.
    kernels : {"auto", "compiled", "numpy"}
        "auto" takes the compiled sweeps where numba is installed and the problem is not
        tiny. Both compute the same, to rounding.
    callback : callable, optional
        Called with the `Record` of each iteration; a true answer stops the run.

    Returns
    -------
    Factorization
        With the parts in order of the energy that they explain, the most first, unless W and
        H were given.

    Raises
    ------
    InvalidInputError
        If V has negative, NaN or infinite entries, no entries, or not two dimensions, or if an
        option has a value that cannot be used.

    Notes
    -----
    An iteration costs two products of V with a factor, 4 m n rank operations, and up
    to `sweeps` times 2 rank^2 (m + n). Beside V it needs memory for about five copies
    of the factors, and where stand-ins are made at most a fifth of V more.

    Ctrl-C ends a run early: the best pair so far comes back with reason "interrupted".

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

    Examples
    --------
    >>> import numpy as np, visnmf
    >>> V = np.array([[1.0, 0.0, 2.0], [0.0, 3.0, 0.0], [1.0, 3.0, 2.0]])
    >>> result = visnmf.factorize(V, rank=2)
    >>> bool(np.allclose(result.W @ result.H, V, atol=1e-4))
    True
    """
    trace = Trace(check_number(time_limit, "time_limit"), callback)
    matrix = Dense(check_values(V))
    plan = Plan(
        rank=check_integer(rank, "rank", 1),
        rule=Rule(
            check_integer(max_iter, "max_iter", 1),
            tol=check_number(tol, "tol"),
            change=check_number(change, "change"),
        ),
        init=_check_choice(init, "init", INITS),
        given=_check_start(matrix, rank, W, H),
        warmup=_check_choice(warmup, "warmup", STAND_INS),
        sweeps=check_integer(sweeps, "sweeps", 1),
        extrapolate=bool(extrapolate),
        kernels=_check_choice(kernels, "kernels", KERNELS),
    )
    settings = {
        "rank": plan.rank,
        "init": plan.init if plan.given is None else "given",
        "max_iter": plan.rule.max_iter,
        "tol": plan.rule.tol,
        "change": plan.rule.change,
        "seed": int(seed) if isinstance(seed, int | np.integer) else None,
        "warmup": plan.warmup,
        "sweeps": plan.sweeps,
        "extrapolate": plan.extrapolate,
        "kernels": plan.kernels,
    }
    return run(matrix, plan, trace, check_seed(seed), settings)


def _check_choice(value: Any, name: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise InvalidInputError(f"{name}={value!r} is not known; use one of {', '.join(known)}")
    return str(value)


def _check_start(matrix: Dense, rank: int, W: Any, H: Any) -> tuple[np.ndarray, np.ndarray] | None:
    """Return W' and H where they are given."""
    if W is None and H is None:
        return None
    if W is None or H is None:
        raise InvalidInputError("give both W and H to start from, or neither")
    m, n = matrix.shape
    W = check_factor(W, (m, rank), matrix.dtype, "W")
    return W.T, check_factor(H, (rank, n), matrix.dtype, "H")
