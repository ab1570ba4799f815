"""Beyond pictures: predict ratings
================================

How would users like what they have not rated?

::

    python examples/19_predict_ratings.py
    python examples/19_predict_ratings.py OUTPUT --ratings ml-100k/u.data     # MovieLens

V holds users x items, and most of it is not known: a sparse array, of which `observed="stored"`
says that what is not stored is unknown and not zero. The prediction is V_ij = sum_p w_ip h_pj.
Two of the parts are biases: with a known column of ones in W, its row of H tells how much an item
is liked by all; with a known row of ones in H, its column of W tells how much a user likes all.
15 more are tastes.

A rating held out is predicted from the others, in five folds. L2 on both factors keeps users with
few ratings near their biases; how much of it is chosen on a part of the first fold's training data.
Without a file, ratings are planted, as many and as sparse as MovieLens-100k has them.
"""

import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from scipy.sparse import csr_array

import visnmf
from visnmf.terms import ElasticNet

FACTORS = 15
FOLDS = 5
BIAS = 5.0  # stands for the ones: so the biases are a fifth as large, and L2 hardly bears on them
AMOUNTS = (5.0, 8.0, 12.0, 18.0)


class Ratings(NamedTuple):
    """Who rated what, and how: three arrays of the same length."""

    user: np.ndarray
    item: np.ndarray
    stars: np.ndarray

    def take(self, which: np.ndarray) -> "Ratings":
        """Return some of them."""
        return Ratings(self.user[which], self.item[which], self.stars[which])


def main() -> None:
    """Load or plant ratings; predict those held out; compare."""
    options = parse_arguments()
    if options.ratings is None:
        ratings, noise = plant_ratings(seed=0)
        print(f"planted ratings; no prediction can do better than RMSE {noise:.3f}")
    else:
        ratings = load_ratings(options.ratings)
    shape = int(ratings.user.max()) + 1, int(ratings.item.max()) + 1
    known = len(ratings.stars) / (shape[0] * shape[1])
    print(
        f"{len(ratings.stars):,} ratings by {shape[0]:,} users of {shape[1]:,} items: {known:.1%}"
    )

    fold = np.random.default_rng(0).permutation(len(ratings.stars)) % FOLDS
    l2 = choose_l2(ratings.take(fold != 0), shape)
    errors: dict[str, list[np.ndarray]] = {"mean of all": [], "biases": [], "biases and tastes": []}
    for k in range(FOLDS):
        train, test = ratings.take(fold != k), ratings.take(fold == k)
        errors["mean of all"].append(test.stars - train.stars.mean())
        errors["biases"].append(test.stars - predict(train, test, shape, factors=0, l2=l2))
        errors["biases and tastes"].append(
            test.stars - predict(train, test, shape, factors=FACTORS, l2=l2)
        )

    print(f"\n{FOLDS} folds, {FACTORS} tastes, L2 {l2:g}\n{'':18}   RMSE    MAE")
    for name, folds in errors.items():
        print(f"{name:18}  {rmse(folds):.4f} {np.abs(np.concatenate(folds)).mean():.4f}")
    options.output.mkdir(parents=True, exist_ok=True)
    file = options.output / "errors.png"
    draw(errors, np.concatenate([ratings.stars[fold == k] for k in range(FOLDS)])).savefig(file)
    print(f"\n{file}: the error of each prediction by the true rating")


def predict(
    train: Ratings, test: Ratings, shape: tuple[int, int], *, factors: int, l2: float
) -> np.ndarray:
    """Return predictions of the ratings held out."""
    V = csr_array((train.stars, (train.user, train.item)), shape=shape)
    run = visnmf.factorize(
        V,
        2 + factors,
        observed="stored",
        known_W=np.full((shape[0], 1), BIAS),
        known_H=np.full((1, shape[1]), BIAS),
        terms_W=ElasticNet(l2=l2),
        terms_H=ElasticNet(l2=l2),
    )
    predicted = np.einsum("rk,kr->r", run.W[test.user], run.H[:, test.item])
    return np.clip(predicted, train.stars.min(), train.stars.max())


