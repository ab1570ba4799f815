"""The command `visnmf` itself: its subcommands, and how it ends."""

from __future__ import annotations

import difflib
import sys
from typing import Any, NoReturn

import click

from visnmf import __version__
from visnmf.cli.anomalies import anomalies
from visnmf.cli.append import append
from visnmf.cli.build_up import build_up
from visnmf.cli.compare import compare
from visnmf.cli.compress import compress
from visnmf.cli.demo import demo
from visnmf.cli.edit import edit
from visnmf.cli.encode import encode
from visnmf.cli.extract import extract
from visnmf.cli.faces import faces
from visnmf.cli.failures import INTERRUPTED, Failure, explain
from visnmf.cli.features import features
from visnmf.cli.group import group
from visnmf.cli.info import info
from visnmf.cli.learn import learn
from visnmf.cli.list_names import list_names
from visnmf.cli.options import DEBUG_KEY, debug_option
from visnmf.cli.pack import pack
from visnmf.cli.parts import parts
from visnmf.cli.rank import rank
from visnmf.cli.recipes import recipes
from visnmf.cli.reconstruct import reconstruct
from visnmf.cli.report import report
from visnmf.cli.show import show
from visnmf.cli.similar import similar
from visnmf.cli.source import MAX_PIXELS_KEY
from visnmf.cli.stability import stability
from visnmf.cli.text import note, one_line_warnings
from visnmf.cli.verify import verify

__all__ = ["cli", "main"]

COMMANDS = (
    learn,
    rank,
    compare,
    stability,
    faces,
    show,
    report,
    parts,
    edit,
    encode,
    reconstruct,
    build_up,
    similar,
    group,
    anomalies,
    features,
    compress,
    append,
    extract,
    list_names,
    verify,
    pack,
    info,
    recipes,
    demo,
)


_FIRST_SESSION = """\b
A first session:
  visnmf demo                                            see it work, on 100 faces
  visnmf learn photos/ -k 49 --size 64 -o photos.safetensors
  visnmf pack photos/ photos.zarr --size 64              for large sets: prepare once
  visnmf info photos.safetensors                         what was learned, from what
  visnmf report photos.safetensors photos/ -o photos.html
  visnmf parts photos.safetensors -o parts               each part as a file; edit names them
  visnmf encode photos.safetensors more/ -o codes.csv    features of other pictures
  visnmf reconstruct photos.safetensors more/ -o rebuilt
  visnmf similar photos.safetensors one.jpg --in more/   what is like it
  visnmf compress scans/ -o scans.vnmf --psnr 36         many alike in one small file

\b
`visnmf COMMAND --help` tells all about a command. Exit codes: 0 all went well,
1 it did not, 2 the command line is not right, 130 stopped by Ctrl-C.
"""


class Commands(click.Group):
    """The subcommands in the order of a first session; what goes wrong is told in one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which a newcomer meets them."""
        return [command.name or "" for command in COMMANDS]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a subcommand; of a mistyped one tell which is meant, whatever click does."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            close = difflib.get_close_matches(args[0], self.list_commands(ctx), n=1)
            if not close or close[0] in error.message:
                raise
            raise click.UsageError(f"{error.message} Did you mean {close[0]!r}?", ctx) from None

    def invoke(self, ctx: click.Context) -> Any:
        """Run a subcommand; turn what it raises into a line and an exit code."""
        try:
            with one_line_warnings():
                return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except KeyboardInterrupt:
            note("interrupted; nothing more is written")
            ctx.exit(INTERRUPTED)
        except Exception as error:
            if ctx.meta.get(DEBUG_KEY):
                raise
            raise Failure(explain(error)) from error


@click.group(
    cls=Commands,
    commands=list(COMMANDS),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 96},
    epilog=_FIRST_SESSION,
)
@click.version_option(__version__, message="visnmf %(version)s")
@click.option(
    "--max-pixels",
    type=click.IntRange(min=1),
    metavar="N",
    help="Read pictures of up to N pixels; larger ones are refused as bombs. [default: 89478485]",
)
@debug_option
@click.pass_context
def cli(ctx: click.Context, max_pixels: int | None) -> None:
    """Learn the parts of pictures, and use them.

    From a folder of pictures visnmf learns a few dozen parts (an eye, a wheel, a stroke) so
    that each picture is nearly a sum of them: non-negative matrix factorization.
    """
    ctx.meta[MAX_PIXELS_KEY] = max_pixels


def main() -> NoReturn:
    """Run the command line; the console script `visnmf` calls this."""
    try:
        cli(prog_name="visnmf")
    except KeyboardInterrupt:  # before or after a command ran
        sys.exit(INTERRUPTED)
    sys.exit(0)
