"""The recipe: a name from the literature, and the call that it stands for."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from visnmf.errors import InvalidInputError
from visnmf.recipes.table import TABLE

if TYPE_CHECKING:
    from visnmf.solve.result import Factorization

__all__ = ["FromV", "Recipe", "picture_layout"]

_TERMS = ("terms_W", "terms_H")


@dataclass(frozen=True)
class FromV:
    """A setting that is made of V when it is known.

    Parameters
    ----------
    text : str
        How it is made, for people.
    make : callable
        Makes it of V.
    """

    text: str
    make: Callable[[Any], Any]

    def __repr__(self) -> str:
        return self.text


@dataclass(frozen=True, repr=False)
class Recipe:
    """A way to factorize that has a name; its repr is the call that it stands for.

    Attributes
    ----------
    name : str
        As in `RECIPES`.
    rank : int
        How many parts.
    options : mapping
        What the function is called with; some of it is made of V.
    function : str
        "factorize", or a function of `visnmf.kin`.

    Examples
    --------
    >>> import visnmf
    >>> from visnmf import recipes
    >>> recipe = recipes.hoyer(9, sparseness_W=0.75)
    >>> recipe
    <hoyer: factorize(V, 9, terms_W=Sparseness(target=0.75, unit=False))>
    >>> recipe.paper
    'Hoyer 2004'
    >>> faces = visnmf.samples.load_faces()
    >>> recipe.fit(faces, max_iter=10).W.shape
    (625, 9)
    """

    name: str
    rank: int
    options: Mapping[str, Any] = field(default_factory=dict)
    function: str = "factorize"

    @property
    def purpose(self) -> str:
        """What to choose it for."""
        return TABLE[self.name].purpose

    @property
    def paper(self) -> str:
        """Who wrote of it."""
        return TABLE[self.name].paper

    @property
    def call(self) -> str:
        """The call that it stands for, as code."""
        told = [f"{name}={value!r}" for name, value in self.options.items()]
        rank = [] if "ranks" in self.options else [str(self.rank)]
        return f"{self.function}({', '.join(['V', *rank, *told])})"

    def __repr__(self) -> str:
        return f"<{self.name}: {self.call}>"

    def settings(self, V: Any) -> dict[str, Any]:
        """Return what the function is called with, beside V and the rank.

        Parameters
        ----------
        V : array_like (m, n), ImageSet or scipy.sparse array
            Graphs, scales and layouts are taken from it.

        Returns
        -------
        dict
            Keyword arguments of `visnmf.factorize`, or of the function of `visnmf.kin`.

        Raises
        ------
        InvalidInputError
            If the recipe needs what V has not, such as labels.
        """
        return {
            name: value.make(V) if isinstance(value, FromV) else value
            for name, value in self.options.items()
        }

    def fit(self, V: Any, **settings: Any) -> Factorization:
        """Factorize V.

        Parameters
        ----------
        V : array_like (m, n), ImageSet or scipy.sparse array
            Columns are images.
        **settings
            Of the function that the recipe calls. They take the place of the recipe's own;
            terms are added to the recipe's, of which a constraint gives way to yours.

        Returns
        -------
        Factorization

        Raises
        ------
        InvalidInputError
            If V cannot be factorized so, or a setting is not known.
        """
        unknown = [name for name in settings if name not in self.defaults]
        if unknown:
            raise InvalidInputError(
                f"the recipe {self.name} has no setting {', '.join(unknown)}: it calls "
                f"{self.function}, which takes {', '.join(self.defaults)}"
            )
        own = self.settings(V)
        joined = {**own, **settings}
        for name in _TERMS:
            if own.get(name) is not None and settings.get(name) is not None:
                joined[name] = _added(own[name], settings[name])
        ranks = () if "ranks" in joined else (self.rank,)
        result: Factorization = self._function()(V, *ranks, **joined)
        return result

    @property
    def defaults(self) -> dict[str, Any]:
        """All settings of the function that it calls, at the values that they have by default."""
        parameters = inspect.signature(self._function()).parameters
        known = {
            name: parameter.default
            for name, parameter in parameters.items()
            if parameter.kind is inspect.Parameter.KEYWORD_ONLY
        }
        return {**known, **self.options}

    def _function(self) -> Callable[..., Any]:
        home = "visnmf.solve.factorize" if self.function == "factorize" else "visnmf.kin"
        function: Callable[..., Any] = getattr(importlib.import_module(home), self.function)
        return function


def picture_layout(V: Any, name: str) -> Any:
    """Return the layout of an ImageSet, which a recipe needs."""
    if not hasattr(V, "layout"):
        raise InvalidInputError(
            f"the recipe {name} needs to know how a column becomes a picture, but V is a bare "
            f"{type(V).__name__}; visnmf.load_images or visnmf.ImageSet(V, layout) makes an "
            "ImageSet of it"
        )
    return V.layout


def _added(own: Any, terms: Any) -> list[Any]:
    """Return terms beside those of a recipe; of a factor's constraints the last one counts."""
    from visnmf.terms.protocol import Constraint

    given = _listed(terms)
    if any(isinstance(term, Constraint) for term in given):
        return [*(term for term in _listed(own) if not isinstance(term, Constraint)), *given]
    return [*_listed(own), *given]


def _listed(terms: Any) -> list[Any]:
    return list(terms) if isinstance(terms, list | tuple) else [terms]
