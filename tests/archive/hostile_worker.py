"""Read mutated archives within bounds of time and memory: run by test_hostile.py.

Usage: hostile_worker.py CORPUS COUNT SEED. Writes the number of each case before it is read, so
that a decoder that takes the process down can be told; fails at the first error not of ours.
"""

import dataclasses
import random
import resource
import signal
import sys
import tempfile
import warnings
from pathlib import Path

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
MEMORY = 512 * 2**20
"""Bytes of address space that reading may take beside what the process has once it has read all
of the good archives; files that say they hold more than `MOST` values are only looked into."""
MOST = 2**22
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
    """Return all the ways to read an archive; fewer of one that says it holds very much."""
    header = archive.header
    picture = header.height * header.width * header.channels
    names = [lambda: archive.names] if header.n <= 10**5 else []
    if picture * header.sheet_chunk > 2 * MOST:
        return names
    calls = [
        lambda: archive[0],
        lambda: archive[len(archive) - 1],
        lambda: archive.base(0),
        lambda: archive.basis,
    ]
    if header.n * picture <= MOST and header.n <= 2000:
        calls += [
            lambda: archive[:],
            lambda: archive.encodings,
            lambda: verify(str(path)),
            lambda: extract(archive, folder, overwrite=True, salvage=salvage),
        ]
    return names + calls


def read_all(path, folder):
    """Read everything in every way; raises errors of ours only, and returns how many."""
    refused = 0
    for salvage in (False, True):
        try:
            archive = Archive.open(path, salvage=salvage)
        except VisnmfError:
            refused += 1
            continue
        with archive:
            for call in ways(archive, path, folder, salvage):
                try:
                    call()
                except VisnmfError:
                    refused += 1
    return refused


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
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        refused = 0
        for case in range(count):
            rng = random.Random(f"{seed} {case}")
            path.write_bytes(mutated(rng.choice(archives), rng, archives))
            sys.stdout.write(f"{case}\n")
            sys.stdout.flush()
            signal.alarm(SECONDS)
            try:
                refused += read_all(path, folder) > 0
            except BaseException:
                Path(tempfile.gettempdir(), f"hostile-{seed}-{case}.vnmf").write_bytes(
                    path.read_bytes()
                )
                raise
            signal.alarm(0)
            there = {entry.name for entry in Path(work).iterdir()}
            assert there <= {"mutant.vnmf", "target"}, f"written outside of the target: {there}"
    sys.stdout.write(f"{refused} of {count} refused\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
