"""What a run is of: V and its settings, as few numbers that tell them from others."""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any

import numpy as np

from visnmf.kernels.choose import choose_kernels
from visnmf.matrices.chunked import Chunked
from visnmf.matrices.protocol import ONE, SQUARED_VALUE, VALUE, Matrix
from visnmf.solve.plan import Plan

__all__ = ["FREE", "differences", "facts_of", "fingerprint"]

FREE = ("max_iter", "tol", "change")
"""Settings that a run may be gone on with at other values: to go on longer is what for."""

_COLUMNS = 64  # of V or of H that are looked at closely
_CLOSE = 1e-6  # relative; sums are not added up in the same order everywhere


def fingerprint(
    matrix: Matrix, plan: Plan, settings: dict[str, Any], rng: np.random.Generator
) -> dict[str, Any]:
    """Return what must be the same for a run to be gone on with, as JSON can hold it.

    Of a V in blocks only what is known of it is told, so that it is not read.

    Parameters
    ----------
    matrix : Matrix
        V.
    plan : Plan
        What is done.
    settings : dict
        As the result tells them.
    rng : numpy.random.Generator
        Where random numbers come from.
    """
    facts: dict[str, Any] = {name: value for name, value in settings.items() if name not in FREE}
    facts |= facts_of(matrix)
    for name, arrays in (
        ("the given start", plan.given),
        ("known_W", None if plan.known_W is None else (plan.known_W,)),
        ("known_H", None if plan.known_H is None else (plan.known_H,)),
    ):
        if arrays is not None:
            facts[name] = _digest(*(F[:, _spread(F.shape[1])] for F in arrays))
    kernels = choose_kernels(plan.kernels, plan.rank, sum(matrix.shape))
    facts["the kernels used"] = str(vars(kernels)["__name__"]).rpartition(".")[2]
    facts["the random numbers"] = type(rng.bit_generator).__name__
    found: dict[str, Any] = json.loads(json.dumps(facts))
    return found


def facts_of(matrix: Matrix) -> dict[str, Any]:
    """Return what tells V from others; of images that could not be read so far nothing."""
    facts: dict[str, Any] = {
        "V's shape": list(matrix.shape),
        "V's dtype": matrix.dtype.name,
        "V's kind": matrix.kind,
        "the sum of V's squares": matrix.total(None, None, SQUARED_VALUE),
    }
    some = _spread(matrix.shape[1])
    if isinstance(matrix, Chunked):
        lost = np.isin(some, list(matrix.lost))
        sums = [np.where(lost, 0, matrix.facts[name][some]) for name in sorted(matrix.facts)]
        facts["sums of V's columns"] = np.concatenate(sums).tolist()
    else:
        facts["columns of V"] = _digest(*_columns(matrix, some))
    return facts


def differences(kept: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Return in what a run differs from one that was kept, each with both values."""
    return [
        f"{name} is {_told(kept.get(name))} there and {_told(now.get(name))} here"
        for name in dict.fromkeys([*kept, *now])
        if not _same(kept.get(name), now.get(name))
    ]


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=_CLOSE)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(type(one) is type(other) and one == other)


def _told(value: Any) -> str:
    if isinstance(value, list) and len(value) > 4:
        return f"[{value[0]!r}, ...]"
    return f"{value!r:.60}"


def _spread(n: int) -> np.ndarray:
    """Return some indices from all over."""
    return np.unique(np.linspace(0, n - 1, min(n, _COLUMNS)).astype(np.intp))


def _columns(matrix: Matrix, some: np.ndarray) -> list[np.ndarray]:
    """Return some columns of V as rows, and their weights where it has any."""
    part = matrix.take(some).T
    one = np.eye(len(some), dtype=matrix.dtype)
    functions = (VALUE, ONE) if matrix.weighted else (VALUE,)
    return [part.contract(one, None, function) for function in functions]


def _digest(*arrays: np.ndarray) -> str:
    found = hashlib.blake2b(digest_size=8)
    for F in arrays:
        found.update(np.ascontiguousarray(F).data)
    return found.hexdigest()
