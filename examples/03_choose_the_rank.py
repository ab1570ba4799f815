"""Choose the rank
===============

How many parts do pictures hold? As many as fill in hidden pixels best.

::

    python examples/03_choose_the_rank.py
    python examples/03_choose_the_rank.py OUTPUT --pictures FOLDER --size 32x32 --to 60   # your own

The residual falls with every part, so it cannot tell. `choose_rank` hides some entries of V, learns
from the others and looks how well W H tells those that were hidden. Too few parts cannot tell them;
too many have learned the noise of what they saw, and tell them worse.

First on figures of which the truth is known: the swimmer has a torso and four limbs in four
positions each. As the torso is in every figure, it may as well belong to the four positions of a
limb, so 16 parts make all figures. Noise is added. Then on faces,
where nobody knows; the answer is a range.
"""

import argparse
import math
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import visnmf
from visnmf import plots

NOISE = 0.1  # standard deviation, where a limb is 1


def main() -> None:
    """Choose on both sets; draw curves and parts."""
    options = parse_arguments()
    if options.pictures is None:
        sets = {"swimmer": noisy_swimmer(seed=0), "faces": visnmf.samples.load_faces()}
    else:
        size = tuple(map(int, options.size.split("x"))) if options.size else None
        pictures = visnmf.load_images(options.pictures, size=size, on_error="skip")
        sets = {"pictures": pictures}

    options.output.mkdir(parents=True, exist_ok=True)
    for name, images in sets.items():
        print(images)
        highest = min(options.to, len(images) - 1)
        choice = visnmf.choose_rank(images, (2, highest), seed=0)
        print(choice.summary())
        ranks = sorted({max(2, choice.rank // 4), choice.rank, int(choice.ranks[-1])})
        figures = {
            f"{name}_curves": (plots.rank_curves(choice), "error in hidden pixels, by rank"),
            f"{name}_parts": (draw_parts(images, ranks), "too few parts, as recommended, many"),
        }
        for file, (figure, told) in figures.items():
            figure.savefig(options.output / f"{file}.png", dpi=120)
            print(f"{options.output / file}.png: {told}")


def noisy_swimmer(*, seed: int) -> visnmf.ImageSet:
    """Return the swimmer set with noise on it, in 8 bits as a camera would give it."""
    swimmer = visnmf.samples.make_swimmer()
    noise = np.random.default_rng(seed).normal(0, NOISE, swimmer.V.shape)
    noisy = np.clip(swimmer.V + noise, 0, 1)
    return visnmf.load_images(np.rint(255 * swimmer.layout.to_images(noisy)).astype(np.uint8))


def draw_parts(images: visnmf.ImageSet, ranks: list[int]) -> Figure:
    """Draw some of the pictures, and the parts at each rank."""
    figure = Figure(figsize=(3 * (1 + len(ranks)), 3.2), layout="compressed")
    panels = figure.subplots(1, 1 + len(ranks))
    some = images.to_images()[:: max(1, len(images) // 16)][:16]
    panels[0].imshow(plots.montage(some, background=1), cmap="gray", vmin=0, vmax=1)
    panels[0].set_title("pictures")
    for axes, rank in zip(panels[1:], ranks, strict=True):
        parts = visnmf.learn(images, rank).basis_images()
        parts = parts / parts.max(axis=(1, 2), keepdims=True)
        axes.imshow(
            plots.montage(parts, columns=math.ceil(math.sqrt(rank)), background=1),
            cmap="gray",
            vmin=0,
            vmax=1,
        )
        axes.set_title(f"{rank} parts")
    for axes in panels:
        axes.set_axis_off()
    return figure


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    default = Path(__file__).parent / "output" / "03_choose_the_rank"
    parser.add_argument("output", nargs="?", type=Path, default=default, help="folder to write to")
    parser.add_argument("--pictures", type=Path, help="a folder of pictures instead of both sets")
    parser.add_argument("--size", metavar="HxW", help="size to bring those pictures to")
    parser.add_argument("--to", type=int, default=40, help="the highest rank to try (40)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
