"""The transpose of a V that comes in blocks of images, and what both need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from visnmf.matrices.blocks import ones_contracted
from visnmf.matrices.dense import Dense
from visnmf.matrices.protocol import ONE, Bundle, Entrywise, Matrix

if TYPE_CHECKING:
    from visnmf.matrices.chunked import Chunked

__all__ = ["Turned", "joined", "part_of"]


class Turned:
    """The transposed matrix of a chunked one: its rows come in blocks.

    Parameters
    ----------
    of : Chunked
        V; this is V'.
    """

    kind = "chunked"

    def __init__(self, of: Chunked) -> None:
        self.T = of
        self.weighted, self.dtype, self.work = of.weighted, of.dtype, of.work

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers of rows and of columns."""
        return self.T.shape[::-1]

    @property
    def density(self) -> float:
        """The mean of the weights."""
        return self.T.density

    def astype(self, dtype: np.dtype[Any]) -> Turned:
        """Return the same with entries of another float type."""
        return self.T.astype(dtype).T

    def scaled(self, rows: np.ndarray, columns: np.ndarray) -> Turned:
        """Return the same with each entry times the numbers of its row and of its column."""
        return self.T.scaled(columns, rows).T

    def take(self, columns: np.ndarray) -> Matrix:
        """Return some pixels of all images, in memory."""
        parts = [block.T.take(columns).T for _, block in self.T.tiles()]
        return joined(parts).T

    def gram(self) -> np.ndarray:
        """Refuse: a number for each two images."""
        raise NotImplementedError("V'V of a chunked V has a number for each two images")

    def contract(
        self,
        A: np.ndarray,
        F: np.ndarray | None,
        function: Entrywise,
        out: np.ndarray | None = None,
    ) -> np.ndarray:
        """Return A @ f(V', A'F), added up over the blocks in float64."""
        if function is ONE and not self.weighted:
            return ones_contracted(A, self.shape[1], self.dtype)
        whole = np.zeros((len(A), self.shape[1]))
        for columns, block in self.T.tiles():
            whole += block.T.contract(part_of(A, columns), F, function)
        return _into(out, whole, self.dtype)

    def total(self, A: np.ndarray | None, F: np.ndarray | None, function: Entrywise) -> float:
        """Return the sum of f(V', A'F) in float64."""
        return self.T.total(F, A, function)

    def gather(
        self, A: np.ndarray, F: np.ndarray, bundle: Bundle, cost: bool = True
    ) -> tuple[list[np.ndarray], float]:
        """Return the contractions and the sum of a bundle, added up over the blocks."""
        sums, whole = [np.zeros((len(A), self.shape[1])) for _ in range(bundle.count)], 0.0
        for columns, block in self.T.tiles():
            found, part = block.T.gather(part_of(A, columns), F, bundle, cost)
            for out, values in zip(sums, found, strict=True):
                out += values
            whole += part
        return [_into(None, out, self.dtype) for out in sums], whole if cost else float("nan")

    def residual(self, A: np.ndarray, F: np.ndarray) -> tuple[np.ndarray, float]:
        """Return A @ (M * (V - A'F))', and the sum of M * (V - A'F)^2."""
        sums, squares = np.zeros((len(A), self.shape[1])), 0.0
        for columns, block in self.T.tiles():
            found, part = block.T.residual(part_of(A, columns), F)
            sums += found
            squares += part
        return _into(None, sums, self.dtype), squares

    def grams(self, A: np.ndarray) -> np.ndarray:
        """Return sum_j M[i, j] a_j a_j' for each pixel i, (rank, rank, m)."""
        whole = np.zeros((len(A), len(A), self.shape[1]))
        for columns, block in self.T.tiles():
            whole += block.T.grams(part_of(A, columns))
        return whole.astype(self.dtype)


def part_of(F: np.ndarray | None, columns: slice) -> np.ndarray | None:
    """Return some columns of a factor, as kernels take them."""
    return None if F is None else np.ascontiguousarray(F[:, columns])


def joined(parts: list[Any]) -> Any:
    """Return matrices of one kind in memory side by side."""
    first = parts[0]
    if len(parts) == 1:
        return first
    if isinstance(first, Dense):
        return Dense(_beside([part.values for part in parts]))
    return type(first)(
        _beside([part.values for part in parts]), _beside([part.weights for part in parts])
    )


def _beside(arrays: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([array.T for array in arrays]).T


def _into(out: np.ndarray | None, whole: np.ndarray, dtype: np.dtype[Any]) -> np.ndarray:
    if out is None:
        return whole.astype(dtype)
    out[...] = whole
    return out
