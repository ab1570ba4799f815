"""LazyImages: a set of pictures that is never whole in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visnmf.errors import ImageReadError, InvalidInputError
from visnmf.images.frames import check_memory
from visnmf.images.imageset import ImageSet, checked_index, checked_labels, checked_names, refuse_in
from visnmf.images.layout import ImageLayout
from visnmf.images.lazy_columns import LazyColumns

__all__ = ["LazyImages"]

_BLOCK = 64 << 20  # bytes of V that are in memory at a time, unless told


class LazyImages:
    """Pictures as columns that are read when they are asked for.

    What `visnmf.load_images` gives with ``lazy=True``. Indexing with a number gives a picture;
    with a slice, an array of indices or a boolean array, an `ImageSet` in memory. Iterating
    gives pictures, read a block at a time. Solvers read `columns`.

    It can be pickled and sent to other processes, which open its files themselves, and be read
    by several threads at a time.

    Parameters
    ----------
    columns : LazyColumns
        The columns of V.
    names : sequence of str, or function of nothing that gives one, optional
        One a picture. Numbers if not given.
    labels : array, shape (n,), optional
        What each picture shows.
    source : str
        Where the pictures lie, in words.
    preparation : sequence of dict
        What was done to the pictures, each step as JSON can hold it.

    Raises
    ------
    InvalidInputError
        If there is not one label a picture.

    Examples
    --------
    >>> import numpy as np, visnmf
    >>> pictures = np.random.default_rng(0).integers(0, 256, (5, 20, 30), dtype=np.uint8)
    >>> images = visnmf.load_images(pictures, lazy=True)
    >>> images
    LazyImages(5 images, 20 x 30, gray, uint8, from an array)
    >>> images[1:3]
    ImageSet(2 images, 20 x 30, gray, uint8, from an array)
    >>> [len(block) for block in images.blocks(2)]
    [2, 2, 1]
    """

    def __init__(
        self,
        columns: LazyColumns,
        names: Sequence[str] | Callable[[], Sequence[str]] | None = None,
        labels: ArrayLike | None = None,
        *,
        source: str = "",
        preparation: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self.columns: LazyColumns = columns
        self.layout: ImageLayout = columns.layout
        self.labels: NDArray[Any] | None = checked_labels(labels, len(self))
        self.source: str = source
        self.preparation: list[dict[str, Any]] = [dict(step) for step in preparation]
        self._names = names

    @property
    def names(self) -> list[str]:
        """One a picture, such as file names; made when first asked for."""
        if callable(self._names):
            self._names = self._names()
        if not isinstance(self._names, list) or len(self._names) != len(self):
            self._names = checked_names(self._names, len(self))
        return self._names

    @property
    def shape(self) -> tuple[int, int]:
        """Shape (m, n) of V."""
        return self.columns.shape

    @property
    def lost(self) -> dict[int, str]:
        """Pictures that could not be read so far, and why; their columns are zeros."""
        return self.columns.lost

    @property
    def skipped(self) -> list[ImageReadError]:
        """The errors of the pictures that could not be read so far, one a picture."""
        return [self.columns.errors[i] for i in self.columns.lost]

    def __contains__(self, item: object) -> bool:
        refuse_in("LazyImages")

    def __len__(self) -> int:
        return self.columns.shape[1]

    def __array__(self, *_: Any, **__: Any) -> NDArray[Any]:
        """Refuse: all of V at once is what this is there to avoid."""
        raise InvalidInputError(
            f"{len(self)} LazyImages are not in memory, and here they would have to be: "
            "images.load() reads them all, images.blocks() some at a time; visnmf.factorize, "
            "learn, encode and Model take them as they are"
        )

    @overload
    def __getitem__(self, index: int | np.integer) -> NDArray[np.float32]: ...
    @overload
    def __getitem__(self, index: slice | Sequence[int] | NDArray[Any]) -> ImageSet: ...
    def __getitem__(self, index: Any) -> NDArray[np.float32] | ImageSet:
        n = len(self)
        if isinstance(index, (int, np.integer)):
            if not -n <= index < n:
                raise IndexError(f"there is no image {index} of {n}")
            i = int(index) % n
            return self.layout.to_images(self.columns.read(i, i + 1)[:, 0])
        index = checked_index(index, "LazyImages are")
        picked = np.arange(n)[index]
        check_memory(self.source, 4 * self.layout.m * len(picked))
        return self._set(self._gather(picked), picked)

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        for first, last in self.ranges(None):
            yield from self.layout.to_images(self.columns.read(first, last))

    def __repr__(self) -> str:
        empty = np.empty((self.layout.m, 0), np.float32)
        facts = repr(ImageSet(empty, self.layout)).removeprefix("ImageSet(0 images, ")[:-1]
        n = len(self)
        facts = f"{n} image{'s' * (n != 1)}, {facts}"
        if self.labels is not None:
            count = len(np.unique(self.labels))
            facts += f", {count} label{'s' * (count != 1)}"
        if self.columns.errors:
            facts += f", {len(self.columns.errors)} lost"
        return f"LazyImages({facts}, from {self.source})"

    def _repr_html_(self) -> str:
        """Tell facts alone: pictures would have to be read."""
        from visnmf.images.preview import facts_html

        whole = 4 * self.layout.m * len(self)
        size = f"{whole / 1e9:,.3g} GB" if whole >= 1e8 else f"{whole / 1e6:,.3g} MB"
        told = f"read when asked for; all of V would take {size}"
        return facts_html(f"{self!r}: {told}")

    def blocks(self, size: int | None = None) -> Iterator[ImageSet]:
        """Read the pictures block after block.

        Parameters
        ----------
        size : int, optional
            Pictures a block, the last one perhaps less; by default about 64 MB of V, in
            multiples of what is stored together.

        Yields
        ------
        images : ImageSet
        """
        for first, last in self.ranges(size):
            yield self._set(self.columns.read(first, last), np.arange(first, last))

    def load(self) -> ImageSet:
        """Read all pictures into memory; those that cannot be read are left out, if skipped.

        Returns
        -------
        images : ImageSet

        Raises
        ------
        ImageReadError
            If they do not fit in memory, a picture cannot be read, or none can.
        """
        n = len(self)
        check_memory(self.source, 4 * self.layout.m * n)
        V = self.columns.read(0, n)
        lost = self.lost
        if len(lost) == n:
            raise ImageReadError(
                self.source, f"none of its {n} picture(s) can be read; the first is {lost[0]}"
            )
        if not lost:
            return self._set(V, np.arange(n))
        kept = np.setdiff1d(np.arange(n), list(lost))
        return self._set(V.T[kept].T, kept).replace(skipped=self.skipped)

    def ranges(self, size: int | None = None) -> Iterator[tuple[int, int]]:
        """Return where each block begins and ends.

        Parameters
        ----------
        size : int, optional
            As of `blocks`.

        Returns
        -------
        ranges : iterator of (first, last)
        """
        n = len(self)
        if size is None:
            size = self._usual_size()
        elif isinstance(size, bool) or not isinstance(size, (int, np.integer)) or size < 1:
            raise InvalidInputError(f"a block holds 1 or more images, got size={size!r}")
        return ((first, min(first + size, n)) for first in range(0, n, int(size)))

    def _usual_size(self) -> int:
        step = self.columns.step
        return -(-max(_BLOCK // (4 * self.layout.m), 1) // step) * step

    def _set(self, V: NDArray[np.float32], picked: NDArray[np.intp]) -> ImageSet:
        names = self.names
        errors = self.columns.errors
        return ImageSet(
            V,
            self.layout,
            [names[i] for i in picked],
            None if self.labels is None else self.labels[picked],
            source=self.source,
            preparation=self.preparation,
            skipped=[errors[i] for i in picked.tolist() if i in errors] if errors else [],
        )

    def _gather(self, picked: NDArray[np.intp]) -> NDArray[np.float32]:
        """Read columns in any order: neighbors together, each chunk once."""
        wanted = np.unique(picked)
        if len(wanted) and len(wanted) == len(picked) == wanted[-1] - wanted[0] + 1:
            V = self.columns.read(int(wanted[0]), int(wanted[-1]) + 1)
            return V if np.array_equal(wanted, picked) else V.T[picked - wanted[0]].T
        rows = np.empty((len(picked), self.layout.m), np.float32)
        order = np.argsort(picked, kind="stable")
        ordered, start = picked[order], 0
        while start < len(ordered):
            first, end = int(ordered[start]), start + 1
            while (
                end < len(ordered)
                and ordered[end] - ordered[end - 1] <= self.columns.step
                and ordered[end] - first < self._usual_size()
            ):
                end += 1
            block = self.columns.read(first, int(ordered[end - 1]) + 1)
            rows[order[start:end]] = block.T[ordered[start:end] - first]
            start = end
        return rows.T
