r"""How large residuals are that are no outliers: the delta of the Huber loss, where none is given.

.. math:: \delta = 1.345 \cdot 1.4826 \cdot \mathrm{median} |v_{ij} - y_{ij}|

over some columns of V, where V or its fit is not zero: by squares first, which what spoils
pictures can lead astray, then by the Huber loss of the delta that this one tells. The median
absolute residual times 1.4826 is the standard deviation of normal residuals, whatever up to half of
the entries are; with 1.345 of it the Huber loss is 95 % as efficient there as squares (Holland &
Welsch 1977). It is the same for all seeds and starts, so that objectives of several runs compare.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from visnmf.matrices.chunked import Chunked
from visnmf.matrices.protocol import ONE, VALUE, Matrix
from visnmf.solve.compose import Asked
from visnmf.solve.larger import draw
from visnmf.solve.naming import delta_of, named
from visnmf.solve.plan import Plan
from visnmf.solve.result import Factorization
from visnmf.solve.stopping import Rule, Trace

__all__ = ["settled"]

Fit = Callable[[Matrix, Plan, Trace, np.random.Generator, dict[str, Any]], Factorization]

_EFFICIENT = 1.345 * 1.4826
_LEAST = 1e-3  # of the root mean square of V: where the fit is all but exact
_IMAGES = 2000  # that are fitted
_ENTRIES = 1 << 20  # of which the median is taken
_FEW, _MANY = 8, 500  # images that these are of
_RULE = Rule(max_iter=100, change=1e-3)
_TIMES = 2  # by squares, then by what these tell


def settled(matrix: Matrix, plan: Plan, trace: Trace, fit: Fit) -> Plan:
    """Return a plan whose Huber loss has its delta; any other plan as it is.

    Parameters
    ----------
    matrix : Matrix
        V.
    plan : Plan
        Whose loss may be "huber".
    trace : Trace
        Whose clock runs.
    fit : callable
        `visnmf.solve.run.run` itself.
    """
    if named(plan.loss) != "huber" or delta_of(plan.loss) is not None:
        return plan
    rng = np.random.default_rng(0)
    if isinstance(matrix, Chunked):
        _, sample = draw(matrix, plan.rank, rng)
    elif matrix.shape[1] > _IMAGES:
        sample = matrix.take(_spread(matrix.shape[1], _IMAGES))
    else:
        sample = matrix
    own = replace(
        plan, rule=_RULE, init="auto", loss="frobenius", update="auto", W=Asked(), H=Asked(),
        given=None, known_W=None, known_H=None, mixing=None, scratch=None,
    )  # fmt: skip
    for _ in range(_TIMES):
        clock = Trace(trace.time_limit, began=trace.began)
        found = fit(sample, own, clock, rng, {})
        own = replace(own, loss=f"huber:{_EFFICIENT * _typical(sample, found):.6g}")
    return replace(plan, loss=own.loss)


def _typical(matrix: Matrix, found: Factorization) -> float:
    """Return the median absolute residual of some columns, over 1.345 and 1.4826."""
    m, n = matrix.shape
    some = _spread(n, int(np.clip(_ENTRIES // m, _FEW, _MANY)))
    one = np.eye(len(some), dtype=matrix.dtype)
    part = matrix.take(some).T
    V, known = (part.contract(one, None, function) for function in (VALUE, ONE))
    counted = known > 0
    values = np.divide(V, known, out=np.zeros_like(V), where=counted)
    residuals = np.abs(values - (found.W @ found.H[:, some]).T)
    root = np.sqrt(np.mean(values[counted].astype(np.float64) ** 2)) if counted.any() else 0.0
    if root == 0:
        return 1.0
    # Zeros that are fitted by zeros, a black ground, tell nothing of how far off fits are.
    counted &= (values != 0) | (residuals > _LEAST * root)
    return float(max(np.median(residuals[counted]), _LEAST * root))


def _spread(n: int, count: int) -> np.ndarray:
    """Return some indices from all over."""
    return np.unique(np.linspace(0, n - 1, min(n, count)).astype(np.intp))
