"""`visnmf verify`: whether an archive is whole, and keeps what it promises."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import click

from visnmf.cli.extract import archive_argument
from visnmf.cli.failures import Failure
from visnmf.cli.options import (
    debug_option,
    examples,
    keeping_options,
    memory_option,
    recursive_option,
)
from visnmf.cli.text import tell

__all__ = ["verify"]


@click.command(
    short_help="Check an archive, and its pictures against the originals.",
    epilog=examples("visnmf verify faces.vnmf", "visnmf verify faces.vnmf faces/"),
)
@archive_argument
@click.argument("originals", metavar="[ORIGINALS]", required=False)
@keeping_options
@recursive_option
@memory_option
@debug_option
def verify(archive: Path, originals: str | None, max_memory: int, **options: Any) -> None:
    """Check every checksum in ARCHIVE and decode all of it.

    With ORIGINALS, the source that it was made of, the pictures are compared with those: the
    stated PSNR or bound must hold.
    """
    from visnmf.archive.material import describe_exact
    from visnmf.archive.verify import verify as verified
    from visnmf.cli.source import read_pictures

    images = read_pictures(originals, **options) if originals else None
    found = verified(str(archive), images, max_memory=max_memory)
    facts: list[tuple[str, object]] = []
    facts += [(what, why) for what, why in found.hurt]
    facts += [("does not decode", what) for what in found.undecodable]
    seen = found.fidelity
    if not found.hurt and not found.undecodable:
        facts.append(("checksums", "all hold, and every picture decodes"))
    if images is not None and seen is not None:
        told = f"{seen.psnr:.2f} dB over the set, no pixel off by more than {seen.max_error}"
        if math.isinf(seen.psnr):
            told = describe_exact(images.layout)
        facts.append(("pictures", told))
        facts.append(("promise", found.broken or "kept"))
    tell(facts)
    if not found.good:
        hint = ""
        if found.hurt:
            hint = f"; `visnmf extract {archive} -o FOLDER --salvage` gets out what is whole"
        raise Failure(f"{archive} is not as it should be{hint}")
