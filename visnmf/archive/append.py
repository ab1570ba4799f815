"""append: more pictures into an archive that is there, without touching those in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from visnmf.archive.appendable import check_kind, check_layout
from visnmf.archive.canvas import Canvas
from visnmf.archive.compress import check_place, pictures_of
from visnmf.archive.container import Container
from visnmf.archive.container_write import container_size, write_container
from visnmf.archive.decoding import read_names, read_parts
from visnmf.archive.fidelity import Fidelity, fidelity_of, joined
from visnmf.archive.further import (
    Seen,
    further_encodings,
    further_sheets,
    rebuilt,
    whole_encodings,
)
from visnmf.archive.header import Base, Header, Mode
from visnmf.archive.join_names import join_names
from visnmf.archive.layouts import read_layout
from visnmf.archive.material import Material
from visnmf.archive.names import encode_names
from visnmf.archive.packed import pack_bytes
from visnmf.archive.room import MAX_MEMORY, Room
from visnmf.archive.sections import Section, SectionKind
from visnmf.archive.sole_writer import sole_writer
from visnmf.arguments import check_path
from visnmf.errors import InvalidInputError
from visnmf.images.layout import ImageLayout
from visnmf.kernels.threads import threads

__all__ = ["Appended", "append"]

_SLACK = 1e-6  # dB that rounding may take


@dataclass(frozen=True)
class Appended:
    """An archive that got more pictures.

    Attributes
    ----------
    path : str
        The archive.
    n : int
        Pictures in it now.
    added : int
        Those that are new.
    nbytes, before : int
        Its size now, and as it was.
    fidelity : Fidelity
        What a reader sees of all pictures.
    new : Fidelity
        What a reader sees of the new ones alone; `worst` counts from the first of them.
    given_up : str
        Which promise the archive does not make any more; empty if it makes all that it made.
    renamed : list of (str, str)
        Names in the archive, and names as they were, where those were taken or not fit.
    """

    path: str
    n: int
    added: int
    nbytes: int
    before: int
    fidelity: Fidelity
    new: Fidelity
    given_up: str = ""
    renamed: list[tuple[str, str]] = field(default_factory=list)


def append(
    archive_path: str | os.PathLike[str],
    images: Any,
    *,
    output: str | os.PathLike[str] | None = None,
    anyway: bool = False,
    overwrite: bool = False,
    max_memory: int = MAX_MEMORY,
    n_jobs: int | None = None,
) -> Appended:
    r"""Put more pictures into an archive, by the parts that it has.

    The new pictures get encodings in whole numbers at the stored step,

    .. math:: \min_{Q \in \mathbb{N}^{r \times n}} \|V - E'Q\|_F^2 + \lambda \, \mathrm{bits}(Q),

    with E the stored parts; where the archive has a residual, theirs is stored too, so that what
    was promised of every pixel holds for them. Pictures that are in it come back as before.

    Parameters
    ----------
    archive_path : str or path
        The archive. It stays as it is until the new one is whole.
    images : ImageSet, LazyImages, array (n, height, width[, channels]) or str or path
        Pictures of its size, type and mask, or what `load_images` reads them from.
    output : str or path, optional
        Write another archive instead of replacing this one.
    anyway : bool
        Go on where the archive would not keep the PSNR or the bytes that it was made for. It
        does not state that target any more then, but only what it reaches.
    overwrite : bool
        Replace an `output` that is there already.
    max_memory : int
        As of `Archive.open`: bytes that reading what is in the archive may take.
    n_jobs : int, optional
        Threads; as many as there are processors if not given.

    Returns
    -------
    done : Appended

    Raises
    ------
    InvalidInputError
        If pictures are of another layout, the archive holds lossy contact sheets, or it would
        break a promise and `anyway` is not given.
    ArchiveNotFoundError, ArchiveFormatError
        There is no archive, or it is damaged.
    ArchiveBusyError
        Another process appends to it, or has written it meanwhile; it has what that one wrote.

    Notes
    -----
    What it costs: parts are not learned anew, so that pictures unlike those in the archive lose
    more (without a residual) or take more bytes (with one); their share of the parts, on the other
    hand, is free. Pictures go into chunks and onto sheets of the size that the archive has: one
    made of few pictures has small ones, which code less well. A chunk or a sheet that is not full
    is read and written again, all others are copied, byte by byte, but the whole file is
    written each time: many pictures at once are quicker than one by one, and give the same
    pictures. A sheet of JPEG-LS within a bound that is not full cannot be written within the bound
    again, and takes what it takes without loss. Compressing all of it anew is smaller where many
    pictures come.

    An archive takes one writer at a time: of two, the second is refused, and may try again when the
    first is done. Readers that have it open go on reading what it was.

    Examples
    --------
    >>> import tempfile, visnmf
    >>> faces = visnmf.samples.load_faces()
    >>> path = tempfile.mkdtemp() + "/faces.vnmf"
    >>> done = visnmf.compress(faces[:40], path, lossless=True, compare=False)
    >>> done = visnmf.append(path, faces[40:50])
    >>> done.n, done.fidelity.max_error
    (50, 0)
    """
    path = check_path(archive_path, "archive_path")
    target = path if output is None else check_path(output, "output")
    in_place = output is None or _same(target, path)
    check_place(target, overwrite or in_place)
    alone = sole_writer(path) if in_place else nullcontext()
    with alone as ready, Container.open(path) as file:
        room = Room(file.path, file.header, max_memory)
        room.pictures(1, 4)
        layout, _ = read_layout(file, room)
        check_kind(file)
        images = pictures_of(images)
        check_layout(images.layout, layout)
        material = Material.of(images)
        names = join_names(read_names(file, room), material.names)
        if file.header.apart:
            material = material.split()
        with threads(n_jobs):
            header, kept, sections, seen = _more(file, layout, material)
        sections = {SectionKind.NAMES: [_names_section(names)]} | sections
        values, peak = layout.m, material.peak
        header = _with_fidelity(header, file.header, seen, values, peak)
        new = fidelity_of(seen.errors, seen.max_error, values, peak)
        broken = _broken(header, _size(file, header, kept, sections), new)
        if broken and not anyway:
            raise InvalidInputError(
                f"{broken}; compress all pictures anew to keep it, or append them anyway "
                "(anyway=True, --anyway), which gives that promise up"
            )
        if broken:
            header = replace(header, mode=Mode.BY_HAND, target=0.0)
        before = path.stat().st_size
        every = _all_sections(file, kept, sections)
        nbytes = write_container(target, header, every, ready=ready)
    n = file.header.n
    renamed = [
        (name, old) for name, old in zip(names[n:], images.names, strict=True) if name != old
    ]
    seen_now = Fidelity(header.psnr, header.worst_psnr, header.worst, header.max_error)
    return Appended(
        str(target), header.n, material.n, nbytes, before, seen_now, new, broken, renamed
    )


def _more(
    file: Container, layout: ImageLayout, material: Material
) -> tuple[Header, dict[SectionKind, int], dict[SectionKind, list[Section]], Seen]:
    """Return the header, how many sections of a kind stay, those after them, and what is seen."""
    old = file.header
    header = replace(old, n=old.n + material.n)
    kept: dict[SectionKind, int] = {}
    sections: dict[SectionKind, list[Section]] = {}
    decoded: Any = None
    if old.base == Base.FACTORS:
        canvas = Canvas(old.height, old.width, 1 if old.apart else old.channels, layout.mask)
        parts = read_parts(file, canvas)
        _, data = file.read(SectionKind.ENCODINGS, 0)
        first = parts.encodings(data, min(old.n, old.chunk) * old.planes)
        Q = whole_encodings(material.V, parts, material.peak, first)
        decoded = rebuilt(parts, Q, material.top)
        kind = SectionKind.ENCODINGS
        kept[kind], sections[kind] = further_encodings(file, parts, Q)
    if old.step or old.base == Base.SHEETS:
        kind = SectionKind.RESIDUAL if old.step else SectionKind.SHEET
        kept[kind], sections[kind], decoded = further_sheets(file, header, material, decoded)
    levels = material.levels.reshape(material.n, -1)
    return header, kept, sections, Seen.of(levels, decoded.reshape(material.n, -1))


def _with_fidelity(header: Header, old: Header, seen: Seen, values: int, peak: int) -> Header:
    before = Fidelity(old.psnr, old.worst_psnr, old.worst, old.max_error)
    now = joined(before, old.n, seen.errors, seen.max_error, values, peak)
    return replace(
        header,
        psnr=now.psnr,
        worst_psnr=now.worst_psnr,
        worst=now.worst,
        max_error=now.max_error,
    )


def _broken(header: Header, nbytes: int, new: Fidelity) -> str:
    """Tell which promise would not hold; nothing if all do."""
    if header.mode == Mode.PSNR and header.psnr < header.target - _SLACK:
        return (
            f"with the parts in the archive the new pictures reach {new.psnr:.2f} dB, and all "
            f"together {header.psnr:.2f} dB, below the {header.target:g} dB that it was made for"
        )
    if header.mode == Mode.MAX_BYTES and nbytes > header.target:
        return (
            f"with the new pictures the archive has {nbytes:,} bytes, more than the "
            f"{header.target:,.0f} that it was made for"
        )
    return ""


def _size(
    file: Container,
    header: Header,
    kept: dict[SectionKind, int],
    sections: dict[SectionKind, list[Section]],
) -> int:
    lengths = []
    for kind in SectionKind:
        stay = _staying(file, kind, kept, sections)
        lengths += [entry.length for entry in file.entries if entry.kind == kind][:stay]
        lengths += [len(section.data) for section in sections.get(kind, ())]
    return container_size(header, lengths)


def _all_sections(
    file: Container, kept: dict[SectionKind, int], sections: dict[SectionKind, list[Section]]
) -> Iterator[Section]:
    """Yield the sections in order, those that stay from the file.

    That is closed at the end, before another one takes its place.
    """
    with file:
        for kind in SectionKind:
            for index in range(_staying(file, kind, kept, sections)):
                yield Section(kind, *file.read(kind, index))
            yield from sections.get(kind, ())


def _staying(
    file: Container,
    kind: SectionKind,
    kept: dict[SectionKind, int],
    sections: dict[SectionKind, list[Section]],
) -> int:
    """Return how many sections of a kind are copied: all, where nothing is known of it."""
    return kept.get(kind, 0) if kind in sections else file.count(kind)


def _names_section(names: list[str]) -> Section:
    return Section(SectionKind.NAMES, *pack_bytes(encode_names(names)))


def _same(a: Path, b: Path) -> bool:
    return a.exists() and b.exists() and a.samefile(b)
