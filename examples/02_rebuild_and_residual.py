"""Rebuild pictures, and see what is left over
===========================================

Rebuild pictures from parts, look at what is left, and let it tell what does not belong.

::

    python examples/02_rebuild_and_residual.py

The parts are learned from half of the trousers and sneakers in datasets/fashion; the other half is
rebuilt from them: V = W H + U. What the parts cannot make stays in the residual U, of either sign.
So the error of a picture, the length of its u over that of its v, is an anomaly score: a handbag,
of which the model saw none, is hard to build from pieces of trousers and sneakers.
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from sklearn.metrics import roc_auc_score, roc_curve

import visnmf
from visnmf import measure, plots

FASHION = Path(__file__).parents[1] / "datasets" / "fashion"
RANK = 20


def main() -> None:
    """Learn, save and load, rebuild, score."""
    out = output_folder()
    images = visnmf.load_images(FASHION, labels="folder")  # labels: trouser, sneaker, bag
    train, held_out = images[images.labels != "bag"].split(0.5, by="label", seed=0)
    test = images[~np.isin(images.names, train.names)]  # what is held out, and all the bags
    print(f"learning {RANK} parts from {len(train)} pictures of trousers and sneakers")

    # A model is a file to share: parts, layout and provenance, nothing that is run.
    visnmf.learn(train, RANK, seed=0).save(out / "fashion.safetensors")
    model = visnmf.Model.load(out / "fashion.safetensors")
    print(f"saved, and loaded again: {model} with error {model.provenance['relative_error']:.1%}")

    # Rebuild what the model has not seen.
    rebuilt = model.reconstruct(held_out)
    print(f"{len(held_out)} unseen pictures rebuilt: PSNR {measure.psnr(held_out, rebuilt):.1f} dB")

    # The error as an anomaly score. AUC: how often a bag scores higher than a known thing.
    errors = model.reconstruction_error(test)
    for label in ("trouser", "sneaker", "bag"):
        print(f"  {label:8} median error {np.median(errors[test.labels == label]):.1%}")
    is_bag = test.labels == "bag"
    print(f"telling bags by the error: ROC AUC {roc_auc_score(is_bag, errors):.3f}")

    order = np.argsort(errors)
    extremes = np.concatenate([order[:6], order[-6:]])
    figures = {
        "parts": (plots.basis(model), "what trousers and sneakers are made of"),
        "held_out": (
            plots.reconstruction(rebuilt, held_out, max_images=10),
            "unseen trousers and sneakers, rebuilt, and what is left over",
        ),
        "extremes": (
            plots.reconstruction(model, test, which=extremes, titles=list(test.labels[extremes])),
            "the six least anomalous and the six most",
        ),
        "scores": (draw_scores(errors, test.labels), "all errors by class; bags found by them"),
    }
    for name, (figure, told) in figures.items():
        figure.savefig(out / f"{name}.png", dpi=120)
        print(f"{out / name}.png: {told}")


def draw_scores(errors: np.ndarray, labels: np.ndarray) -> Figure:
    """Draw the errors of each class, and how many bags are found at what price."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1.6, 1))
    spread = np.random.default_rng(0).uniform(-0.35, 0.35, len(errors))
    colors = {"bag": "#D55E00", "sneaker": "#009E73", "trouser": "#0072B2"}
    for row, (label, color) in enumerate(colors.items()):
        own = labels == label
        left.scatter(errors[own], row + spread[own], s=8, color=color, alpha=0.6, linewidth=0)
    left.set_yticks(range(3), ["bag\n(never seen)", "sneaker", "trouser"])
    left.set(xlabel="relative error: each dot is a picture", xlim=(0, None))
    false_alarms, found, _ = roc_curve(labels == "bag", errors)
    right.plot(100 * false_alarms, 100 * found, color="#D55E00")
    right.plot([0, 100], [0, 100], color="#999999", linewidth=0.8, linestyle="--")
    right.set(xlabel="% of known things flagged", ylabel="% of bags flagged", aspect="equal")
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def output_folder() -> Path:
    """Make the folder to write to, as the command line names it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    default = Path(__file__).parent / "output" / "02_rebuild_and_residual"
    parser.add_argument("output", nargs="?", type=Path, default=default, help="folder to write to")
    out = parser.parse_args().output
    out.mkdir(parents=True, exist_ok=True)
    return out


if __name__ == "__main__":
    main()
