"""compress: pictures into one file, by parts where that is smaller and by contact sheets else."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from numbers import Real
from pathlib import Path
from typing import Any

from visnmf.archive.assemble import CHUNK, Draft
from visnmf.archive.candidates import SAMPLE, Asked, by_hand, factors_for, layers_for
from visnmf.archive.compared import Comparison, compare_files
from visnmf.archive.container_write import write_container
from visnmf.archive.expected import phases_of
from visnmf.archive.fallback import Sheets, exact_sheets, guess_sheets, sheets_for
from visnmf.archive.goal import Goal
from visnmf.archive.header import Mode
from visnmf.archive.material import Material, is_whole
from visnmf.archive.outcome import Compression, describe_motion
from visnmf.archive.progress import CompressionProgress, Course
from visnmf.archive.safe_names import safe_names
from visnmf.arguments import check_callable, check_path
from visnmf.errors import InvalidInputError
from visnmf.images.imageset import ImageSet
from visnmf.images.lazy import LazyImages
from visnmf.images.load import load_images
from visnmf.kernels.threads import threads

__all__ = ["check_place", "compress", "pictures_of"]

_HOPELESS = 1.6
"""Parts that take so many times the bytes of a sheet at their first rank are given up."""

_MOST = 1e300  # of what a number may be; infinite ones are none

_FAR_SMALLER = 0.5
"""Of the bytes of sheets: below it a video codec, which gains as much on sheets, is no smaller."""


def compress(
    images: Any,
    path: str | os.PathLike[str],
    *,
    psnr: float | None = None,
    max_bytes: int | None = None,
    max_error: int | None = None,
    lossless: bool = False,
    rank: int | None = None,
    step: float | None = None,
    quality: int | None = None,
    chunk: int = CHUNK,
    seed: int = 0,
    compare: bool = True,
    overwrite: bool = True,
    n_jobs: int | None = None,
    progress: Callable[[CompressionProgress], object] | None = None,
) -> Compression:
    r"""Compress pictures that look alike into one archive.

    The pictures become parts and encodings in whole numbers, V ~ W H, whose rank, steps and
    coders are searched for so that the file is smallest. With a bound, or without loss, the
    residual U = V - W H is stored beside. Where contact sheets of an image codec (AVIF, JPEG XL,
    WebP, JPEG 2000, JPEG) are smaller, those are stored instead. Just one of `psnr`, `max_bytes`,
    `max_error`, `lossless` and `rank` must be given.

    Parameters
    ----------
    images : ImageSet, LazyImages, array (n, height, width[, channels]) or str or path
        The pictures, or what `load_images` reads them from. Of 8 or 16 bits; others are spread
        over 16 bits, which is no loss only where it says so.
    path : str or path
        The archive to write, as a rule "NAME.vnmf"; whole or not at all.
    psnr : float, optional
        In dB, over all values of the set: 10 log10(peak^2 / mean squared error).
    max_bytes : int, optional
        The size of the file, at most; the best PSNR that fits.
    max_error : int, optional
        No level will be off by more: a bound on every pixel.
    lossless : bool
        Every level will come back, of pictures as they were loaded: opacity is not kept (files
        with opacity are loaded as they look on a background, see `load_images`).
    rank : int, optional
        By hand: so many parts.
    step : float, optional
        With `rank`: the step of encodings, in levels, with parts of length 1.
    quality : int, optional
        With `rank`: parts as AVIF sheets of this quality, 0 to 100; without loss if not given.
    chunk : int
        Pictures whose encodings are read together.
    seed : int
        Of the fits. The same pictures, settings and versions of libraries give the same file.
    compare : bool
        Tell what the same pictures take as PNG and JPEG files.
    overwrite : bool
        Replace a file that is there already.
    n_jobs : int, optional
        Threads; as many as there are processors if not given.
    progress : callable, optional
        Given a `CompressionProgress` now and then: what is done, which share is over, and about
        how many seconds are left. `print` shows it in words.

    Returns
    -------
    done : Compression
        What was written, and what the same pictures take otherwise.

    Raises
    ------
    InvalidInputError
        If not just one target is given or it makes no sense, there are no pictures, it must be
        exact and pictures have no whole levels, or the target cannot be met.

    Notes
    -----
    Time goes into fits (seconds for thousands of small pictures) and into AVIF (some seconds a
    million pixels). Memory beside V: half of it, and some contact sheets. Sets with over six
    million values are searched on a sample, then settled on all of them.

    Examples
    --------
    >>> import tempfile, numpy as np, visnmf
    >>> faces = visnmf.samples.load_faces()
    >>> path = tempfile.mkdtemp() + "/faces.vnmf"
    >>> done = visnmf.compress(faces, path, rank=24, compare=False)
    >>> done.psnr > 20
    True
    >>> visnmf.Archive.open(path)[0].shape
    (25, 25)
    """
    path = check_path(path, "path")
    check_callable(progress, "progress")
    mode, target = _target(psnr, max_bytes, max_error, lossless, rank, step, quality)
    check_place(path, overwrite)
    if not isinstance(chunk, int) or not 1 <= chunk <= 2**20:
        raise InvalidInputError(f"chunk is a whole number from 1 to {2**20}, got {chunk!r}")
    images = pictures_of(images)
    if mode in {Mode.LOSSLESS, Mode.MAX_ERROR} and not is_whole(images.layout):
        raise InvalidInputError(
            f"pictures of {images.layout.dtype} from {images.layout.low:g} to "
            f"{images.layout.high:g} have no whole levels to keep "
            f"{'exactly' if mode == Mode.LOSSLESS else 'within a bound'}: that takes pictures "
            "of 8 or 16 bits; give psnr instead"
        )
    with threads(n_jobs):
        material = Material.of(images)
        named = safe_names(material.names)
        material = material.named(named.names)
        phases = phases_of(material, mode, rank, SAMPLE, compare=compare)
        course = Course(phases, progress)
        asked = Asked(seed, chunk, course)
        sheets, draft = _smallest(material, mode, target, asked, rank, step, quality)
        others: Comparison | None = None
        if compare:
            course.enter("compare")("comparing with files")
            others = compare_files(
                material.pictures(material.levels),
                material.layout,
                draft.fidelity.psnr,
                material.peak,
            )
        course.enter("write")("writing")
        nbytes = write_container(
            path, draft.header(mode, target), draft.sections, overwrite=overwrite
        )
        course.end()
    return Compression(
        path=str(path),
        nbytes=nbytes,
        n=material.n,
        raw_bytes=material.levels.nbytes,
        fidelity=draft.fidelity,
        held=draft.told,
        sheets=sheets,
        files=others,
        renamed=[(material.names[i], images.names[i]) for i in named.changed],
        motion=_motion(material, draft, sheets),
    )


def _smallest(
    material: Material,
    mode: Mode,
    target: float,
    asked: Asked,
    rank: int | None,
    step: float | None,
    quality: int | None,
) -> tuple[Sheets | None, Draft]:
    """Return what contact sheets take, and the smallest archive."""
    channels = material.layout.channels
    materials = [material] if channels in (1, 3) else []
    if channels > 1:
        materials.append(material.split())
    if mode == Mode.BY_HAND:
        assert rank is not None
        return None, by_hand(materials[0], rank, step, quality, asked)
    drafts: list[Draft] = []
    if mode in {Mode.LOSSLESS, Mode.MAX_ERROR}:
        sheets = sheets_for(materials, mode, target, report=asked.course.enter("sheets"))
        hopeless = math.inf if sheets.draft is None else sheets.draft.nbytes
        layers = layers_for(materials, int(target), asked, hopeless)
        drafts = [d for d in (layers, sheets.draft) if d is not None]
        return sheets, min(drafts, key=lambda d: d.nbytes)
    if mode == Mode.PSNR:
        asked.course.enter("guess")("contact sheets, on a sample")
        guess, apart = guess_sheets(materials, target)
        laid = [m for m in materials if m.apart == apart]
        factors = factors_for(materials, Goal(psnr=target), asked, _HOPELESS * guess)
        beat = None if factors is None else float(factors.nbytes)
        report = asked.course.enter("sheets")
        sheets = sheets_for(laid, mode, target, beat=beat, report=report)
        drafts = [d for d in (factors, sheets.draft) if d is not None]
        if not drafts:
            raise InvalidInputError(
                f"no sheet and no rank reaches {target:g} dB for these pictures; ask for less, "
                "for max_error or for lossless"
            )
        return sheets, min(drafts, key=lambda d: d.nbytes)
    exact = exact_sheets(materials, target)
    if exact is not None and exact.draft is not None:
        return exact, exact.draft  # nothing is better
    factors = factors_for(materials, Goal(nbytes=target), asked)
    beat = None if factors is None else factors.fidelity.psnr
    report = asked.course.enter("sheets")
    sheets = sheets_for(materials, mode, target, beat=beat, report=report)
    drafts = [d for d in (factors, sheets.draft) if d is not None and d.nbytes <= target]
    if not drafts:
        least = [d.nbytes for d in (factors, sheets.draft) if d is not None]
        told = f"the smallest that was found has {min(least):,}" if least else "none was found"
        raise InvalidInputError(
            f"no archive of these {material.n:,} pictures fits into {target:,.0f} bytes; {told}"
        )
    return sheets, max(drafts, key=lambda d: (d.fidelity.psnr, -d.nbytes))


def _motion(material: Material, draft: Draft, sheets: Sheets | None) -> str:
    """Tell of video codecs, unless parts are far smaller than sheets."""
    if sheets is None or draft.nbytes < _FAR_SMALLER * sheets.nbytes:
        return ""
    return describe_motion(material)


def _target(
    psnr: float | None,
    max_bytes: int | None,
    max_error: int | None,
    lossless: bool,
    rank: int | None,
    step: float | None,
    quality: int | None,
) -> tuple[Mode, float]:
    """Return the one target that is given."""
    given = {
        "psnr": psnr,
        "max_bytes": max_bytes,
        "max_error": max_error,
        "lossless": lossless or None,
        "rank": rank,
    }
    named = [name for name, value in given.items() if value is not None]
    if len(named) != 1:
        told = f"got {' and '.join(named)}" if named else "got none"
        raise InvalidInputError(f"give just one of {', '.join(given)}; {told}")
    if rank is None and (step is not None or quality is not None):
        raise InvalidInputError("step and quality go with rank; the other targets search for them")
    numbers = {"psnr": psnr, "max_bytes": max_bytes, "max_error": max_error, "step": step}
    for name, value in numbers.items():
        if value is not None and not (isinstance(value, Real) and abs(value) <= _MOST):
            raise InvalidInputError(f"{name} is a number, got {value!r:.80}")
    if psnr is not None:
        if not 1 <= psnr <= 120:
            raise InvalidInputError(f"psnr is in dB, from 1 to 120, got {psnr}")
        return Mode.PSNR, float(psnr)
    if max_bytes is not None:
        if not max_bytes >= 1:
            raise InvalidInputError(f"max_bytes is the size of the file, got {max_bytes}")
        return Mode.MAX_BYTES, float(int(max_bytes))
    if max_error is not None:
        if max_error != int(max_error) or not 0 <= max_error <= 32767:
            raise InvalidInputError(f"max_error is a whole number of levels, got {max_error}")
        return (Mode.MAX_ERROR if max_error else Mode.LOSSLESS), float(max_error)
    if lossless:
        return Mode.LOSSLESS, 0.0
    if rank != int(rank or 0) or not 1 <= int(rank or 0) <= 65535:
        raise InvalidInputError(f"rank is a number of parts, from 1 to 65535, got {rank}")
    if step is not None and not (math.isfinite(step) and step > 0):
        raise InvalidInputError(f"step is a positive number of levels, got {step}")
    if quality is not None and not 0 <= quality <= 100:
        raise InvalidInputError(f"quality is from 0 to 100, got {quality}")
    return Mode.BY_HAND, 0.0


def check_place(path: Path, overwrite: bool) -> None:
    """Refuse a place that cannot be written before anything is computed."""
    if not path.parent.is_dir():
        raise InvalidInputError(
            f"cannot write {path}: there is no folder {path.parent}; make it first"
        )
    if path.is_dir():
        raise InvalidInputError(f"cannot write {path}: it is a folder; name a file in it")
    if path.exists() and not overwrite:
        raise InvalidInputError(f"{path} is there already; ask to overwrite it")


def pictures_of(images: Any) -> ImageSet:
    """Take pictures in whatever form they come."""
    if isinstance(images, LazyImages):
        return images.load()
    if isinstance(images, ImageSet):
        return images
    if isinstance(images, (str, os.PathLike)):
        return load_images(os.fspath(images), mode="keep")
    return load_images(images, mode="keep")
