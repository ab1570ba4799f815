"""`visnmf recipes`: the ways to factorize that have a name."""

from __future__ import annotations

from typing import Any

import click

from visnmf.cli.options import debug_option, examples

__all__ = ["RecipeName", "recipes"]


class RecipeName(click.ParamType):
    """The name of a recipe."""

    name = "NAME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name as `visnmf.recipes.RECIPES` has it."""
        from visnmf.errors import InvalidInputError
        from visnmf.recipes import make

        try:
            return make(value, 1).name
        except InvalidInputError as error:
            self.fail(f"{error}; `visnmf recipes` tells what each is for", param, ctx)


@click.command(
    short_help="List the ways to factorize.",
    epilog=examples("visnmf recipes", "visnmf recipes lnmf"),
)
@click.argument("name", required=False, type=RecipeName())
@debug_option
def recipes(name: str | None) -> None:
    """List the recipes for `visnmf learn --recipe`, what each is for, and whose it is.

    With a NAME: what that one does, in full.
    """
    if name is None:
        _list_all()
    else:
        _tell(name)


def _list_all() -> None:
    from visnmf.recipes import RECIPES

    width = max(map(len, RECIPES))
    middle = max(len(entry.purpose) for entry in RECIPES.values())
    for name, entry in RECIPES.items():
        title = click.style(name.ljust(width), bold=True)
        click.echo(f"{title}  {entry.purpose.ljust(middle)}  {entry.paper}")


def _tell(name: str) -> None:
    import inspect

    import visnmf.recipes

    click.echo(f"{inspect.getdoc(getattr(visnmf.recipes, name))}\n")
    click.echo(f"It calls {visnmf.recipes.make(name, 49).call}")
