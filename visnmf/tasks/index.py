"""SimilarIndex: a set of pictures to search for those that are like a given one."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visnmf.arguments import check_integer, check_path
from visnmf.errors import InvalidInputError
from visnmf.images.imageset import checked_names
from visnmf.tasks.encoders import Encoder, encoder_of
from visnmf.tasks.likeness import Likeness

__all__ = ["Neighbors", "SimilarIndex"]

_BLOCK = 2**24  # similarities held at a time


@dataclass(frozen=True, eq=False)
class Neighbors:
    """The pictures of an index that are most like some others, the nearest first.

    Attributes
    ----------
    indices : ndarray (queries, n), int
        Which pictures of the index.
    similarities : ndarray (queries, n), float32
        Their likeness, -1 to 1.
    names : list of list of str
        Their names.
    """

    indices: NDArray[np.intp]
    similarities: NDArray[np.float32]
    names: list[list[str]]


class SimilarIndex:
    """The encodings of a set of pictures, to find those that are like a given one.

    `SimilarIndex.of` takes pictures at hand, `SimilarIndex.open` a folder, whose encodings it
    keeps beside the model. How likeness is measured is told in `Likeness`.

    Parameters
    ----------
    encoder : Model, PatchEncoder, Encoder, or path
        What turns pictures into features.
    rows : array_like, shape (n, features)
        The features of the pictures, as the encoder gives them.
    names : sequence of str, optional
        One a picture. Numbers if not given.
    paths : sequence of str, optional
        The files of the pictures.

    Attributes
    ----------
    vectors : ndarray, float32
        A row a picture, of length 1, as of `Likeness`; inner products are the similarities.

    Raises
    ------
    InvalidInputError
        The pieces do not fit together.

    Examples
    --------
    >>> import visnmf
    >>> faces = visnmf.samples.load_faces()[:30]
    >>> model = visnmf.learn(faces, 8, max_iter=50)
    >>> index = SimilarIndex.of(model, faces)
    >>> found = index.search(faces[:2], n=3)
    >>> found.indices.shape
    (2, 3)
    >>> [names[0] for names in found.names]  # each is most like itself
    ['face_00', 'face_01']
    >>> index.search(faces[:2], n=3, leave_out=[0, 1]).similarities.max() < 1
    np.True_
    """

    def __init__(
        self,
        encoder: Any,
        rows: ArrayLike,
        names: Sequence[str] | None = None,
        *,
        paths: Sequence[str] | None = None,
    ) -> None:
        self.encoder: Encoder = encoder_of(encoder)
        self.rows = np.asarray(rows)
        self.likeness = Likeness(self.rows, self.encoder.gram)
        self.vectors: NDArray[np.float32] = self.likeness.vectors(self.rows)
        self.names: list[str] = checked_names(names, len(self.rows))
        self.paths: list[str] | None = None if paths is None else list(paths)

    @classmethod
    def of(cls, encoder: Any, pictures: Any) -> SimilarIndex:
        """Make an index of pictures at hand.

        Parameters
        ----------
        encoder : Model, PatchEncoder, Encoder, or path
            What turns pictures into features.
        pictures : ImageSet, or what else the encoder takes
            The pictures to search.

        Returns
        -------
        SimilarIndex
        """
        encoder = encoder_of(encoder)
        return cls(encoder, encoder.encode(pictures), getattr(pictures, "names", None))

    @classmethod
    def open(
        cls,
        model: str | os.PathLike[str],
        source: str | os.PathLike[str],
        *,
        recursive: bool = False,
        on_error: str = "raise",
        keep: bool = True,
        kernels: str = "auto",
        progress: Callable[[int, int], None] | None = None,
    ) -> SimilarIndex:
        """Make an index of the pictures in a folder, or bring the one that is kept up to date.

        It is kept beside the model as ``MODEL.HASH.index.safetensors``, one for each source.
        Files that have the size and time that they had are not encoded anew.

        Parameters
        ----------
        model : path
            The file of what encodes, as `Model.save` or `PatchEncoder.save` writes it.
        source : path
            A folder, file or glob.
        recursive : bool
            Read the folders in a folder too.
        on_error : {"raise", "warn", "skip"}
            What to do about files that cannot be read, as of `visnmf.load_images`.
        keep : bool
            Whether to write the index.
        kernels : {"auto", "compiled", "numpy"}
            As of `Model.encode`.
        progress : callable, optional
            Called as ``progress(done, total)`` while files are read.

        Returns
        -------
        SimilarIndex

        Raises
        ------
        ImageReadError
            A picture or the source cannot be read.
        ModelNotFoundError, ModelFormatError
            As of `Model.load`.

        Warns
        -----
        UserWarning
            The index that was kept is damaged, and was made anew; or cannot be written.
        SkippedImagesWarning
            With ``on_error="warn"``, if files were left out.
        """
        from visnmf.tasks.refresh import kept_or_new

        encoder = encoder_of(model, kernels=kernels)
        stored = kept_or_new(
            encoder, Path(model), str(check_path(source, "source")), recursive=recursive,
            on_error=on_error, keep=keep, progress=progress,
        )  # fmt: skip
        return cls(encoder, stored.rows, stored.names(), paths=stored.paths())

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        return f"<SimilarIndex: {len(self)} pictures, {self.rows.shape[1]} features each>"

    def search(
        self, pictures: Any, n: int = 10, *, leave_out: Sequence[int] | None = None
    ) -> Neighbors:
        """Find the pictures that are most like given ones.

        Parameters
        ----------
        pictures : ImageSet, or what else the encoder takes
            What to look for.
        n : int
            How many to find for each; fewer where the index has fewer.
        leave_out : sequence of int, optional
            For each given picture the one of the index that is not wanted, such as itself;
            -1 for none.

        Returns
        -------
        Neighbors

        Raises
        ------
        InvalidInputError
            The pictures do not fit the encoder, or `n` or `leave_out` is out of range.
        """
        return self.search_rows(self.encoder.encode(pictures), n, leave_out=leave_out)

    def search_rows(
        self, rows: ArrayLike, n: int = 10, *, leave_out: Sequence[int] | None = None
    ) -> Neighbors:
        """Find the pictures that are most like others whose features are there already.

        Parameters
        ----------
        rows : array_like, shape (queries, features)
            Features, as the encoder gives them.
        n, leave_out
            As of `search`.

        Returns
        -------
        Neighbors
        """
        check_integer(n, "n", 1)
        vectors = self.likeness.vectors(rows)
        unwanted = np.full(len(vectors), -1) if leave_out is None else np.asarray(leave_out)
        if unwanted.shape != (len(vectors),) or unwanted.dtype.kind not in "iu":
            raise InvalidInputError(
                f"leave_out needs a number for each of the {len(vectors)} pictures, -1 for none"
            )
        if unwanted.max() >= len(self):
            raise InvalidInputError(
                f"leave_out names picture {unwanted.max()}; the {len(self)} count from 0"
            )
        n = min(n, len(self) - int((unwanted >= 0).any()))
        found = np.empty((len(vectors), n), np.intp)
        alike = np.empty((len(vectors), n), np.float32)
        step = max(1, _BLOCK // len(self))
        for start in range(0, len(vectors), step):
            block = slice(start, start + step)
            found[block], alike[block] = _largest(
                vectors[block] @ self.vectors.T, n, unwanted[block]
            )
        names = [[self.names[i] for i in row] for row in found]
        return Neighbors(found, alike, names)


def _largest(
    similarities: NDArray[np.float32], n: int, unwanted: NDArray[Any]
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Return the places and values of the n largest of each row; of equals the first."""
    rows = np.flatnonzero(unwanted >= 0)
    similarities[rows, unwanted[rows]] = -np.inf
    order = np.argsort(-similarities, axis=1, kind="stable")[:, :n]
    return order, np.take_along_axis(similarities, order, axis=1).clip(-1, 1)
