"""The model: parts, how they look as pictures, and where they came from."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from visnmf.arguments import check_instance, check_path
from visnmf.errors import InvalidInputError
from visnmf.images.imageset import ImageSet
from visnmf.images.layout import ImageLayout
from visnmf.images.lazy import LazyImages
from visnmf.model import checks
from visnmf.model.columns import Images, column_errors
from visnmf.model.document import fields_of
from visnmf.model.modelfile import read_model_file, refuse, write_model_file
from visnmf.model.observed import known_blocks
from visnmf.model.preview import model_html

if TYPE_CHECKING:
    from visnmf.solve.result import Factorization

__all__ = ["Model"]


class Model:
    """A basis of parts with its picture layout: encodes and rebuilds pictures.

    A picture v (a column of m values) is encoded as the h >= 0 that makes
    ``||v - W h||`` least, and rebuilt as ``W h``.

    Parameters
    ----------
    W : ndarray, shape (m, rank)
        The parts, one a column, non-negative and finite. Kept as float32.
    layout : ImageLayout
        How a column becomes a picture; ``layout.m`` is m.
    part_names : sequence of str, optional
        One printable name a part; "part 1", "part 2", ... by default.
    energy : array_like, shape (rank,), optional
        The share of each part in what the parts explain; NaN where it is not known.
    provenance : dict, optional
        Where the parts come from, JSON-able. `visnmf.learn` fills it in.
    factorization : Factorization, optional
        The run that found the parts. It is not saved.
    hidden : array_like of bool, shape (rank,), optional
        True for parts that pictures of parts leave out. They encode and rebuild as the others.

    Raises
    ------
    InvalidInputError
        The pieces do not fit together, or W is negative or not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from visnmf import ImageLayout, Model
    >>> W = np.array([[1, 0], [1, 0], [0, 2], [0, 2]])
    >>> model = Model(W, ImageLayout(2, 2), part_names=["upper row", "lower row"])
    >>> model
    <Model: 2 parts of pictures 2 x 2>
    >>> model.encode(np.array([[0.5, 0.5, 1.0, 1.0]]).T).round(3)
    array([[0.5],
           [0.5]], dtype=float32)
    """

    def __init__(
        self,
        W: ArrayLike,
        layout: ImageLayout,
        *,
        part_names: Sequence[str] | None = None,
        energy: ArrayLike | None = None,
        provenance: Mapping[str, Any] | None = None,
        factorization: Factorization | None = None,
        hidden: ArrayLike | None = None,
    ) -> None:
        check_instance(layout, "layout", ImageLayout, "visnmf.ImageLayout(height, width) is one")
        self.W: np.ndarray = checks.checked_basis(W, layout.m)
        self.layout = layout
        self.part_names: list[str] = checks.checked_names(part_names, self.rank)
        self.energy: np.ndarray = checks.checked_energy(energy, self.rank)
        self.provenance: dict[str, Any] = checks.plain_json(
            {} if provenance is None else provenance
        )
        self.factorization = factorization
        self.hidden: np.ndarray = checks.checked_hidden(hidden, self.rank)

    def __repr__(self) -> str:
        size = " x ".join(map(str, self.layout.shape))
        size += f", {self.hidden.sum()} hidden" if self.hidden.any() else ""
        return f"<Model: {self.rank} part{'s' * (self.rank != 1)} of pictures {size}>"

    def _repr_html_(self) -> str | None:
        return model_html(self)

    @property
    def rank(self) -> int:
        """The number of parts."""
        return self.W.shape[1]

    def rename_part(self, part: int, name: str) -> None:
        """Give a part a name of its own.

        Parameters
        ----------
        part : int
            Its place, from 0.
        name : str
            Printable, not empty.
        """
        if not isinstance(part, int | np.integer) or not 0 <= part < self.rank:
            raise InvalidInputError(f"part is {part!r:.80}; the {self.rank} parts count from 0")
        self.part_names[part] = checks.checked_name(name)

    @property
    def digest(self) -> str:
        """By what a selection knows its model: SHA-256, in hex, of W' as float32 in C order."""
        return checks.digest_of(self.W)

    def basis_images(self) -> np.ndarray:
        """Return the parts as pictures, shape (rank, h, w) or (rank, h, w, c), not scaled."""
        return self.layout.to_images(self.W)

    @property
    def loss(self) -> str | float:
        """The loss that the parts were learned with, as `visnmf.factorize` names it."""
        return checks.loss_of(self.provenance)

    @property
    def stability(self) -> np.ndarray:
        """How sure each part is, (rank,), from 0 to 1; NaN where that is not known. It is saved.

        The mean cosine to its match in other fits: those of ``visnmf.learn(..., n_init=10)``, or
        what `visnmf.part_stability` found, once it was set.
        """
        return checks.stability_of(self.provenance, self.rank)

    @stability.setter
    def stability(self, cosines: ArrayLike) -> None:
        self.provenance["stability"] = checks.checked_stability(cosines, self.rank)

    def encode(
        self,
        images: Images,
        *,
        observed: ImageSet | ArrayLike | None = None,
        terms_H: Any = None,
        kernels: str = "auto",
    ) -> np.ndarray:
        """Encode pictures: how much of each part is in each of them.

        They are fitted by the loss that the parts were learned with.

        Parameters
        ----------
        images : ImageSet, LazyImages or ndarray
            Pictures of the model's layout: a set, in memory or read block by block; a stack of
            arrays (n, h, w) or (n, h, w, c); or columns V (m, n). Floats are values of V ([0, 1]);
            integers are taken for original pictures, whose range the layout knows.
        observed : ImageSet or array_like of bool, optional
            True where a pixel is known; what stands elsewhere is never looked at. One mask
            (h, w) for all, one a picture (n, h, w) or (n, h, w, c), or columns (m, n); of an
            ImageSet, what is brighter than half.
        terms_H : term or sequence of terms, optional
            What is asked of the encodings beside, as of `visnmf.factorize`; none is kept with
            a model. What couples images is asked of a thousand at a time or so.
        kernels : {"auto", "compiled", "numpy"}
            As in `visnmf.factorize`.

        Returns
        -------
        ndarray, shape (rank, n), float32
            H, one column a picture. A part that lies wholly in what is hidden gets 0; where
            little is known beside the parts, a small ``ElasticNet(l2=...)`` holds the others.

        Raises
        ------
        InvalidInputError
            The pictures do not fit the layout of the model, the masks do not fit the pictures,
            or of a picture nothing is known.

        Examples
        --------
        A white picture whose upper row is hidden behind a black bar:

        >>> import numpy as np
        >>> from visnmf import ImageLayout, Model
        >>> model = Model(np.array([[1, 1], [1, 0], [1, 1], [1, 0]]), ImageLayout(2, 2))
        >>> picture = np.array([[[0.0, 0.0], [1.0, 1.0]]])
        >>> seen = np.array([[False, False], [True, True]])
        >>> model.encode(picture, observed=seen).round(3).T
        array([[1., 0.]], dtype=float32)
        >>> model.reconstruct(picture, observed=seen)[0].round(3)
        array([[1., 1.],
               [1., 1.]], dtype=float32)
        """
        blocks = self._encoded_blocks(images, observed, terms_H, kernels)
        return np.concatenate([H for _, H, _ in blocks], axis=1)

    def reconstruct(
        self,
        images: Images,
        *,
        observed: ImageSet | ArrayLike | None = None,
        kernels: str = "auto",
    ) -> ImageSet:
        """Rebuild pictures from the parts alone.

        Parameters
        ----------
        images, observed, kernels
            As for `encode`.

        Returns
        -------
        ImageSet
            The columns of W H, with names, labels and value range of `images` where
            it is an ImageSet. They are not clipped: a value may exceed 1. Where pixels were
            not observed, it says what the others make likely.
        """
        V = np.matmul(self.W, self.encode(images, observed=observed, kernels=kernels))
        given = images if isinstance(images, ImageSet | LazyImages) else None
        return ImageSet(
            np.asfortranarray(V),
            given.layout if given else self.layout,
            names=given.names if given else None,
            labels=given.labels if given else None,
            source=f"rebuilt from {self.rank} parts",
        )

    def reconstruction_error(
        self, images: Images, *, observed: ImageSet | ArrayLike | None = None
    ) -> np.ndarray:
        """Measure what the parts do not explain of each picture: an anomaly score.

        Parameters
        ----------
        images, observed
            As for `encode`.

        Returns
        -------
        ndarray, shape (n,), float64
            ``||v - W h|| / ||v||`` of each picture v, over its known pixels: 0 (all explained)
            to 1 (nothing). A black picture (v = 0) is explained by no parts at all: its error
            is 0.
        """
        blocks = self._encoded_blocks(images, observed)
        return np.concatenate([column_errors(V, self.W @ H, known) for V, H, known in blocks])

    def to_dict(self) -> dict[str, Any]:
        """Return all but W as JSON can hold it: layout, part names, energy and provenance.

        "hidden" is there where a part is hidden.
        """
        return {
            "layout": self.layout.to_dict(),
            "part_names": list(self.part_names),
            "energy": [None if np.isnan(share) else float(share) for share in self.energy],
            "provenance": self.provenance,
            **({"hidden": self.hidden.tolist()} if self.hidden.any() else {}),
        }

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to a safetensors file; `Model.load` gives it back bit for bit.

        The file appears whole or not at all; an older one of that name is replaced.

        Parameters
        ----------
        path : str or path-like
            Where to; ``.safetensors`` is the usual ending.

        Raises
        ------
        InvalidInputError
            There is no such folder.
        """
        write_model_file(check_path(path, "path"), {"W": self.W}, self.to_dict())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Model:
        """Read a model that `save` wrote.

        Parameters
        ----------
        path : str or path-like
            The file. It may come from anyone: nothing in it is run.

        Returns
        -------
        Model

        Raises
        ------
        ModelNotFoundError
            There is no such file (a FileNotFoundError).
        ModelFormatError
            The file is damaged, no model, or of a newer version; the message says which.
        """
        file = check_path(path, "path")
        try:
            return cls(**fields_of(file, *read_model_file(file)))
        except (InvalidInputError, OverflowError) as error:
            refuse(file, str(error))

    def _encoded_blocks(
        self, images: Images, observed: Any = None, terms_H: Any = None, kernels: str = "auto"
    ) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray | None]]:
        """Yield V, H and what is known, of block after block of the pictures."""
        from visnmf.solve.encode import encode

        for V, known in known_blocks(images, observed, self.layout):
            asked = {"loss": self.loss, "terms_H": terms_H, "kernels": kernels}
            yield V, encode(V, self.W, observed=known, **asked), known
