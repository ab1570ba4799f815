"""Compress a set of pictures
==========================

Pictures that look alike, and the bands of a cube, in one small file each.

::

    python examples/16_compress_a_set.py
    python examples/16_compress_a_set.py OUTPUT --pictures FOLDER --psnr 30

An archive holds the parts of a set and how much of each a picture takes, where that is smaller,
and contact sheets of an image codec where it is not. Both happen here: a hundred faces are few,
and sheets win; the bands of a spectral cube share a handful of parts. Drawn are originals beside
what comes back, and bytes a picture against dB for the archive, for contact sheets, for a file a
picture and, where `ffmpeg` is on the PATH, for video (x265).
"""

import argparse
import shutil
import subprocess
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from scipy.ndimage import gaussian_filter

import visnmf
from visnmf.archive.lossy import LOSSY
from visnmf.archive.sheet_trial import Laid

CODECS = [codec for codec in LOSSY if codec.name in ("JPEG", "WebP", "AVIF", "JPEG XL")]
QUALITIES = {  # low, middle and high ones
    "JPEG": (15, 40, 70),
    "WebP": (5, 50, 85),
    "AVIF": (20, 45, 70),
    "JPEG XL": (8.0, 3.0, 1.0),
}
FILES = 12  # pictures that are written one by one, spread over the set


def main() -> None:
    """Compress each set, show what comes back, and compare."""
    options = parse_arguments()
    options.output.mkdir(parents=True, exist_ok=True)
    if options.pictures is not None:
        images = visnmf.load_images(options.pictures, size=options.size, mode="gray")
        sets = {"pictures": np.rint(images.to_images() * 255)}
    else:
        faces = np.rint(visnmf.samples.load_faces().V.T * 255).reshape(-1, 25, 25)
        sets = {"faces": faces, "bands": plant_bands(seed=0)}
    for name, levels in sets.items():
        compare(name, levels.astype(np.uint8), options)


def compare(name: str, levels: np.ndarray, options: argparse.Namespace) -> None:
    """Compress a set at two PSNRs, and draw it."""
    path = options.output / f"{name}.vnmf"
    curve = []
    for psnr in (options.psnr + 6, options.psnr):  # the last one stays
        done = visnmf.compress(levels, path, psnr=psnr, compare=False)
        curve.append((done.nbytes / len(levels), done.psnr))
    print(f"{name}: {len(levels)} pictures of {levels.shape[1]} x {levels.shape[2]}")
    print(f"  {path}: {done.nbytes:,} bytes at {done.psnr:.1f} dB; it holds {done.held}")
    with visnmf.Archive.open(path) as archive:
        if archive.header.rank:
            H = archive.encodings  # no picture is decoded for them
            unit = H / np.maximum(np.linalg.norm(H, axis=0), 1e-12)
            near = np.argsort(-(unit.T @ unit[:, 0]))[1:4]
            print(f"  by its {len(H)} encodings, picture 0 is most like {near.tolist()}")
        else:
            print("  sheets were smaller than parts: there are no encodings to search by")
        file = options.output / f"{name}_back.png"
        draw_back(levels, archive).savefig(file, dpi=110)
    print(f"{file}: originals, what comes back, and the difference")
    file = options.output / f"{name}_rates.png"
    draw_rates(name, curve, levels, options.output).savefig(file, dpi=110)
    print(f"{file}: bytes a picture by dB; left and up is better")


def on_sheets(codec, levels: np.ndarray) -> list[tuple[float, float]]:
    """Return (bytes a picture, dB) of contact sheets."""
    laid = Laid(levels, False, 255)
    trials = [laid.attempt(codec, quality) for quality in QUALITIES[codec.name]]
    return [(trial.nbytes / len(levels), trial.fidelity.psnr) for trial in trials]


def as_files(codec, levels: np.ndarray) -> list[tuple[float, float]]:
    """Return (bytes a picture, dB) of a file for each picture, looked at on some of them."""
    picked = np.linspace(0, len(levels) - 1, min(FILES, len(levels))).astype(int)
    curve = []
    for quality in QUALITIES[codec.name]:
        trials = [Laid(levels[j : j + 1], False, 255).attempt(codec, quality) for j in picked]
        error = np.mean([10 ** (-trial.fidelity.psnr / 10) for trial in trials])
        size = float(np.mean([trial.nbytes for trial in trials]))
        curve.append((size, float(-10 * np.log10(error))))
    return curve


