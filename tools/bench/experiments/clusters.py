"""k-means on encodings in the protocol of Cai et al. (2011): plain NMF against GNMF."""

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import normalized_mutual_info_score

import visnmf
from visnmf.terms import Graph, neighbor_graph

from datasets import at_hand, shared
from timing import keep, table

WEIGHTS = (0, 1, 3, 10, 30, 100)


def run(options):
    """Print the normalized mutual information by the weight of the graph."""
    rows, kept = [], {}
    sets = {"orl": people, "digits": digits}
    for name, (X, labels) in at_hand(sets, lambda name: sets[name]()):
        V = (X / np.linalg.norm(X, axis=1, keepdims=True)).T
        S = neighbor_graph(V, neighbors=5)
        scores = {"pixels": agreement(V, labels)}
        for weight in WEIGHTS:
            found = [
                agreement(factors(V, S, weight, labels, seed).H, labels)
                for seed in range(options.seeds)
            ]
            scores[f"{weight}" if weight else "plain"] = float(np.mean(found))
        kept[name] = scores
        rows.append([name, *(f"{score:.3f}" for score in scores.values())])
    header = ["set", "pixels", "plain NMF", *(f"weight {weight}" for weight in WEIGHTS[1:])]
    table("normalized mutual information, mean of 20 k-means starts", header, rows)
    keep("clusters", kept)


def factors(V, S, weight, labels, seed):
    """Return a factorization of the protocol: 100 iterations, as many parts as classes."""
    return visnmf.factorize(
        V, len(np.unique(labels)), terms_H=Graph(S, weight) if weight else None, update="mu",
        init="random", seed=seed, max_iter=100, tol=0, change=0, warmup="none",
    )  # fmt: skip


def agreement(H, labels):
    """Return the mean normalized mutual information of k-means on the columns."""
    rank = len(np.unique(labels))
    found = [KMeans(rank, n_init=1, random_state=s).fit_predict(H.T) for s in range(20)]
    return float(np.mean([normalized_mutual_info_score(labels, each) for each in found]))


def people():
    """Return ORL at a quarter of its height and width, and who each is."""
    data = np.load(shared("orl_faces.npz"))
    images = data["images"].astype(np.float32).reshape(400, 28, 4, 23, 4).mean(axis=(2, 4))
    return images.reshape(400, -1), data["subject"]


def digits():
    """Return the digits inside scikit-learn, and which they are."""
    digits = visnmf.samples.load_digits()
    return np.ascontiguousarray(digits.V.T), digits.labels
