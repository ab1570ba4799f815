"""Spot the odd one out
====================

What is wrong with a texture, and where.

::

    python examples/15_spot_the_odd_one_out.py
    python examples/15_spot_the_odd_one_out.py OUTPUT --normal FOLDER --look-at FOLDER

Parts of small patches are learned from pictures of what is usual: here the upper half of photos
of brick, grass and gravel; defects are planted in the lower half. What the parts make of a place
(how much they leave over, how much of them it takes, contrast, brightness) tells how usual it is.
Nothing is aligned, pictures may have any size, and no picture of a defect is needed to learn from.
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from scipy.ndimage import gaussian_filter
from sklearn.metrics import roc_auc_score

import visnmf

RADIUS = 22  # of a defect, in pixels


def main() -> None:
    """Learn what is usual, map what is not, and draw it."""
    options = parse_arguments()
    options.output.mkdir(parents=True, exist_ok=True)
    if options.normal is not None:
        normal = visnmf.load_pictures(options.normal, max_side=512)
        look_at(normal, visnmf.load_pictures(options.look_at, max_side=512), None, options.output)
        return
    from skimage import data

    rng = np.random.default_rng(0)
    for name in ("brick", "grass", "gravel"):
        photo = getattr(data, name)().astype(np.float32) / 255
        usual, half = np.array_split(photo, 2)
        planted = {kind: plant(half, kind, rng) for kind in ("blurred", "scratched", "stained")}
        pictures = visnmf.Pictures(
            [picture for picture, _ in planted.values()],
            names=[f"{name}, {kind}" for kind in planted],
        )
        truth = [where for _, where in planted.values()]
        look_at(visnmf.Pictures([usual]), pictures, truth, options.output, name)


def look_at(normal, pictures, truth, output: Path, name: str = "map") -> None:
    """Map how unusual each place of some pictures is; draw them."""
    encoder = visnmf.PatchEncoder(64, patch_size=8, n_patches=30_000).fit(normal)
    maps = encoder.anomaly_maps(pictures, normal=normal)
    print(f"learned {encoder.n_components} parts of {normal}")
    titles = []
    for i, title in enumerate(pictures.names):
        told = f"most unusual {maps[i].max():.1f}"
        if truth is not None:
            told = f"ROC AUC {roc_auc_score(truth[i].ravel(), maps[i].ravel()):.3f}"
        print(f"  {title:20} {told}")
        titles.append(f"{title}\n{told}")
    file = output / f"{name}.png"
    draw(pictures, maps, titles).savefig(file, dpi=110)
    print(f"{file}: pictures, and below how unusual each place is")


def plant(photo: np.ndarray, kind: str, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return a picture with a defect at a random place, and where it is."""
    h, w = photo.shape
    y, x = (int(rng.integers(2 * RADIUS, end - 2 * RADIUS)) for end in (h, w))
    down, across = np.mgrid[:h, :w]
    where = np.hypot(down - y, across - x) < RADIUS
    picture = photo.copy()
    if kind == "blurred":
        picture[where] = gaussian_filter(photo, 3)[where]
    elif kind == "stained":
        picture[where] *= 0.5
    else:
        turn = rng.uniform(0, np.pi)
        along = (down - y) * np.sin(turn) + (across - x) * np.cos(turn)
        aside = (down - y) * np.cos(turn) - (across - x) * np.sin(turn)
        where = (np.abs(along) < 2 * RADIUS) & (np.abs(aside) < 2)
        picture[where] = 0.3 * picture[where] + 0.6
    return picture, where


def draw(pictures: visnmf.Pictures, maps: list[np.ndarray], titles: list[str]) -> Figure:
    """Draw pictures above their maps, each map from 0 to its own largest value."""
    height, width = maps[0].shape
    figure = Figure(figsize=(4 * len(maps), 8 * height / width + 0.8), layout="constrained")
    panels = figure.subplots(2, len(maps), squeeze=False)
    for column, (title, anomaly) in enumerate(zip(titles, maps, strict=True)):
        panels[0, column].imshow(pictures[column], cmap="gray", vmin=0, vmax=1)
        panels[0, column].set_title(title, fontsize=11)
        panels[1, column].imshow(anomaly, cmap="inferno", vmin=0)
    for axes in panels.flat:
        axes.set_axis_off()
    return figure


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    default = Path(__file__).parent / "output" / "15_spot_the_odd_one_out"
    parser.add_argument("output", nargs="?", type=Path, default=default, help="folder to write to")
    parser.add_argument("--normal", type=Path, help="a folder of pictures of what is usual")
    parser.add_argument("--look-at", type=Path, help="a folder of pictures to look at")
    options = parser.parse_args()
    if (options.normal is None) != (options.look_at is None):
        parser.error("--normal and --look-at go together: what is usual, and what to look at")
    return options


if __name__ == "__main__":
    main()
