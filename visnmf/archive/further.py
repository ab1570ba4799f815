"""Further pictures by the parts, the step and the sheets that an archive has already."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visnmf.archive.coders import Coder, decode_image, encode_image, encode_near
from visnmf.archive.container import Container
from visnmf.archive.decoding import Parts, read_sheet, sheets_of
from visnmf.archive.entries import encode_entries
from visnmf.archive.fidelity import squared_errors
from visnmf.archive.fixed_point import check_sums, rebuild
from visnmf.archive.header import Base, Header, Mode
from visnmf.archive.lattice import TRADE, settle
from visnmf.archive.material import Material
from visnmf.archive.residual import leave_over, put_back
from visnmf.archive.sections import Section, SectionKind
from visnmf.archive.sheets import SheetPlan, cut, lay
from visnmf.archive.trial import MOST
from visnmf.archive.turns import in_turn
from visnmf.kernels.choose import choose_kernels
from visnmf.kernels.products import gram_of

__all__ = [
    "Seen",
    "bounded_sheets",
    "further_encodings",
    "further_sheets",
    "rebuilt",
    "whole_encodings",
]

_SWEEPS = 60  # of real non-negative least squares, from where unbounded ones end
_BLOCK = 1024  # pictures that are encoded together
_RIDGE = 1e-6  # of the mean of the diagonal, where parts are nearly alike


@dataclass(frozen=True)
class Seen:
    """What a reader will see of further pictures.

    Attributes
    ----------
    errors : ndarray of float64
        Squared error of each, exact.
    max_error : int
        The greatest difference of a level.
    """

    errors: NDArray[np.float64]
    max_error: int

    @classmethod
    def of(cls, levels: NDArray[np.generic], decoded: NDArray[np.generic]) -> Seen:
        """Compare pictures, a row each."""
        rows = (levels.reshape(len(levels), 1, -1), decoded.reshape(len(levels), 1, -1))
        return cls(*squared_errors(*rows))


def whole_encodings(
    V: NDArray[np.float32], parts: Parts, peak: int, like: NDArray[np.int32]
) -> NDArray[np.int32]:
    """Return encodings in steps for given parts, int32 (rank, n).

    Non-negative least squares in whole numbers with a price for bits, as `compact` does it, but
    in double precision, and with prices and an order of rows from encodings that are there, so
    that a picture gets the same ones whatever pictures come with it.

    Parameters
    ----------
    V : ndarray of float32 (m, n)
        Images in [0, 1].
    parts : Parts
        Of the archive.
    peak : int
        The level that V = 1 stands for.
    like : ndarray of int32 (rank, n')
        Encodings of the first chunk of the archive.

    Raises
    ------
    InvalidInputError
        If sums could leave what is exact.
    """
    E = parts.weights / (2.0**parts.shift * peak)
    G = gram_of(E)
    # Parts have about the length of one step of their encodings.
    step = float(np.median(np.sqrt(np.diag(G))))
    ridge = _RIDGE * float(np.trace(G)) / len(G)
    start = np.linalg.inv(G + ridge * np.eye(len(G)))
    sweeper = choose_kernels("auto", len(G), V.shape[1] + len(V))
    pieces = []
    for first in range(0, V.shape[1], _BLOCK):
        B = E @ V[:, first : first + _BLOCK].astype(np.float64)
        H = np.maximum(start @ B, 0.0)
        sweeper.hals(H, G, B, _SWEEPS, 0.0)
        Q = np.minimum(np.rint(H), MOST).astype(np.int32)
        settle(Q, G, B, trade=TRADE * step * step, like=like)
        pieces.append(Q)
    whole = np.concatenate(pieces, axis=1)
    check_sums(parts.whole, parts.scales, whole.max(axis=1, initial=0), parts.shift)
    return whole


def rebuilt(parts: Parts, Q: NDArray[np.int32], top: int) -> NDArray[np.uint8 | np.uint16]:
    """Return the levels that parts and encodings give, a row each."""
    rows = [
        rebuild(parts.weights, Q[:, first : first + _BLOCK], parts.shift, top)
        for first in range(0, Q.shape[1], _BLOCK)
    ]
    return np.concatenate(rows)


def further_encodings(
    file: Container, parts: Parts, Q: NDArray[np.int32]
) -> tuple[int, list[Section]]:
    """Return the sections of encodings behind those that are full.

    Parameters
    ----------
    file : Container
        The archive.
    parts : Parts
        Of it.
    Q : ndarray of int32 (rank, n')
        Encodings of the further pictures.

    Returns
    -------
    kept : int
        Sections that stay as they are.
    sections : list of Section
        Those after them; the pictures of one that was not full are in the first.
    """
    header = file.header
    kept, left = divmod(header.n, header.chunk)
    if left:
        _, data = file.read(SectionKind.ENCODINGS, kept)
        Q = np.concatenate([parts.encodings(data, left * header.planes), Q], axis=1)
    encoded = encode_entries(Q, header.chunk * header.planes, model=parts.model)
    sections = [Section(SectionKind.ENCODINGS, encoded.coder, data) for data in encoded.chunks]
    return kept, sections


def further_sheets(
    file: Container, header: Header, material: Material, base: NDArray[np.generic] | None
) -> tuple[int, list[Section], NDArray[np.uint8 | np.uint16]]:
    """Return the sheets behind those that are full, and what they give.

    Sheets of the residual or, where the base is sheets within a bound, those.

    Parameters
    ----------
    file : Container
        The archive.
    header : Header
        As it will be, with the further pictures.
    material : Material
        The further pictures.
    base : ndarray, shape (rows of material, m), optional
        What parts and encodings give of them; None where there are no parts.

    Returns
    -------
    kept : int
        Sheets that stay as they are.
    sections : list of Section
        Those after them.
    levels : ndarray of the type and shape of `material.levels`
        What a reader will see of the further pictures.
    """
    old, plan = sheets_of(file.header), sheets_of(header)
    near = int(header.target) if bounded_sheets(header) else 0
    kind, step = (SectionKind.RESIDUAL, header.step) if header.step else (SectionKind.SHEET, 1)
    stored = material.pictures(leave_over(material.levels, base, step))
    kept, left = divmod(old.n, old.per_sheet)
    before = stored[:0]
    if left:
        before = cut(read_sheet(file, kind, kept), old, kept)
    whole = np.concatenate([before, stored])

    def one(i: int) -> tuple[Section, NDArray[np.generic]]:
        pictures = plan.pictures(kept + i)
        first = kept * plan.per_sheet
        some = whole[pictures.start - first : pictures.stop - first]
        coder, data, back = _coded(some, left if i == 0 else 0, plan, kept + i, near)
        return Section(kind, coder, data), back

    done = list(in_turn(one, plan.sheets - kept))
    back = np.concatenate([pictures for _, pictures in done])[left:]
    return kept, [section for section, _ in done], _seen(back, material, base, step)


def bounded_sheets(header: Header) -> bool:
    """Tell whether an archive is sheets of levels that JPEG-LS keeps within a bound."""
    return header.base == Base.SHEETS and header.mode == Mode.MAX_ERROR and not header.step


def _coded(
    pictures: NDArray[np.generic], fixed: int, plan: SheetPlan, i: int, near: int
) -> tuple[Coder, bytes, NDArray[np.generic]]:
    """Write a sheet whose first pictures must come back as they are, and look at it."""
    sheet = lay(pictures, plan, i)
    if not near:
        return *encode_image(sheet), pictures
    data = encode_near(sheet, near)
    back = cut(decode_image(Coder.JPEGLS, data, sheet.shape, sheet.dtype), plan, i)
    if np.array_equal(back[:fixed], pictures[:fixed]):
        return Coder.JPEGLS, data, back
    # These have lost what they may; to lose no more, the sheet is written without loss.
    kept = np.concatenate([pictures[:fixed], back[fixed:]])
    return *encode_image(lay(kept, plan, i)), kept


def _seen(
    stored: NDArray[np.generic], material: Material, base: NDArray[np.generic] | None, step: int
) -> NDArray[np.uint8 | np.uint16]:
    """Return the levels, as rows, that stored pictures and a base give."""
    rows = stored
    if material.apart:
        rows = stored.transpose(0, 3, 1, 2).reshape(-1, *stored.shape[1:3])
    return put_back(material.canvas.columns(rows), base, step)