def choose_l2(ratings: Ratings, shape: tuple[int, int]) -> float:
    """Return the amount that predicts a tenth of these ratings best from the others."""
    held_out = np.random.default_rng(1).random(len(ratings.stars)) < 0.1
    train, test = ratings.take(~held_out), ratings.take(held_out)
    found = {
        l2: rmse([test.stars - predict(train, test, shape, factors=FACTORS, l2=l2)])
        for l2 in AMOUNTS
    }
    print("L2: " + ", ".join(f"{l2:g} gives RMSE {error:.4f}" for l2, error in found.items()))
    return min(found, key=lambda l2: found[l2])


def rmse(errors: list[np.ndarray]) -> float:
    """Return the root of the mean square of errors, of each fold, and the mean over folds."""
    return float(np.mean([np.sqrt(np.square(fold).mean()) for fold in errors]))


def load_ratings(path: Path) -> Ratings:
    """Read lines of user, item, rating and more, parted by tabs."""
    user, item, stars = np.loadtxt(path, delimiter="\t", usecols=(0, 1, 2), unpack=True)
    number = [np.unique(names, return_inverse=True)[1] for names in (user, item)]
    return Ratings(number[0], number[1], stars.astype(np.float32))


def plant_ratings(*, seed: int) -> tuple[Ratings, float]:
    """Return 100,000 ratings with biases and three tastes, and the RMSE of their noise."""
    rng = np.random.default_rng(seed)
    users, items, count = 943, 1682, 100_000
    busy = np.outer(rng.lognormal(0, 1, users), rng.lognormal(0, 1.3, items)).ravel()
    user, item = np.divmod(rng.choice(busy.size, count, replace=False, p=busy / busy.sum()), items)
    taste = rng.gamma(0.5, size=(users, 3)) @ rng.gamma(0.5, size=(3, items))
    liked = 3.5 + 0.4 * rng.standard_normal(users)[user] + 0.45 * rng.standard_normal(items)[item]
    liked += 0.5 * (taste - taste.mean())[user, item] / taste.std()
    stars = np.clip(np.round(liked + 0.85 * rng.standard_normal(count)), 1, 5).astype(np.float32)
    return Ratings(user, item, stars), rmse([stars - np.clip(liked, 1, 5)])


def draw(errors: dict[str, list[np.ndarray]], stars: np.ndarray) -> Figure:
    """Draw how far predictions are off, by the true rating."""
    figure = Figure(figsize=(6.5, 3.6), layout="constrained", dpi=120)
    axes = figure.subplots()
    levels = np.unique(stars)
    for k, (name, folds) in enumerate(errors.items()):
        error = np.concatenate(folds)
        heights = [np.sqrt(np.square(error[stars == level]).mean()) for level in levels]
        axes.bar(
            np.arange(len(levels)) + 0.27 * (k - 1),
            heights,
            width=0.25,
            label=name,
            color=("#cccccc", "#888888", "#56B4E9")[k],
        )
    axes.set(xlabel="true rating", ylabel="RMSE", xticks=range(len(levels)))
    axes.set_xticklabels([f"{level:g}" for level in levels])
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def parse_arguments() -> argparse.Namespace:
    """Read the command line; a file in place of the folder is one of ratings."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    default = Path(__file__).parent / "output" / "19_predict_ratings"
    parser.add_argument("output", nargs="?", type=Path, default=default, help="folder to write to")
    parser.add_argument("--ratings", type=Path, help="a file such as u.data of MovieLens-100k")
    options = parser.parse_args()
    if options.ratings is None and options.output.is_file():
        options.ratings, options.output = options.output, default
    if options.ratings is not None and not options.ratings.is_file():
        parser.error(f"{options.ratings} is no file of ratings")
    return options


if __name__ == "__main__":
    main()
