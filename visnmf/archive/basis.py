"""The parts in an archive: whole numbers, and the bytes that they take.

Two ways, of which the search takes the better one:

- `WholeParts`: W on a lattice of its own, coded without loss. Each part is scaled by the root
  mean square of its encodings, so that one step serves all: an error of W counts in V by that
  factor. Exact on every machine, so that a residual may build on it.
- `PaintedParts`: the parts, scaled alike, as gray levels on a contact sheet of a lossy codec;
  the encodings are then fitted to what comes out of it. Smaller for pictures of many pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

from visnmf.archive.coders import Coder, decode_image, encode_image, lossy_codec
from visnmf.archive.fixed_point import fix_scales
from visnmf.archive.lattice import settle
from visnmf.kernels.products import gram_of

if TYPE_CHECKING:
    from visnmf.archive.canvas import Canvas

__all__ = ["Basis", "PaintedParts", "WholeParts"]

_RATIO = 2.0
"""The step of W, scaled, over that of H: W is stored once, but weighs on all images."""


@dataclass(frozen=True, eq=False)
class Basis:
    """Parts as a reader will have them.

    Attributes
    ----------
    parts : ndarray of int32 (rank, m)
        Whole numbers.
    scales : ndarray of int64 (rank,)
        Of each part, 1 to 65535.
    shift : int
        parts * scales / 2^shift are levels per step of H.
    peak : int
        The level that V = 1 stands for.
    sections : list of (Coder, bytes)
        What they take in the file, a sheet each.
    """

    parts: np.ndarray
    scales: np.ndarray
    shift: int
    peak: int
    sections: list[tuple[Coder, bytes]]

    @property
    def nbytes(self) -> int:
        """Bytes of all sections, with those of the scales."""
        return sum(len(data) for _, data in self.sections) + 2 * len(self.scales)

    @property
    def top(self) -> int:
        """The greatest level that the type of the pictures holds."""
        return 255 if self.peak < 256 else 65535

    def steps(self) -> np.ndarray:
        """Return what a step of H adds to V, as float32 (rank, m)."""
        worth = self.scales / (2.0**self.shift * self.peak)
        return (self.parts * worth[:, None]).astype(np.float32)


class BasisMaker(Protocol):
    """A way to store W.

    Attributes
    ----------
    coarse : float
        The squared step of W over that of H; 0 where it has none.
    """

    @property
    def coarse(self) -> float: ...  # noqa: D102

    def make(self, W: np.ndarray, H: np.ndarray, step: float, pull: np.ndarray | None) -> Basis:
        """Store the parts of V ~ W'H.

        Parameters
        ----------
        W, H : ndarray (rank, m), (rank, n)
            No row of either is zero.
        step : float
            Of H, with parts of length 1, in the units of V.
        pull : ndarray (rank, m), optional
            H V'. Given, W is sought anew on its lattice beside H.
        """
        ...


@dataclass(frozen=True, eq=False)
class WholeParts:
    """W on a lattice, without loss.

    Parameters
    ----------
    canvas : Canvas
        How parts lie on contact sheets.
    n : int
        Images in the whole set, of which H may be a sample.
    peak : int
        The level that V = 1 stands for.
    effort : int
        Of the coder, 1 to 9.
    """

    canvas: Canvas
    n: int
    peak: int
    effort: int = 9

    @property
    def coarse(self) -> float:
        """As `BasisMaker` tells."""
        return _RATIO * _RATIO

    def make(self, W: np.ndarray, H: np.ndarray, step: float, pull: np.ndarray | None) -> Basis:
        """As `BasisMaker` tells."""
        lengths = np.sqrt(np.einsum("km,km->k", W, W, dtype=np.float64))
        lengths[lengths == 0] = 1.0  # of a part of nothing: all of V is black
        spread = _rms(H) * lengths
        spread[spread == 0] = 1.0
        own = _RATIO * step / (spread * np.sqrt(self.n))  # the step of W with rows of length 1
        worth = step * self.peak
        scales, shift = fix_scales(worth * own)
        exact = scales / (2.0**shift * worth)  # what the steps came to
        parts = np.rint(W / (lengths * exact)[:, None]).astype(np.int32)
        if pull is not None:
            weights = (lengths * exact).astype(np.float32)[:, None]  # a step of W, in its own units
            settle(parts, gram_of(H) * weights * weights.T, pull * weights, sweeps=2)
        sections = [encode_image(sheet, self.effort) for sheet in self.canvas.lay(parts)]
        return Basis(parts, scales, shift, self.peak, sections)


@dataclass(eq=False)
class PaintedParts:
    """W as gray levels on contact sheets of AVIF, which is smallest at this.

    Parameters
    ----------
    canvas : Canvas
        How parts lie on contact sheets.
    quality : float
        Of the codec.
    peak : int
        The level that V = 1 stands for.
    """

    canvas: Canvas
    quality: float
    peak: int
    _kept: tuple[np.ndarray, np.ndarray, list[tuple[Coder, bytes]]] | None = field(
        default=None, init=False, repr=False
    )

    @property
    def coarse(self) -> float:
        """As `BasisMaker` tells."""
        return 0.0

    def make(self, W: np.ndarray, H: np.ndarray, step: float, pull: np.ndarray | None) -> Basis:
        """As `BasisMaker` tells; with `pull`, W is sought anew before it is painted."""
        if pull is not None:
            parts, sections = self._paint(_fitted(W, gram_of(H), pull), H)
        else:  # the same for every step
            if self._kept is None or self._kept[0] is not W:
                self._kept = (W, *self._paint(W, H))
            _, parts, sections = self._kept
        lengths = np.sqrt(np.einsum("km,km->k", parts, parts, dtype=np.float64))
        scales, shift = fix_scales(step * self.peak / np.maximum(lengths, 1.0))
        return Basis(parts, scales, shift, self.peak, sections)

    def _paint(self, W: np.ndarray, H: np.ndarray) -> tuple[np.ndarray, list[tuple[Coder, bytes]]]:
        """Return the parts as they come back from the sheets, and the sheets' bytes."""
        weights = W * _rms(H)[:, None]
        painted = np.rint(weights * (255.0 / max(float(weights.max()), 1e-30))).astype(np.uint8)
        codec = lossy_codec(Coder.AVIF)
        sections, sheets = [], []
        for sheet in self.canvas.lay(painted):
            data = codec.encode(sheet, self.quality)
            sections.append((codec.coder, data))
            sheets.append(decode_image(codec.coder, data, sheet.shape, sheet.dtype))
        return self.canvas.cut(sheets, len(W)).astype(np.int32), sections


def _rms(H: np.ndarray) -> np.ndarray:
    return np.sqrt(np.einsum("kj,kj->k", H, H, dtype=np.float64) / H.shape[1])


def _fitted(W: np.ndarray, G: np.ndarray, B: np.ndarray) -> np.ndarray:
    """Return W after some sweeps of non-negative least squares beside H."""
    from visnmf.kernels.choose import choose_kernels

    W = np.ascontiguousarray(W)
    choose_kernels("auto", len(W), W.shape[1] + len(W)).hals(W, G, B, 12, 0.0)
    return W
