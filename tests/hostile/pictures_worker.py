"""Load mutated pictures within bounds of time and memory: run by test_pictures.py.

Usage: pictures_worker.py CORPUS COUNT SEED. Writes the number of each case before it is read, so
that a decoder that takes the process down can be told; fails at the first error not of ours.
"""

import random
import resource
import signal
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np

import visnmf
from visnmf.errors import VisnmfError

SECONDS = 60
"""For one file."""
MEMORY = 768 * 2**20
"""Bytes of address space beside what the process has once it has read all of the good files:
what a picture of `MOST_PIXELS` in four channels of float64 takes, some times over."""
MOST_PIXELS = 2**21


def mutated(data, rng, others):
    """Return bytes that are flipped, cut, spliced, longer or shorter, most often near the start."""
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5, 20))):
        reach = rng.choice((64, 512, len(data)))
        at = rng.randrange(min(len(data), reach) + 1)
        kind = rng.randrange(8)
        if kind < 3 and data:
            data[at % len(data)] ^= 1 << rng.randrange(8)
        elif kind == 3 and data:
            data[at % len(data)] = rng.choice((0, 1, 127, 128, 255))
        elif kind == 4:
            del data[rng.randrange(len(data) + 1) :]
        elif kind == 5:
            del data[at : at + rng.randrange(1, 9)]
        elif kind == 6:
            data[at:at] = rng.randbytes(rng.randrange(1, 9))
        else:
            other = rng.choice(others)
            begin = rng.randrange(max(1, len(other) - 32))
            data[at : at + 32] = other[begin : begin + 32]
    return bytes(data)


def load(folder, path):
    """Load a file alone and in a folder, at once and lazily; return whether it was refused."""
    options = {"max_pixels": MOST_PIXELS, "frames": slice(0, 5)}
    refused = False
    for lazy in (False,) if path.suffix == ".npz" else (False, True):  # which is not read lazily
        for mode in ("gray", "keep"):
            try:
                images = visnmf.load_images(path, mode=mode, lazy=lazy, **options)
                V = images.load().V if lazy else images.V
                assert V.dtype == np.float32
                assert 0 <= V.min() <= V.max() <= 1
            except VisnmfError:
                refused = True
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            options_here = {**options, "size": (20, 20), "on_error": "skip", "lazy": lazy}
            images = visnmf.load_images(folder, **options_here)
            V = images.load().V if lazy else images.V
        assert len(images) >= 1, "the good one is there"
        assert np.isfinite(V).all()
    return refused


def main(corpus, count, seed):
    """Load so many mutants of the pictures in a folder."""
    good = [(p.suffix, p.read_bytes()) for p in sorted(Path(corpus).iterdir())]
    with tempfile.TemporaryDirectory() as work:
        Path(work, "a_good_one.png").write_bytes(next(data for s, data in good if s == ".png"))
        for suffix, data in good:
            path = Path(work, f"mutant{suffix}")
            path.write_bytes(data)
            assert not load(work, path), suffix
            path.unlink()
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        refused = 0
        for case in range(count):
            rng = random.Random(f"{seed} {case}")
            suffix, data = rng.choice(good)
            mutant = mutated(data, rng, [other for _, other in good])
            path = Path(work, f"mutant{suffix}")
            path.write_bytes(mutant)
            sys.stdout.write(f"{case}\n")
            sys.stdout.flush()
            signal.alarm(SECONDS)
            try:
                refused += load(work, path)
            except BaseException:
                Path(tempfile.gettempdir(), f"picture-{seed}-{case}{suffix}").write_bytes(mutant)
                raise
            signal.alarm(0)
            path.unlink()
            there = {entry.name for entry in Path(work).iterdir()}
            assert there == {"a_good_one.png"}, f"left behind: {there}"
    sys.stdout.write(f"{refused} of {count} refused\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
