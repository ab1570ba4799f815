"""Learn a model from pictures: a factorization, and the record of how it came about."""

from __future__ import annotations

import inspect
import platform
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import numpy as np

import visnmf
from visnmf.arguments import check_choice
from visnmf.errors import InvalidInputError
from visnmf.images.imageset import ImageSet
from visnmf.images.lazy import LazyImages
from visnmf.kernels.threads import threads
from visnmf.model.alignment import warn_unaligned
from visnmf.model.course import course_of
from visnmf.model.model import Model
from visnmf.ranks.result import RankChoice
from visnmf.ranks.survey import choose_rank, usual_ranks
from visnmf.recipes import Recipe, make
from visnmf.solve.encode import encode
from visnmf.solve.factorize import factorize
from visnmf.solve.factorize_compressed import factorize_compressed
from visnmf.solve.factorize_online import factorize_online
from visnmf.solve.result import Factorization

__all__ = ["learn"]

_METHODS: dict[str, Callable[..., Factorization]] = {
    "batch": factorize,
    "online": factorize_online,
    "compressed": factorize_compressed,
}
_FIRST = 500  # pictures of a lazy set that tell whether they look aligned

_OF_RUNS = ("objectives", "stability")
"""What several runs are told of, beside what they were asked for."""

_NO_MODEL = {
    "semi": "finds parts of either sign",
    "symmetric": "takes a matrix of similarities",
}


