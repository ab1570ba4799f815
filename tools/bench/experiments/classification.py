"""Fashion-MNIST, 60,000 to learn from and 10,000 to test on, by one linear classifier.

Beside raw pixels, PCA and HOG stand patch encodings: the same patches, contrast, pooling and roots,
with parts of non-negative sparse coding (`PatchEncoder`), of k-means (Coates & Ng 2012), and of
scikit-learn's MiniBatchDictionaryLearning; and the "triangle" of Coates, Lee & Ng (2011).

The classifier's C is chosen on the last sixth of the training set, never on the test set.
"""

import gzip
import os
import time
import warnings
from pathlib import Path

import numpy as np
import sklearn.decomposition
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA, MiniBatchDictionaryLearning
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from visnmf.features import HOG, PatchEncoder, sample_patches
from visnmf.features.contrast import Contrast
from visnmf.features.pooling import pool_rows
from visnmf.features.windows import Windows
from visnmf.images.signs import join_signs
from visnmf.kernels.greedy import choose_greedy

from timing import best_of, keep, seconds, table

SETS = ("fashion",)
CS = (0.0003, 0.001, 0.003, 0.03, 0.3)
BLOCK = 8  # pictures of a triangle at a time
PATCHES = 4096  # to time the encoding of patches by


def run(options):
    """Print accuracies, times over those of PatchEncoder(128), and how fast patches are encoded."""
    sizes = (2000, 1000) if options.quick else (60_000, 10_000)
    (train, labels), (test, truth) = (
        load(which, size) for which, size in zip(("train", "t10k"), sizes, strict=True)
    )
    count = 10_000 if options.quick else 60_000
    rows, kept, unit = [], {}, None
    for name, make in features(train, count).items():
        learned, describe = seconds(make)
        took, X = seconds(lambda describe=describe: describe(train))
        X_test = describe(test)
        score, C, fitting = classify(X, labels, X_test, truth)
        unit = unit or (learned, took)
        ratios = [learned / unit[0], took / unit[1]]
        kept[name] = {"accuracy": score, "C": C, "learn": ratios[0], "encode": ratios[1]}
        rows.append([name, X.shape[1], f"{score:.2%}", C, *(f"{ratio:.2f}" for ratio in ratios)])
        told = f"learned in {learned:.0f} s, encoded in {took:.0f} s, classified in {fitting:.0f} s"
        print(f"{name}: {score:.2%} ({told})", flush=True)
        del X, X_test
    head = ["feature", "length", "accuracy", "C", "to learn", "to encode"]
    table(
        f"{sizes[0]:,} to learn from, {sizes[1]:,} to test on; times over the first's", head, rows
    )
    kept["patches"] = speed(train, count)
    keep("classification", kept)


def load(which, size):
    """Return the first pictures of a set, (size, 28, 28) in [0, 1], and what they show."""
    folder = Path(os.environ.get("FASHION_MNIST", "/usr/share/datasets/fashion-mnist"))
    files = [folder / f"{which}-{kind}-ubyte.gz" for kind in ("images-idx3", "labels-idx1")]
    if not all(file.exists() for file in files):
        raise SystemExit(f"no {files[0]}: apt-get install dataset-fashion-mnist, or FASHION_MNIST")
    pixels, labels = (
        np.frombuffer(gzip.decompress(file.read_bytes()), np.uint8, offset=offset)
        for file, offset in zip(files, (16, 8), strict=True)
    )
    stack = pixels.reshape(-1, 28, 28)[:size].astype(np.float32) / 255
    return stack, labels[:size]


def features(train, count):
    """Return a function for each feature: it learns, and gives one from pictures to rows."""

    def coded(rank, learn, **options):
        def make():
            encoder = PatchEncoder(rank, n_patches=count, **options)
            return learn(encoder, train).transform

        return make

    return {
        "PatchEncoder(128)": coded(128, PatchEncoder.fit),
        "PatchEncoder(256)": coded(256, PatchEncoder.fit),
        "PatchEncoder(512)": coded(512, PatchEncoder.fit),
        "PatchEncoder(256, grid=(1, 2, 4))": coded(256, PatchEncoder.fit, grid=(1, 2, 4)),
        "k-means of 128 as parts": coded(128, by_k_means),
        "k-means of 256 as parts": coded(256, by_k_means),
        "scikit-learn's dictionary of 128": coded(128, by_dictionary_learning),
        "triangle, k-means of 128": lambda: triangle(train, count, 128, whiten=False),
        "triangle, whitened, k-means of 128": lambda: triangle(train, count, 128, whiten=True),
        "HOG, cells of 4 x 4": lambda: HOG(cell=4).fit(train).transform,
        "PCA, 64 components": lambda: by_pca(train),
        "pixels": lambda: flat,
    }


