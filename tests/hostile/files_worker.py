"""Read mutated models, encoders and checkpoints within bounds: run by test_files.py.

Usage: files_worker.py CORPUS COUNT SEED. Writes the number of each case before it is read, so
that one that takes the process down can be told; fails at the first error not of ours.
"""

import copy
import json
import random
import resource
import signal
import struct
import sys
import tempfile
import warnings
import zlib
from pathlib import Path

import numpy as np

import visnmf
from visnmf.errors import VisnmfError

SECONDS = 30
"""For one file."""
MEMORY = 256 * 2**20
"""Bytes of address space beside what the process has once it has read all of the good files,
which have some kilobytes."""
MOST = 2**18
"""Values of V that a model of a stranger is tried on."""
V = np.random.default_rng(0).random((30, 24)).astype(np.float32)


WEIRD = (
    None, True, False, 0, -1, 1, 2, 3, 2**31, 2**63, 2**200, -(2**63), 1e308, 5e-324, -0.5, 0.5,
    "", "a", "V", "F32", "float64", "uint8", "../..", "x" * 5000, "\x00", "\ud800", [], {}, [[]],
    [0, 0], [-1, 4], [1] * 1000, {"a": {"b": []}}, "NaN", "Infinity",
)  # fmt: skip
NUMBERS = (float("nan"), float("inf"), -1.0, 1e38, 1e-45, 0.0)


def split(data):
    """Return the header, and the bytes behind it."""
    length = int.from_bytes(data[:8], "little")
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def joined(header, rest):
    """Return a file of a header and what follows."""
    text = json.dumps(header).encode("utf-8", "surrogatepass")
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + rest


def disturbed(data, rng, others):
    """Return bytes that are flipped, cut, spliced, longer or shorter."""
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        at = rng.randrange(len(data) + 1)
        kind = rng.randrange(6)
        if kind < 2 and data:
            data[at % len(data)] ^= 1 << rng.randrange(8)
        elif kind == 2:
            del data[at:]
        elif kind == 3:
            del data[at : at + rng.randrange(1, 9)]
        elif kind == 4:
            data[at:at] = rng.randbytes(rng.randrange(1, 9))
        else:
            other = rng.choice(others)
            begin = rng.randrange(len(other))
            data[at : at + 16] = other[begin : begin + 16]
    return bytes(data)


def other_json(tree, rng):
    """Return a JSON tree with a value replaced, removed, added or moved somewhere in it."""
    tree = copy.deepcopy(tree)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        nodes = [tree]
        for node in nodes:  # grows as it goes
            inner = node.values() if isinstance(node, dict) else node
            nodes += [child for child in inner if isinstance(child, dict | list)]
        node = rng.choice([n for n in nodes if n] or [tree])
        if not node:
            return tree
        key = rng.choice(list(node) if isinstance(node, dict) else range(len(node)))
        kind = rng.randrange(5)
        if kind == 0:
            del node[key]
        elif kind == 1 and isinstance(node, dict):
            node[rng.choice(("", "x", "W", "H", "__metadata__", "a" * 3000))] = node[key]
        elif kind == 1:
            node.insert(key, rng.choice(WEIRD))
        elif kind == 2 and isinstance(node[key], int | float):
            node[key] = rng.choice((node[key] + 1, node[key] - 1, -node[key], 2 * node[key]))
        elif kind == 3:
            other = rng.choice([n for n in nodes if n])
            values = list(other.values()) if isinstance(other, dict) else other
            node[key] = copy.deepcopy(rng.choice(values))
        else:
            node[key] = rng.choice(WEIRD)
    return tree


def other_document(header, rng):
    """Return a header whose inner document, JSON in a string, is another one."""
    header = copy.deepcopy(header)
    notes = header["__metadata__"]
    name = next(key for key in ("model", "document") if key in notes)
    tree = other_json(json.loads(notes[name]), rng)
    notes[name] = json.dumps(tree)
    if rng.random() < 0.05:
        notes[name] = "[" * 20000 + notes[name]
    return header


