"""How alike rebuilt pictures and the originals are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from visnmf.arguments import check_integer, check_number
from visnmf.errors import InvalidInputError
from visnmf.images.imageset import ImageSet

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["psnr", "ssim"]


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

    if check_integer(window, "window", 3) % 2 == 0:
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


def _pairs(
    original: ImageSet | ArrayLike, rebuilt: ImageSet | ArrayLike, peak: float
) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.bool_]]:
    """Both stacks of pictures (n, h, w[, c]), and the pixels (h, w) that count."""
    if not check_number(peak, "peak") > 0:
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
