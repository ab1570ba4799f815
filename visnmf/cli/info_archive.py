"""What `visnmf info` tells of an archive."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

from visnmf.cli.sizes import size_of
from visnmf.cli.text import describe_pictures, describe_quality, tell

if TYPE_CHECKING:
    from visnmf.archive.archive import Archive

__all__ = ["is_archive", "tell_archive"]

_KINDS = {
    "NAMES": "names",
    "MASK": "mask",
    "NOTES": "notes",
    "SCALES": "scales",
    "BASIS": "parts",
    "ENCODINGS": "encodings",
    "SHEET": "contact sheets",
    "RESIDUAL": "residual",
}


def is_archive(path: Path) -> bool:
    """Tell whether a file begins like an archive."""
    from visnmf.archive.frame import MAGIC

    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return path.suffix.lower() == ".vnmf"


def tell_archive(path: Path, as_json: bool) -> None:
    """Tell what an archive holds, and what takes the bytes."""
    from visnmf.archive.archive import Archive

    with Archive.open(path) as archive:
        if as_json:
            click.echo(json.dumps(_document(archive, path), indent=2))
        else:
            tell(_facts(archive, path))


def _shares(archive: Archive) -> dict[str, tuple[int, int, str]]:
    """Return bytes, sections and coders of each kind of section."""
    shares: dict[str, tuple[int, int, str]] = {}
    for entry in archive.sections:
        nbytes, count, coders = shares.get(entry.kind.name, (0, 0, ""))
        if entry.coder.name not in coders.split(", "):
            coders = f"{coders}, {entry.coder.name}" if coders else entry.coder.name
        shares[entry.kind.name] = (nbytes + entry.length, count + 1, coders)
    return shares


def _facts(archive: Archive, path: Path) -> list[tuple[str, object]]:
    from visnmf.archive.header import Base, Mode

    header, layout = archive.header, archive.layout
    size = path.stat().st_size
    wanted = {
        Mode.PSNR: f"{header.target:g} dB",
        Mode.MAX_BYTES: f"at most {header.target:,.0f} bytes",
        Mode.MAX_ERROR: f"no pixel off by more than {header.target:g}",
        Mode.LOSSLESS: "lossless",
        Mode.BY_HAND: "by hand",
    }
    facts: list[tuple[str, object]] = [
        ("pictures", describe_pictures(header.n, layout)),
        ("values", f"{layout.dtype}, {layout.low:g} to {layout.high:g}"),
        ("asked for", wanted[header.mode]),
    ]
    facts.append(("quality", describe_quality(header, layout)))
    if header.base == Base.FACTORS:
        apart = ", channels apart" if header.apart else ""
        facts.append(("parts", f"{header.rank}, encodings in chunks of {header.chunk}{apart}"))
    facts.append(("file", f"{size_of(size)}, {size / header.n:,.1f} bytes a picture"))
    used = 0
    for kind, (nbytes, count, coders) in _shares(archive).items():
        used += nbytes
        several = f" in {count:,} sections" if count > 1 else ""
        told = f"{size_of(nbytes)}{several}, {nbytes / size:.1%} ({coders})"
        facts.append((f"  {_KINDS[kind]}", told))
    facts.append(("  frame", f"{size_of(size - used)}, {(size - used) / size:.1%}"))
    return facts


def _document(archive: Archive, path: Path) -> dict[str, object]:
    """Return all of it as JSON can hold it."""
    header = archive.header
    fields = {name: getattr(header, name) for name in type(header).__dataclass_fields__}
    for name in ("psnr", "worst_psnr"):
        if math.isinf(fields[name]):
            fields[name] = None
    fields |= {"base": header.base.name.lower(), "mode": header.mode.name.lower()}
    sections = [
        {"kind": _KINDS[e.kind.name], "coder": e.coder.name, "offset": e.offset, "bytes": e.length}
        for e in archive.sections
    ]
    return {**fields, "bytes": path.stat().st_size, "sections": sections}
