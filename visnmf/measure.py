"""How well parts rebuild pictures, and what kind of parts they are.

Plain numbers from arrays: the error of V ~ W H, the likeness of rebuilt
pictures to the originals (PSNR, SSIM), the sparseness of parts or encodings,
and how much parts overlap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from visnmf.errors import InvalidInputError
from visnmf.images.imageset import ImageSet

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["hoyer_sparseness", "part_overlap", "psnr", "relative_error", "ssim"]

_BLOCK_VALUES = 1 << 21


def relative_error(V: ImageSet | ArrayLike, W: ArrayLike, H: ArrayLike) -> float:
    """Share of V that W H leaves unexplained: ``||V - W H|| / ||V||`` (Frobenius).

    W H is formed in blocks of columns and never whole; squares are summed in
    float64.

    Parameters
    ----------
    V : ImageSet or array of shape (m, n)
        One picture a column.
    W : array of shape (m, rank)
        The parts.
    H : array of shape (rank, n)
        The encodings.

    Returns
    -------
    float
        0 for an exact fit. Where V is all zero: 0 if W H is too, else infinity.

    Raises
    ------
    InvalidInputError
        The shapes do not belong together.

    Examples
    --------
    >>> relative_error([[3.0, 0.0], [0.0, 4.0]], [[1.0], [0.0]], [[3.0, 0.0]])
    0.8
    """
    columns = V.V if isinstance(V, ImageSet) else _matrix(V, "V")
    W, H = _matrix(W, "W"), _matrix(H, "H")
    m, n = columns.shape
    if W.shape[0] != m or H.shape[1] != n or W.shape[1] != H.shape[0]:
        raise InvalidInputError(
            f"V {columns.shape}, W {W.shape} and H {H.shape} do not fit together: "
            f"W must be ({m}, rank) and H (rank, {n})"
        )
    width = max(1, _BLOCK_VALUES // max(1, m))
    left = whole = 0.0
    for start in range(0, n, width):
        block = columns[:, start : start + width]
        left += _energy(block - W @ H[:, start : start + width])
        whole += _energy(block)
    if whole == 0:
        return 0.0 if left == 0 else float("inf")
    return float(np.sqrt(left / whole))


def psnr(
    original: ImageSet | ArrayLike,
    rebuilt: ImageSet | ArrayLike,
    *,
    peak: float = 1.0,
    per_image: bool = False,
) -> float | NDArray[np.float64]:
    """Peak signal-to-noise ratio in decibels: ``10 log10(peak^2 / MSE)``.

    Parameters
    ----------
    original, rebuilt : ImageSet, or array of shape (n, h, w), (n, h, w, c) or (h, w)
        The pictures. Of an ImageSet with a mask only the kept pixels count.
        One color picture is given as ``picture[None]``.
    peak : float
        The largest value that a pixel can have.
    per_image : bool
        One value per picture; else one for the set, from the mean squared
        error over all pixels of all pictures (not the mean of the decibels).

    Returns
    -------
    float or array of shape (n,)
        Decibels; infinity where the two are equal.

    Raises
    ------
    InvalidInputError
        The two differ in shape, or `peak` is not positive.

    Examples
    --------
    >>> round(psnr(np.zeros((2, 8, 8)), np.full((2, 8, 8), 0.1)), 6)
    20.0
    """
    first, second, mask = _pairs(original, rebuilt, peak)
    squares = np.square(np.subtract(first[:, mask], second[:, mask], dtype=np.float64))
    errors = squares.reshape(len(squares), -1).mean(axis=1)
    with np.errstate(divide="ignore"):
        if per_image:
            return 10 * np.log10(peak**2 / errors)
        return float(10 * np.log10(peak**2 / errors.mean()))


def ssim(
    original: ImageSet | ArrayLike,
    rebuilt: ImageSet | ArrayLike,
    *,
    peak: float = 1.0,
    window: int = 7,
    per_image: bool = False,
) -> float | NDArray[np.float64]:
    """Structural similarity, as scikit-image computes it: 1 for equal pictures.

    Parameters
    ----------
    original, rebuilt : ImageSet, or array of shape (n, h, w), (n, h, w, c) or (h, w)
        The pictures. Of an ImageSet with a mask only the kept pixels count.
        One color picture is given as ``picture[None]``.
    peak : float
        The largest value that a pixel can have.
    window : int
        Side of the sliding window, odd and at least 3. In pictures that are
        smaller it is the largest odd number that fits.
    per_image : bool
        One value per picture; else their mean.

    Returns
    -------
    float or array of shape (n,)
        At most 1.

    Raises
    ------
    InvalidInputError
        The two differ in shape, a side is under 3 pixels, or `peak` or
        `window` cannot be used.

    References
    ----------
    Wang, Bovik, Sheikh & Simoncelli, Image quality assessment: from error
    visibility to structural similarity, IEEE Trans. Image Processing, 2004.
    """
    from skimage.metrics import structural_similarity

    if window < 3 or window % 2 == 0:
        raise InvalidInputError(f"window must be odd and at least 3, not {window}")
    first, second, mask = _pairs(original, rebuilt, peak)
    side = min(mask.shape)
    if side < 3:
        raise InvalidInputError(
            f"SSIM needs pictures of at least 3 x 3 pixels, got {mask.shape[0]} x {mask.shape[1]}"
        )
    window = min(window, side if side % 2 else side - 1)
    # As scikit-image does, leave out the border, where windows reach over the edge.
    edge = window // 2
    inner = np.s_[edge:-edge, edge:-edge]
    kept = mask[inner]
    if not kept.any():
        raise InvalidInputError(
            f"the mask keeps no pixel farther than {edge} from the border, where "
            f"SSIM with a window of {window} is defined; give a smaller window"
        )
    values = np.empty(len(first))
    for i, (a, b) in enumerate(zip(first, second, strict=True)):
        _, likeness = structural_similarity(
            a.astype(np.float64),
            b.astype(np.float64),
            win_size=window,
            data_range=peak,
            channel_axis=-1 if a.ndim == 3 else None,
            full=True,
        )
        values[i] = likeness[inner][kept].mean()
    return values if per_image else float(values.mean())


def hoyer_sparseness(A: ArrayLike, axis: int = 0) -> NDArray[np.float64] | float:
    r"""Hoyer's sparseness of each vector along `axis`, from 0 to 1.

    .. math:: s(x) = \frac{\sqrt{n} - \|x\|_1 / \|x\|_2}{\sqrt{n} - 1}

    It is 0 where all entries are equal in size and 1 where only one is not
    zero; the scale of x does not matter. A zero vector has equal entries: 0.

    Parameters
    ----------
    A : array
        ``hoyer_sparseness(W)`` is that of each part, ``hoyer_sparseness(H)``
        of each picture's encoding, ``hoyer_sparseness(H, axis=1)`` of each
        part's use over the pictures.
    axis : int
        The axis along which a vector lies.

    Returns
    -------
    array of the shape of A without `axis`; a float for a single vector

    Raises
    ------
    InvalidInputError
        Vectors of fewer than two entries, for which it is not defined.

    References
    ----------
    Hoyer, Non-negative matrix factorization with sparseness constraints,
    Journal of Machine Learning Research 5, 2004, section 3.1.

    Examples
    --------
    >>> hoyer_sparseness([[1.0, 1.0], [0.0, 1.0], [0.0, 1.0], [0.0, 1.0]]).tolist()
    [1.0, 0.0]
    """
    sizes = np.abs(np.asarray(A, dtype=np.float64))
    if not -sizes.ndim <= axis < sizes.ndim:
        raise InvalidInputError(f"axis {axis} is not one of an array of shape {sizes.shape}")
    n = sizes.shape[axis]
    if n < 2:
        raise InvalidInputError(
            f"sparseness needs vectors of at least 2 entries; along axis {axis} "
            f"an array of shape {sizes.shape} has {n}"
        )
    # Scaled to a largest entry of 1, so that no square overflows or vanishes.
    largest = sizes.max(axis=axis, keepdims=True)
    unit = np.divide(sizes, largest, out=np.ones_like(sizes), where=largest > 0)
    ratio = unit.sum(axis=axis) / np.sqrt(np.square(unit).sum(axis=axis))
    sparseness = np.clip((np.sqrt(n) - ratio) / (np.sqrt(n) - 1), 0.0, 1.0)
    return float(sparseness) if sparseness.ndim == 0 else sparseness


def part_overlap(W: ArrayLike, *, reduce: Literal["mean", "max"] = "mean") -> float:
    """How much the parts share pixels: the cosine between two parts, over all pairs.

    The cosine of parts i and j is ``<w_i, w_j> / (||w_i|| ||w_j||)``; for
    non-negative parts it is 0 where they share no pixel and 1 where one is a
    multiple of the other. A zero part has cosine 0 with every other.

    Parameters
    ----------
    W : array of shape (m, rank)
        The parts.
    reduce : {"mean", "max"}
        Over the rank (rank - 1) / 2 pairs: their mean, or the closest pair.

    Returns
    -------
    float
        0 where there is no pair.

    Raises
    ------
    InvalidInputError
        W is not a matrix, or `reduce` is unknown.

    Examples
    --------
    >>> part_overlap([[1.0, 0.0, 0.0], [0.0, 1.0, 2.0]], reduce="max")
    1.0
    """
    if reduce not in ("mean", "max"):
        raise InvalidInputError(f'reduce must be "mean" or "max", not {reduce!r}')
    parts = _matrix(W, "W").astype(np.float64)
    rank = parts.shape[1]
    if rank < 2:
        return 0.0
    lengths = np.linalg.norm(parts, axis=0)
    unit = np.divide(parts, lengths, out=np.zeros_like(parts), where=lengths > 0)
    cosines = (unit.T @ unit)[np.triu_indices(rank, k=1)]
    return float(np.clip(cosines.mean() if reduce == "mean" else cosines.max(), -1.0, 1.0))


def _energy(block: NDArray[Any]) -> float:
    """Sum of squares, in float64."""
    return float(np.square(block, dtype=np.float64).sum())


def _matrix(A: ArrayLike, name: str) -> NDArray[Any]:
    array = np.asarray(A)
    if array.ndim != 2:
        raise InvalidInputError(f"{name} must be a matrix, got an array of shape {array.shape}")
    return array if np.issubdtype(array.dtype, np.floating) else array.astype(np.float64)


def _pairs(
    original: ImageSet | ArrayLike, rebuilt: ImageSet | ArrayLike, peak: float
) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.bool_]]:
    """Both stacks of pictures (n, h, w[, c]), and the pixels (h, w) that count."""
    if not peak > 0:
        raise InvalidInputError(f"peak must be positive, not {peak}")
    first, second = _stack(original, "original"), _stack(rebuilt, "rebuilt")
    if first.shape != second.shape:
        raise InvalidInputError(
            f"the originals have shape {first.shape} and the rebuilt pictures {second.shape}; "
            "they must be the same"
        )
    kept = np.ones(first.shape[1:3], dtype=bool)
    for images in (original, rebuilt):
        if isinstance(images, ImageSet) and images.layout.mask is not None:
            kept &= images.layout.mask
    return first, second, kept


def _stack(images: ImageSet | ArrayLike, name: str) -> NDArray[Any]:
    """Pictures (n, h, w[, c]); a single gray one is a stack of one."""
    stack = images.to_images() if isinstance(images, ImageSet) else np.asarray(images)
    if stack.ndim == 2:
        stack = stack[None]
    if stack.ndim not in (3, 4) or stack.size == 0:
        raise InvalidInputError(
            f"{name} must be pictures (n, h, w) or (n, h, w, c) or one gray picture (h, w), "
            f"got an array of shape {stack.shape}"
        )
    return stack
