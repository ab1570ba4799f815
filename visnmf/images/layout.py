"""ImageLayout: how a column of V becomes a picture, and a picture a column."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visnmf.arguments import check_floats
from visnmf.errors import InvalidInputError

__all__ = ["ImageLayout"]

_MAX_VALUES = 2**31 - 1
_DTYPES = frozenset(
    {"bool", "float16", "float32", "float64"}
    | {f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)}
)


@dataclass(frozen=True, eq=False)
class ImageLayout:
    """The shape of the pictures behind the columns of V, and what their values mean.

    A column is the picture in C order (height, width, channels): the channels of
    a pixel lie together, and pixels outside the mask are left out.

    Parameters
    ----------
    height, width : int
        Size of one picture in pixels.
    channels : int
        Values a pixel has: 1 for gray, 3 for color, any number for spectra.
    mask : array of bool, shape (height, width), optional
        True where a pixel is kept in V. None keeps all of them.
    low, high : float
        The original values that 0 and 1 of V stand for; finite, low < high.
    dtype : str
        NumPy's name of the type that the original values had, such as "uint8".

    Raises
    ------
    InvalidInputError
        If a size is not a positive whole number, the mask has another shape or
        keeps nothing, or the value range or dtype makes no sense.

    Examples
    --------
    >>> import numpy as np
    >>> layout = ImageLayout(2, 3, low=0, high=255, dtype="uint8")
    >>> pictures = np.array([[[0, 51, 102], [153, 204, 255]]], dtype=np.uint8)
    >>> V = layout.to_columns(layout.from_original(pictures))
    >>> V.shape
    (6, 1)
    >>> layout.to_original(layout.to_images(V))
    array([[[  0,  51, 102],
            [153, 204, 255]]], dtype=uint8)
    """

    height: int
    width: int
    channels: int = 1
    mask: NDArray[np.bool_] | None = None
    low: float = 0.0
    high: float = 1.0
    dtype: str = "float32"

    def __post_init__(self) -> None:
        """Check every field, and hold the mask as an array that nobody can change."""
        for name in ("height", "width", "channels"):
            object.__setattr__(self, name, _positive_int(getattr(self, name), name))
        if self.height * self.width * self.channels > _MAX_VALUES:
            raise InvalidInputError(
                f"a picture of {self.height} x {self.width} pixels and {self.channels} channel(s) "
                f"has more than {_MAX_VALUES} values; make it smaller or cut it into patches"
            )
        if self.mask is not None:
            object.__setattr__(self, "mask", _checked_mask(self.mask, self.height, self.width))
        for name in ("low", "high"):
            object.__setattr__(self, name, _finite_float(getattr(self, name), name))
        if not self.low < self.high:
            raise InvalidInputError(f"need low < high, got low={self.low}, high={self.high}")
        if not isinstance(self.dtype, str) or self.dtype not in _DTYPES:
            raise InvalidInputError(f"dtype {self.dtype!r} is none of {', '.join(sorted(_DTYPES))}")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ImageLayout):
            return NotImplemented
        return self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[Any, ...]:
        mask = None if self.mask is None else self.mask.tobytes()
        return (self.height, self.width, self.channels, mask, self.low, self.high, self.dtype)

    @property
    def m(self) -> int:
        """Values in a column: kept pixels times channels."""
        pixels = self.height * self.width if self.mask is None else np.count_nonzero(self.mask)
        return int(pixels) * self.channels

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one picture: (height, width), or (height, width, channels) if more than one."""
        size = (self.height, self.width)
        return size if self.channels == 1 else (*size, self.channels)

    def to_columns(self, images: ArrayLike) -> NDArray[Any]:
        """Flatten pictures into the columns of V.

        Parameters
        ----------
        images : array, shape (n, height, width) or (n, height, width, channels)
            Floats, in [0, 1] unless you know better. (`from_original` makes them so.)

        Returns
        -------
        V : array, shape (m, n)
            Fortran-ordered, so that each picture is contiguous; of the dtype of
            `images`. Shares memory with `images` where they are C-ordered and no
            pixel is masked.

        Raises
        ------
        InvalidInputError
            If the shape does not fit this layout.
        """
        images = np.asarray(images)
        fits = images.shape[1:] in {self.shape, (self.height, self.width, self.channels)}
        if not images.ndim or not fits:
            raise InvalidInputError(
                f"pictures of shape {images.shape} do not fit this layout; "
                f"need (n, {', '.join(map(str, self.shape))})"
            )
        n = len(images)
        if self.mask is not None:
            pixels = images.reshape(n, self.height * self.width, self.channels)
            images = pixels[:, self.mask.ravel()]
        return np.ascontiguousarray(images).reshape(n, self.m).T

    def to_images(self, columns: ArrayLike, fill: float = 0.0) -> NDArray[Any]:
        """Turn columns back into pictures; values are not clipped.

        Parameters
        ----------
        columns : array, shape (m, k) or (m,)
            Columns of V, W or U: anything with one value for each kept pixel and channel.
        fill : float
            Value of the pixels outside the mask.

        Returns
        -------
        images : array, shape (k, height, width[, channels]) or (height, width[, channels])
            Shares memory with `columns` where they are Fortran-ordered and no
            pixel is masked.

        Raises
        ------
        InvalidInputError
            If the columns have another length than m.
        """
        columns = np.asarray(columns)
        if columns.ndim not in (1, 2) or columns.shape[0] != self.m:
            raise InvalidInputError(
                f"columns of shape {columns.shape} do not fit this layout; "
                f"need ({self.m}, k) or ({self.m},)"
            )
        rows = columns.T
        lead = rows.shape[:-1]
        if self.mask is not None:
            kept = rows.reshape(*lead, self.m // self.channels, self.channels)
            pixels = (*lead, self.height * self.width, self.channels)
            rows = np.full(pixels, fill, dtype=columns.dtype)
            rows[..., self.mask.ravel(), :] = kept
        return rows.reshape(*lead, *self.shape)

    def from_original(self, images: ArrayLike) -> NDArray[np.float32]:
        """Map original values to [0, 1]: low becomes 0, high becomes 1, the rest is clipped.

        Parameters
        ----------
        images : array
            Pictures (or values of any shape) in the original range.

        Returns
        -------
        images : array of float32
            Of the same shape.
        """
        values = np.asarray(images)
        if values.dtype.kind not in "fiub":
            values = check_floats(images, "images")
        # Values beyond 24 bits lose nothing that matters only if `low` goes before rounding.
        wide = values.dtype.itemsize > 2 and values.dtype != np.float32
        values = values.astype(np.float64 if wide else np.float32)
        if self.low != 0.0:
            values -= self.low
        values /= self.high - self.low
        return np.clip(values, 0.0, 1.0, out=values).astype(np.float32, copy=False)

    def to_original(self, images: ArrayLike) -> NDArray[Any]:
        """Map [0, 1] to original values, of the original dtype.

        Parameters
        ----------
        images : array
            Pictures (or values of any shape), 0 and 1 standing for `low` and `high`.

        Returns
        -------
        images : array of `dtype`
            Of the same shape. Whole numbers are rounded and clipped to [low, high];
            floats are only scaled.
        """
        dtype = np.dtype(self.dtype)
        values = check_floats(images, "images") * (self.high - self.low) + self.low
        if dtype.kind == "f":
            return values.astype(dtype)
        if dtype.kind == "b":
            return values >= (self.low + self.high) / 2
        kinds = np.iinfo(dtype)
        low = max(self.low, float(kinds.min))
        # float(2**64 - 1) rounds up to 2**64, which no uint64 can hold.
        top = float(kinds.max) if kinds.bits < 64 else float(np.nextafter(float(kinds.max), 0))
        return np.clip(np.rint(values), low, min(self.high, top)).astype(dtype)

    def to_dict(self) -> dict[str, Any]:
        """Return the layout as JSON can hold it; the mask as packed bits in base64."""
        mask = None
        if self.mask is not None:
            mask = base64.b64encode(np.packbits(self.mask).tobytes()).decode("ascii")
        return {
            "height": self.height,
            "width": self.width,
            "channels": self.channels,
            "mask": mask,
            "low": self.low,
            "high": self.high,
            "dtype": self.dtype,
        }

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> ImageLayout:
        """Rebuild a layout from `to_dict`, trusting nothing.

        Parameters
        ----------
        fields : mapping
            What `to_dict` gave, perhaps through a file of unknown origin.

        Returns
        -------
        layout : ImageLayout

        Raises
        ------
        InvalidInputError
            If a field is missing, unknown, or of a type or size that makes no sense.
        """
        names = {"height", "width", "channels", "mask", "low", "high", "dtype"}
        if not isinstance(fields, Mapping) or set(fields) != names:
            raise InvalidInputError(f"an image layout has the fields {', '.join(sorted(names))}")
        mask = fields["mask"]
        if mask is None:
            return cls(**fields)
        bare = cls(**{**fields, "mask": None})
        return cls(**{**fields, "mask": _unpacked_mask(mask, bare.height, bare.width)})


def _positive_int(value: object, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise InvalidInputError(f"{name} must be a positive whole number, got {value!r}")
    return int(value)


def _finite_float(value: object, name: str) -> float:
    number = isinstance(value, (int, float, np.number)) and not isinstance(value, (bool, complex))
    try:
        result = float(value) if number else math.nan  # type: ignore[arg-type]
    except OverflowError:
        result = math.inf
    if not math.isfinite(result):
        raise InvalidInputError(f"{name} must be a finite number, got {value!r}")
    return result


def _checked_mask(mask: object, height: int, width: int) -> NDArray[np.bool_]:
    checked = np.array(mask, order="C")
    if checked.dtype != np.bool_ or checked.shape != (height, width):
        raise InvalidInputError(
            f"the mask must be an array of bool of shape ({height}, {width}), one value a pixel; "
            f"got {checked.dtype} of shape {checked.shape}"
        )
    if not checked.any():
        raise InvalidInputError("the mask keeps no pixel; True marks the pixels to keep")
    checked.flags.writeable = False
    return checked


def _unpacked_mask(text: object, height: int, width: int) -> NDArray[np.bool_]:
    size = height * width
    problem = InvalidInputError(f"the mask is not base64 of {size} packed bits")
    if not isinstance(text, str):
        raise problem
    try:
        packed = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise problem from error
    if len(packed) != (size + 7) // 8:
        raise problem
    bits = np.unpackbits(np.frombuffer(packed, dtype=np.uint8), count=size)
    return bits.astype(bool).reshape(height, width)
