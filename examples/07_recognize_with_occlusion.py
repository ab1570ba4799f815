"""Recognize what is partly hidden
===============================

Say which pixels are known, and encode by these alone.

::

    python examples/07_recognize_with_occlusion.py

A black square lies over a quarter of each picture to be recognized, each time elsewhere. Encoded
as it is, the square is taken for a part of the picture, and spoils all encodings. Told where it
is, by `observed=`, `Model.encode` looks at the other pixels only: the encodings of faces are
nearly what they were, and the parts tell what the square hides. A digit of 8 x 8 pixels loses more
with a quarter of them. Digits come with scikit-learn; the faces of ORL are taken where they are:
in orl_faces.npz (arrays images and subject) in the folder VISNMF_DATA.

A picture is recognized by the one most like it among those learned from. `Likeness` measures that.
"""

import argparse
import os
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import visnmf
from visnmf.tasks import Likeness
from visnmf.terms import ElasticNet

BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"  # beside the checkout
ORL = Path(os.environ.get("VISNMF_DATA") or BESIDE) / "orl_faces.npz"
SHOWN = 8
CASES = ("whole", "hidden, taken for black", "hidden, left out")
COLORS = ("#cccccc", "#D55E00", "#56B4E9")


def main() -> None:
    """Learn, hide, recognize."""
    out = output_folder()
    sets = {"digits": (visnmf.samples.load_digits(), 16)}
    if ORL.is_file():
        arrays = np.load(ORL)
        faces = visnmf.load_images(arrays["images"], size=(56, 46), labels=arrays["subject"])
        sets["faces"] = (faces, 60)
    else:
        print("ORL faces are not here: set VISNMF_DATA to the folder of orl_faces.npz to add them")

    shares = {}
    for name, (images, rank) in sets.items():
        known, told = images.split(0.5, by="label", seed=0)
        print(f"{name}: {len(known)} learned by {rank} parts, {len(told)} to recognize")
        model = visnmf.learn(known, rank)
        observed = squares(told.layout.shape, len(told), seed=0)
        black = np.where(observed, told.to_images(), 0)
        # A little L2 keeps parts small of which the square leaves next to nothing
        little = ElasticNet(l2=0.03 * float(np.square(model.W).sum(axis=0).mean()))
        encodings = {
            "whole": model.encode(told),
            "hidden, taken for black": model.encode(black),
            "hidden, left out": model.encode(black, observed=observed, terms_H=little),
        }

        H = model.encode(known)
        likeness = Likeness(H.T, model.W.T @ model.W)
        learned = likeness.vectors(H.T)
        shares[name] = {}
        for case, H in encodings.items():
            nearest = (likeness.vectors(H.T) @ learned.T).argmax(axis=1)
            shares[name][case] = float(np.mean(known.labels[nearest] == told.labels))
            print(f"  {case:24} {shares[name][case]:.1%} right")

        seen = np.where(observed, told.to_images(), np.nan)
        rows = {"original": told.to_images(), "seen": seen}
        for label, case in (("taken\nfor black", CASES[1]), ("left out", CASES[2])):
            rows[f"rebuilt,\n{label}"] = told.layout.to_images(model.W @ encodings[case])
        draw_rows(rows).savefig(out / f"{name}.png", dpi=120)
        print(f"{out / f'{name}.png'}: pictures, what is seen of them, and what parts make of it")
    draw_shares(shares).savefig(out / "accuracy.png", dpi=120)
    print(f"{out / 'accuracy.png'}: how many are recognized")


def squares(shape: tuple[int, ...], n: int, *, seed: int) -> np.ndarray:
    """Return which pixels are seen: all but a square of a quarter of the area, anywhere."""
    rng = np.random.default_rng(seed)
    side = round(np.sqrt(shape[0] * shape[1] / 4))
    seen = np.ones((n, *shape), bool)
    for picture in seen:
        top, left = (rng.integers(length - side + 1) for length in shape)
        picture[top : top + side, left : left + side] = False
    return seen


def draw_rows(rows: dict[str, np.ndarray]) -> Figure:
    """Show some pictures, a row a case; what is hidden is blue."""
    figure = Figure(figsize=(1.05 * SHOWN + 0.8, 4.8), layout="compressed")
    for axes, (name, pictures) in zip(figure.subplots(len(rows), SHOWN), rows.items(), strict=True):
        shown = np.linspace(0, len(pictures) - 1, SHOWN).astype(int)
        for ax, picture in zip(axes, pictures[shown], strict=True):
            ax.imshow(picture, cmap="gray", vmin=0, vmax=1).cmap.set_bad("#0072B2")
            ax.set(xticks=[], yticks=[])
        axes[0].set_ylabel(name, fontsize=9)
    return figure


def draw_shares(shares: dict[str, dict[str, float]]) -> Figure:
    """Draw a bar for each case of each set."""
    figure = Figure(figsize=(2.2 + 2 * len(shares), 3.4), layout="constrained")
    axes = figure.subplots()
    for k, (case, color) in enumerate(zip(CASES, COLORS, strict=True)):
        x = np.arange(len(shares)) + 0.27 * (k - 1)
        heights = [100 * found[case] for found in shares.values()]
        axes.bar(x, heights, width=0.25, color=color, label=case)
        for place, height in zip(x, heights, strict=True):
            axes.text(place, height + 1, f"{height:.0f}", ha="center", fontsize=9)
    axes.set(xticks=range(len(shares)), xticklabels=shares, ylim=(0, 112), ylabel="% recognized")
    axes.set_yticks(range(0, 101, 20))
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside lower center", ncols=3, fontsize=8, frameon=False)
    return figure


def output_folder() -> Path:
    """Make the folder to write to, as the command line names it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    default = Path(__file__).parent / "output" / "07_recognize_with_occlusion"
    parser.add_argument("output", nargs="?", type=Path, default=default, help="folder to write to")
    out = parser.parse_args().output
    out.mkdir(parents=True, exist_ok=True)
    return out


if __name__ == "__main__":
    main()
