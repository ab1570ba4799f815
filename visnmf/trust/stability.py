"""`part_stability`: whether other pictures of the same kind would have given the same parts."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np

from visnmf.arguments import check_callable, check_instance, check_integer, check_number
from visnmf.errors import InvalidInputError
from visnmf.images.imageset import ImageSet
from visnmf.images.lazy import LazyImages
from visnmf.measure.matching import match_parts
from visnmf.model.columns import column_blocks
from visnmf.model.model import Model
from visnmf.recipes import Recipe, make
from visnmf.solve.edge import spawn
from visnmf.solve.factorize import factorize
from visnmf.solve.interrupts import whole
from visnmf.solve.several import SURE, check_processes, in_processes

__all__ = ["Drawn", "PartStability", "part_stability"]

_OF_IMAGES = ("observed", "weights", "known_H", "W", "H", "checkpoint", "n_init")
"""Settings that belong to the pictures as they are, or to one run."""
_ASKED = ("terms_W", "terms_H", "smoothing", "known_parts")
"""What a model's record tells of, but not so that it could be made again."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """A fit to pictures drawn anew.

    Attributes
    ----------
    cosines : ndarray (rank,)
        How alike each part is to its match in it.
    done, total : int
        How many of these fits were made, and how many there will be.
    seconds : float
        Since the first of them began.
    left : float
        Seconds that the others will take, as long as those before.
    """

    cosines: np.ndarray
    done: int
    total: int
    seconds: float
    left: float


@dataclass(frozen=True, eq=False, repr=False)
class PartStability:
    """How sure parts are, by fits to pictures drawn anew.

    Attributes
    ----------
    part_names : list of str
        Of the parts that are judged.
    W : ndarray (m, rank)
        These parts.
    cosines : ndarray (n_boot, rank)
        How alike each part is to its match in each of the fits, from 0 to 1.
    """

    part_names: list[str]
    W: np.ndarray
    cosines: np.ndarray

    @property
    def stability(self) -> np.ndarray:
        """The mean cosine of each part, (rank,); ``model.stability = found.stability`` keeps it."""
        found: np.ndarray = self.cosines.mean(axis=0)
        return found

    def interval(self, share: float = 0.8) -> tuple[np.ndarray, np.ndarray]:
        """Return, for each part, the range that a share of the cosines lies in.

        Parameters
        ----------
        share : float
            From 0 to 1.

        Returns
        -------
        low, high : ndarray (rank,)
        """
        if not 0 <= check_number(share, "share", -math.inf) <= 1:
            raise InvalidInputError(f"share must be from 0 to 1, not {share!r}")
        low, high = np.quantile(self.cosines, [(1 - share) / 2, (1 + share) / 2], axis=0)
        return low, high

    def summary(self) -> str:
        """Return a table of the parts, the surest first."""
        low, high = self.interval()
        mean = self.stability
        width = max(len("part"), *(len(name) for name in self.part_names))
        lines = [f"{'part'.ljust(width)}  stability  8 of 10 fits"]
        for k in np.argsort(-mean, kind="stable"):
            name = self.part_names[k].ljust(width)
            lines.append(f"{name}  {mean[k]:9.3f}  {low[k]:.3f} to {high[k]:.3f}")
        sure = int((mean >= SURE).sum())
        lines.append(f"{sure} of {len(mean)} parts are found again ({SURE} or more)")
        return "\n".join(lines)

    def __repr__(self) -> str:
        count, rank = self.cosines.shape
        parts, fits = f"{rank} part{'s' * (rank != 1)}", f"{count} fit{'s' * (count != 1)}"
        return f"<PartStability: {parts}, {fits}, mean {self.stability.mean():.3f}>"


def part_stability(
    images: Any,
    model: Model | int,
    *,
    n_boot: int = 20,
    seed: int | np.random.Generator = 0,
    processes: int = 1,
    recipe: str | Recipe | None = None,
    callback: Callable[[Drawn], object] | None = None,
    **settings: Any,
) -> PartStability:
    """Tell how sure each part is: by fits to as many pictures, drawn from these with return.

    A part that some few pictures make, or the start, is found by some of these fits only
    (the bootstrap of Efron 1979; parts are matched by `visnmf.measure.match_parts`).

    Parameters
    ----------
    images : ImageSet or array_like
        The pictures that the model was learned from, in memory: a set, or what `Model.encode`
        takes; with a rank, a set or columns (m, n).
    model : Model or int
        The parts to judge, or how many to learn of all pictures first.
    n_boot : int
        How many fits.
    seed : int or numpy.random.Generator
        Its children draw the pictures and start the fits.
    processes : int
        How many fits at a time, each in a process of its own; -1 is one for each processor. Their
        number does not change the result.
    recipe : str or Recipe, optional
        As of `visnmf.learn`; the one that the model was learned by must be given again.
    callback : callable, optional
        Called with a `visnmf.trust.stability.Drawn` after each fit: how far it is and how long it
        may still take; a true answer ends it there.
    **settings
        As of `visnmf.factorize` or what the recipe calls, for all fits. The loss is the model's,
        if not given; terms must be given again.

    Returns
    -------
    PartStability

    Raises
    ------
    InvalidInputError
        The pictures are not in memory or do not fit, these or the parts are all zero, or it is not
        known how the parts were learned.

    Notes
    -----
    Costs `n_boot` fits. For the share of the start alone, see `visnmf.restarts`.

    Examples
    --------
    >>> import visnmf
    >>> faces = visnmf.samples.load_faces()
    >>> model = visnmf.learn(faces, 4, max_iter=20)
    >>> found = visnmf.part_stability(faces, model, n_boot=3, max_iter=20)
    >>> found.cosines.shape
    (3, 4)
    >>> model.stability = found.stability  # beside the parts, and saved with them
    """
    if isinstance(model, str | os.PathLike):
        raise InvalidInputError(
            f"model must be a Model or a rank, not a path; give visnmf.Model.load({model!r})"
        )
    n_boot = check_integer(n_boot, "n_boot", 1)
    processes = min(check_processes(processes), n_boot)
    check_callable(callback, "callback")
    if taken := [name for name in _OF_IMAGES if name in settings]:
        raise InvalidInputError(
            f"{taken[0]}= goes with one fit to these pictures, and not with pictures drawn anew; "
            "leave it out"
        )
    if recipe is not None and not isinstance(recipe, str):
        check_instance(recipe, "recipe", Recipe, "visnmf.recipes.RECIPES tells the names of all")
    V = _columns(images, model)
    if isinstance(model, Model):
        settings = {**_as_learned(model, recipe, settings), **settings}
        W, names, rank = model.W, list(model.part_names), model.rank
    else:
        rank = check_integer(model, "model", 1)
        W = _fitted(V, rank, recipe, {**settings, "seed": seed})
        names = [f"part {k + 1}" for k in range(rank)]
    _refuse_black(V, W)
    calls = [(V, W, recipe, settings, child) for child in spawn(seed, n_boot)]
    found: Generator[np.ndarray, None, None]
    if processes > 1:
        found = in_processes(_drawn_anew, calls, processes)
    else:
        found = (_drawn_anew(*call) for call in calls)
    with closing(found):
        return PartStability(names, W, np.array(_told(found, n_boot, callback)))


def _told(
    found: Iterator[np.ndarray], total: int, callback: Callable[[Drawn], object] | None
) -> list[np.ndarray]:
    """Return the cosines of the fits, each told of, until that is enough."""
    began, rows = time.monotonic(), []
    for row in found:
        rows.append(row)
        seconds, done = time.monotonic() - began, len(rows)
        left = seconds / done * (total - done)
        if callback is not None and callback(Drawn(row, done, total, seconds, left)):
            break
    return rows


def _refuse_black(V: np.ndarray, W: np.ndarray) -> None:
    """Refuse pictures or parts that show nothing: a cosine of zeros would look like a figure."""
    if not V.any():
        raise InvalidInputError(
            "all pictures are black, so that there are no parts to find again and nothing to "
            "compare; give pictures that show something"
        )
    if not W.any():
        raise InvalidInputError(
            "all parts are zero, so that there is nothing to compare; learn them from pictures "
            "that show something"
        )


def _drawn_anew(
    V: np.ndarray,
    W: np.ndarray,
    recipe: str | Recipe | None,
    settings: Mapping[str, Any],
    rng: np.random.Generator,
    *,
    first: bool = False,
    n_jobs: int | None = None,
) -> np.ndarray:
    """Return the cosines of parts to those of a fit to pictures drawn with return."""
    drawn = rng.integers(0, V.shape[1], V.shape[1])
    own = {**settings, "seed": rng}
    if n_jobs is not None:
        own["n_jobs"] = n_jobs
    found = _fitted(np.ascontiguousarray(V.T[drawn]).T, W.shape[1], recipe, own)
    return match_parts(W, found).cosine


def _fitted(
    V: np.ndarray, rank: int, recipe: str | Recipe | None, settings: dict[str, Any]
) -> np.ndarray:
    """Return the parts of a fit."""
    if recipe is None:
        return whole(factorize(V, rank, **settings)).W
    made = make(recipe, rank) if isinstance(recipe, str) else recipe
    kept = {name: value for name, value in settings.items() if name in made.defaults}
    return whole(made.fit(V, **kept)).W


def _as_learned(
    model: Model, recipe: str | Recipe | None, settings: dict[str, Any]
) -> dict[str, Any]:
    """Return the settings that the model's own record tells, or refuse to guess."""
    told = model.provenance.get("recipe")
    if told and recipe is None:
        name = told.get("name") if isinstance(told, dict) else told
        raise InvalidInputError(
            f"the model was learned by the recipe {name}; give recipe={name!r}, or the recipe "
            "itself if it had options, so that the fits are alike"
        )
    if recipe is not None:
        return {}
    known = model.provenance.get("settings")
    known = known if isinstance(known, dict) else {}
    for name in _ASKED:
        if (
            known.get(name)
            and name not in settings
            and not (name == "known_parts" and "known_W" in settings)
        ):
            wanted = "known_W" if name == "known_parts" else name
            raise InvalidInputError(
                f"the model was learned with {name}={known[name]!r}; give {wanted}= again, so that "
                "the fits are alike"
            )
    alike = {"loss": model.loss}
    for name in ("max_iter", "tol", "change", "update"):
        if isinstance(known.get(name), str | int | float):
            alike[name] = known[name]
    return alike


def _columns(images: Any, model: Model | int) -> np.ndarray:
    """Return pictures as columns in memory."""
    if isinstance(images, LazyImages):
        raise InvalidInputError(
            "pictures are drawn anew for each fit, which needs them in memory; read them by "
            "visnmf.load_images(...) without lazy=True, or take some: images[:5000]"
        )
    if isinstance(model, Model):
        return np.concatenate(list(column_blocks(images, model.layout)), axis=1)
    V = images.V if isinstance(images, ImageSet) else np.asarray(images)
    if V.ndim != 2 or 0 in V.shape:
        raise InvalidInputError(
            f"pictures must be an ImageSet or columns (m, n), but their shape is {V.shape}"
        )
    return V
