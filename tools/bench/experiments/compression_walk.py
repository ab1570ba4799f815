"""Every mode of `visnmf.compress` on every set, beside the best contact sheet that can be found.

An archive may take 1.02 times the best sheets of the same PSNR or bound, 512 bytes, and its names
(1.01 times JPEG XL without loss). "bare" leaves out names and what frames the sections. Given a
size, its PSNR must be that of the best sheets of so many bytes less 512 and the names, to 0.05 dB.
What is kept exactly or within a bound is read again from the file and compared level by level.
"""

import math
import tempfile
from pathlib import Path

import numpy as np

import visnmf
from visnmf.archive.container import Container
from visnmf.archive.names import encode_names
from visnmf.archive.packed import pack_bytes
from visnmf.archive.sections import SectionKind

from experiments.compression_sets import SETS as OWN
from experiments.compression_sets import some
from experiments.compression_sheets import Sheets
from timing import keep, seconds, table

SETS = tuple(OWN)
PSNR = (25.0, 32.0, 40.0)
ERRORS = (5, 2, 1)
FRAME = 512
_NEAR = 0.05  # dB


def run(options):
    """Print a table for each set; broken promises are marked, and counted."""
    broken, kept = [], {}
    for name in options.sets:
        try:
            levels = OWN[name]()
        except FileNotFoundError as error:
            print(f"{name} is left out: {error}")
            continue
        whole = len(levels)
        levels = levels[:40] if options.quick else levels if options.whole else some(levels)
        rows = kept[name] = []
        took, _ = seconds(lambda n=name, v=levels, r=rows: r.extend(told(n, walk(v, options))))
        size = " x ".join(map(str, levels.shape[1:]))
        count = f"{len(levels)}" + (f" of {whole}" if len(levels) < whole else "")
        table(
            f"{name}: {count} pictures, {size}, {levels.dtype} ({took:.0f} s)",
            ["mode", "archive", "it holds", "best sheet", "is", "ratio", "bare", "promise"],
            [row[:-1] for row in rows],
        )
        broken += [f"{name}, {row[0]}: {row[-1]}" for row in rows if row[-1]]
    print("\n".join(["broken:", *broken]) if broken else "no promise broken")
    keep("compression_walk", kept)


def told(name, rows):
    """Yield rows, and say at once where each stands."""
    for row in rows:
        print(f"{name}: " + ", ".join(row), flush=True)
        yield row


def walk(levels, options):
    """Yield a row for each mode; its last cell says what is broken, if anything."""
    sheets, modes = Sheets(levels), options.modes
    psnrs = tuple(options.psnr or PSNR)
    names = len(pack_bytes(encode_names([f"{i}.png" for i in range(len(levels))]))[1])
    room = FRAME + names
    if "psnr" in modes:
        for psnr in psnrs:
            yield by_size(f"{psnr:g} dB", levels, {"psnr": psnr}, sheets.psnr(psnr), room)
    if "max_bytes" in modes:
        middle, _ = sheets.psnr(psnrs[len(psnrs) // 2])
        exact = min(sheets.lossless().values())
        yield by_quality(levels, sheets, int(min(middle, exact)) + room, room)
    if "max_error" in modes:
        for error in ERRORS:
            best = sheets.bound(error)
            yield by_size(f"within {error}", levels, {"max_error": error}, best, room)
    if "lossless" in modes:
        found = sheets.lossless()
        name = min(found, key=found.get)
        row = by_size("lossless", levels, {"lossless": True}, (found[name], name), room)
        yield row
        if row[1] == "-":
            return
        least = min(size for way, size in found.items() if way.startswith("JPEG XL"))
        ours, bare = float(row[1].replace(",", "")), float(row[6]) * found[name]
        over = ours - 1.01 * least - room
        wrong = f"{over:.0f} bytes over" if over > 0 else ""
        yield [*row[:3], f"{least:,}", "JPEG XL", f"{ours / least:.3f}", f"{bare / least:.3f}",
               wrong or "kept", wrong]  # fmt: skip


def by_size(told, levels, target, best, room):
    """Return the row of a target whose bytes count."""
    nbytes, name = best
    try:
        done, back, held = written(levels, target)
    except Exception as error:  # whatever it is, it breaks the promise, and is told
        return [told, "-", "-", f"{nbytes:,}", name, "-", "-", "none", repr(error)]
    wrong = []
    if done.nbytes > 1.02 * nbytes + room:
        wrong.append(f"{done.nbytes - 1.02 * nbytes - room:.0f} bytes over")
    off = int(abs(back.astype(np.int64) - levels).max())
    if off > target.get("max_error", 0 if "lossless" in target else math.inf):
        wrong.append(f"off by {off}")
    if done.psnr < target.get("psnr", 0.0):
        wrong.append(f"{done.psnr:.3f} dB")
    if abs(psnr_of(levels, back) - done.psnr) > 1e-6:
        wrong.append(f"says {done.psnr:.4f} dB, is {psnr_of(levels, back):.4f}")
    told_wrong = "; ".join(wrong)
    return [told, f"{done.nbytes:,}", done.held, f"{nbytes:,}", name, f"{done.nbytes / nbytes:.3f}",
            f"{held / nbytes:.3f}", told_wrong or "kept", told_wrong]  # fmt: skip


def by_quality(levels, sheets, nbytes, room):
    """Return the row of a size, whose PSNR counts."""
    psnr, name = sheets.within(nbytes - room)
    told = f"{nbytes:,} bytes"
    try:
        done, back, _ = written(levels, {"max_bytes": nbytes})
    except Exception as error:  # whatever it is, it breaks the promise, and is told
        return [told, "-", "-", f"{psnr:.2f} dB", name, "-", "-", "none", repr(error)]
    wrong = []
    if done.nbytes > nbytes:
        wrong.append(f"{done.nbytes - nbytes} bytes over")
    if done.psnr < psnr - _NEAR:
        wrong.append(f"{done.psnr - psnr:.2f} dB")
    if abs(psnr_of(levels, back) - done.psnr) > 1e-6:
        wrong.append(f"says {done.psnr:.4f} dB, is {psnr_of(levels, back):.4f}")
    wrong = "; ".join(wrong)
    gain = f"{done.psnr - psnr:+.2f} dB" if math.isfinite(psnr) else "-"
    return [told, f"{done.nbytes:,}, {done.psnr:.2f} dB", done.held, f"{psnr:.2f} dB", name,
            gain, "", wrong or "kept", wrong]  # fmt: skip


def written(levels, target):
    """Return what `visnmf.compress` says, what the file gives back, and bytes of its contents.

    Those are all of the file but the names and what frames them.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "set.vnmf"
        done = visnmf.compress(levels, path, compare=False, **target)
        if done.nbytes != path.stat().st_size:
            raise RuntimeError(f"{done.nbytes} bytes told, {path.stat().st_size} there")
        with visnmf.Archive.open(path) as archive:
            back = np.asarray(archive[:])
        with Container.open(path) as file:
            lengths = [entry.length for entry in file.entries if entry.kind != SectionKind.NAMES]
        return done, back, sum(lengths)


def psnr_of(levels, back):
    """Return the PSNR over all values, over the greatest level of the type."""
    error = float(np.square(back.astype(np.float64) - levels).mean())
    peak = int(np.iinfo(levels.dtype).max)
    return math.inf if error == 0 else 10 * math.log10(peak**2 / error)