def as_video(levels: np.ndarray, folder: Path) -> list[tuple[float, float]]:
    """Return (bytes a picture, dB) of x265; frames are padded to 64 pixels a side."""
    down, across = (max(64, -(-side // 8) * 8) - side for side in levels.shape[1:])
    frames = np.pad(levels, ((0, 0), (0, down), (0, across)), mode="edge")
    raw = ["-f", "rawvideo", "-pix_fmt", "gray"]
    size = ["-s", f"{frames.shape[2]}x{frames.shape[1]}", "-r", "25"]
    film, curve = folder / "film.hevc", []
    codec = ["-c:v", "libx265", "-preset", "slow", "-x265-params", "log-level=none:info=0"]
    for crf in ("38", "28", "18"):
        quiet = ["ffmpeg", "-v", "error", "-y"]
        make = [*quiet, *raw, *size, "-i", "-", *codec, "-crf", crf, "-pix_fmt", "gray", film]
        subprocess.run(make, input=frames.tobytes(), check=True)
        play = [*quiet, "-i", film, "-fps_mode", "passthrough", *raw, "-"]
        played = subprocess.run(play, stdout=subprocess.PIPE, check=True).stdout
        back = np.frombuffer(played, np.uint8).reshape(frames.shape)
        error = (back - frames.astype(float))[:, : levels.shape[1], : levels.shape[2]]
        psnr = 10 * np.log10(255**2 / max(np.square(error).mean(), 1e-9))
        curve.append((film.stat().st_size / len(levels), float(psnr)))
    film.unlink()
    return curve


def draw_rates(
    name: str, ours: list[tuple[float, float]], levels: np.ndarray, folder: Path
) -> Figure:
    """Draw bytes a picture against dB."""
    curves: dict = {}
    for codec in CODECS:
        curves[codec.name, "sheets"] = on_sheets(codec, levels)
        curves[codec.name, "files"] = as_files(codec, levels)
    if shutil.which("ffmpeg"):
        curves["x265", "video"] = as_video(levels, folder)
    else:
        print("  x265 is left out: no ffmpeg on the PATH")
    curves["archive"] = ours
    return visnmf.plots.rate_distortion(curves, highlight="archive", title=name)


def draw_back(levels: np.ndarray, archive: visnmf.Archive) -> Figure:
    """Draw six originals, what the archive gives back, and the difference."""
    picked = np.linspace(0, len(levels) - 1, 6).astype(int)
    back = archive[picked]
    header = archive.header
    figure = Figure(figsize=(9, 4.9), layout="constrained")
    panels = figure.subplots(3, len(picked))
    for column, j in enumerate(picked):
        difference = back[column].astype(int) - levels[j]
        panels[0, column].imshow(levels[j], cmap="gray", vmin=0, vmax=255)
        panels[1, column].imshow(back[column], cmap="gray", vmin=0, vmax=255)
        panels[2, column].imshow(difference, cmap="RdBu_r", vmin=-64, vmax=64)
    for axes, title in zip(panels[:, 0], ("original", "back", "difference"), strict=True):
        axes.set_ylabel(title)
    for axes in panels.flat:
        axes.set(xticks=[], yticks=[])
    figure.suptitle(
        f"{header.n} pictures at {header.psnr:.1f} dB, the worst {header.worst_psnr:.1f}"
    )
    return figure


def plant_bands(*, seed: int) -> np.ndarray:
    """Return 96 bands of a cube of five materials in patches, uneven light and some noise."""
    rng = np.random.default_rng(seed)
    size, bands, materials = 56, 96, 5
    fields = rng.standard_normal((materials, size, size))
    fields = np.stack([gaussian_filter(field, 2.5) for field in fields], 2)
    shares = np.exp(fields / fields.std() * 2.5)
    shares /= shares.sum(axis=2, keepdims=True)
    at = np.linspace(0, 1, bands)
    centers, widths = rng.random((2, materials, 1))
    spectra = 0.2 + 0.8 * np.exp(-0.5 * ((at - centers) / (0.08 + 0.2 * widths)) ** 2)
    light = 1 + 0.2 * gaussian_filter(rng.standard_normal((size, size)), 4)[:, :, None] * 10
    cube = np.clip(light, 0.4, 1.6) * (shares @ spectra)
    cube += 0.01 * cube.max() * rng.standard_normal(cube.shape)
    return np.rint(np.clip(cube / cube.max(), 0, 1) * 255).transpose(2, 0, 1)


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    default = Path(__file__).parent / "output" / "16_compress_a_set"
    parser.add_argument("output", nargs="?", type=Path, default=default, help="folder to write to")
    parser.add_argument("--pictures", type=Path, help="a folder of pictures of your own")
    parser.add_argument("--size", help="HxW, to bring those to one size")
    parser.add_argument("--psnr", type=float, default=30.0, help="dB to reach (30)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
