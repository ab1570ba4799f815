"""What the archive is compared with: contact sheets, files one by one, and video."""

import math
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from visnmf.archive.coders import Coder, decode_image
from visnmf.archive.goal import Goal
from visnmf.archive.lossy import LOSSY
from visnmf.archive.sheet_search import search_sheets

import datasets

SHAPES = {
    "cbcl": (19, 19),
    "orl": (112, 92),
    "frey": (28, 20),
    "lfw": (25, 25),
    "digits": (8, 8),
    "fashion": (28, 28),
    "bands": (95, 95),
    "street": (144, 192, 3),
    "swimmer": (32, 32),
}
SETS = tuple(SHAPES)
FILES = (Coder.JPEG, Coder.WEBP, Coder.AVIF, Coder.JXL_LOSSY)
MOST_FILES = 100  # written one by one; of more pictures so many, spread over the set
CRF = {"x265": (6, 12, 18, 24, 30, 36, 42, 51), "AV1": (8, 16, 24, 32, 40, 48, 56, 63)}
VIDEO = {
    "x265": ["-c:v", "libx265", "-preset", "slow", "-x265-params", "log-level=none:info=0"],
    # libaom 3.6 fails on thousands of small frames; SVT-AV1 has no gray
    "AV1": ["-c:v", "libsvtav1", "-preset", "4"],
}
FORMAT = {"x265": "hevc", "AV1": "obu"}


def pictures(name):
    """Return a set as levels, uint8 (n, height, width[, channels])."""
    X, _ = datasets.load(name)
    levels = np.ascontiguousarray(np.rint(X * 255), np.uint8)
    return levels.reshape(len(X), *SHAPES[name])


def wanted(options):
    """Yield the sets asked for that are at hand and hold pictures."""
    names = [name for name in options.sets if name in SHAPES]
    for name in set(options.sets) - set(names):
        print(f"{name} is left out: it holds no pictures of one size")
    for name, levels in datasets.at_hand(names, pictures):
        yield name, levels[:200] if options.quick else levels


def psnr_of(error, values):
    """Return the PSNR of a squared error over so many values of 8 bits."""
    return math.inf if error == 0 else 10 * math.log10(255**2 * values / error)


def on_sheets(levels, psnr):
    """Return bytes of contact sheets by each codec that reaches the PSNR."""
    found = {}
    for codec in LOSSY:
        fit = search_sheets(levels, Goal(psnr=psnr), codecs=(codec,))
        if fit.tried and not fit.tried[0].estimated and fit.quality is not None:
            found[codec.name] = fit.nbytes
    return found


def one_by_one(levels, psnr):
    """Return bytes of all files by each codec, all of the quality that reaches the PSNR."""
    count = min(len(levels), MOST_FILES)
    some = levels[np.linspace(0, len(levels) - 1, count).astype(int)]
    found = {}
    for codec in LOSSY:
        if codec.coder in FILES:
            size = _least(codec, some, psnr)
            if size is not None:
                found[codec.name] = size * len(levels) / count
    return found


def quality_at(codec, share):
    """Return a quality of a codec: the worst at 0, the best at 1."""
    if codec.coder == Coder.JXL_LOSSY:  # a distance
        return codec.worst * (codec.best / codec.worst) ** share
    quality = codec.worst + (codec.best - codec.worst) * share
    return round(quality) if codec.whole else quality


def _least(codec, some, psnr):
    """Return the bytes at the worst quality of 101 that reaches a PSNR; None if none does."""
    size, bad, good = {}, -1, 101
    while good - bad > 1:
        middle = (bad + good) // 2
        size[middle], error = _written(codec, some, quality_at(codec, middle / 100))
        bad, good = (bad, middle) if psnr_of(error, some.size) >= psnr else (middle, good)
    return size.get(good)


def _written(codec, some, quality):
    """Return the bytes of files, and the squared error of what comes back."""
    size, error = 0, 0.0
    for picture in some:
        data = codec.encode(picture, quality)
        back = decode_image(codec.coder, data, picture.shape, picture.dtype)
        size += len(data)
        error += float(np.square(back.astype(np.float64) - picture).sum())
    return size, error


def as_video(levels):
    """Return curves of (PSNR, bytes) by codec; nothing where ffmpeg is not at hand."""
    if shutil.which("ffmpeg") is None:
        return {}
    return {name: sorted(_film(levels, name, crf) for crf in CRF[name]) for name in VIDEO}


def at_psnr(curve, psnr):
    """Return the bytes of a curve at a PSNR, between its points; None beyond them."""
    if not curve or not curve[0][0] <= psnr <= curve[-1][0]:
        return None
    decibels, sizes = zip(*curve, strict=True)
    return float(np.exp(np.interp(psnr, decibels, np.log(sizes))))


def _film(levels, name, crf):
    """Return the PSNR and the bytes of a bare stream of all pictures in order."""
    height, width = levels.shape[1:3]
    down, across = (max(64, -(-side // 8) * 8) - side for side in (height, width))
    padding = [(0, 0), (0, down), (0, across)] + [(0, 0)] * (levels.ndim - 3)
    frames = np.pad(levels, padding, mode="edge")
    gray = levels.ndim == 3
    kind = "rgb24" if not gray else "gray" if name == "x265" else "yuv420p"
    coded = "yuv444p" if name == "x265" and not gray else kind if gray else "yuv420p"
    raw = ["-f", "rawvideo", "-pix_fmt", kind]
    with tempfile.TemporaryDirectory() as folder:
        before, film, after = (str(Path(folder) / part) for part in ("in", "film", "out"))
        _with_color(frames, kind).tofile(before)
        size = ["-s", f"{frames.shape[2]}x{frames.shape[1]}", "-r", "25"]
        made = [*VIDEO[name], "-crf", str(crf), "-pix_fmt", coded, "-f", FORMAT[name], film]
        _ffmpeg(*raw, *size, "-i", before, *made)
        _ffmpeg("-f", FORMAT[name], "-i", film, "-fps_mode", "passthrough", *raw, after)
        back = np.fromfile(after, np.uint8).reshape(-1, _with_color(frames[:1], kind).size)
        back = back[:, : frames[0].size].reshape(-1, *frames.shape[1:])
        nbytes = Path(film).stat().st_size
    if len(back) != len(frames):
        raise RuntimeError(f"{name} gave back {len(back)} of {len(frames)} frames")
    error = np.square(back[:, :height, :width].astype(np.float32) - levels).sum(dtype=np.float64)
    return psnr_of(float(error), levels.size), nbytes


def _with_color(frames, kind):
    """Return frames as rows of bytes, gray ones with the planes of no color that YUV has."""
    rows = frames.reshape(len(frames), -1)
    if kind != "yuv420p":
        return rows
    return np.pad(rows, ((0, 0), (0, rows.shape[1] // 2)), constant_values=128)


def _ffmpeg(*arguments):
    """Run ffmpeg; what it says is shown only if it fails."""
    command = ["ffmpeg", "-v", "error", "-y", "-nostdin", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed: {done.stderr[-500:]}")
