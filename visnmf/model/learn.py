"""Learn a model from pictures: a factorization, and the record of how it came about."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

import visnmf
from visnmf.errors import InvalidInputError
from visnmf.images.imageset import ImageSet
from visnmf.model.model import Model
from visnmf.solve.factorize import factorize
from visnmf.solve.result import Factorization

__all__ = ["learn"]


def learn(
    images: ImageSet, rank: int, *, part_names: Sequence[str] | None = None, **settings: Any
) -> Model:
    """Learn the parts of pictures.

    Parameters
    ----------
    images : ImageSet
        The pictures; `load_images` reads them, from arrays too.
    rank : int
        How many parts.
    part_names : sequence of str, optional
        Names of the parts; "part 1", "part 2", ... by default.
    **settings
        As of `visnmf.factorize`.

    Returns
    -------
    Model
        The parts with their provenance: source and preparation of the pictures, all
        settings, relative error, and versions. Its `factorization` is the run itself,
        with the encodings of the pictures as `H`; it is not saved.

    Raises
    ------
    InvalidInputError
        If `images` is no ImageSet, or a setting cannot be used.

    Examples
    --------
    >>> import visnmf
    >>> faces = visnmf.samples.load_faces()
    >>> model = visnmf.learn(faces, 9, max_iter=20)
    >>> model
    <Model: 9 parts of pictures 25 x 25>
    >>> rebuilt = model.reconstruct(faces)
    """
    if not isinstance(images, ImageSet):
        raise InvalidInputError(
            f"learn takes an ImageSet, got {type(images).__name__}; "
            "visnmf.load_images makes one of files and of arrays"
        )
    run = factorize(images, rank, **settings)
    return Model(
        run.W,
        images.layout,
        part_names=part_names,
        energy=_energy_shares(run.W, run.H),
        provenance=_provenance(images, run),
        factorization=run,
    )


def _energy_shares(W: np.ndarray, H: np.ndarray) -> np.ndarray:
    """Return the share of each part in the summed energies ``|w_k|^2 |h_k|^2``."""
    energy = np.square(W, dtype=np.float64).sum(axis=0) * np.square(H, dtype=np.float64).sum(axis=1)
    return energy / max(energy.sum(), np.finfo(np.float64).tiny)


def _provenance(images: ImageSet, run: Factorization) -> dict[str, Any]:
    """Tell where a model comes from, as JSON can hold it."""
    return {
        "source": images.source,
        "preparation": images.preparation,
        "n_images": len(images),
        "n_skipped": len(images.skipped),
        "settings": run.settings,
        "relative_error": _relative_error(images.V, run.objective),
        "n_iter": run.n_iter,
        "reason": run.reason,
        "seconds": run.history[-1].seconds if run.history else 0.0,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {
            "visnmf": visnmf.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
    }


def _relative_error(V: np.ndarray, objective: float) -> float:
    """Return ``||V - W H|| / ||V||`` where the objective is half the squared residual."""
    # Block by block: float32 sums over millions of entries go wrong, a float64 copy is large.
    blocks = (V[:, start : start + 1024] for start in range(0, V.shape[1], 1024))
    total = sum(float(np.square(block, dtype=np.float64).sum()) for block in blocks)
    return float(np.sqrt(2 * max(objective, 0.0) / total)) if total > 0 else 0.0