def other_numbers(header, rest, rng):
    """Return bytes with other numbers in one of the arrays."""
    rest = bytearray(rest)
    arrays = [entry for name, entry in header.items() if name not in ("__metadata__", "checksums")]
    first, last = rng.choice(arrays)["data_offsets"]
    for _ in range(rng.choice((1, 1, 5))):
        if last - first >= 8:
            at = first + 4 * rng.randrange((last - first) // 4)
            rest[at : at + 4] = struct.pack("<f", rng.choice(NUMBERS))
    return bytes(rest)


def summed(header, rest):
    """Return what follows a header, with the checksums of a checkpoint made right."""
    if "checksums" not in header or not isinstance(header["__metadata__"].get("document"), str):
        return rest
    sums = [zlib.crc32(header["__metadata__"]["document"].encode("utf-8", "surrogatepass"))]
    for name, entry in header.items():
        if name not in ("__metadata__", "checksums"):
            first, last = entry["data_offsets"]
            sums.append(zlib.crc32(rest[first:last]))
    first, last = header["checksums"]["data_offsets"]
    return rest[:first] + b"".join(s.to_bytes(4, "little") for s in sums) + rest[last:]


def mutated(data, rng, others):
    """Return a mutant of a file."""
    kind = rng.randrange(10)
    if kind < 2:
        return disturbed(data, rng, others)
    header, rest = split(data)
    if kind < 4:
        return joined(other_json(header, rng), rest)
    if kind < 9:
        header = other_document(header, rng)
    else:
        rest = other_numbers(header, rest, rng)
    return joined(header, summed(header, rest))


def read_model(path):
    """Load, describe, encode, rebuild, save."""
    model = visnmf.Model.load(path)
    repr(model)
    layout = model.layout
    if layout.m <= MOST:
        pictures = visnmf.ImageSet(np.full((layout.m, 2), 0.5, np.float32), layout, ["a", "b"])
        model.reconstruct(pictures)
    model.save(path.with_suffix(".again"))


def read_encoder(path):
    """Load and encode."""
    encoder = visnmf.PatchEncoder.load(path)
    shape = (1, 24, 24) if encoder.channels_ == 1 else (1, 24, 24, encoder.channels_)
    if np.prod(shape) <= MOST:
        encoder.transform(np.full(shape, 0.5))


def read_checkpoint(path):
    """Go on from it."""
    visnmf.factorize(V, 3, checkpoint=path, resume=True, max_iter=12, seed=0, tol=0, change=0)


WAYS = {"model": read_model, "encoder": read_encoder, "checkpoint": read_checkpoint}


def main(corpus, count, seed):
    """Read so many mutants of the files in a folder, whose names begin with what they are."""
    warnings.simplefilter("ignore")
    good = [(p.name.split("-")[0], p.read_bytes()) for p in sorted(Path(corpus).iterdir())]
    with tempfile.TemporaryDirectory() as work:
        path = Path(work) / "mutant"
        for kind, data in good:
            path.write_bytes(data)
            WAYS[kind](path)
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        refused = 0
        for case in range(count):
            rng = random.Random(f"{seed} {case}")
            kind, data = rng.choice(good)
            alike = [other for what, other in good if what == kind]
            path.write_bytes(mutated(data, rng, alike))
            mutant = path.read_bytes()
            sys.stdout.write(f"{case}\n")
            sys.stdout.flush()
            signal.alarm(SECONDS)
            try:
                WAYS[kind](path)
            except VisnmfError:
                refused += 1
            except BaseException:
                Path(tempfile.gettempdir(), f"hostile-{kind}-{seed}-{case}").write_bytes(mutant)
                raise
            signal.alarm(0)
            there = {entry.name for entry in Path(work).iterdir()}
            assert there <= {"mutant", "mutant.again"}, f"written outside: {there}"
    sys.stdout.write(f"{refused} of {count} refused\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
