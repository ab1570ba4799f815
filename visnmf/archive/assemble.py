"""From whole numbers to the sections of a file."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from visnmf.archive.coders import Coder, encode_image
from visnmf.archive.container_write import container_size
from visnmf.archive.entries import encode_entries
from visnmf.archive.fidelity import Fidelity, fidelity_of, squared_errors
from visnmf.archive.header import Base, Header, Mode
from visnmf.archive.layered import base_of
from visnmf.archive.material import Material
from visnmf.archive.names import encode_names
from visnmf.archive.packed import pack_bytes
from visnmf.archive.residual import leave_over, put_back
from visnmf.archive.sections import Section, SectionKind
from visnmf.archive.sheets import SheetPlan, lay, plan_sheets
from visnmf.archive.trial import Trial
from visnmf.archive.turns import in_turn

__all__ = ["CHUNK", "Draft", "common_bytes", "draft_factors", "draft_sheets", "sheet_plan"]

CHUNK = 256
"""Pictures whose encodings are read together."""

_BLOCK = 512  # pictures that are rebuilt at a time


@dataclass(frozen=True, eq=False)
class Draft:
    """An archive before it is written.

    Attributes
    ----------
    fields : dict
        Of its `Header`, without those that say what was asked for and reached.
    sections : list of Section
        In order.
    fidelity : Fidelity
        What a reader will see of the pictures.
    told : str
        What it is, in words: "rank 72", "AVIF sheets of quality 43".
    """

    fields: dict[str, Any]
    sections: list[Section]
    fidelity: Fidelity
    told: str
    nbytes: int = field(init=False)

    def __post_init__(self) -> None:
        """Count the bytes of the whole file, at most."""
        header = self.header(Mode.PSNR, 1.0)  # a longest one: with a target
        object.__setattr__(self, "nbytes", container_size(header, map(_length, self.sections)))

    def header(self, mode: Mode, target: float) -> Header:
        """Return the header with what was asked for."""
        seen = self.fidelity
        return Header(
            **self.fields,
            mode=mode,
            target=target,
            psnr=seen.psnr,
            worst_psnr=seen.worst_psnr,
            worst=seen.worst,
            max_error=seen.max_error,
        )


def draft_factors(material: Material, trial: Trial, *, step: int = 0, chunk: int = CHUNK) -> Draft:
    """Put parts, encodings and, with a step, a residual into sections.

    Parameters
    ----------
    material : Material
        The pictures.
    trial : Trial
        Of all of them.
    step : int
        Of the residual; 0 for none.
    chunk : int
        Pictures in a section of encodings.
    """
    basis = trial.basis
    entries = encode_entries(trial.H, chunk * material.planes)
    scales = struct.pack(f"<{len(basis.scales)}H", *basis.scales.tolist())
    sections = _common(material)
    sections.append(Section(SectionKind.SCALES, *pack_bytes(scales + entries.model)))
    sections += [Section(SectionKind.BASIS, *part) for part in basis.sections]
    sections += [Section(SectionKind.ENCODINGS, entries.coder, data) for data in entries.chunks]
    fields = _fields(material) | {
        "base": Base.FACTORS,
        "rank": len(basis.scales),
        "chunk": min(chunk, material.n),
        "shift": basis.shift,
        "step": step,
    }
    if step:
        sections += _residuals(material, trial, step)
    return Draft(fields, sections, _seen(material, trial, step), f"{len(basis.scales)} parts")


def draft_sheets(
    material: Material,
    sheets: Sequence[tuple[Coder, bytes]],
    fidelity: Fidelity,
    told: str,
    *,
    step: int = 0,
    under: Sequence[tuple[Coder, bytes]] = (),
) -> Draft:
    """Put contact sheets into sections: as the base or, with a step, as a residual.

    Parameters
    ----------
    material : Material
        The pictures.
    sheets : sequence of (Coder, bytes)
        As planned by `sheet_plan`.
    fidelity : Fidelity
        What a reader will see of the pictures.
    told : str
        What they are, in words.
    step : int
        Of the residual; 0 where the sheets are the pictures, coded with loss.
    under : sequence of (Coder, bytes)
        With a step: sheets that the residual lies over, of a codec that is exact; it is one of
        nothing without them.
    """
    kind = SectionKind.RESIDUAL if step else SectionKind.SHEET
    sections = _common(material)
    sections += [Section(SectionKind.SHEET, coder, data) for coder, data in under]
    sections += [Section(kind, coder, data) for coder, data in sheets]
    base = Base.SHEETS if under or not step else Base.NONE
    fields = _fields(material) | {"base": base, "step": step}
    return Draft(fields, sections, fidelity, told)


def sheet_plan(material: Material) -> SheetPlan:
    """Return how whole pictures lie on contact sheets, as the header tells a reader."""
    layout = material.layout
    return plan_sheets(
        material.n, layout.height, layout.width, layout.channels, apart=material.apart
    )


def _residuals(material: Material, trial: Trial, step: int) -> list[Section]:
    """Return the sheets of what the factors leave over."""
    plan, planes = sheet_plan(material), material.planes

    def make(i: int) -> Section:
        pictures = plan.pictures(i)
        rows = slice(pictures.start * planes, pictures.stop * planes)
        left = leave_over(material.levels[rows], base_of(trial, rows), step)
        sheet = lay(material.pictures(left), plan, i)
        return Section(SectionKind.RESIDUAL, *encode_image(sheet))

    return list(in_turn(make, plan.sheets))


def _seen(material: Material, trial: Trial, step: int) -> Fidelity:
    """Return what a reader will see of factors, and a residual over them."""
    planes, levels = material.planes, material.levels
    errors, greatest = np.zeros(material.n), 0
    for first in range(0, material.n, _BLOCK):
        rows = slice(first * planes, min(material.n, first + _BLOCK) * planes)
        seen = base_of(trial, rows)
        if step:
            seen = put_back(leave_over(levels[rows], seen, step), seen, step)
        some, most = squared_errors(
            levels[rows].reshape(-1, 1, levels.shape[1] * planes),
            seen.reshape(-1, 1, levels.shape[1] * planes),
        )
        errors[first : first + _BLOCK] = some
        greatest = max(greatest, most)
    return fidelity_of(errors, greatest, levels.shape[1] * planes, material.peak)


def common_bytes(material: Material) -> int:
    """Return the bytes of names and of the mask."""
    return sum(map(_length, _common(material)))


def _common(material: Material) -> list[Section]:
    """Return the sections that every archive has."""
    sections = [Section(SectionKind.NAMES, *pack_bytes(encode_names(material.names)))]
    mask = material.layout.mask
    if mask is not None and not mask.all():
        sections.append(Section(SectionKind.MASK, *pack_bytes(np.packbits(mask).tobytes())))
    return sections


def _fields(material: Material) -> dict[str, Any]:
    """Return what the header says of pictures and sheets."""
    layout, plan = material.layout, sheet_plan(material)
    return {
        "n": material.n,
        "height": layout.height,
        "width": layout.width,
        "channels": layout.channels,
        "kept": layout.m // layout.channels,
        "bits": 8 * material.levels.dtype.itemsize,
        "dtype": layout.dtype,
        "low": layout.low,
        "high": layout.high,
        "apart": material.apart,
        "sheet_chunk": plan.per_sheet,
        "columns": plan.columns,
    }


def _length(section: Section) -> int:
    return len(section.data)
