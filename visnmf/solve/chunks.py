"""A V that is never whole in memory, taken in: what it is read from, and a first look at it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, cast

import numpy as np

from visnmf.errors import InvalidInputError
from visnmf.matrices.chunked import Chunked
from visnmf.matrices.dask_source import DaskSource, is_dask
from visnmf.matrices.dense import Dense
from visnmf.matrices.masked import Masked
from visnmf.matrices.protocol import ONE, SQUARED_VALUE, VALUE, Matrix
from visnmf.matrices.source import ArraySource, Source
from visnmf.solve.afar import Afar
from visnmf.solve.crew import current_crew

__all__ = ["look_over", "source_of", "take_in_chunks"]

_FACTS = SQUARED_VALUE, VALUE, ONE
_PROJECTION = "a projection"

_MAPPED = 1 << 28  # bytes from which an array mapped from a file is read in blocks


def source_of(V: Any) -> Source | None:
    """Return where the columns of V come from, or None where V is an array in memory.

    Parameters
    ----------
    V : LazyImages, Source, zarr.Array, h5py.Dataset, dask.array.Array or numpy.memmap
        Columns are images. What is mapped from a file and small is an array like any other.
    """
    if is_dask(V):
        crew = current_crew(usual=True)
        assert crew is not None
        return cast(Source, DaskSource(V, crew.compute))
    columns = getattr(V, "columns", None) if hasattr(V, "layout") else V
    if all(hasattr(columns, name) for name in ("read", "step", "lost")):
        return cast(Source, columns)
    if isinstance(V, np.memmap):
        return ArraySource(V, "the mapped array") if V.nbytes >= _MAPPED and V.ndim == 2 else None
    module = type(V).__module__.partition(".")[0]
    if module not in ("zarr", "h5py"):
        return None
    if getattr(V, "ndim", 0) != 2:
        raise InvalidInputError(
            f"V must have two dimensions, pixels x images, but its shape is {V.shape}; "
            "visnmf.load_images(array, lazy=True) reads pictures (n, height, width)"
        )
    place = getattr(V, "store_path", None) or getattr(V, "name", "")
    return ArraySource(V, f"the {module} array {place}".strip())


def take_in_chunks(source: Source, observed: Any, weights: Any, missing: float | None) -> Chunked:
    """Return V in blocks, looked over once.

    Parameters
    ----------
    source : Source
        Where its columns come from.
    observed, weights, missing
        As of `visnmf.factorize`; `observed` is sliced by columns, and may lie on disk itself.

    Raises
    ------
    InvalidInputError
        If V cannot be used, or what is said of it does not fit.
    """
    if 0 in source.shape:
        raise InvalidInputError(f"V is empty: its shape is {source.shape}")
    if weights is not None:
        raise InvalidInputError(
            "weights= is for a V in memory; of one that is read in blocks say observed= or missing="
        )
    crew = current_crew(usual=isinstance(source, DaskSource))
    if observed is None and missing is None:
        return look_over(Chunked(source) if crew is None else Afar(source, crew=crew))
    if observed is not None and getattr(observed, "shape", None) != source.shape:
        raise InvalidInputError(
            f"observed must be an array of booleans of V's shape {source.shape}, not "
            f"{getattr(observed, 'shape', type(observed).__name__)}"
        )
    known = _Known(observed, missing)
    kind = Chunked if crew is None else partial(Afar, crew=crew)
    matrix = look_over(kind(source, known, weighted=True))
    # All blocks go by the same rules, whatever of each is known
    return matrix._with(replace(known, density=matrix.density), matrix.dtype, matrix.facts)


@dataclass(frozen=True)
class _Known:
    """Makes matrices of blocks of which some entries are not known."""

    observed: Any
    missing: float | None
    density: float | None = None

    def __call__(self, columns: slice, values: np.ndarray) -> Masked:
        known = np.ones(values.shape, bool, order="F")
        if self.observed is not None:
            known &= np.asarray(self.observed[:, columns]).astype(bool)
        if self.missing is not None:
            gone = np.isnan(values) if self.missing != self.missing else values == self.missing
            known &= ~gone
        kept = np.zeros_like(values)
        np.copyto(kept, values, where=known)
        return Masked(kept, known, self.density)


def look_over(matrix: Chunked) -> Chunked:
    """Read all of V once: see that it can be used, and add up what runs begin with.

    Raises
    ------
    InvalidInputError
        If an image has entries that are negative, NaN or infinite, or nothing of V is known.
    """
    names = [*(function.name for function in _FACTS), _PROJECTION]
    facts = {name: np.zeros(matrix.shape[1]) for name in names}
    most = 0.0
    for columns, (sums, largest) in _glances(matrix):
        for name, values in zip(names, sums, strict=True):
            facts[name][columns] = values
        most = max(most, largest)
    facts[ONE.name][list(matrix.lost)] = 0
    if facts[ONE.name].sum() <= 0:
        raise InvalidInputError("nothing of V is known: all entries are left out")
    matrix.facts = facts
    if matrix.dtype == np.float32 and 0 < most and not 1e-9 <= most <= 1e9:
        matrix = matrix.astype(np.dtype(np.float64))
    if 0 < most and not 1e-75 <= most <= 1e75:
        raise InvalidInputError(
            f"V holds entries up to {most:.3g}, too far from 1 for floats to multiply and add up; "
            "scale V first"
        )
    return matrix


def _glances(matrix: Chunked) -> Iterator[tuple[slice, tuple[np.ndarray, float]]]:
    """Yield what one look at each block tells, whoever looks."""
    glance = partial(_glance, name=matrix.source.name)
    if isinstance(matrix, Afar):
        yield from matrix.each(glance)
        return
    for columns, block in matrix.tiles():
        yield columns, glance(block, columns.start)


def _glance(block: Matrix, first: int, *_: Any, name: str) -> tuple[np.ndarray, float]:
    """Return sums of `_FACTS` for each image of a block and a projection, and its largest entry."""
    assert isinstance(block, Dense | Masked)
    values = block.values  # zero where they are not known
    most = _checked(values, first, name)
    weights = block.weights if isinstance(block, Masked) else np.ones((1, 1))
    sums = np.empty((len(_FACTS) + 1, values.shape[1]))
    sums[0] = np.einsum("ij,ij->j", values, values)
    sums[1] = values.sum(axis=0)
    sums[2] = weights.sum(axis=0) * (len(values) / len(weights))
    # Unlike sums it knows which pixel is which: a set of mirrored pictures is another one
    sums[3] = np.random.default_rng(0).random(len(values)).astype(values.dtype) @ values
    return sums, most


def _checked(values: np.ndarray, first: int, name: str) -> float:
    """Return the largest entry of a block, or refuse what is no number of at least 0."""
    least, most = float(values.min()), float(values.max())
    if math.isfinite(least) and math.isfinite(most) and least >= 0:
        return most
    fit = np.isfinite(values).all(axis=0) & (values >= 0).all(axis=0)
    image = int(np.argmin(fit))
    column = values[:, image]
    what = "negative entries" if np.isfinite(column).all() else "entries that are NaN or infinite"
    raise InvalidInputError(
        f"image {first + image} of {name} holds {what}; visnmf.load_images has range= and nan= "
        "for pictures, and missing= says what is not known"
    )
