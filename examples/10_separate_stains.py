"""Microscopy: separate stains
===========================

Tell two stains of a tissue section apart, and how much of each is in every pixel.

::

    python examples/10_separate_stains.py
    python examples/10_separate_stains.py OUTPUT --picture section.png --stains 2    # your own

Light that passes through a stain fades by a factor; on a logarithmic scale, amounts of stains add
up. So V, the optical density (pixels x 3 colors), is W H: a column of W tells how much of a stain
is in every pixel, a row of H how much of red, green and blue it takes away. Nothing is below zero.

Three colors and two stains leave NMF a choice: from one start to the next the colors differ. Asking
for few stains in each pixel (L1 on W, colors of length 1) settles it, as Vahadane et al. found
(IEEE Transactions on Medical Imaging 35, 2016). The picture, which scikit-image has inside, is of
colon tissue: nuclei are blue by hematoxylin, a protein is brown by DAB. Beside the colors that come
out are those that Ruifrok and Johnston measured on pure stains (2001), which scikit-image uses.
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from skimage import data
from skimage.color import rgb_from_hed

import visnmf
from visnmf.terms import ElasticNet, UnitBall

FEW = ElasticNet(l1=0.01)  # a hundredth of a density of 1, for each stain in a pixel


def main() -> None:
    """Separate, compare, draw."""
    options = parse_arguments()
    if options.picture is None:
        picture = data.immunohistochemistry()
    else:
        photo = visnmf.load_pictures(options.picture, mode="rgb")[0]
        picture = (255 * photo).astype(np.uint8)
    white = np.quantile(picture.reshape(-1, 3), 0.99, axis=0)  # light that met no stain
    V = density(picture, white).reshape(-1, 3)
    rank = options.stains
    print(f"{picture.shape[0]} x {picture.shape[1]} pixels, {rank} stains")

    # The same, asked twice: without and with the wish for few stains in a pixel.
    for name, terms in (
        ("plain NMF", {}),
        ("few stains a pixel", {"terms_W": FEW, "terms_H": UnitBall(2)}),
    ):
        print(f"{name}: red, green and blue that a stain takes away, from two starts")
        for seed in (0, 1):
            run = visnmf.factorize(V, rank, seed=seed, **terms)
            print("  ", "   ".join(np.array2string(c, precision=2) for c in colors_of(run.H)))
    W, H = run.W, run.H

    if options.picture is None:
        measured = colors_of(rgb_from_hed[[0, 2]])
        print("measured on pure hematoxylin and DAB (Ruifrok & Johnston)")
        print("  ", "   ".join(np.array2string(color, precision=2) for color in measured))
        turned = np.degrees(np.arccos(np.clip((colors_of(H) * measured).sum(axis=1), -1, 1)))
        print(f"apart by {turned[0]:.0f} and {turned[1]:.0f} degrees")

    options.output.mkdir(parents=True, exist_ok=True)
    file = options.output / "stains.png"
    draw(picture, W, H, white).savefig(file, dpi=120)
    print(f"{file}: the picture, and what each stain alone would look like")


def density(picture: np.ndarray, white: np.ndarray) -> np.ndarray:
    """Return the optical density of each color: 0 is unstained, 1 lets a tenth of the light by."""
    return np.maximum(-np.log10(np.maximum(picture, 1) / white), 0).astype(np.float32)


def colors_of(H: np.ndarray) -> np.ndarray:
    """Return the colors at length 1, the bluest light taken last: hematoxylin, then DAB."""
    colors = H / np.linalg.norm(H, axis=1, keepdims=True)
    return colors[np.argsort(colors[:, 2])]


def draw(picture: np.ndarray, W: np.ndarray, H: np.ndarray, white: np.ndarray) -> Figure:
    """Show the picture and each stain by itself, in its own color."""
    order = np.argsort(H[:, 2] / np.linalg.norm(H, axis=1))
    figure = Figure(figsize=(3.4 * (1 + len(order)), 3.7), layout="compressed")
    panels = figure.subplots(1, 1 + len(order))
    panels[0].imshow(picture)
    panels[0].set_title("the section")
    for axes, stain in zip(panels[1:], order, strict=True):
        alone = white * 10 ** -(W[:, [stain]] @ H[[stain]])
        axes.imshow((alone / white.max()).clip(0, 1).reshape(picture.shape))
        axes.set_title(f"stain {stain} alone")
    for axes in panels:
        axes.set_axis_off()
    return figure


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    default = Path(__file__).parent / "output" / "10_separate_stains"
    parser.add_argument("output", nargs="?", type=Path, default=default, help="folder to write to")
    parser.add_argument("--picture", type=Path, help="a picture of a section, in color")
    parser.add_argument("--stains", type=int, default=2, help="how many stains it has (2)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
