"""What came of compressing, in figures and in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from visnmf.archive.fidelity import Fidelity
from visnmf.archive.material import Material

if TYPE_CHECKING:
    from visnmf.archive.compared import Comparison
    from visnmf.archive.fallback import Sheets

__all__ = ["Compression", "describe_motion"]

_STEADY = 0.65  # change from picture to picture, over the spread of values in a picture
_FEW = 8
_PAIRS = 200
_VALUES = 4096


@dataclass(frozen=True)
class Compression:
    """An archive that was written, and what the same pictures take otherwise.

    Attributes
    ----------
    path : str
        The archive.
    nbytes : int
        Its size.
    n : int
        Pictures.
    raw_bytes : int
        What their levels take in memory.
    fidelity : Fidelity
        What a reader sees: PSNR over the set, of the worst picture, the greatest error.
    held : str
        What is in it, in words, such as "72 parts" or "AVIF sheets".
    sheets : Sheets, optional
        What contact sheets take that are as near to the originals.
    files : Comparison, optional
        What a file for each picture takes.
    renamed : list of (str, str)
        Names in the archive, and names as they were, where those were not fit for files.
    motion : str
        A word on video codecs, where the pictures look like frames of a movie; else empty.
    """

    path: str
    nbytes: int
    n: int
    raw_bytes: int
    fidelity: Fidelity
    held: str
    sheets: Sheets | None = None
    files: Comparison | None = None
    renamed: list[tuple[str, str]] = field(default_factory=list)
    motion: str = ""

    @property
    def psnr(self) -> float:
        """Over all values of the set, in dB; infinite if nothing is lost."""
        return self.fidelity.psnr

    @property
    def max_error(self) -> int:
        """The most that a level is off."""
        return self.fidelity.max_error

    def __repr__(self) -> str:
        return (
            f"Compression({self.n} pictures in {self.nbytes:,} bytes: {self.held}, "
            f"{self.psnr:.2f} dB)"
        )


def describe_motion(material: Material) -> str:
    """Tell whether pictures go on from each other like frames, so that a video codec would help.

    They do where what changes from one to the next is small beside what is in them, nearly
    everywhere: sorted sets of still pictures jump now and then.

    Parameters
    ----------
    material : Material
        The pictures in order.
    """
    n = material.n
    if n < _FEW:
        return ""
    rows = material.levels.reshape(n, -1)
    pairs = np.linspace(0, n - 2, min(n - 1, _PAIRS)).astype(np.intp)
    rows = rows[:, :: max(1, rows.shape[1] // _VALUES)]
    first = rows[pairs].astype(np.float32)
    changes = np.sqrt(np.square(first - rows[pairs + 1]).sum(axis=1))
    within = np.sqrt(np.square(first - first.mean(axis=1, keepdims=True)).sum(axis=1))
    if float(np.quantile(changes / np.maximum(within, 1.0), 0.9)) > _STEADY:
        return ""
    return (
        "neighboring pictures hardly differ, like frames of a movie: a video codec (H.265, AV1) "
        "is likely smaller still"
    )
