"""The options of a fit: how to factorize, what is asked of W and H, when to stop."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from visnmf.cli.recipes import RecipeName

__all__ = ["fit_options", "fit_settings"]

_Command = TypeVar("_Command", bound=Callable[..., Any])

# Written out, since to load `visnmf.solve` for --help would take longer than all else.
LOSSES = ("frobenius", "kullback-leibler", "kl", "itakura-saito", "is", "huber", "l21", "l1")
UPDATES = ("auto", "hals", "mu", "gradient", "fast gradient", "bpp", "newton")
INITS = (
    "auto", "random", "nndsvda", "nndsvd", "nndsvdar", "kmeans", "spherical kmeans", "spa", "snpa",
    "frobenius", "random frobenius",
)  # fmt: skip


class Loss(click.ParamType):
    """A loss by its name, or the beta of a beta-divergence."""

    name = "NAME"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> str | float:
        """Return the name, or the number."""
        name = str(value).lower()
        first, _, delta = name.partition(":")
        try:
            if first == "huber" and delta and 0 < float(delta) < math.inf:
                return name
            return name if name in LOSSES else float(name)
        except ValueError:
            self.fail(
                f"{value!r} is none of {', '.join(LOSSES)}, nor a beta, nor huber:DELTA with a "
                "number above 0",
                param,
                ctx,
            )


class Choice(click.ParamType):
    """One of some names, which may be written with dashes for spaces."""

    name = "NAME"

    def __init__(self, *known: str) -> None:
        self.known = known

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name."""
        import difflib

        name = str(value).lower().replace("-", " ")
        if name not in self.known:
            close = difflib.get_close_matches(name, self.known, n=1)
            hint = f"did you mean {close[0]!r}? There" if close else "there"
            self.fail(f"{value!r} is not known; {hint} are {', '.join(self.known)}", param, ctx)
        return name


_share = click.FloatRange(min=0, max=1, max_open=True)
_amount = click.FloatRange(min=0)

_OPTIONS = (
    click.option(
        "--recipe",
        type=RecipeName(),
        help="A way to factorize by its name in the literature; `visnmf recipes` lists them.",
    ),
    click.option(
        "--loss",
        type=Loss(),
        default="frobenius",
        show_default=True,
        help="Also kullback-leibler (kl), itakura-saito (is), the beta of a beta-divergence, or "
        "one for what spoils pictures: huber (parts of them hidden; huber:0.1 sets the residual "
        "from which it gives way), l21 (whole pictures unlike the others), l1 (salt and pepper).",
    ),
    click.option(
        "--update",
        type=Choice(*UPDATES),
        default="auto",
        show_default=True,
        help=f"How to step: {', '.join(UPDATES[1:])}.",
    ),
    click.option(
        "--init",
        type=Choice(*INITS),
        default="auto",
        show_default=True,
        help=f"How to start: {', '.join(INITS[1:])}.",
    ),
    click.option(
        "--sparseness-w", type=_share, help="Make each part exactly so sparse (Hoyer), as 0.8."
    ),
    click.option("--sparseness-h", type=_share, help="The same for how each part is used."),
    click.option("--l1-w", type=_amount, default=0.0, help="Weight of the sum of the parts."),
    click.option("--l1-h", type=_amount, default=0.0, help="Weight of the sum of the encodings."),
    click.option("--l2-w", type=_amount, default=0.0, help="Weight of half the parts' squares."),
    click.option("--l2-h", type=_amount, default=0.0, help="Weight of half their squares."),
    click.option(
        "--max-iter",
        type=click.IntRange(min=1),
        default=200,
        show_default=True,
        help="The most iterations.",
    ),
    click.option(
        "--tol",
        type=_amount,
        default=1e-4,
        show_default=True,
        help="Stop when the gradient has fallen to this share of what it was.",
    ),
    click.option(
        "--change",
        type=_amount,
        default=1e-4,
        show_default=True,
        help="Stop when iterations lower the objective by less than this share of it.",
    ),
    click.option("--time-limit", type=_amount, help="Seconds for the fit."),
    click.option(
        "--seed",
        type=click.IntRange(min=0),
        default=0,
        show_default=True,
        help="The same seed gives the same parts.",
    ),
    click.option(
        "--n-init",
        type=click.IntRange(min=1),
        default=1,
        show_default=True,
        help="Fits from so many starts; the best is kept, and tells how sure each part is.",
    ),
    click.option(
        "--processes",
        type=click.IntRange(min=1),
        default=1,
        show_default=True,
        help="How many of these fits at a time.",
    ),
)


def fit_options(command: _Command) -> _Command:
    """Add the options of a fit to a command."""
    return reduce(lambda made, option: option(made), reversed(_OPTIONS), command)


def fit_settings(
    ctx: click.Context,
    rank: int,
    *,
    recipe: str | None,
    sparseness_w: float | None,
    sparseness_h: float | None,
    l1_w: float,
    l1_h: float,
    l2_w: float,
    l2_h: float,
    time_limit: float | None,
    **settings: Any,
) -> dict[str, Any]:
    """Return the settings of `visnmf.learn`.

    Beside a recipe, which has its own, only those that the command line names.

    Parameters
    ----------
    ctx : click.Context
        Of the command.
    rank : int
        How many parts.
    recipe, sparseness_w, sparseness_h, l1_w, l1_h, l2_w, l2_h, time_limit, **settings
        What `fit_options` gives.
    """
    if recipe is not None:
        from visnmf.recipes import make

        settings = {
            name: value
            for name, value in settings.items()
            if ctx.get_parameter_source(name) is not ParameterSource.DEFAULT
        }
        settings["recipe"] = make(recipe, rank)
    if recipe is None or time_limit is not None:
        settings["time_limit"] = math.inf if time_limit is None else time_limit
    for side, sparseness, l1, l2 in (
        ("terms_W", sparseness_w, l1_w, l2_w),
        ("terms_H", sparseness_h, l1_h, l2_h),
    ):
        if terms := _terms(sparseness, l1, l2):
            settings[side] = terms
    return settings


def _terms(sparseness: float | None, l1: float, l2: float) -> list[Any]:
    if sparseness is None and not (l1 or l2):
        return []
    from visnmf.terms import ElasticNet, Sparseness

    penalty = [ElasticNet(l1=l1, l2=l2)] if l1 or l2 else []
    return penalty + ([] if sparseness is None else [Sparseness(sparseness)])
