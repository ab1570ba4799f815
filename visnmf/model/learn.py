"""Learn a model from pictures: a factorization, and the record of how it came about."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import numpy as np

import visnmf
from visnmf.errors import InvalidInputError
from visnmf.images.imageset import ImageSet
from visnmf.kernels.threads import threads
from visnmf.model.alignment import warn_unaligned
from visnmf.model.model import Model
from visnmf.recipes import Recipe, make
from visnmf.solve.encode import encode
from visnmf.solve.factorize import factorize
from visnmf.solve.result import Factorization

__all__ = ["learn"]

_NO_MODEL = {
    "semi": "finds parts of either sign",
    "symmetric": "takes a matrix of similarities",
}


def learn(
    images: ImageSet,
    rank: int,
    *,
    recipe: str | Recipe | None = None,
    part_names: Sequence[str] | None = None,
    n_jobs: int | None = None,
    **settings: Any,
) -> Model:
    """Learn the parts of pictures.

    Parameters
    ----------
    images : ImageSet
        The pictures; `load_images` reads them, from arrays too.
    rank : int
        How many parts.
    recipe : str or Recipe, optional
        How to factorize: a name of `visnmf.recipes.RECIPES`, such as "lnmf", or a recipe with
        options of its own, such as ``visnmf.recipes.hoyer(rank, sparseness_W=0.7)``.
    part_names : sequence of str, optional
        Names of the parts; "part 1", "part 2", ... by default.
    n_jobs : int, optional
        Threads, see `visnmf.threads`.
    **settings
        As of `visnmf.factorize`, or of what the recipe calls.

    Returns
    -------
    Model
        The parts with their provenance: source and preparation of the pictures, the recipe, all
        settings, relative error, and versions. Its `factorization` is the run itself,
        with the encodings of the pictures as `H`; it is not saved.

    Raises
    ------
    InvalidInputError
        If `images` is no ImageSet, or a recipe or setting cannot be used.

    Warns
    -----
    UnalignedWarning
        If the pictures do not look aligned (`visnmf.model.alignment`): parts then show little.

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
    chosen = None if recipe is None else _checked_recipe(recipe, rank)
    warn_unaligned(images)
    with threads(n_jobs):
        fit = partial(factorize, rank=rank) if chosen is None else chosen.fit
        run = fit(images, **settings)
        # The H of a recipe may not be what the model will encode pictures as.
        loss = run.settings.get("loss", "frobenius")
        H = run.H if chosen is None else encode(images, run.W, loss=loss)
    return Model(
        run.W,
        images.layout,
        part_names=part_names,
        energy=_energy_shares(run.W, H),
        provenance=_provenance(images, run, H, chosen),
        factorization=run,
    )


def _checked_recipe(recipe: str | Recipe, rank: int) -> Recipe:
    """Return a recipe of this rank."""
    if isinstance(recipe, str):
        recipe = make(recipe, rank)
    if not isinstance(recipe, Recipe):
        raise InvalidInputError(
            f"recipe must be a name such as 'lnmf' or a Recipe, not {recipe!r}; "
            "visnmf.recipes.RECIPES tells the names"
        )
    if recipe.rank != rank:
        raise InvalidInputError(f"the rank is {rank}, but that of the recipe is {recipe.rank}")
    if recipe.name in _NO_MODEL:
        raise InvalidInputError(
            f"the recipe {recipe.name} {_NO_MODEL[recipe.name]}, so that it gives no model of "
            f"pictures; visnmf.recipes.{recipe.name}({rank}).fit(V) gives its factorization"
        )
    return recipe


def _energy_shares(W: np.ndarray, H: np.ndarray) -> np.ndarray:
    """Return the share of each part in the summed energies ``|w_k|^2 |h_k|^2``."""
    energy = np.square(W, dtype=np.float64).sum(axis=0) * np.square(H, dtype=np.float64).sum(axis=1)
    return energy / max(energy.sum(), np.finfo(np.float64).tiny)


def _provenance(
    images: ImageSet, run: Factorization, H: np.ndarray, recipe: Recipe | None
) -> dict[str, Any]:
    """Tell where a model comes from, as JSON can hold it."""
    return {
        "source": images.source,
        "preparation": images.preparation,
        "n_images": len(images),
        "n_skipped": len(images.skipped),
        **({} if recipe is None else {"recipe": _told(recipe)}),
        "settings": run.settings,
        "relative_error": _relative_error(images.V, run.W, H),
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


def _told(recipe: Recipe) -> dict[str, str]:
    return {"name": recipe.name, "paper": recipe.paper, "call": recipe.call}


def _relative_error(V: np.ndarray, W: np.ndarray, H: np.ndarray) -> float:
    """Return ``||V - W H|| / ||V||``."""
    # Block by block: float32 sums over millions of entries go wrong, a float64 copy is large.
    total = missed = 0.0
    for start in range(0, V.shape[1], 1024):
        block = V[:, start : start + 1024]
        residual = block - W @ H[:, start : start + 1024]
        total += float(np.square(block, dtype=np.float64).sum())
        missed += float(np.square(residual, dtype=np.float64).sum())
    return float(np.sqrt(missed / total)) if total > 0 else 0.0
