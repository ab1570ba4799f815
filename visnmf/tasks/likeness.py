"""How alike two pictures are, told from their encodings."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visnmf.arguments import check_floats
from visnmf.errors import InvalidInputError

__all__ = ["Likeness"]


class Likeness:
    r"""A cosine between pictures, from their encodings.

    The bare cosine of two encodings depends on the lengths of the parts, which are arbitrary,
    and takes parts that overlap for different ones. So three cosines are averaged, each of
    deviations from the mean of the set (otherwise what all pictures share makes all alike):

    - of the pictures as rebuilt, W h, from W'W alone: brightness and contrast count;
    - of the rebuilt pictures brought to length 1: forms alone count;
    - of the roots of the parts' strengths, :math:`\sqrt{h_k \|w_k\|}`, brought to length 1
      (Hellinger's): which parts are there counts, more than how strong they are.

    The average is itself a cosine: that of vectors which lay the three side by side.

    Features that are no amounts of parts are compared as they are: one cosine, of deviations
    from the mean. (Those of a `PatchEncoder` are roots already, so that this is Hellinger's too.)

    Parameters
    ----------
    rows : array_like, shape (n, features)
        The features of the set of pictures, one a row: encodings are H'.
    gram : array_like, shape (features, features), optional
        W'W, where the features are encodings by parts W; not given where they are others.

    Raises
    ------
    InvalidInputError
        Shapes do not fit, or values are not finite.

    Notes
    -----
    A blank picture is counted into the means, so that a set of one picture has a direction.

    Examples
    --------
    >>> import numpy as np
    >>> rows = np.array([[4.0, 0.0], [2.0, 0.1], [0.0, 3.0]])
    >>> vectors = Likeness(rows).vectors(rows)
    >>> cosines = vectors @ vectors.T
    >>> bool(cosines[0, 1] > 0 > cosines[0, 2])
    True
    """

    def __init__(self, rows: ArrayLike, gram: ArrayLike | None = None) -> None:
        values = _checked_rows(rows, None)
        self.n_features: int = values.shape[1]
        self._root: NDArray[np.float64] | None = None
        if gram is not None:
            G = check_floats(gram, "gram")
            if G.shape != (self.n_features, self.n_features) or not np.isfinite(G).all():
                raise InvalidInputError(
                    f"gram has shape {G.shape}; {self.n_features} features need a finite "
                    f"({self.n_features}, {self.n_features})"
                )
            shares, axes = np.linalg.eigh(G)
            self._root = axes * np.sqrt(shares.clip(0))
            self._lengths: NDArray[np.float64] = np.sqrt(np.diag(G).clip(0))
        self._means = [block.sum(axis=0) / (len(block) + 1) for block in self._looks(values)]

    def vectors(self, rows: ArrayLike) -> NDArray[np.float32]:
        """Return vectors whose inner products are the likeness of pictures, -1 to 1.

        Parameters
        ----------
        rows : array_like, shape (n, features)
            Features of pictures of the set or of others.

        Returns
        -------
        ndarray (n, 3 * features) or (n, features), float32
            Of length 1, for any program that searches by cosine or distance; the shorter ones
            where no gram was given.
        """
        looks = self._looks(_checked_rows(rows, self.n_features))
        blocks = [_unit(block - mean) for block, mean in zip(looks, self._means, strict=True)]
        return _unit(np.concatenate(blocks, axis=1)).astype(np.float32)

    def _looks(self, rows: NDArray[np.float64]) -> list[NDArray[np.float64]]:
        """Return the descriptions of pictures, not yet about the mean."""
        if self._root is None:
            return [rows]
        rebuilt, strengths = rows @ self._root, rows * self._lengths
        # Encodings of semi-NMF may be negative: their sign is kept
        roots = np.sign(strengths) * np.sqrt(np.abs(strengths))
        return [rebuilt, _unit(rebuilt), _unit(roots)]


def _unit(rows: NDArray[Any]) -> NDArray[Any]:
    """Bring rows to length 1; rows of zeros stay."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)


def _checked_rows(rows: ArrayLike, features: int | None) -> NDArray[np.float64]:
    values = np.asarray(rows)
    if values.ndim != 2 or values.dtype.kind not in "fiub" or not all(values.shape):
        raise InvalidInputError(
            f"need features of pictures, one a row; got {values.dtype} of shape {values.shape}"
        )
    if features is not None and values.shape[1] != features:
        raise InvalidInputError(
            f"the set has {features} features a picture, these have {values.shape[1]}"
        )
    values = values.astype(np.float64)
    if not np.isfinite(values).all():
        raise InvalidInputError("the features hold NaN or infinity")
    return values
