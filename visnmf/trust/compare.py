"""`compare_models`: two models on the same pictures, and which of their parts are the same."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from visnmf.errors import InvalidInputError
from visnmf.kernels.threads import threads
from visnmf.measure.factors import hoyer_sparseness, part_overlap
from visnmf.measure.matching import Matching, match_parts
from visnmf.model.columns import Images, column_blocks
from visnmf.model.model import Model
from visnmf.solve.encode import encode

__all__ = ["Closeness", "Comparison", "compare_models"]

_ALIKE = 0.9  # the cosine from which two parts look the same


@dataclass(frozen=True)
class Closeness:
    """How near a model comes to pictures.

    Attributes
    ----------
    relative_error : float
        ``||V - W H|| / ||V||`` over all pictures together.
    psnr : float
        In decibels, of the mean squared error over all of them; the peak is 1.
    """

    relative_error: float
    psnr: float


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """Two models beside each other.

    Attributes
    ----------
    part_names : tuple of two lists of str
        Of either model.
    matching : Matching
        Pairs of parts that are most alike together; `matching.first` counts the parts of the first
        model, from 0.
    unmatched : tuple of two ndarray of int
        The parts of either model that have no partner, as the other one has fewer.
    sparseness : tuple of float
        Mean Hoyer sparseness of the parts, 0 to 1.
    overlap : tuple of float
        Mean cosine between the parts of one model.
    closeness : tuple of two Closeness, or None
        How near either comes to the pictures; None without pictures.
    nearer : float
        The share of pictures to which the first model comes nearer; NaN without pictures.
    n_images : int
        How many pictures there were.
    """

    part_names: tuple[list[str], list[str]]
    matching: Matching
    unmatched: tuple[np.ndarray, np.ndarray]
    sparseness: tuple[float, float]
    overlap: tuple[float, float]
    closeness: tuple[Closeness, Closeness] | None = None
    nearer: float = math.nan
    n_images: int = 0

    @property
    def ranks(self) -> tuple[int, int]:
        """How many parts either model has."""
        return len(self.part_names[0]), len(self.part_names[1])

    def summary(self, labels: tuple[str, str] = ("first", "second")) -> str:
        """Return a table of all this, the parts by how alike they are.

        Parameters
        ----------
        labels : tuple of str
            What to call the two.

        Returns
        -------
        str
        """
        rows: list[tuple[str, ...]] = [("", *labels)]
        rows.append(("parts", *map(str, self.ranks)))
        if self.closeness is not None:
            one, two = self.closeness
            rows.append(("relative error", *(f"{each.relative_error:.4f}" for each in (one, two))))
            rows.append(("PSNR", f"{one.psnr:.2f} dB", f"{two.psnr:.2f} dB"))
            rows.append(("nearer to", f"{self.nearer:.0%}", f"{1 - self.nearer:.0%}"))
        rows.append(("sparseness", *(f"{value:.2f}" for value in self.sparseness)))
        rows.append(("overlap", *(f"{value:.2f}" for value in self.overlap)))
        lines = _table(rows)
        if self.closeness is not None:
            lines.append(f"({self.n_images:,} pictures)")
        found = self.matching
        alike = int((found.cosine >= _ALIKE).sum())
        lines += ["", f"{alike} of {len(found.cosine)} pairs of parts are alike "
                  f"(cosine {_ALIKE} or more); mean cosine {found.mean:.3f}", ""]  # fmt: skip
        pairs: list[tuple[str, ...]] = [("cosine", *labels)]
        for k in np.argsort(-found.cosine, kind="stable"):
            names = self.part_names[0][found.first[k]], self.part_names[1][found.second[k]]
            pairs.append((f"{found.cosine[k]:.3f}", *names))
        pairs += [("–", self.part_names[0][k], "") for k in self.unmatched[0]]
        pairs += [("–", "", self.part_names[1][k]) for k in self.unmatched[1]]
        return "\n".join([*lines, *_table(pairs)])

    def __repr__(self) -> str:
        one, two = self.ranks
        near = ""
        if self.closeness is not None:
            errors = [f"{each.relative_error:.4f}" for each in self.closeness]
            near = f", relative errors {errors[0]} and {errors[1]} on {self.n_images} pictures"
        return f"<Comparison: {one} and {two} parts, mean cosine {self.matching.mean:.3f}{near}>"


def compare_models(
    first: Model, second: Model, images: Images | None = None, *, n_jobs: int | None = None
) -> Comparison:
    """Compare two models: how near they come to pictures, and which parts are the same.

    Parameters
    ----------
    first, second : Model
        Of pictures of one size and as many channels; ranks, losses and masks may differ.
    images : ImageSet, LazyImages or ndarray, optional
        The same pictures for both, as of `Model.encode`; they need not be those that either was
        learned from. Each model encodes them by its own loss.
    n_jobs : int, optional
        Threads, see `visnmf.threads`.

    Returns
    -------
    Comparison
        ``print(comparison.summary())`` tells all.

    Raises
    ------
    InvalidInputError
        The models are of pictures of other sizes, or the pictures do not fit them.

    Notes
    -----
    Parts are matched as `visnmf.measure.match_parts` does, so that the sum of their cosines is
    greatest. Where the models keep other pixels, those outside a mask count as zero.

    Examples
    --------
    >>> import visnmf
    >>> faces = visnmf.samples.load_faces()
    >>> few, many = (visnmf.learn(faces, rank, max_iter=20) for rank in (4, 9))
    >>> found = visnmf.compare_models(few, many, faces)
    >>> found.ranks, len(found.matching.cosine), len(found.unmatched[1])
    ((4, 9), 4, 5)
    >>> found.closeness[0].relative_error > found.closeness[1].relative_error
    True
    """
    for model, which in ((first, "first"), (second, "second")):
        if not isinstance(model, Model):
            raise InvalidInputError(f"the {which} must be a Model, not {type(model).__name__}")
    if first.layout.shape != second.layout.shape:
        raise InvalidInputError(
            f"the first model is of pictures of shape {first.layout.shape}, the second of "
            f"{second.layout.shape}; their parts can only be compared where these agree: learn "
            "one of them again with the size and mode of the other"
        )
    matching = match_parts(*(_whole(model) for model in (first, second)))
    unmatched = (
        np.setdiff1d(np.arange(first.rank), matching.first),
        np.setdiff1d(np.arange(second.rank), matching.second),
    )
    models = first, second
    told: dict[str, Any] = {}
    if images is not None:
        with threads(n_jobs):
            told = _on_pictures(models, images)
    return Comparison(
        part_names=(list(first.part_names), list(second.part_names)),
        matching=matching,
        unmatched=unmatched,
        sparseness=(_sparseness(first), _sparseness(second)),
        overlap=(_overlap(first), _overlap(second)),
        **told,
    )


def _on_pictures(models: tuple[Model, Model], images: Images) -> dict[str, Any]:
    """Return how near two models come to pictures."""
    (one, first), (two, second) = (_squares(model, images) for model in models)
    return {
        "closeness": (first, second),
        "nearer": float(((one < two) + 0.5 * (one == two)).mean()),
        "n_images": len(one),
    }


def _squares(model: Model, images: Images) -> tuple[np.ndarray, Closeness]:
    """Return the squared error of each picture, as a mean over its pixels, and what they tell."""
    errors: list[np.ndarray] = []
    energy = 0.0
    for V in column_blocks(images, model.layout):
        H = encode(V, model.W, loss=model.loss) if V.shape[1] else np.zeros((model.rank, 0))
        errors.append(np.square(V - model.W @ H, dtype=np.float64).mean(axis=0))
        energy += float(np.square(V, dtype=np.float64).sum())
    squares = np.concatenate(errors)
    if not len(squares):
        raise InvalidInputError("there is no picture to compare on: the set is empty")
    missed, mean = float(squares.sum()) * model.layout.m, float(squares.mean())
    relative = math.sqrt(missed / energy) if energy > 0 else 0.0 if missed == 0 else math.inf
    psnr = -10 * math.log10(mean) if mean > 0 else math.inf
    return squares, Closeness(relative, psnr)


def _whole(model: Model) -> np.ndarray:
    """Return parts as columns of all pixels, zero outside the mask."""
    return model.basis_images().reshape(model.rank, -1).T


def _sparseness(model: Model) -> float:
    return float(np.mean(hoyer_sparseness(model.W))) if len(model.W) > 1 else 0.0


def _overlap(model: Model) -> float:
    return float(part_overlap(model.W)) if model.rank > 1 else 0.0


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    """Return rows of three cells in columns."""
    widths = [max(len(row[k]) for row in rows) for k in range(3)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows]  # fmt: skip
