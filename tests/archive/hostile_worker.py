"""Read mutated archives within bounds of time and memory: run by test_hostile*.py.

Usage: hostile_worker.py CORPUS COUNT SEED, or hostile_worker.py --files CORPUS FOLDER for archives
that are there already. Writes the number of each mutant before it is read, so that a decoder that
takes the process down can be told; fails at the first error not of ours.
"""

import dataclasses
import json
import random
import resource
import shutil
import signal
import sys
import tempfile
import warnings
from contextlib import contextmanager
from pathlib import Path

import cv2  # noqa: F401  (before memory is held, as what writes 16 bits in color)
import tifffile  # noqa: F401
from handmade import framed, taken_apart

from visnmf.archive.archive import Archive
from visnmf.archive.extract import extract
from visnmf.archive.header import Header
from visnmf.archive.header_bytes import header_bytes
from visnmf.archive.packed import pack_bytes, unpack_bytes
from visnmf.archive.registry import Coder
from visnmf.archive.sections import CODERS, SectionKind
from visnmf.archive.varints import varint
from visnmf.archive.verify import verify
from visnmf.errors import VisnmfError

SECONDS = 30
"""For one file."""
MEMORY = 2**26
"""Bytes that reading is allowed (`max_memory`)."""
BUFFERS = 2**26
"""Bytes of address space that it may take beside, for buffers and twice the sections read; what
the process has before it reads a file comes to both."""
NAMES = (
    "../a",
    "/a",
    "a/../../b",
    "con",
    "a\nb",
    "A",
    "a",
    "x" * 5000,
    "a//b",
    "\\\\a\\b",
    "..",
    "",
)


def disturbed(data, rng, others):
    """Return bytes that are flipped, cut, spliced, longer or shorter."""
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        at = rng.randrange(len(data) + 1)
        kind = rng.randrange(7)
        if kind < 2 and data:
            data[at % len(data)] ^= 1 << rng.randrange(8)
        elif kind == 2 and data:
            data[at % len(data)] = rng.choice((0, 1, 127, 128, 255))
        elif kind == 3:
            del data[at:]
        elif kind == 4:
            del data[at : at + rng.randrange(1, 9)]
        elif kind == 5:
            data[at:at] = rng.randbytes(rng.randrange(1, 9))
        else:
            other = rng.choice(others)
            begin = rng.randrange(len(other))
            data[at : at + 16] = other[begin : begin + 16]
    return bytes(data)


