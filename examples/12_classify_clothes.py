"""Classify clothes
================

By where their parts are: patches, encodings, and a linear classifier.

::

    python examples/12_classify_clothes.py
    python examples/12_classify_clothes.py --all       # all of Fashion-MNIST; takes some minutes
    python examples/12_classify_clothes.py OUTPUT --pictures FOLDER     # yours, a folder a class

`PatchEncoder` learns parts of small patches, finds them at every place of a picture, and counts
them in the cells of a grid. It is a scikit-learn transformer, so a pipeline learns parts and
classifier together, and a grid search tries how many parts, how fine a grid. The same classifier
on pixels stands beside it, for a few pictures of each class to learn from and for more.

The shipped subset is bags, sneakers and trousers. Fashion-MNIST, with all ten classes, is looked
for in the folder FASHION_MNIST, or where Debian's dataset-fashion-mnist puts it. Pictures of your
own may be of any sizes: patches do not mind, and for pixels all are brought to 28 x 28.
"""

import argparse
import gzip
import os
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

import visnmf
from visnmf import plots
from visnmf.features import PatchEncoder, Pixels

SUBSET = Path(__file__).resolve().parents[1] / "datasets" / "fashion"
MNIST = Path(os.environ.get("FASHION_MNIST", "/usr/share/datasets/fashion-mnist"))
CLASSES = ("T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag",
           "boot")  # fmt: skip
SEARCHED = 60  # pictures of a class that the grid search sees at most


