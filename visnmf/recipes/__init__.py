"""A name from the literature gives the factorization that it stands for.

``recipes.lnmf(25)`` is a `Recipe`: its repr is the call of `visnmf.factorize` or of a method of
`visnmf.kin` that it stands for, ``recipe.fit(V)`` makes the call, and ``recipe.settings(V)``
gives the arguments to compose further. `visnmf.learn(images, 25, recipe="lnmf")` makes a model
of it. `RECIPES` tells of each name what to choose it for, and whose it is.
"""

from __future__ import annotations

import difflib
import sys
from typing import Any

from visnmf.errors import InvalidInputError
from visnmf.recipes.algorithms import (
    anls_bpp,
    hals,
    huber,
    itakura_saito,
    kl,
    l21,
    lee_seung,
    lin,
    nenmf,
)
from visnmf.recipes.recipe import Recipe
from visnmf.recipes.related import (
    convex,
    deep,
    lnmf,
    opnmf,
    projective,
    semi,
    separable,
    symmetric,
)
from visnmf.recipes.table import TABLE as RECIPES
from visnmf.recipes.terms import (
    discriminant,
    gnmf,
    hoyer,
    nsnmf,
    onmf,
    smooth,
    sparse,
    unmixing,
)

__all__ = [
    "RECIPES",
    "Recipe",
    "anls_bpp",
    "convex",
    "deep",
    "discriminant",
    "gnmf",
    "hals",
    "hoyer",
    "huber",
    "itakura_saito",
    "kl",
    "l21",
    "lee_seung",
    "lin",
    "lnmf",
    "make",
    "nenmf",
    "nsnmf",
    "onmf",
    "opnmf",
    "projective",
    "semi",
    "separable",
    "smooth",
    "sparse",
    "symmetric",
    "unmixing",
]


def make(name: str, rank: int, **options: Any) -> Recipe:
    """Return a recipe by its name.

    Parameters
    ----------
    name : str
        One of `RECIPES`; "lee-seung" is "lee_seung".
    rank : int
        How many parts.
    **options
        Of the recipe.

    Returns
    -------
    Recipe

    Raises
    ------
    InvalidInputError
        If there is no such recipe.

    Examples
    --------
    >>> make("gnmf", 20, weight=100.0)
    <gnmf: factorize(V, 20, terms_H=Graph(neighbor_graph(V, neighbors=5, weights='binary'), 10.0))>
    """
    known = str(name).lower().replace("-", "_")
    if known not in RECIPES:
        close = difflib.get_close_matches(known, RECIPES, n=1)
        meant = f"did you mean {close[0]!r}? There" if close else "there"
        raise InvalidInputError(f"there is no recipe {name!r}; {meant} are {', '.join(RECIPES)}")
    recipe: Recipe = getattr(sys.modules[__name__], known)(rank, **options)
    return recipe