def other_header(header, rng):
    """Return the bytes of a header with another value in one field or two."""
    for _ in range(20):
        changes = {}
        for _ in range(rng.choice((1, 1, 2))):
            name = rng.choice([f.name for f in dataclasses.fields(Header)])
            old = getattr(header, name)
            if isinstance(old, bool):
                changes[name] = not old
            elif isinstance(old, int):
                near = (old + 1, old - 1, 2 * old, old // 2, 0, 1, 3, rng.randrange(1, 2**20))
                changes[name] = type(old)(rng.choice(near)) if type(old) is int else old
            elif isinstance(old, float):
                changes[name] = rng.choice((0.0, -1.0, 1e300, 5e-324, old * 2))
            else:
                changes[name] = rng.choice(("bool", "uint16", "int64", "float16", "float64"))
        try:
            return header_bytes(dataclasses.replace(header, **changes))
        except (VisnmfError, ValueError, OverflowError):
            continue
    return header_bytes(header)


def mutated(archive, rng, archives):
    """Return a mutated archive."""
    raw, header, sections = archive
    kind = rng.randrange(10)
    raws = [other[0] for other in archives]
    if kind < 2:
        return disturbed(raw, rng, raws)
    sections = list(sections)
    place = rng.randrange(len(sections))
    what, coder, data = sections[place]
    if kind < 5:
        alike = [s[2] for other in archives for s in other[2] if s[0] == what]
        sections[place] = (what, coder, disturbed(data, rng, alike) or b"\0")
    elif kind == 5 and coder in (Coder.ZSTD, Coder.LZMA, Coder.BROTLI, Coder.RAW):
        plain = disturbed(unpack_bytes(coder, data, 2**24), rng, raws)
        sections[place] = (what, *pack_bytes(plain)) if plain else (what, coder, b"\0")
    elif kind == 5:
        other = rng.choice(archives)
        sections[place] = rng.choice([s for s in other[2] if s[0] == what] or [sections[place]])
    elif kind == 6:
        sections[place] = (what, rng.choice(sorted(CODERS[what])), data)
    elif kind == 7:
        names = b"".join(
            varint(0) + varint(len(name.encode())) + name.encode()
            for name in (rng.choice((*NAMES, f"n{j}", f"f/n{j}")) for j in range(header.n))
        )
        sections[0] = (SectionKind.NAMES, *pack_bytes(names))
    elif kind == 8:
        return framed(other_header(header, rng), sections)
    else:
        return framed(disturbed(header_bytes(header), rng, raws), sections)
    return framed(header_bytes(header), sections)


def ways(archive, path, folder, salvage):
    """Return all the ways to read an archive, by name."""
    return {
        "names": lambda: archive.names,
        "first": lambda: archive[0],
        "last": lambda: archive[len(archive) - 1],
        "base": lambda: archive.base(0),
        "residual": lambda: archive.residual([0]),
        "basis": lambda: archive.basis,
        "encodings": lambda: archive.encodings,
        "all": lambda: archive[:],
        "load": lambda: archive.load(slice(0, 2)),
        "verify": lambda: verify(str(path), max_memory=MEMORY),
        "extract": lambda: extract(archive, folder, overwrite=True, salvage=salvage),
    }


def read_all(path, folder):
    """Read everything in every way; return the errors, which are ours, by the way that met them."""
    refused = {}
    for salvage in (False, True):
        kind = "salvage " if salvage else ""
        try:
            archive = Archive.open(path, salvage=salvage, max_memory=MEMORY)
        except VisnmfError as error:
            refused[f"{kind}open"] = error
            continue
        with archive:
            for name, call in ways(archive, path, folder, salvage).items():
                try:
                    call()
                except VisnmfError as error:
                    refused[kind + name] = error
    return refused


@contextmanager
def held():
    """Hold this process to the memory that it has and what reading may take, and to some time."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + MEMORY + BUFFERS
    resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def main(corpus, count, seed):
    """Read so many mutants of the archives in a folder."""
    warnings.simplefilter("error", RuntimeWarning)
    archives = []
    with tempfile.TemporaryDirectory() as work:
        path, folder = Path(work) / "mutant.vnmf", Path(work) / "target"
        for good in sorted(Path(corpus).glob("*.vnmf")):
            header, sections = taken_apart(good)
            archives.append((good.read_bytes(), header, sections))
            mine = framed(header_bytes(archives[-1][1]), sections)
            assert mine == archives[-1][0], "the frame is made as the writer makes it"
            read_all(good, folder)
        refused = 0
        for case in range(count):
            rng = random.Random(f"{seed} {case}")
            path.write_bytes(mutated(rng.choice(archives), rng, archives))
            sys.stdout.write(f"{case}\n")
            sys.stdout.flush()
            try:
                with held():
                    refused += bool(read_all(path, folder))
            except BaseException:
                Path(tempfile.gettempdir(), f"hostile-{seed}-{case}.vnmf").write_bytes(
                    path.read_bytes()
                )
                raise
            there = {entry.name for entry in Path(work).iterdir()}
            assert there <= {"mutant.vnmf", "target"}, f"written outside of the target: {there}"
    sys.stdout.write(f"{refused} of {count} refused\n")


def read_files(corpus, folder):
    """Read the archives in a folder; tell of each, as JSON, what refused it."""
    warnings.simplefilter("error", RuntimeWarning)
    with tempfile.TemporaryDirectory() as work:
        target = Path(work) / "target"
        for good in sorted(Path(corpus).glob("*.vnmf")):
            read_all(good, target)
        for path in sorted(Path(folder).glob("*.vnmf")):
            shutil.rmtree(target, ignore_errors=True)
            with held():
                refused = read_all(path, target)
            told = {way: f"{type(error).__name__}: {error}" for way, error in refused.items()}
            sys.stdout.write(json.dumps({"file": path.name, "refused": told}) + "\n")
            sys.stdout.flush()
            there = {entry.name for entry in Path(work).iterdir()}
            assert there <= {"target"}, f"written outside of the target: {there}"


if __name__ == "__main__":
    if sys.argv[1] == "--files":
        read_files(*sys.argv[2:])
    else:
        main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
