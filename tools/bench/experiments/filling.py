"""Hidden pixels of faces against the mean face: decibels gained, by rank and L2."""

import numpy as np

import visnmf
from visnmf.terms import ElasticNet

from datasets import at_hand
from timing import keep, seconds, table


def run(options):
    """Hide a third of each picture, scattered or in one piece."""
    for _, (X, _) in at_hand(("orl",)):
        fill(X.reshape(-1, 112, 92), options)


def fill(images, options):
    """Fill in by several ranks and weights, and compare."""
    if options.quick:
        images = images.reshape(400, 28, 4, 23, 4).mean(axis=(2, 4))
    V = images.reshape(400, -1).T
    scale = np.sqrt(len(V) / 644)  # of a part's length, against that at 28 x 23
    rows, kept = [], {}
    for name, hide in (("scattered", scattered), ("block", block)):
        known = hide(images.shape[1:], np.random.default_rng(0))
        mean = np.where(known, V, 0).sum(axis=1, keepdims=True) / known.sum(axis=1, keepdims=True)
        base = decibels(mean - V, known)
        for rank in (10, 40):
            for l2 in (0.0, 0.1, 1.0):
                even = ElasticNet(l2=l2 * scale) if l2 else None
                took, result = seconds(
                    lambda known=known, rank=rank, even=even: visnmf.factorize(
                        V, rank, observed=known, terms_W=even, terms_H=even, max_iter=100
                    )
                )
                gained = decibels(np.clip(result.W @ result.H, 0, 1) - V, known) - base
                kept[f"{name} {rank} {l2}"] = gained
                rows.append([name, rank, l2, f"{base:.1f}", f"{gained:+.2f}", f"{took:.1f} s"])
    header = ["hidden", "rank", "L2", "dB of the mean face", "gained", "took"]
    table("a third of ORL hidden and filled in", header, rows)
    keep("filling", kept)


def decibels(errors, known):
    """Return the peak signal-to-noise ratio over what is hidden."""
    return float(-10 * np.log10(np.square(errors[~known], dtype=np.float64).mean()))


def scattered(shape, rng):
    """Return which pixels are known: two thirds, anywhere."""
    return rng.random((shape[0] * shape[1], 400)) > 1 / 3


def block(shape, rng):
    """Return which pixels are known: all but those of a rectangle in each picture."""
    known = np.ones((400, *shape), bool)
    height, width = round(shape[0] * 0.68), round(shape[1] * 0.48)
    for picture in known:
        top, left = rng.integers(shape[0] - height + 1), rng.integers(shape[1] - width + 1)
        picture[top : top + height, left : left + width] = False
    return known.reshape(400, -1).T