def main() -> None:
    """Search, learn, test; draw parts, where they are, and what is taken for what."""
    options = parse_arguments()
    options.output.mkdir(parents=True, exist_ok=True)
    train, test = load_mnist() if options.all else load_folder(options.pictures)
    print(f"to learn from: {train}\nto test on:    {test}\n")

    few = some_of(train, SEARCHED)
    choices = {"n_components": [32, 64], "grid": [2, 4]}
    searches = {
        "pixels": search(few, Pixels(size=(28, 28)), {}),
        "patches": search(few, PatchEncoder(n_patches=20_000), choices),
    }
    for name, found in searches.items():
        print(f"{name}: {found.best_score_:.1%} right in cross-validation of {len(few)} pictures")
        print(f"  by {found.best_params_}")

    accuracy: dict[str, dict[int, float]] = {name: {} for name in searches}
    pipelines = {name: found.best_estimator_ for name, found in searches.items()}
    print("\nright of those to test on, after so many pictures of each class")
    for count in options.counts:
        known = some_of(train, count)
        for name, pipeline in pipelines.items():
            pipeline.fit(known, known.labels)
            accuracy[name][count] = pipeline.score(test, test.labels)
        print(f"  {count:5}: ", *(f"{name} {each[count]:.1%} " for name, each in accuracy.items()))

    encoder = pipelines["patches"][0]
    file = options.output / "parts.png"
    plots.basis(encoder).savefig(file)
    print(f"\n{file}: the parts; blue is darker, red lighter than the rest of a patch")
    file = options.output / "maps.png"
    plots.feature_maps(encoder, test[[len(test) // 2]]).savefig(file)
    print(f"{file}: where the strongest are in one picture")
    file = options.output / "mistakes.png"
    taken_for = pipelines["patches"].predict(test)
    draw(accuracy, confusion_matrix(test.labels, taken_for), np.unique(test.labels)).savefig(file)
    print(f"{file}: mistakes, and what is taken for what")


def search(images: visnmf.Pictures, features: object, choices: dict[str, list]) -> GridSearchCV:
    """Try all choices for features and classifier by cross-validation."""
    classifier = LogisticRegression(max_iter=300, tol=1e-3)
    steps = [("features", features), ("scaled", StandardScaler()), ("classifier", classifier)]
    grid = {f"features__{name}": values for name, values in choices.items()}
    grid["classifier__C"] = [0.003, 0.1]
    return GridSearchCV(Pipeline(steps), grid, cv=3).fit(images, images.labels)


def some_of(pictures: visnmf.Pictures, count: int) -> visnmf.Pictures:
    """Return the first pictures of each class, `count` of them where there are as many."""
    chosen = [np.flatnonzero(pictures.labels == label)[:count] for label in set(pictures.labels)]
    return pictures[np.sort(np.concatenate(chosen))]


def load_folder(folder: Path) -> tuple[visnmf.Pictures, visnmf.Pictures]:
    """Return two thirds of the pictures to learn from, the others to test on."""
    pictures = visnmf.load_pictures(folder, mode="gray", max_side=256, labels="folder")
    return pictures.split(1 / 3, by="label")


def load_mnist() -> tuple[visnmf.Pictures, visnmf.Pictures]:
    """Return the 60,000 and the 10,000 pictures of Fashion-MNIST."""
    if not MNIST.is_dir():
        raise SystemExit(f"no {MNIST}: apt-get install dataset-fashion-mnist, or set FASHION_MNIST")
    sets = []
    for which in ("train", "t10k"):
        pixels, labels = (
            np.frombuffer(gzip.decompress((MNIST / name).read_bytes()), np.uint8, offset=offset)
            for name, offset in (
                (f"{which}-images-idx3-ubyte.gz", 16),
                (f"{which}-labels-idx1-ubyte.gz", 8),
            )
        )
        sets.append(visnmf.Pictures(pixels.reshape(-1, 28, 28), labels=np.take(CLASSES, labels)))
    return sets[0], sets[1]


def draw(accuracy: dict[str, dict[int, float]], taken: np.ndarray, labels: np.ndarray) -> Figure:
    """Draw a bar for each feature and number of pictures, beside a table of mistakes."""
    figure = Figure(figsize=(5.4 + 0.45 * len(labels), 3.6), layout="constrained")
    bars, table = figure.subplots(1, 2, width_ratios=[1, 0.6 + 0.05 * len(labels)])
    for k, (name, found) in enumerate(accuracy.items()):
        x = np.arange(len(found)) + 0.36 * (k - 0.5)
        heights = [100 * (1 - value) for value in found.values()]
        bars.bar(x, heights, width=0.34, color=("#bbbbbb", "#D55E00")[k], label=name)
        for place, height in zip(x, heights, strict=True):
            bars.text(place, height, f"{height:.1f}", ha="center", va="bottom", fontsize=8)
    bars.set(
        xticks=range(len(found)),
        xticklabels=[f"{count:,}" for count in found],
        xlabel="pictures of each class to learn from",
        ylabel="% mistaken",
    )
    bars.spines[["top", "right"]].set_visible(False)
    bars.legend(frameon=False, fontsize=9, loc="upper center", ncols=2, bbox_to_anchor=(0.5, 1.14))
    share = taken / taken.sum(axis=1, keepdims=True)
    table.imshow(share, cmap="Oranges", vmin=0, vmax=1)
    for (i, j), count in np.ndenumerate(taken):
        if count:
            color = "white" if share[i, j] > 0.6 else "#222222"
            table.text(j, i, count, ha="center", va="center", fontsize=8, color=color)
    table.set(xticks=range(len(labels)), yticks=range(len(labels)), xlabel="taken for (by patches)")
    table.set_xticklabels(labels, rotation=90 if len(labels) > 4 else 0, fontsize=8)
    table.set_yticklabels(labels, fontsize=8)
    return figure


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    default = Path(__file__).parent / "output" / "12_classify_clothes"
    parser.add_argument("output", nargs="?", type=Path, default=default, help="folder to write to")
    parser.add_argument("--all", action="store_true", help="all of Fashion-MNIST")
    parser.add_argument(
        "--pictures", type=Path, default=SUBSET, help="a folder with one for each class"
    )
    options = parser.parse_args()
    options.counts = (100, 1000, 6000) if options.all else (5, 20, 100)
    return options


if __name__ == "__main__":
    main()
