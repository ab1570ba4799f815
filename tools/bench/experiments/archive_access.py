"""One picture out of an archive, against decoding the AVIF sheets of the whole set.

Both at the same PSNR. Medians in one run, in turn: an archive opened anew and one picture of it,
a picture of a chunk not read before, a picture of a chunk that was.
"""

import statistics
import tempfile
from pathlib import Path

import numpy as np

import visnmf
from visnmf.archive.coders import Coder, decode_image, lossy_codec
from visnmf.archive.goal import Goal
from visnmf.archive.sheet_search import search_sheets
from visnmf.archive.sheets import plan_sheets

from experiments.compression_peers import wanted
from timing import keep, seconds, table

SETS = ("cbcl", "bands")
REPEATS = 31


def run(options):
    """Print times over that of the sheets."""
    rows, kept = [], {}
    psnr = (options.psnr or (28.0,))[0]
    for name, levels in wanted(options):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "set.vnmf"
            done = visnmf.compress(levels, path, psnr=psnr, compare=False)
            cold, other, warm, sheet = times(path, levels, avif(levels, psnr))
        kept[name] = {"held": done.held, "cold": cold / sheet, "other": other and other / sheet,
                      "warm": warm / sheet, "seconds of the sheets": sheet}  # fmt: skip
        another = "only one chunk" if other is None else f"{other / sheet:.4f}"
        rows.append([name, done.held, f"{cold / sheet:.3f}", another, f"{warm / sheet:.5f}"])
    header = ["set", "it holds", "cold open, one picture", "another chunk", "warm"]
    table(f"time over decoding the set's AVIF sheets at {psnr:g} dB", header, rows)
    keep("archive_access", kept)


def avif(levels, psnr):
    """Return the AVIF sheets of a set at a PSNR, with their shapes."""
    fit = search_sheets(levels, Goal(psnr=psnr), codecs=(lossy_codec(Coder.AVIF),))
    channels = levels.shape[3] if levels.ndim == 4 else 1
    plan = plan_sheets(*levels.shape[:3], channels)
    return [(coder, data, plan.shape(i))
            for i, (coder, data) in enumerate(zip(fit.coders, fit.data, strict=True))]  # fmt: skip


def times(path, levels, sheets):
    """Return medians: cold, another chunk, warm, all sheets."""
    found = {"cold": [], "other": [], "warm": [], "sheet": []}
    rng = np.random.default_rng(0)
    for _ in range(REPEATS):
        took, archive = seconds(lambda: first(path))
        found["cold"].append(took)
        size = max(archive.header.chunk if archive.header.rank else archive.header.sheet_chunk, 1)
        far = [j for j in rng.permutation(len(levels))[:50] if j // size]
        if far:
            found["other"].append(seconds(lambda a=archive, j=int(far[0]): a[j])[0])
        found["warm"].append(seconds(lambda a=archive: a[1])[0])
        archive.close()
        decode = [seconds(lambda s=s: decode_image(*s, np.uint8))[0] for s in sheets]
        found["sheet"].append(sum(decode))
    return [statistics.median(times) if times else None for times in found.values()]


def first(path):
    """Return an archive that was opened to read its first picture."""
    archive = visnmf.Archive.open(path)
    assert archive[0].size
    return archive