def learn(
    images: ImageSet | LazyImages,
    rank: int | str | RankChoice,
    *,
    method: str = "batch",
    recipe: str | Recipe | None = None,
    part_names: Sequence[str] | None = None,
    n_jobs: int | None = None,
    **settings: Any,
) -> Model:
    """Learn the parts of pictures.

    Parameters
    ----------
    images : ImageSet or LazyImages
        The pictures; `load_images` reads them, from arrays too.
    rank : int, "choose" or RankChoice
        How many parts. "choose" lets `visnmf.choose_rank` find it, by hidden pixels, from 2 to
        60, from squared errors of all known pixels alike (`observed` and `missing`, but not
        `weights`); or give what that gave with other options.
        The provenance keeps it as "rank_choice".
    method : {"batch", "online", "compressed"}
        `visnmf.factorize`, which looks at all pictures again and again;
        `visnmf.factorize_online`, which looks at each twice; or
        `visnmf.factorize_compressed`, which does so a stated number of times.
    recipe : str or Recipe, optional
        How to factorize: a name of `visnmf.recipes.RECIPES`, such as "lnmf", or a recipe with
        options of its own, such as ``visnmf.recipes.hoyer(rank, sparseness_W=0.7)``.
    part_names : sequence of str, optional
        Names of the parts; "part 1", "part 2", ... by default.
    n_jobs : int, optional
        Threads, see `visnmf.threads`.
    **settings
        As of what the method or the recipe calls; with ``n_init=10`` the model is the best of ten
        fits, and its `stability` tells how sure each part is.

    Returns
    -------
    Model
        The parts with their provenance: source and preparation of the pictures, the recipe, all
        settings, relative error, course of the fit, and versions. Its `factorization` is the run
        itself, with the encodings of the pictures as `H`; it is not saved.

    Raises
    ------
    InvalidInputError
        If `images` is no ImageSet or LazyImages, or a method, recipe or setting cannot be used.

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
    if not isinstance(images, ImageSet | LazyImages):
        raise InvalidInputError(
            f"learn takes an ImageSet or LazyImages, got {type(images).__name__}; "
            "visnmf.load_images makes one of files and of arrays"
        )
    check_choice(method, "method", list(_METHODS))
    if recipe is not None and method != "batch":
        raise InvalidInputError(
            "a recipe looks at all pictures again and again, and does not go with "
            f"method={method!r}; leave one of them"
        )
    if isinstance(rank, str) and rank == "choose":
        _check_before_choosing(method, recipe, settings)
    choice = _choice_of(images, rank, settings, n_jobs)
    rank = rank if choice is None else choice.rank
    chosen = None if recipe is None else _checked_recipe(recipe, rank)  # type: ignore[arg-type]
    # The first block tells enough, and costs no reading of a whole set
    warn_unaligned(images[:_FIRST] if isinstance(images, LazyImages) else images)
    with threads(n_jobs):
        fit = partial(_METHODS[method], rank=rank) if chosen is None else chosen.fit
        run = fit(images, **settings)
        # The H of a recipe may not be what the model will encode pictures as.
        loss = run.settings.get("loss", "frobenius")
        H = run.H if chosen is None else encode(images, run.W, loss=loss)
    told = _provenance(images, run, H, chosen)
    return Model(
        run.W,
        images.layout,
        part_names=part_names,
        energy=_energy_shares(run.W, H) if H.shape[1] else None,
        provenance=told if choice is None else {**told, "rank_choice": choice.facts()},
        factorization=run,
    )


def _check_before_choosing(
    method: str, recipe: str | Recipe | None, settings: dict[str, Any]
) -> None:
    """Refuse what the fit would refuse at any rank before the time of a survey is spent."""
    if isinstance(recipe, Recipe):
        raise InvalidInputError(
            f"this recipe is made for a rank of {recipe.rank}, which is not to be chosen then; "
            f"give that number, or the recipe's name: recipe={recipe.name!r}"
        )
    if recipe is not None:
        _checked_recipe(recipe, 2)
    inspect.signature(_METHODS[method]).bind(None, rank=2, **settings)


def _choice_of(
    images: ImageSet | LazyImages, rank: Any, settings: dict[str, Any], n_jobs: int | None
) -> RankChoice | None:
    """Return how the rank was chosen, None where it is given."""
    if isinstance(rank, RankChoice):
        return rank
    if not isinstance(rank, str):
        return None
    if rank != "choose":
        raise InvalidInputError(f"rank={rank!r} is not known; give a number, or 'choose'")
    if isinstance(images, LazyImages):
        raise InvalidInputError(
            "a rank is chosen of pictures in memory, and these are read block by block; choose it "
            "of some of them: learn(images, choose_rank(images[:2000]))"
        )
    if settings.get("weights") is not None:
        raise InvalidInputError(
            "a rank is chosen by all known pixels alike, whatever weights= says of them; give a "
            "number, or choose it without them: learn(images, choose_rank(images), weights=...)"
        )
    shape = (images.layout.m, len(images))
    asked = {name: settings[name] for name in ("seed", "observed", "missing") if name in settings}
    return choose_rank(images, usual_ranks(shape), n_jobs=n_jobs, **asked)


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
    energy = np.square(W, dtype=np.float64).sum(axis=0)
    step = 1 << 16  # images: H may be larger than memory
    blocks = (H[:, first : first + step] for first in range(0, H.shape[1], step))
    energy *= sum(np.square(block, dtype=np.float64).sum(axis=1) for block in blocks)
    return energy / max(energy.sum(), np.finfo(np.float64).tiny)


def _provenance(
    images: ImageSet | LazyImages, run: Factorization, H: np.ndarray, recipe: Recipe | None
) -> dict[str, Any]:
    """Tell where a model comes from, as JSON can hold it."""
    of_runs = {name: run.settings[name] for name in _OF_RUNS if name in run.settings}
    return {
        "source": images.source,
        "preparation": images.preparation,
        "n_images": len(images),
        "n_skipped": len(images.skipped),
        **({} if recipe is None else {"recipe": _told(recipe)}),
        "settings": {name: run.settings[name] for name in run.settings if name not in of_runs},
        **of_runs,
        "relative_error": _relative_error(images, run, H, known=recipe is None),
        "n_iter": run.n_iter,
        "reason": run.reason,
        "seconds": run.history[-1].seconds if run.history else 0.0,
        "history": course_of(run.history),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {
            "visnmf": visnmf.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
    }


def _told(recipe: Recipe) -> dict[str, str]:
    return {"name": recipe.name, "paper": recipe.paper, "call": recipe.call}


def _relative_error(
    images: ImageSet | LazyImages, run: Factorization, H: np.ndarray, *, known: bool
) -> float | None:
    """Return ``||V - W H|| / ||V||``, or None where not all images were encoded.

    What the run tells of it need not be computed, if H is the run's own (`known`).
    """
    told = run.settings.get("relative_error") if known else None
    if told is not None or H.shape[1] != len(images):
        return told
    # Block by block: float32 sums over millions of entries go wrong, a float64 copy is large.
    total = missed = 0.0
    start = 0
    for block in _blocks(images):
        residual = block - run.W @ H[:, start : start + block.shape[1]]
        start += block.shape[1]
        total += float(np.square(block, dtype=np.float64).sum())
        missed += float(np.square(residual, dtype=np.float64).sum())
    return float(np.sqrt(missed / total)) if total > 0 else 0.0


def _blocks(images: ImageSet | LazyImages) -> Iterator[np.ndarray]:
    if isinstance(images, LazyImages):
        yield from (block.V for block in images.blocks())
        return
    for start in range(0, len(images), 1024):
        yield images.V[:, start : start + 1024]
