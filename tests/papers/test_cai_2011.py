"""D. Cai et al. (2011), graph regularized NMF: clusters of encodings, by their protocol.

Pictures of unit length, rank = number of classes, 100 iterations, a binary graph of five
neighbors, k-means 20 times on the encodings, normalized mutual information. Published for
COIL-20 (20 objects, each turned once around): NMF 0.744, GNMF 0.876.

The published rule holds neither factor to a length, and parts grow through the run: what
its weight of 100 means changes with the iterations. `factorize` holds parts to
|w_k| <= 1; a weight of 10 then does what 100 does there.
"""

import numpy as np
import pytest

from visnmf import factorize
from visnmf.solve.compose import sort_terms
from visnmf.solve.intake import take_in
from visnmf.solve.plan import Plan
from visnmf.solve.run import run
from visnmf.solve.stopping import Rule, Trace
from visnmf.terms import Graph, neighbor_graph

PROTOCOL = {"init": "random", "max_iter": 100, "tol": 0, "change": 0, "warmup": "none"}


def turning_objects(classes=10, views=36, side=20, seed=0):
    """Pictures of objects of five blobs that circle on their own orbits: closed curves."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side] / (side - 1) * 2 - 1
    pictures = []
    for _ in range(classes):
        centers, phase = rng.uniform(-0.7, 0.7, (5, 2)), rng.uniform(0, 2 * np.pi, 5)
        width, height = rng.uniform(0.12, 0.3, 5), rng.uniform(0.4, 1, 5)
        radius = rng.uniform(0.1, 0.45, 5)
        for turn in np.linspace(0, 2 * np.pi, views, endpoint=False):
            at = (
                centers + radius[:, None] * np.stack([np.cos(turn + phase), np.sin(turn + phase)]).T
            )
            square = (x[..., None] - at[:, 0]) ** 2 + (y[..., None] - at[:, 1]) ** 2
            pictures.append((height * np.exp(-square / (2 * width**2))).sum(axis=-1).ravel())
    V = np.array(pictures, np.float32).T
    return V / np.linalg.norm(V, axis=0), np.repeat(np.arange(classes), views)


@pytest.fixture(scope="module")
def orl(real_data):
    """Faces of a quarter of the height and width, of unit length; who they are."""
    data = np.load(real_data("orl_faces.npz"))
    X = data["images"].astype(np.float32).reshape(400, 28, 4, 23, 4).mean(axis=(2, 4))
    V = X.reshape(400, -1).T
    return V / np.linalg.norm(V, axis=0), data["subject"]


def agreement(H, labels):
    """Mean normalized mutual information of k-means from 20 starts."""
    from sklearn.cluster import KMeans
    from sklearn.metrics import normalized_mutual_info_score
    from threadpoolctl import threadpool_limits

    rank = len(np.unique(labels))
    with threadpool_limits(1):
        found = [KMeans(rank, n_init=1, random_state=s).fit_predict(H.T) for s in range(20)]
    return np.mean([normalized_mutual_info_score(labels, each) for each in found])


def compare(V, labels, weight, seeds=2):
    """Return the agreement of plain NMF and of GNMF, over the same random starts."""
    rank = len(np.unique(labels))
    graph = Graph(neighbor_graph(V, neighbors=5), weight)
    pairs = [
        [
            agreement(factorize(V, rank, seed=seed, terms_H=terms, **PROTOCOL).H, labels)
            for terms in (None, graph)
        ]
        for seed in range(seeds)
    ]
    return np.mean(pairs, axis=0)


def published(V, labels, weight, seed=0):
    """Return the agreement after the published rule: multiplicative, parts of any length."""
    rank = len(np.unique(labels))
    graph = Graph(neighbor_graph(V, neighbors=5), weight) if weight else None
    plan = Plan(
        rank,
        Rule(100),
        init="random",
        update="mu",
        H=sort_terms(graph, "H", (rank, V.shape[1])),
        bounded=False,
        warmup="none",
        extrapolate=False,
    )
    result = run(take_in(V), plan, Trace(), np.random.default_rng(seed), {})
    return agreement(result.H, labels)


def test_closed_curves_come_apart():
    V, labels = turning_objects()
    plain, graph = compare(V, labels, weight=10)
    assert plain < 0.65
    assert graph > 0.95


def test_the_published_rule_gains_as_published_on_closed_curves():
    V, labels = turning_objects()
    plain, graph = published(V, labels, 0), published(V, labels, 100)
    assert graph >= plain + 0.876 - 0.744


def test_people_of_orl_come_apart_better(orl):
    plain, graph = compare(*orl, weight=10)
    assert graph >= plain + 0.015


def test_no_weight_is_plain_nmf():
    V, labels = turning_objects(classes=3, views=20)
    plain, graph = (
        factorize(V, 3, terms_H=terms, update="hals", **PROTOCOL).objective
        for terms in (None, Graph(neighbor_graph(V, neighbors=5), 1e-9))
    )
    np.testing.assert_allclose(graph, plain, rtol=0.02)