def classify(X, labels, X_test, truth):
    """Return the accuracy on the test set, the C of the classifier, and the seconds it took."""
    began = time.perf_counter()
    X = np.ascontiguousarray(X, np.float32)
    scaler = StandardScaler(copy=False).fit(X)
    X, X_test = scaler.transform(X), scaler.transform(np.ascontiguousarray(X_test, np.float32))
    first, last = slice(0, 5 * len(X) // 6), slice(5 * len(X) // 6, None)
    best, chosen = 0.0, CS[0]
    for C in CS:
        held_out = fitted(C, X[first], labels[first]).score(X[last], labels[last])
        if held_out > best:
            best, chosen = held_out, C
        elif held_out < best - 0.003:
            break  # it only falls from here
    score = fitted(chosen, X, labels).score(X_test, truth)
    return score, chosen, time.perf_counter() - began


def fitted(C, X, labels):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return LogisticRegression(C=C, max_iter=200, tol=1e-3).fit(X, labels)


def flat(stack):
    return stack.reshape(len(stack), -1).copy()


def by_pca(train):
    pca = PCA(64, svd_solver="randomized", random_state=0).fit(flat(train))
    return lambda stack: pca.transform(flat(stack))


def patches_of(train, count, encoder):
    """Return patches as an encoder's parts see them, none of them flat."""
    patches = sample_patches(train, encoder.patch_size, count=count, seed=0).V.T
    values = Contrast("onoff", encoder.floor).see(patches).values
    return values[np.square(values).sum(axis=1) > 1e-6]


def with_parts(encoder, parts):
    """Return an encoder by parts that were learned elsewhere, scaled to unit length."""
    parts = np.maximum(parts, 0)
    encoder.components_ = (parts / np.linalg.norm(parts, axis=1, keepdims=True)).astype(np.float32)
    encoder.channels_ = 1
    return encoder


def by_k_means(encoder, train):
    values = patches_of(train, encoder.n_patches, encoder)
    means = KMeans(encoder.n_components, n_init=1, random_state=0).fit(values)
    return with_parts(encoder, means.cluster_centers_)


def by_dictionary_learning(encoder, train):
    """Let scikit-learn minimize the same objective, each patch seen as often."""
    values = patches_of(train, encoder.n_patches, encoder)
    learner = MiniBatchDictionaryLearning(
        encoder.n_components,
        alpha=encoder.sparsity,
        max_iter=encoder.max_iter,
        fit_algorithm="cd",
        positive_code=True,
        positive_dict=True,
        random_state=0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # of each patch that is rounded
        return with_parts(encoder, learner.fit(values).components_)


def triangle(train, count, rank, whiten):
    """Return the encoding max(0, mean distance - distance) of signed patches, pooled alike."""
    encoder = PatchEncoder(rank)
    values = join_signs(patches_of(train, count, encoder), axis=1)
    turn = np.eye(values.shape[1], dtype=np.float32)
    if whiten:  # by ZCA, with the share of the mean variance that Coates, Lee & Ng add
        spread, axes = np.linalg.eigh(np.cov(values.T))
        turn = ((axes / np.sqrt(spread + 0.1 * spread.mean())) @ axes.T).astype(np.float32)
    means = KMeans(rank, n_init=1, random_state=0).fit(values @ turn).cluster_centers_
    squares = np.square(means).sum(axis=1)
    contrast = Contrast("onoff", encoder.floor)
    places = Windows((28, 28, 1), (encoder.patch_size,) * 2, 1)

    def describe(stack):
        rows = []
        for start in range(0, len(stack), BLOCK):
            block = stack[start : start + BLOCK, :, :, None]
            seen = contrast.see(np.concatenate([places.cut(picture) for picture in block]))
            Z = join_signs(seen.values, axis=1) @ turn
            apart = np.square(Z).sum(axis=1)[:, None] - 2 * (Z @ means.T) + squares
            apart = np.sqrt(np.maximum(apart, 0))
            near = np.maximum(apart.mean(axis=1, keepdims=True) - apart, 0)
            codes = near.reshape(len(block), *places.grid, rank)
            rows.append(pool_rows(codes, 0, places.grid[0], (encoder.grid,), "mean"))
        return np.concatenate(rows).reshape(len(stack), -1)

    return describe


def speed(train, count):
    """Compare the encoding of some thousands of patches with scikit-learn's by the same parts."""
    encoder = PatchEncoder(n_patches=count).fit(train)
    code, cost = encoder.code, encoder.sparsity
    X = np.ascontiguousarray(patches_of(train, PATCHES, encoder))
    kernels = choose_greedy(10**8)  # as for a set of pictures
    ways = {
        "PatchEncoder": lambda: code.encode(X, kernels=kernels),
        "scikit-learn, same lambda": lambda: transform(code.W, X, cost),
        "PatchEncoder, 100 times closer": lambda: code.encode(
            X, kernels=kernels, goal=1e-4, limit=2000
        ),
        "PatchEncoder(sparsity=0)": lambda: code.encode(X, sparsity=0.0),
        "scikit-learn, no lambda": lambda: transform(code.W, X, 0.0),
    }
    rows, kept, unit = [], {}, None
    for name, encode in ways.items():
        H = encode()  # what is loaded first is not timed
        took = best_of(encode, 2)
        unit = unit or took
        rest = 0.5 * float(np.square(X - H @ code.W.T, dtype=np.float64).sum())
        penalized = rest + cost * float(H.sum(dtype=np.float64))
        kept[name] = {"time": took / unit, "penalized": penalized, "residual": rest}
        rows.append([name, f"{took / unit:.1f}", f"{penalized:.2f}", f"{rest:.2f}"])
    head = ["by", "time", "with lambda", "without"]
    table(f"{len(X)} patches by the same 128 parts: time over the first's, objectives", head, rows)
    return kept


def transform(W, X, cost):
    """Encode as sklearn.decomposition.NMF does, at its defaults but for the penalty."""
    length, rank = W.shape
    peer = sklearn.decomposition.NMF(rank, alpha_W=cost / length, l1_ratio=1.0, alpha_H=0.0)
    peer.components_ = np.ascontiguousarray(W.T)
    peer.n_components_ = peer._n_components = rank
    peer.n_features_in_ = length
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return peer.transform(X)
