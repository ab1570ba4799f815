"""Pictures: a set of pictures each of its own size, with names and labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visnmf.arguments import check_sequence
from visnmf.errors import ImageReadError, InvalidInputError
from visnmf.images.fitting import FITS, fit_values
from visnmf.images.frames import full_scale
from visnmf.images.imageset import (
    ImageSet,
    checked_index,
    checked_labels,
    checked_names,
    labels_to_split_by,
    refuse_in,
)
from visnmf.images.layout import ImageLayout
from visnmf.images.settings import check_choice, checked_size
from visnmf.images.splits import split_indices

__all__ = ["Pictures", "as_pictures", "checked_picture"]


class Pictures:
    """Pictures of any sizes, for what needs no common frame: patches, visual words, faces.

    Indexing with a number gives a picture; with a slice, an array of indices or a boolean
    array, a smaller set. Iterating gives pictures. `visnmf.load_pictures` reads them.

    Parameters
    ----------
    pictures : sequence of arrays, shape (h, w) or (h, w, channels)
        Floats, kept as they are ([0, 1] unless you know better); or whole numbers of 8 or 16
        bits or bools, of which the greatest possible becomes 1. Kept as float32, not
        copied if they are that. All have the same number of channels.
    names : sequence of str, optional
        One a picture. Numbers if not given.
    labels : array, shape (n,), optional
        What each picture shows.
    source : str
        Where the pictures came from, in words.
    skipped : sequence of ImageReadError
        The pictures that could not be read and were left out.

    Raises
    ------
    InvalidInputError
        If a picture is no picture or not finite, or names or labels do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> pictures = Pictures([np.zeros((4, 6)), np.ones((5, 3))], labels=["dark", "light"])
    >>> pictures
    Pictures(2 pictures, 5 x 3 to 4 x 6, gray, 2 labels)
    >>> pictures[1].shape
    (5, 3)
    >>> pictures.to_image_set((2, 2)).V.shape
    (4, 2)
    """

    def __init__(
        self,
        pictures: Sequence[ArrayLike] | NDArray[Any],
        names: Sequence[str] | None = None,
        labels: ArrayLike | None = None,
        *,
        source: str = "",
        skipped: Sequence[ImageReadError] = (),
    ) -> None:
        listed = check_sequence(pictures, "pictures", "arrays")
        self.pictures: list[NDArray[np.float32]] = [
            checked_picture(picture, i) for i, picture in enumerate(listed)
        ]
        found = sorted({p.shape[2] for p in self.pictures})
        if len(found) > 1:
            raise InvalidInputError(
                f"the pictures differ in channels: {' and '.join(map(str, found))}; "
                "load them all as gray, or all as rgb"
            )
        self.channels: int = found[0] if found else 1
        self.names: list[str] = checked_names(names, len(self.pictures))
        self.labels: NDArray[Any] | None = checked_labels(labels, len(self.pictures))
        self.source: str = source
        self.skipped: list[ImageReadError] = check_sequence(skipped, "skipped", "errors")

    def __contains__(self, item: object) -> bool:
        refuse_in("Pictures")

    def __len__(self) -> int:
        return len(self.pictures)

    @overload
    def __getitem__(self, index: int | np.integer) -> NDArray[np.float32]: ...
    @overload
    def __getitem__(self, index: slice | Sequence[int] | NDArray[Any]) -> Pictures: ...
    def __getitem__(self, index: Any) -> NDArray[np.float32] | Pictures:
        if isinstance(index, (int, np.integer)):
            picture = self.pictures[index]
            return picture[:, :, 0] if self.channels == 1 else picture
        index = checked_index(index, "Pictures are")
        picked = np.arange(len(self))[index]
        return Pictures(
            [self.pictures[i] for i in picked],
            [self.names[i] for i in picked],
            None if self.labels is None else self.labels[index],
            source=self.source,
            skipped=self.skipped,
        )

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        color = {1: "gray", 3: "color"}.get(self.channels, f"{self.channels} channels")
        facts = [f"{len(self)} picture{'s' * (len(self) != 1)}"]
        if self.pictures:
            sizes = sorted(set(self.sizes), key=lambda size: (size[0] * size[1], size))
            ends = [sizes[0]] if len(sizes) == 1 else [sizes[0], sizes[-1]]
            facts += [" to ".join(f"{h} x {w}" for h, w in ends), color]
        if self.labels is not None:
            count = len(np.unique(self.labels))
            facts.append(f"{count} label{'s' * (count != 1)}")
        if self.skipped:
            facts.append(f"{len(self.skipped)} skipped")
        if self.source:
            facts.append(f"from {self.source}")
        return f"Pictures({', '.join(facts)})"

    def _repr_html_(self) -> str | None:
        from visnmf.images.preview import set_html

        return set_html(self)

    @property
    def sizes(self) -> list[tuple[int, int]]:
        """Height and width of each picture."""
        return [(p.shape[0], p.shape[1]) for p in self.pictures]

    def to_image_set(self, size: tuple[int, int] | None = None, *, fit: str = "resize") -> ImageSet:
        """Bring all pictures to one size.

        Parameters
        ----------
        size : (height, width), optional
            The size that all get. Needed if they differ.
        fit : {"resize", "crop", "refuse"}
            As of `visnmf.load_images`.

        Returns
        -------
        images : ImageSet
            With the same names and labels. They save as 8-bit pictures.

        Raises
        ------
        InvalidInputError
            If the pictures differ in size and none is given, or there is no picture.
        """
        check_choice("fit", fit, FITS)
        sizes = sorted(set(self.sizes))
        if not sizes:
            raise InvalidInputError("there is no picture to make an ImageSet of")
        if size is None:
            if len(sizes) > 1:
                raise InvalidInputError(
                    f"the pictures have {len(sizes)} sizes, {sizes[0]} and {sizes[1]} among them; "
                    "give size=(height, width)"
                )
            size = sizes[0]
        size = checked_size(size)
        ready = np.stack([fit_values(picture, size, fit) for picture in self.pictures])
        layout = ImageLayout(*size, self.channels, low=0.0, high=255.0, dtype="uint8")
        step = {"step": "load", "size": list(size), "fit": fit}
        if self.channels in (1, 3):
            step["mode"] = "gray" if self.channels == 1 else "rgb"
        V = layout.to_columns(ready.astype(np.float32, copy=False))
        return ImageSet(
            V,
            layout,
            self.names,
            self.labels,
            source=self.source,
            preparation=[step],
            skipped=self.skipped,
        )

    def split(
        self,
        test: float | int = 0.25,
        *,
        by: str | ArrayLike | None = None,
        groups: ArrayLike | None = None,
        seed: int = 0,
    ) -> tuple[Pictures, Pictures]:
        """Split at random into two sets; parameters and errors are `ImageSet.split`'s.

        Parameters
        ----------
        test, by, groups, seed
            As of `ImageSet.split`.

        Returns
        -------
        train, test : Pictures
            Both in the order of this set.
        """
        by = labels_to_split_by(by, self.labels)
        first, second = split_indices(len(self), test, by=by, groups=groups, seed=seed)
        return self[first], self[second]


def as_pictures(X: Any, image_shape: Sequence[int] | None = None) -> Pictures:
    """Take whatever a user calls pictures.

    Parameters
    ----------
    X : Pictures, ImageSet, array or sequence of arrays
        A stack (n, h, w) or (n, h, w, channels); a list, or array of objects, of pictures of
        any sizes; or rows (n, h * w * channels), whose `image_shape` is told.
    image_shape : (h, w) or (h, w, channels), optional
        Of rows. One of them may be -1: what is left.

    Returns
    -------
    pictures : Pictures
        Shares memory with X where it is float32. Pixels outside a mask are 0.

    Raises
    ------
    InvalidInputError
        If it holds no pictures.
    """
    if isinstance(X, Pictures):
        return X
    if isinstance(X, ImageSet):
        return Pictures(X.to_images(), X.names, X.labels, source=X.source, skipped=X.skipped)
    if isinstance(X, (str, bytes)) or not (hasattr(X, "__len__") or hasattr(X, "__array__")):
        raise InvalidInputError(
            f"pictures are an ImageSet, Pictures, or arrays; got {X!r:.60} "
            "(visnmf.load_pictures reads files)"
        )
    if isinstance(X, np.ndarray) and X.ndim == 1 and X.dtype == object:
        X = list(X)  # as train_test_split and np.load give pictures of several sizes
    if isinstance(X, (list, tuple)):
        if not len(X):
            raise InvalidInputError("there is no picture: the set is empty")
        if np.ndim(X[0]) in (2, 3):
            return Pictures(X)
    stack = np.asarray(X)
    if stack.ndim == 2:
        stack = _rows_as_stack(stack, image_shape)
    if stack.ndim not in (3, 4):
        raise InvalidInputError(
            f"an array of shape {stack.shape} holds no pictures; a stack (n, height, width) or "
            "(n, height, width, channels) does"
        )
    return Pictures(stack)


def _rows_as_stack(rows: NDArray[Any], image_shape: Sequence[int] | None) -> NDArray[Any]:
    if image_shape is None:
        raise InvalidInputError(
            f"X of shape {rows.shape} has a row a picture: tell how a row becomes one, as in "
            f"image_shape=(height, width); or give a stack (n, height, width)"
        )
    try:
        return rows.reshape(len(rows), *image_shape)
    except (ValueError, TypeError) as error:
        raise InvalidInputError(
            f"rows of {rows.shape[1]} values do not make pictures of {tuple(image_shape)}"
        ) from error


def checked_picture(picture: ArrayLike, i: int) -> NDArray[np.float32]:
    """Return a picture as float32 (h, w, channels)."""
    values = np.asarray(picture)
    if values.ndim not in (2, 3) or not values.size or values.dtype.kind not in "fuib":
        raise InvalidInputError(
            f"picture {i} is an array of {values.dtype} of shape {values.shape}; need "
            "(height, width) or (height, width, channels) of real numbers"
        )
    full = full_scale(values.dtype)
    if values.dtype.kind != "f" and full is None:
        raise InvalidInputError(
            f"picture {i} is of {values.dtype}, whose white is not known; give floats in [0, 1], "
            "uint8 or uint16"
        )
    result = values.astype(np.float32, copy=False)
    if full not in (None, 1.0):
        result = result / np.float32(full)
    if values.dtype.kind == "f" and not np.isfinite(result).all():
        raise InvalidInputError(f"picture {i} holds NaN or infinity")
    return result if result.ndim == 3 else result[:, :, None]
