"""Choosing the rank: planted ranks found, and a survey's cost over one masked fit."""

import numpy as np

import visnmf
from visnmf.ranks.heldout import hidden_masks
from visnmf.ranks.survey import CRITERIA

from datasets import at_hand
from timing import keep, seconds, table

SETS = ("cbcl",)
RANKS = (5, 12, 30)
TOP = 40  # of the survey whose cost is told
REPEATS = 3


def run(options):
    """Print how often each criterion is within one of a planted rank, and what a survey costs."""
    kept = {"planted": planted_table(options), "cost": {}}
    rows, top = [], 10 if options.quick else TOP
    for name, (X, _) in at_hand(options.sets):
        ratios, told = cost_of(np.ascontiguousarray(X).T, top)
        kept["cost"][name] = ratios
        rows += [
            [name, criterion, f"{ratio:.1f}", told[criterion]]
            for criterion, ratio in ratios.items()
        ]
    header = ["set", "criterion", f"over one masked fit at {top}", "recommended"]
    table(f"time of a survey of 2 to {top}", header, rows)
    keep("choose_rank", kept)


def planted_table(options):
    """Return how many of the seeds gave a rank within one, by kind of parts, rank and criterion."""
    rows, kept = [], {}
    for kind, make in KINDS.items():
        for rank in RANKS[:1] if options.quick else RANKS:
            hits = {}
            for criterion in CRITERIA:
                found = [
                    visnmf.choose_rank(make(rank, seed), (2, 60), criterion=criterion).rank
                    for seed in range(options.seeds)
                ]
                hits[criterion] = found
            kept[f"{kind} {rank}"] = hits
            near = [sum(abs(each - rank) <= 1 for each in found) for found in hits.values()]
            rows.append([kind, rank, *(f"{count} of {options.seeds}" for count in near)])
    table("planted ranks found to one, noise at 20 dB", ["parts", "rank", *CRITERIA], rows)
    return kept


def cost_of(V, top):
    """Return the time of a survey over that of a fit of the highest rank to its tolerance."""
    hidden = hidden_masks(V.shape, 2, np.random.default_rng(0))[0]

    def one():
        return visnmf.factorize(V, top, observed=~hidden, change=1e-3)

    one()
    unit = np.median([seconds(one)[0] for _ in range(REPEATS)])
    ratios, told = {}, {}
    for criterion in CRITERIA:
        took, choice = seconds(lambda c=criterion: visnmf.choose_rank(V, (2, top), criterion=c))
        ratios[criterion] = float(took / unit)
        told[criterion] = f"{choice.rank}, {choice.interval[0]} to {choice.interval[1]}"
    return ratios, told


def blobs(rank, seed, side=24, n=400):
    """Round spots in sparse mixtures."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side]
    W = np.empty((side * side, rank))
    for k in range(rank):
        (cy, cx), (sy, sx) = rng.uniform(2, side - 2, 2), rng.uniform(1.2, 3.0, 2)
        W[:, k] = np.exp(-(((y - cy) / sy) ** 2) / 2 - ((x - cx) / sx) ** 2 / 2).ravel()
    W[W < 0.02] = 0
    return noisy(W, rng.gamma(1.5, 1, (rank, n)) * (rng.random((rank, n)) < 0.35), rng)


def boxes(rank, seed, side=28, n=500):
    """Boxes that overlap, in mixtures of half of them."""
    rng = np.random.default_rng(seed)
    W = np.zeros((side, side, rank))
    for k in range(rank):
        height, width = rng.integers(3, 9, 2)
        top, left = rng.integers(0, side - height + 1), rng.integers(0, side - width + 1)
        W[top : top + height, left : left + width, k] = rng.uniform(0.5, 1)
    H = rng.exponential(1, (rank, n)) * (rng.random((rank, n)) < 0.5)
    return noisy(W.reshape(-1, rank), H, rng)


def digits(rank, seed, n=500):
    """Written digits, three of ten in each mixture."""
    from sklearn.datasets import load_digits

    rng = np.random.default_rng(seed)
    images = load_digits().images
    chosen = images[rng.choice(len(images), rank, replace=False)]
    W = np.kron(chosen, np.ones((1, 3, 3))).reshape(rank, -1).T
    return noisy(W, rng.gamma(1, 1, (rank, n)) * (rng.random((rank, n)) < 0.3), rng)


def noisy(W, H, rng):
    """Return W H with Gaussian noise at 20 dB, cut off at 0."""
    clean = W @ H
    noise = np.sqrt(np.square(clean).mean() / 100) * rng.standard_normal(clean.shape)
    return np.maximum(clean + noise, 0).astype(np.float32)


KINDS = {"blobs": blobs, "boxes": boxes, "digits": digits}
