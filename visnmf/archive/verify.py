"""Whether an archive is whole, and its pictures as near to the originals as it says."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from visnmf.archive.archive import Archive
from visnmf.archive.container import Container
from visnmf.archive.fidelity import Fidelity, fidelity_of, squared_errors
from visnmf.archive.header import Mode
from visnmf.archive.material import Material
from visnmf.archive.room import MAX_MEMORY
from visnmf.errors import ArchiveFormatError, InvalidInputError
from visnmf.images.imageset import ImageSet

__all__ = ["Verdict", "verify"]

_BLOCK = 8192  # pictures that are compared at a time, at most
_ROUNDING = 1e-3  # dB by which machines may differ where floating point is decoded


@dataclass(frozen=True)
class Verdict:
    """What was found.

    Attributes
    ----------
    hurt : list of (str, str)
        Damaged sections by name, and why. Empty where every checksum holds.
    undecodable : list of str
        Sections whose checksum holds, but which do not decode.
    fidelity : Fidelity, optional
        Measured against the originals, where those were given.
    broken : str
        Which promise the pictures do not keep; empty if they keep it.
    """

    hurt: list[tuple[str, str]] = field(default_factory=list)
    undecodable: list[str] = field(default_factory=list)
    fidelity: Fidelity | None = None
    broken: str = ""

    @property
    def good(self) -> bool:
        """Whether nothing was found."""
        return not (self.hurt or self.undecodable or self.broken)


def verify(
    path: str, originals: ImageSet | None = None, *, max_memory: int = MAX_MEMORY
) -> Verdict:
    """Check every checksum of an archive and decode all of it; compare it with the originals.

    Parameters
    ----------
    path : str
        The archive.
    originals : ImageSet, optional
        The pictures that went in, in the same order.
    max_memory : int
        As of `Archive.open`.

    Returns
    -------
    verdict : Verdict

    Raises
    ------
    ArchiveNotFoundError
        There is no such file.
    ArchiveFormatError
        It is no archive, or so damaged that nothing can be said of it.
    InvalidInputError
        The originals are not as many, or not of the size and type that the archive says.
    ArchiveTooLargeError
        To decode it would take more memory than is allowed.
    """
    with Container.open(path, salvage=True) as file:
        hurt = [*file.hurt()]
        hurt += [("frame", told) for told in file.damage if not hurt]
    if hurt:
        return Verdict(hurt)
    with Archive.open(path, max_memory=max_memory) as archive:
        if originals is None:
            return Verdict(undecodable=_undecodable(archive))
        fidelity = _compare(archive, Material.of(originals))
        return Verdict(fidelity=fidelity, broken=_broken(archive, fidelity))


def _undecodable(archive: Archive) -> list[str]:
    """Decode all pictures once; tell which cannot be."""
    told: list[str] = []
    try:
        _ = archive.names
    except ArchiveFormatError as error:
        told.append(str(error))
    block = archive.room.batch(_BLOCK)
    for first in range(0, len(archive), block):
        last = min(first + block, len(archive))
        try:
            archive.levels(first, last)
        except ArchiveFormatError as error:
            told.append(f"pictures {first} to {last - 1}: {error}")
    return told


def _compare(archive: Archive, material: Material) -> Fidelity:
    header, layout = archive.header, material.layout
    mine = (header.n, header.height, header.width, header.channels, 8 * (1 + (header.bits > 8)))
    bits = 8 * material.levels.dtype.itemsize
    theirs = (material.n, layout.height, layout.width, layout.channels, bits)
    if mine != theirs or layout != archive.layout:
        raise InvalidInputError(
            f"the originals are {_told(*theirs)}, the archive holds {_told(*mine)}; give "
            "those that it was made of, prepared in the same way"
        )
    errors, greatest = np.zeros(material.n), 0
    values = material.levels.shape[1]
    block = archive.room.batch(_BLOCK)
    for first in range(0, material.n, block):
        levels = material.levels[first : first + block]
        last = first + len(levels)
        seen = archive.levels(first, last)
        rows = material.canvas.columns(seen)
        some, most = squared_errors(levels.reshape(-1, 1, values), rows.reshape(-1, 1, values))
        errors[first:last] = some
        greatest = max(greatest, most)
    return fidelity_of(errors, greatest, values, material.peak)


def _told(n: int, height: int, width: int, channels: int, bits: int) -> str:
    return f"{n} pictures of {height} x {width}, {channels} channel(s) of {bits} bits"


def _broken(archive: Archive, seen: Fidelity) -> str:
    """Return the promise that the pictures do not keep."""
    header = archive.header
    if header.mode in {Mode.MAX_ERROR, Mode.LOSSLESS} and seen.max_error > header.target:
        return f"a level is off by {seen.max_error}, at most {header.target:g} was promised"
    if math.isinf(header.psnr) and seen.max_error:
        return f"a level is off by {seen.max_error}, though nothing should be lost"
    if seen.psnr < header.psnr - _ROUNDING:
        return f"{seen.psnr:.3f} dB over the set, {header.psnr:.3f} were promised"
    if seen.worst_psnr < header.worst_psnr - _ROUNDING:
        return (
            f"picture {seen.worst} has {seen.worst_psnr:.3f} dB, the worst one should have "
            f"{header.worst_psnr:.3f}"
        )
    return ""
