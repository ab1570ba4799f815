"""Steps from an ImageSet to a better one: gray, resized, cropped, contrast, normalized.

Each step is recorded in `ImageSet.preparation` with all that it needs, so that
`apply_preparation` can do the same to other pictures later.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visnmf.arguments import check_floats, check_instance, check_number
from visnmf.errors import InvalidInputError
from visnmf.images.colors import luma
from visnmf.images.fitting import fit_values
from visnmf.images.imageset import ImageSet, checked_steps
from visnmf.images.layout import ImageLayout
from visnmf.images.settings import check_choice, checked_size

__all__ = [
    "apply_preparation",
    "crop",
    "normalize_each",
    "normalize_set",
    "resize",
    "stretch_contrast",
    "to_gray",
]


def to_gray(images: ImageSet) -> ImageSet:
    """Turn color into gray, 0.299 R + 0.587 G + 0.114 B; gray pictures stay as they are.

    Parameters
    ----------
    images : ImageSet
        Of 1 or 3 channels.

    Returns
    -------
    images : ImageSet
        Of one channel.

    Raises
    ------
    InvalidInputError
        If the pictures have neither 1 nor 3 channels.
    """
    layout = _layout_of(images)
    if layout.channels == 1:
        return images
    if layout.channels != 3:
        raise InvalidInputError(
            f"gray is made of 3 channels, these pictures have {layout.channels}"
        )
    colors = images.V.T.reshape(len(images), layout.m // 3, 3)
    return _done(images, "to_gray", {}, luma(colors).T, layout=replace(layout, channels=1))


def resize(images: ImageSet, size: tuple[int, int], *, fit: str = "resize") -> ImageSet:
    """Bring all pictures to another size, bicubic, smoothed where they shrink.

    Parameters
    ----------
    images : ImageSet
        Without a mask: what lies outside it would leak in.
    size : (height, width)
        HEIGHT FIRST.
    fit : {"resize", "crop"}
        Stretch to the size, or cut the sides off to its proportions first.

    Returns
    -------
    images : ImageSet

    Raises
    ------
    InvalidInputError
        If the set has a mask, or an argument makes no sense.
    """
    height, width = checked_size(size)
    check_choice("fit", fit, ("resize", "crop"))
    layout = _layout_of(images)
    if layout.mask is not None:
        raise InvalidInputError("masked pictures cannot be resized; resize first, then mask")
    layout = replace(layout, height=height, width=width)
    resized = np.empty((len(images), *layout.shape), dtype=np.float32)
    for target, picture in zip(resized, images, strict=True):
        target[:] = fit_values(picture, (height, width), fit)
    step = {"size": [height, width], "fit": fit}
    return _done(images, "resize", step, layout.to_columns(resized), layout=layout)


def crop(
    images: ImageSet, size: tuple[int, int], *, corner: tuple[int, int] | None = None
) -> ImageSet:
    """Cut the same rectangle out of every picture; nothing is resized.

    Parameters
    ----------
    images : ImageSet
        A mask is cut likewise.
    size : (height, width)
        HEIGHT FIRST.
    corner : (top, left), optional
        Row and column of the upper left pixel; by default the middle is cut out.

    Returns
    -------
    images : ImageSet

    Raises
    ------
    InvalidInputError
        If the rectangle leaves the pictures.
    """
    layout = _layout_of(images)
    height, width = checked_size(size)
    if corner is None:
        corner = (layout.height - height) // 2, (layout.width - width) // 2
    pair = np.asarray(corner)
    if pair.shape != (2,) or pair.dtype.kind not in "iu":
        raise InvalidInputError(
            f"corner must be (top, left), two whole numbers, got {corner!r:.80}"
        )
    top, left = pair.tolist()
    inside = 0 <= top <= layout.height - height and 0 <= left <= layout.width - width
    if not inside:
        raise InvalidInputError(
            f"a rectangle of {height} x {width} pixels at row {top}, column {left} leaves "
            f"pictures of {layout.height} x {layout.width}"
        )
    window = (slice(top, top + height), slice(left, left + width))
    mask = None if layout.mask is None else layout.mask[window]
    cut = replace(layout, height=height, width=width, mask=mask)
    columns = cut.to_columns(images.to_images()[:, *window])
    step = {"size": [height, width], "corner": [int(top), int(left)]}
    return _done(images, "crop", step, columns, layout=cut)


def stretch_contrast(
    images: ImageSet, *, percentiles: tuple[float, float] = (0.0, 100.0)
) -> ImageSet:
    """Stretch the values of each picture by itself to fill [0, 1].

    Parameters
    ----------
    images : ImageSet
        Kept pixels and all channels of a picture count alike.
    percentiles : (low, high)
        The percentiles that become 0 and 1; what lies beyond is clipped. A constant
        picture becomes 0.

    Returns
    -------
    images : ImageSet

    Raises
    ------
    InvalidInputError
        Unless 0 <= low < high <= 100.
    """
    _layout_of(images)
    pair = check_floats(percentiles, "percentiles")
    if pair.shape != (2,) or not 0 <= pair[0] < pair[1] <= 100:
        raise InvalidInputError(
            f"percentiles must be (low, high) with 0 <= low < high <= 100, got {percentiles!r:.80}"
        )
    low, high = pair.tolist()
    # Each picture by itself, so that memory for all of them is needed only once.
    columns = np.empty_like(images.V)
    for target, column in zip(columns.T, images.V.T, strict=True):
        dark, bright = np.percentile(column, [low, high])
        np.clip((column - dark) / ((bright - dark) or 1.0), 0.0, 1.0, out=target)
    return _done(images, "stretch_contrast", {"percentiles": [low, high]}, columns)


def normalize_set(
    images: ImageSet, *, mean: float | None = None, std: float | None = None
) -> ImageSet:
    """Normalize the set as a whole, as Hoyer's package does for the faces of Lee & Seung.

    All values are standardized with the mean and standard deviation of the whole set, z;
    then (z + 0.25) * 0.25, clipped to [0, 1].

    Parameters
    ----------
    images : ImageSet
        Pictures.
    mean, std : float, optional
        Those of another set, to treat new pictures as it was; by default of this one.

    Returns
    -------
    images : ImageSet

    References
    ----------
    P. O. Hoyer, "Non-negative matrix factorization with sparseness constraints",
    Journal of Machine Learning Research 5, 2004.
    """
    _layout_of(images)
    V = images.V
    mean = float(V.mean(dtype=np.float64)) if mean is None else _finite(mean, "mean")
    std = float(V.std(dtype=np.float64)) if std is None else _finite(std, "std")
    columns = _standardized(images.V, mean, std, shift=0.25 * 0.25)
    return _done(images, "normalize_set", {"mean": mean, "std": std}, columns)


def normalize_each(images: ImageSet) -> ImageSet:
    """Normalize each picture to mean and standard deviation 0.25, clipped to [0, 1].

    The normalization that Lee & Seung tell of themselves. A constant picture becomes 0.25.

    Parameters
    ----------
    images : ImageSet
        Any pictures.

    Returns
    -------
    images : ImageSet
        The same number, normalized.

    References
    ----------
    D. D. Lee and H. S. Seung, "Learning the parts of objects by non-negative matrix
    factorization", Nature 401, 1999.
    """
    _layout_of(images)
    mean = images.V.mean(axis=0, dtype=np.float64)
    std = images.V.std(axis=0, dtype=np.float64)
    return _done(images, "normalize_each", {}, _standardized(images.V, mean, std, shift=0.25))


def apply_preparation(images: ImageSet, steps: Sequence[Mapping[str, Any]]) -> ImageSet:
    """Do to pictures what was done to others, with the numbers found then.

    Parameters
    ----------
    images : ImageSet
        Loaded, or cut into patches, as the others were: these steps are not repeated.
    steps : sequence of dict
        `ImageSet.preparation` of the others, perhaps through JSON.

    Returns
    -------
    images : ImageSet

    Raises
    ------
    InvalidInputError
        If a step is unknown, or does not fit the pictures.
    """
    for step in checked_steps(steps):
        name, settings = step.get("step"), {key: step[key] for key in step if key != "step"}
        if name in ("load", "patches"):
            continue
        if name not in _STEPS:
            raise InvalidInputError(f"unknown step {name!r}; known are {', '.join(_STEPS)}")
        try:
            images = _STEPS[name](images, **settings)
        except TypeError as error:
            raise InvalidInputError(f"the step {dict(step)} cannot be done: {error}") from error
    return images


_STEPS: dict[Any, Callable[..., ImageSet]] = {
    "to_gray": to_gray,
    "resize": resize,
    "crop": crop,
    "stretch_contrast": stretch_contrast,
    "normalize_set": normalize_set,
    "normalize_each": normalize_each,
}


def _layout_of(images: Any) -> ImageLayout:
    """Return the layout of a set, or say what else would do."""
    made = "visnmf.load_images makes one of files and of arrays"
    return check_instance(images, "images", ImageSet, made).layout


def _finite(value: Any, name: str) -> float:
    number = check_number(value, name, -math.inf)
    if not math.isfinite(number):
        raise InvalidInputError(f"{name} must be finite, got {value!r}")
    return number


def _standardized(V: NDArray[np.float32], mean: Any, std: Any, shift: float) -> NDArray[np.float32]:
    """Return 0.25 (V - mean) / std + shift, clipped to [0, 1]."""
    scale = 0.25 / np.where(np.asarray(std) > 0, std, 1.0)
    columns = V * scale.astype(np.float32)
    columns += (shift - mean * scale).astype(np.float32)
    return np.clip(columns, 0.0, 1.0, out=columns)


def _done(
    images: ImageSet, step: str, settings: dict[str, Any], V: NDArray[Any], **changes: Any
) -> ImageSet:
    recorded = [*images.preparation, {"step": step, **settings}]
    return images.replace(V=V, preparation=recorded, **changes)
