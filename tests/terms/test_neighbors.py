"""The graph of nearest neighbors, against all distances taken outright."""

import numpy as np
import pytest
from scipy.sparse import csc_array, csr_array
from scipy.spatial.distance import cdist

from visnmf.errors import InvalidInputError
from visnmf.terms import neighbors as module
from visnmf.terms.graph import Graph
from visnmf.terms.neighbors import neighbor_graph

RNG = np.random.default_rng(0)
X = RNG.random((6, 40)) * (RNG.random((6, 40)) < 0.6)
X[:, 7] = 0  # a column without entries
METRICS = ["euclidean", "cosine"]


def expected(X, count, weights, metric, width=None):
    lengths = np.linalg.norm(X, axis=0)
    unit = X / np.where(lengths > 0, lengths, 1)
    columns = unit.T if metric == "cosine" else X.T
    distances = cdist(columns, columns)
    n = len(columns)
    width = width or distances.sum() / (n * (n - 1))
    values = {
        "binary": np.ones((n, n)),
        "heat": np.exp(-(distances**2) / (2 * width**2)),
        "cosine": unit.T @ unit,
    }[weights]
    np.fill_diagonal(distances, np.inf)
    S = np.zeros((n, n))
    for i in range(n):
        chosen = np.argsort(distances[i])[:count]
        S[i, chosen] = values[i, chosen]
    return np.maximum(S, S.T)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("weights", ["binary", "heat", "cosine"])
@pytest.mark.parametrize("form", [np.asarray, csr_array, csc_array, np.asfortranarray])
@pytest.mark.parametrize("block", [1, 7 * 40, 1 << 20])
def test_it_is_what_all_distances_tell(monkeypatch, metric, weights, form, block):
    monkeypatch.setattr(module, "_BLOCK", block)
    noise = np.random.default_rng(1).random(X.shape)
    values = X + (noise * 1e-3 if metric == "cosine" else 0)  # no ties of angles
    S = neighbor_graph(form(values), neighbors=4, weights=weights, metric=metric)
    assert isinstance(S, csr_array)
    assert S.dtype == np.float64
    np.testing.assert_allclose(S.toarray(), expected(values, 4, weights, metric), atol=1e-7)


def test_a_width_can_be_given():
    S = neighbor_graph(X, neighbors=3, weights="heat", width=0.5)
    np.testing.assert_allclose(S.toarray(), expected(X, 3, "heat", "euclidean", 0.5), atol=1e-9)


@pytest.mark.parametrize("weights", ["binary", "heat", "cosine"])
@pytest.mark.parametrize("metric", METRICS)
def test_it_can_be_used_at_once_whatever_the_columns(weights, metric):
    same = np.zeros((3, 6))
    for values in (X, X.astype(np.float32), same, same + 1, (100 * X).astype(np.uint8)):
        S = neighbor_graph(values, neighbors=5, weights=weights, metric=metric)
        assert np.isfinite(S.data).all()
        assert not S.diagonal().any()
        Graph(S)  # symmetric and non-negative


def test_nearest_faces_are_of_the_same_person(real_data):
    data = np.load(real_data("orl_faces.npz"))
    V = data["images"].reshape(400, -1).T.astype(np.float32)
    S = neighbor_graph(V / np.linalg.norm(V, axis=0), neighbors=5).tocoo()
    assert 400 * 5 / 2 <= S.nnz / 2 <= 400 * 5
    assert np.mean(data["subject"][S.row] == data["subject"][S.col]) > 0.6  # by chance: 0.02


def test_as_many_neighbors_as_there_are():
    S = neighbor_graph(X, neighbors=39)
    np.testing.assert_array_equal(S.toarray(), 1 - np.eye(40))


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        (X, {"neighbors": 0}, "from 1 to 39"),
        (X, {"neighbors": 40}, "from 1 to 39"),
        (X, {"neighbors": 2.0}, "from 1 to 39"),
        (X, {"weights": "uniform"}, "binary"),
        (X, {"metric": "l1"}, "euclidean"),
        (X, {"width": 0.0}, "width"),
        (X[0], {}, "matrix"),
        (X + 1j, {}, "real"),
        (np.where(X > 0.5, np.nan, X), {}, "finite"),
    ],
)
def test_what_cannot_be_used_is_refused(values, options, message):
    with pytest.raises(InvalidInputError, match=message):
        neighbor_graph(values, **options)
