"""Parts learned from spoiled pictures, by squares and by robust losses.

Planted parts: how well they are found again. Faces: how near the clean pictures come out of the
spoiled ones, by parts learned from these, and how well the parts encode clean ones.
"""

import numpy as np

import visnmf
from visnmf.measure import match_parts

from datasets import at_hand
from timing import keep, table

SETS = ("cbcl",)
LOSSES = ("frobenius", "huber", "l1", "l21", "kullback-leibler")
SIDE, IMAGES, FACES, RANK, SEEDS = 16, 300, 1200, 25, 5


def run(options):
    """Print what spoiled pictures cost with each loss."""
    kept = {"planted": parts(*planted(), seeds=1 if options.quick else SEEDS)}
    for name, (X, _) in at_hand([] if options.quick else options.sets):
        kept[name] = pictures(np.asfortranarray(X[:FACES].T))
    keep("robust", kept)


def planted():
    """Return nine blobs, and pictures of them under a little noise."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:SIDE, :SIDE]
    at = [(i, j) for i in (3, 8, 12) for j in (3, 8, 12)]
    W = np.array([np.exp(-((y - i) ** 2 + (x - j) ** 2) / 6).ravel() for i, j in at]).T
    V = W @ (rng.gamma(1.0, 1.0, (9, IMAGES)) * (rng.random((9, IMAGES)) < 0.5))
    return W, np.clip(V / V.max() + 0.01 * rng.standard_normal(V.shape), 0, None)


def hidden(V, rng):
    """Hide a white square, a third of the side, of one picture in ten."""
    side, spoiled = round(len(V) ** 0.5), V.copy()
    stack, size = spoiled.reshape(side, side, -1), round(len(V) ** 0.5 / 3)
    for j in rng.choice(V.shape[1], V.shape[1] // 10, replace=False):
        y, x = rng.integers(0, side - size, 2)
        stack[y : y + size, x : x + size, j] = 1
    return spoiled


def salted(V, rng):
    """Set one pixel in twenty to white."""
    return np.where(rng.random(V.shape) < 0.05, 1.0, V)


def strange(V, rng):
    """Put noise in place of one picture in ten."""
    spoiled = V.copy()
    chosen = rng.choice(V.shape[1], V.shape[1] // 10, replace=False)
    spoiled[:, chosen] = rng.random((len(V), len(chosen)))
    return spoiled


SPOILED = {"clean": lambda V, rng: V, "hidden": hidden, "salt": salted, "strange": strange}


def parts(W, V, seeds):
    """Print the cosine of the worst of the planted parts, the mean over some seeds."""
    kept = {}
    for how, spoil in SPOILED.items():
        worst = {loss: [] for loss in LOSSES}
        for seed in range(seeds):
            X = spoil(V, np.random.default_rng(seed)).astype(np.float32)
            for loss in LOSSES:
                found = visnmf.factorize(X, W.shape[1], loss=loss, seed=seed)
                worst[loss].append(float(match_parts(W, found.W).cosine.min()))
        kept[how] = {loss: float(np.mean(values)) for loss, values in worst.items()}
    title = "nine planted parts: cosine of the one found worst"
    _tell(title, kept)
    return kept


def pictures(V):
    """Print the relative error of clean faces, rebuilt from spoiled ones and from themselves."""
    kept, norm = {"from spoiled": {}, "from clean": {}}, np.linalg.norm(V)
    for how, spoil in SPOILED.items():
        X = spoil(V, np.random.default_rng(0)).astype(np.float32)
        whole, apart = {}, {}
        for loss in LOSSES:
            found = visnmf.factorize(X, RANK, loss=loss)
            H = visnmf.encode(X, found.W, loss=found.settings["loss"])
            whole[loss] = float(np.linalg.norm(V - found.W @ H) / norm)
            apart[loss] = float(np.linalg.norm(V - found.W @ visnmf.encode(V, found.W)) / norm)
        kept["from spoiled"][how], kept["from clean"][how] = whole, apart
    for name, values in kept.items():
        _tell(f"faces, {RANK} parts: relative error of the clean ones, rebuilt {name} ones", values)
    return kept


def _tell(title, kept):
    rows = [[how, *(f"{each[loss]:.3f}" for loss in LOSSES)] for how, each in kept.items()]
    table(title, ["pictures", *LOSSES], rows)
