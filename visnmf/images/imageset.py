"""ImageSet: pictures as the columns of V, with all that is known about them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visnmf.arguments import check_instance, check_sequence
from visnmf.errors import ImageReadError, InvalidInputError
from visnmf.images.layout import ImageLayout
from visnmf.images.splits import split_indices
from visnmf.images.writing import save_images

__all__ = [
    "ImageSet",
    "checked_index",
    "checked_labels",
    "checked_names",
    "checked_steps",
    "labels_to_split_by",
    "refuse_in",
]


class ImageSet:
    """Pictures as columns, with their layout, names and labels.

    Indexing with a number gives a picture; with a slice, an array of indices or a
    boolean array, a smaller set (slices share memory). Iterating gives pictures.

    Parameters
    ----------
    V : array of floats, shape (m, n)
        One column a picture, values in [0, 1] (not checked: a reconstruction may
        leave it a little). Held as float32, Fortran-ordered; not copied if it is so already.
    layout : ImageLayout
        How a column becomes a picture.
    names : sequence of str, optional
        One a picture, such as file names. Numbers if not given.
    labels : array, shape (n,), optional
        What each picture shows, for sorting and splitting.
    source : str
        Where the pictures came from, in words.
    preparation : sequence of dict
        What was done to the pictures, each step as JSON can hold it.
    skipped : sequence of ImageReadError
        The pictures that could not be read and were left out.

    Raises
    ------
    InvalidInputError
        If V, names or labels do not fit each other and the layout.

    Examples
    --------
    >>> import numpy as np
    >>> V = np.linspace(0, 1, 12, dtype=np.float32).reshape(4, 3)
    >>> images = ImageSet(V, ImageLayout(2, 2), labels=["cat", "dog", "cat"])
    >>> images
    ImageSet(3 images, 2 x 2, gray, float32, 2 labels)
    >>> images[0].shape
    (2, 2)
    >>> len(images[images.labels == "cat"])
    2
    """

    def __init__(
        self,
        V: ArrayLike,
        layout: ImageLayout,
        names: Sequence[str] | None = None,
        labels: ArrayLike | None = None,
        *,
        source: str = "",
        preparation: Sequence[Mapping[str, Any]] = (),
        skipped: Sequence[ImageReadError] = (),
    ) -> None:
        check_instance(layout, "layout", ImageLayout, "visnmf.ImageLayout(height, width) is one")
        self.layout: ImageLayout = layout
        self.V: NDArray[np.float32] = _checked_columns(V, layout)
        n = self.V.shape[1]
        self.names: list[str] = checked_names(names, n)
        self.labels: NDArray[Any] | None = checked_labels(labels, n)
        self.source: str = source
        self.preparation: list[dict[str, Any]] = checked_steps(preparation)
        self.skipped: list[ImageReadError] = check_sequence(skipped, "skipped", "errors")

    def __contains__(self, item: object) -> bool:
        refuse_in("an ImageSet")

    def __len__(self) -> int:
        return self.V.shape[1]

    @overload
    def __getitem__(self, index: int | np.integer) -> NDArray[np.float32]: ...
    @overload
    def __getitem__(self, index: slice | Sequence[int] | NDArray[Any]) -> ImageSet: ...
    def __getitem__(self, index: Any) -> NDArray[np.float32] | ImageSet:
        if isinstance(index, (int, np.integer)):
            return self.layout.to_images(self.V[:, index])
        index = checked_index(index, "an ImageSet is")
        picked = np.arange(len(self))[index]
        return self.replace(
            V=self.V.T[index].T,
            names=[self.names[i] for i in picked],
            labels=None if self.labels is None else self.labels[index],
        )

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        layout = self.layout
        color = {1: "gray", 3: "color"}.get(layout.channels, f"{layout.channels} channels")
        facts = [
            f"{len(self)} image{'s' * (len(self) != 1)}",
            f"{layout.height} x {layout.width}",
            color,
            layout.dtype,
        ]
        if layout.mask is not None:
            facts.append(f"{layout.m // layout.channels} pixels kept")
        if self.labels is not None:
            count = len(np.unique(self.labels))
            facts.append(f"{count} label{'s' * (count != 1)}")
        if self.skipped:
            facts.append(f"{len(self.skipped)} skipped")
        if self.source:
            facts.append(f"from {self.source}")
        return f"ImageSet({', '.join(facts)})"

    def _repr_html_(self) -> str | None:
        from visnmf.images.preview import set_html

        return set_html(self)

    def replace(self, **changes: Any) -> ImageSet:
        """Return a set with some fields changed; the others are shared.

        Parameters
        ----------
        **changes
            Any parameters of `ImageSet`.

        Returns
        -------
        images : ImageSet
        """
        fields = ("V", "layout", "names", "labels", "source", "preparation", "skipped")
        unknown = sorted(set(changes) - set(fields))
        if unknown:
            raise InvalidInputError(f"an ImageSet has no {', '.join(unknown)}; it has {fields}")
        return ImageSet(**{name: changes.get(name, getattr(self, name)) for name in fields})

    def to_images(self) -> NDArray[np.float32]:
        """Return all pictures, shape (n, height, width[, channels]); a view where no mask is."""
        return self.layout.to_images(self.V)

    def save(self, folder: str | os.PathLike[str]) -> list[str]:
        """Write every picture into a folder, in its original value range.

        8- and 16-bit pictures with 1 or 3 channels become PNG files, all others
        TIFF files. Names are kept, with the suffix that fits; folders in names
        become folders. Existing files of the same names are replaced.

        Parameters
        ----------
        folder : str or path
            Made if it is not there.

        Returns
        -------
        paths : list of str
            The files written, in the order of the pictures.
        """
        return save_images(self.to_images(), self.layout, self.names, folder)

    def split(
        self,
        test: float | int = 0.25,
        *,
        by: str | ArrayLike | None = None,
        groups: ArrayLike | None = None,
        seed: int = 0,
    ) -> tuple[ImageSet, ImageSet]:
        """Split at random into two sets, such as one to learn from and one to test on.

        Parameters
        ----------
        test : float or int
            Share of the pictures in the second set (0 < test < 1), or their number.
        by : "label" or array, shape (n,), optional
            Keep the share of each label (or of each value of the array) in both halves.
        groups : array, shape (n,), optional
            Pictures of one group stay together: no group, such as a person, is in both
            halves. The share then is met as nearly as whole groups allow.
        seed : int
            The same seed gives the same split.

        Returns
        -------
        train, test : ImageSet
            Both in the order of this set.

        Raises
        ------
        InvalidInputError
            If the set has no labels to split by, both `by` and `groups` are given,
            or one half would be empty.
        """
        by = labels_to_split_by(by, self.labels)
        first, second = split_indices(len(self), test, by=by, groups=groups, seed=seed)
        return self[first], self[second]


def _checked_columns(V: ArrayLike, layout: ImageLayout) -> NDArray[np.float32]:
    columns = np.asarray(V)
    if columns.dtype.kind != "f":
        raise InvalidInputError(
            f"V must hold floats in [0, 1], got {columns.dtype}; "
            "layout.from_original maps original values to [0, 1]"
        )
    if columns.ndim != 2 or columns.shape[0] != layout.m:
        raise InvalidInputError(
            f"V of shape {columns.shape} does not fit the layout; need ({layout.m}, n)"
        )
    return np.asfortranarray(columns, dtype=np.float32)


def checked_index(index: Any, what: str) -> slice | NDArray[Any]:
    """Return what picks several pictures: a slice, or an array of indices or bools."""
    if isinstance(index, slice):
        return index
    index = np.asarray(index)
    if index.ndim != 1 or (index.size and index.dtype.kind not in "biu"):
        raise InvalidInputError(
            f"{what} indexed with a number, a slice, or a one-dimensional array "
            f"of indices or bools; got {index.dtype} of shape {index.shape}"
        )
    return index if index.size else index.astype(np.intp)


def labels_to_split_by(by: Any, labels: NDArray[Any] | None) -> Any:
    """Return the labels where `by` of a split says "label", and else what it is."""
    if not isinstance(by, str):
        return by
    if by != "label":
        raise InvalidInputError(f'by must be "label", an array or None, got {by!r}')
    if labels is None:
        raise InvalidInputError('by="label" needs labels; this set has none')
    return labels


def checked_names(names: Sequence[str] | None, n: int) -> list[str]:
    """Return a name for each of n pictures."""
    if names is None:
        digits = len(str(max(n - 1, 0)))
        return [f"{i:0{digits}d}" for i in range(n)]
    if isinstance(names, str) or not hasattr(names, "__len__") or len(names) != n:
        raise InvalidInputError(f"need {n} names, one a picture, got {names!r:.80}")
    return [str(name) for name in names]


def refuse_in(what: str) -> NoReturn:
    """Refuse the question whether something is `in` a set: pictures are no numbers or names."""
    raise InvalidInputError(
        f"what is in {what} is pictures; ask for a name by `name in images.names`, and for a "
        "number by `number < len(images)`"
    )


def checked_steps(steps: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return steps of preparation, each a copy."""
    listed = check_sequence(steps, "the steps of preparation", "dicts, as ImageSet.preparation is")
    for step in listed:
        if not isinstance(step, Mapping):
            raise InvalidInputError(
                'a step of preparation must be a dict such as {"step": "crop", "size": [20, 20]}, '
                f"got {step!r:.80}"
            )
    return [dict(step) for step in listed]


def checked_labels(labels: ArrayLike | None, n: int) -> NDArray[Any] | None:
    """Return labels as an array of one for each of n pictures, or None."""
    if labels is None:
        return None
    array = np.asarray(labels)
    if array.shape != (n,):
        raise InvalidInputError(
            f"need {n} labels, one a picture; got an array of shape {array.shape}"
        )
    return array
