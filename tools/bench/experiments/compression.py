"""Bytes a picture of `visnmf.compress`, of contact sheets, of files one by one and of video.

All at the same PSNR over the set; sheets with the settings of visnmf/archive/lossy.py, the best
quality for each. Files are counted on at most 100 pictures spread over the set; video (x265 slow,
SVT-AV1 preset 4) on all frames in order, padded to 64 pixels a side at least, between the qualities
tried.
"""

import shutil
import tempfile
from pathlib import Path

import imagecodecs

import visnmf
from visnmf.archive.coders import encode_near
from visnmf.archive.sheets import lay, plan_sheets

from experiments.compression_peers import as_video, at_psnr, on_sheets, one_by_one, wanted
from timing import keep, table

SETS = ("cbcl", "orl", "frey", "digits", "lfw", "bands", "swimmer", "street")
PSNR = (24.0, 28.0, 32.0)


def run(options):
    """Print the table asked for."""
    if options.lossless or options.max_error is not None:
        return without_loss(options, options.max_error or 0)
    if shutil.which("ffmpeg") is None:
        print("video is left out: no ffmpeg on the PATH")
    kept = {}
    for name, levels in wanted(options):
        kept[name], rows = {}, []
        films = as_video(levels)
        for psnr in options.psnr or PSNR:
            found = at(levels, psnr, films)
            kept[name][psnr] = found
            rows.append([f"{psnr:g}", *cells(found, len(levels))])
        header = ["dB", "archive", "it holds", "best sheet", "best file", "x265", "AV1"]
        size = " x ".join(map(str, levels.shape[1:]))
        table(f"{name}, {len(levels)} of {size}: bytes a picture (archive over it)", header, rows)
    keep("compression", kept)


def at(levels, psnr, films):
    """Return the bytes of everything at a PSNR."""
    done = compressed(levels, psnr=psnr)
    return {
        "archive": done.nbytes,
        "held": done.held,
        "psnr": done.psnr,
        "sheets": on_sheets(levels, psnr),
        "files": one_by_one(levels, psnr),
        "video": {film: at_psnr(curve, psnr) for film, curve in films.items()},
    }


def cells(found, n):
    """Return what a table says of the bytes at a PSNR."""

    def told(name, nbytes):
        if nbytes is None:
            return "-"
        return f"{nbytes / n:.1f}{name and ' ' + name} ({found['archive'] / nbytes:.2f})"

    best = [min(((size, name) for name, size in found[kind].items()), default=(None, ""))
            for kind in ("sheets", "files")]  # fmt: skip
    video = [told("", found["video"].get(name)) for name in ("x265", "AV1")]
    ours = f"{found['archive'] / n:.1f}"
    return [ours, found["held"], *(told(name, size) for size, name in best), *video]


def without_loss(options, error):
    """Print bytes a picture where every level comes back, or within an error."""
    rows, kept = [], {}
    for name, levels in wanted(options):
        target = {"max_error": error} if error else {"lossless": True}
        done = compressed(levels, **target)
        near = sum(len(encode_near(sheet, error)) for sheet in sheets(levels))
        others = {"JPEG-LS sheet": near}
        if not error:
            jxl = [imagecodecs.jpegxl_encode(sheet, lossless=True, effort=9, numthreads=1)
                   for sheet in sheets(levels)]  # fmt: skip
            others["JPEG XL sheet"] = sum(map(len, jxl))
            others["PNG files"] = sum(len(imagecodecs.png_encode(p, level=9)) for p in levels)
        kept[name] = {"archive": done.nbytes, "held": done.held, **others}
        n = len(levels)
        told = [f"{size / n:.1f} ({done.nbytes / size:.2f})" if size else "-"
                for size in others.values()]  # fmt: skip
        rows.append([name, f"{done.nbytes / n:.1f}", done.held, *told])
    title = f"every level within {error}" if error else "lossless"
    header = ["set", "archive", "it holds", *(others if rows else ())]
    table(f"{title}: bytes a picture (archive over it)", header, rows)
    keep("compression", kept)


def sheets(levels):
    """Yield the contact sheets of a set."""
    channels = levels.shape[3] if levels.ndim == 4 else 1
    plan = plan_sheets(*levels.shape[:3], channels)
    for i in range(plan.sheets):
        yield lay(levels[plan.pictures(i)], plan, i)


def compressed(levels, **target):
    """Return what `visnmf.compress` says of an archive that is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        return visnmf.compress(levels, Path(folder) / "set.vnmf", compare=False, **target)
