"""Time to compress to a PSNR over that of finding it with five contact-sheet codecs; memory over V.

The sheets are sought as anyone would: for each codec one after another, bisection over its
quality on the whole set. Peak memory is that of a process of its own, above what it had when all
libraries were loaded, in units of V in float32; of a set of few megabytes it tells the codecs'.
"""

import tempfile
from pathlib import Path

import numpy as np

from visnmf.archive.lossy import LOSSY
from visnmf.archive.sheet_trial import Laid

from experiments.compression import compressed
from experiments.compression_peers import quality_at, wanted
from timing import keep, peak_of, seconds, table

SETS = ("cbcl", "digits")
STEPS = 7  # of bisection: enough for 101 qualities
TINY = """
file, psnr, path = sys.argv[1], float(sys.argv[2]), sys.argv[3]
tiny = np.random.default_rng(0).integers(0, 9, (30, 8, 8)).astype(np.uint8)
visnmf.compress(tiny, path, psnr=psnr, compare=False)
"""
FIT = "visnmf.compress(levels, path, psnr=psnr, compare=False)"


def run(options):
    """Print times over those of the sheets, and memory over V."""
    rows, kept = [], {}
    for name, levels in wanted(options):
        for psnr in options.psnr or (28.0,):
            ours, done = seconds(lambda v=levels, d=psnr: compressed(v, psnr=d))
            each = {c.name: seconds(lambda c=c, v=levels, d=psnr: bisect(c, v, d))[0]
                    for c in LOSSY}  # fmt: skip
            ratio, memory = ours / sum(each.values()), memory_of(levels, psnr)
            kept[f"{name} {psnr:g}"] = {"ratio": ratio, "ours": ours, "sheets": each,
                                        "memory over V": memory}  # fmt: skip
            slowest = max(each, key=each.get)
            rows.append([name, f"{psnr:g}", done.held, f"{ratio:.2f}",
                         f"{slowest} ({each[slowest] / sum(each.values()):.0%})",
                         f"{memory:.2f}"])  # fmt: skip
    header = ["set", "dB", "it holds", "time over sheets'", "slowest of those", "peak over V"]
    table("compressing to a PSNR, over finding it with five codecs of sheets", header, rows)
    keep("compression_time", kept)


def bisect(codec, levels, psnr):
    """Seek the worst quality of sheets that reaches a PSNR; return it, or None."""
    laid, good, low, high = Laid(levels, False, 255), None, 0.0, 1.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        quality = quality_at(codec, middle)
        if laid.attempt(codec, quality).fidelity.psnr >= psnr:
            good, high = quality, middle
        else:
            low = middle
    return good


def memory_of(levels, psnr):
    """Return the peak memory of compressing over V in float32, from a fresh process."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "levels.npy"
        np.save(file, levels)
        path = Path(folder) / "set.vnmf"
        peak = peak_of(TINY, "levels = np.load(file)", FIT, file, psnr, path)
    return peak / (4 * levels.size)
