"""Parts as features for recognition
=================================

How well does a classifier do on parts, against raw pixels and PCA?

::

    python examples/06_features_for_recognition.py

visnmf.NMF is a scikit-learn transformer (there a row is a picture: X = V'), so it goes into a
Pipeline, and cross-validation learns parts and classifier anew in every fold, from its training
pictures alone. Digits come with scikit-learn. The faces of ORL (40 people, 10 pictures each) are
taken where they are: in orl_faces.npz (arrays images and subject) in the folder VISNMF_DATA.

What to expect: a few linear features seldom beat all the pixels, and PCA does about as well. What
NMF brings is 16 numbers for 64, or 40 for 2,576, each the amount of a part that one can look at.
"""

import argparse
import os
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import visnmf
from visnmf import plots

BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"  # beside the checkout
ORL = Path(os.environ.get("VISNMF_DATA") or BESIDE) / "orl_faces.npz"


def main() -> None:
    """Compare features on each set; draw accuracies and parts."""
    out = output_folder()
    sets = {"digits": (visnmf.samples.load_digits(), 16)}
    if ORL.is_file():
        arrays = np.load(ORL)
        faces = visnmf.load_images(arrays["images"], size=(56, 46), labels=arrays["subject"])
        sets["ORL faces"] = (faces, 40)
    else:
        print("ORL faces are not here: set VISNMF_DATA to the folder of orl_faces.npz to add them")

    scores = {}
    for name, (images, rank) in sets.items():
        print(f"{name}: {len(images)} pictures of {len(np.unique(images.labels))} classes")
        scores[name] = cross_validate(images, rank)
        for features, folds in scores[name].items():
            print(f"  {features:12} {folds.mean():.1%} right, varying by {folds.std():.1%} (std)")
        nmf = visnmf.NMF(rank, random_state=0).fit(images)  # takes an ImageSet as it is
        file = out / f"parts_{name.split()[0].lower()}.png"
        plots.basis(nmf).savefig(file, dpi=120)
        print(f"{file}: the parts that are the features")
    draw_scores(scores).savefig(out / "accuracy.png", dpi=120)
    print(f"{out / 'accuracy.png'}: all accuracies")


def cross_validate(images: visnmf.ImageSet, rank: int) -> dict[str, np.ndarray]:
    """Return the accuracy in each of five folds, for every kind of features."""
    features = {
        f"{images.layout.m} pixels": "passthrough",
        f"{rank} of PCA": PCA(rank, random_state=0),
        f"{rank} of NMF": visnmf.NMF(rank, random_state=0),
    }
    X, y, folds = images.V.T, images.labels, StratifiedKFold(5, shuffle=True, random_state=0)
    scores = {}
    for name, step in features.items():
        pipeline = make_pipeline(step, StandardScaler(), LogisticRegression(max_iter=1000))
        scores[name] = cross_val_score(pipeline, X, y, cv=folds)
    return scores


def draw_scores(scores: dict[str, dict[str, np.ndarray]]) -> Figure:
    """Draw a bar for each kind of features, with a dot for each fold."""
    figure = Figure(figsize=(4 * len(scores), 3.6), layout="constrained")
    panels = figure.subplots(1, len(scores), squeeze=False, sharey=True)[0]
    for axes, (title, features) in zip(panels, scores.items(), strict=True):
        for x, folds in enumerate(features.values()):
            axes.bar(x, 100 * folds.mean(), width=0.6, color=("#cccccc", "#aaaaaa", "#56B4E9")[x])
            axes.text(x, 5, f"{folds.mean():.1%}", ha="center")
            axes.scatter(np.full(len(folds), x), 100 * folds, s=12, color="black", zorder=3)
        axes.set(title=title, ylim=(0, 103), xticks=range(len(features)), xticklabels=features)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("% right, five-fold cross-validation")
    return figure


def output_folder() -> Path:
    """Make the folder to write to, as the command line names it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    default = Path(__file__).parent / "output" / "06_features_for_recognition"
    parser.add_argument("output", nargs="?", type=Path, default=default, help="folder to write to")
    out = parser.parse_args().output
    out.mkdir(parents=True, exist_ok=True)
    return out


if __name__ == "__main__":
    main()
