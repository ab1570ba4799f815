"""Graphs: of pixels beside each other, of classes, and what `Graph` makes of its input."""

import numpy as np
import pytest
from scipy.sparse import coo_array, random_array

from visnmf.terms.discriminant import Discriminant
from visnmf.terms.graph import Graph
from visnmf.terms.smooth import smooth_pictures
from visnmf.terms.total_variation import TotalVariation

RNG = np.random.default_rng(0)


def laplacian(S):
    return np.diag(S.sum(axis=1)) - S


def test_the_value_is_the_quadratic_form_of_the_laplacian():
    S = random_array((30, 30), density=0.2, rng=1)
    S = (S + S.T).toarray()
    F = RNG.random((4, 30))
    wanted = 0.7 / 2 * np.trace(F @ laplacian(S) @ F.T)
    assert Graph(S, 0.7).value(F) == pytest.approx(wanted)
    assert Graph(coo_array(S), 0.7).value(F) == pytest.approx(wanted)


def test_the_diagonal_has_no_part_in_it():
    S = np.array([[5.0, 1.0], [1.0, 0.0]])
    F = np.array([[1.0, 3.0]])
    pos, neg = Graph(S).split(F)
    np.testing.assert_array_equal(pos, [[1.0, 3.0]])
    np.testing.assert_array_equal(neg, [[3.0, 1.0]])


def test_the_callers_array_is_neither_changed_nor_watched():
    S = coo_array(np.array([[5.0, 1.0], [1.0, 0.0]])).tocsr()
    graph = Graph(S)
    assert S[0, 0] == 5
    S.data[:] = 9
    assert graph.value(np.array([[0.0, 1.0]])) == 0.5


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("masked", [False, True])
def test_pixels_are_joined_with_the_four_beside_them(channels, masked):
    height, width = 5, 4
    mask = RNG.random((height, width)) < 0.7 if masked else None
    keep = np.ones((height, width), bool) if mask is None else mask
    pictures = RNG.random((2, height, width, channels))
    squares = absolute = 0.0
    for y, x in np.argwhere(keep):
        for y2, x2 in ((y + 1, x), (y, x + 1)):
            if y2 < height and x2 < width and keep[y2, x2]:
                difference = pictures[:, y, x] - pictures[:, y2, x2]
                squares += (difference**2).sum()
                absolute += np.sqrt(difference**2 + 0.01).sum()
    F = pictures[:, keep].reshape(2, -1)
    shape = (height, width, channels) if channels > 1 else (height, width)
    assert smooth_pictures(shape, 3.0, mask=mask).value(F) == pytest.approx(1.5 * squares)
    variation = TotalVariation(shape, 3.0, mask=mask, eps=0.1)
    assert variation.value(F) == pytest.approx(3.0 * absolute)


def test_a_picture_of_one_pixel_has_no_neighbors():
    F = np.array([[2.0]])
    for term in (smooth_pictures((1, 1), 1.0), TotalVariation((1, 1), 1.0)):
        assert term.value(F) == 0
        assert not np.any(term.split(F)[0])


def test_total_variation_keeps_an_edge_where_smoothing_blurs_it():
    noisy = np.repeat([0.0, 1.0], 20) + 0.1 * np.random.default_rng(0).standard_normal(40)
    found = {}
    for term in (TotalVariation((1, 40), 0.3), smooth_pictures((1, 40), 3.0)):
        F = np.maximum(noisy, 0)[None]
        for _ in range(500):  # the nearest F to the noisy row, by the bound
            _, B, d = term.bound(F)
            F = np.maximum((noisy + B) / (1 + d), 0)
        found[term.name] = F[0]
    sharp, blurred = found["total variation"], found["graph"]
    assert np.abs(np.diff(sharp)).argmax() == 19
    assert sharp[20] - sharp[19] > 0.7 > 2 * (blurred[20] - blurred[19])
    # A step beside the edge, in its direction, costs no variation
    steps = [np.abs(np.diff(row)) for row in (sharp, blurred)]
    assert np.median(steps[0]) < 0.002 < 0.01 < np.median(steps[1])


def test_discriminant_is_the_scatter_by_its_definition():
    labels = np.array([0, 1, 1, 0, 2, 1, -1, 2])
    F = RNG.random((3, 8))
    marked = F[:, labels >= 0]
    within = between = 0.0
    for label in range(3):
        columns = F[:, labels == label]
        center = columns.mean(axis=1, keepdims=True)
        within += ((columns - center) ** 2).sum()
        between += columns.shape[1] * ((center - marked.mean(axis=1, keepdims=True)) ** 2).sum()
    term = Discriminant(labels, within=2.0, between=0.5)
    assert term.value(F) == pytest.approx(within - 0.25 * between)
    # The two scatters are all the scatter there is
    whole = Discriminant(labels, within=1.0).value(F) - Discriminant(
        labels, within=0.0, between=1.0
    ).value(F)
    assert whole == pytest.approx(0.5 * ((marked - marked.mean(axis=1, keepdims=True)) ** 2).sum())


def test_the_scatter_within_is_the_complete_graph_of_each_class():
    labels = ["a", "b", "b", None, "a", "b"]
    S = np.zeros((6, 6))
    for members in ([0, 4], [1, 2, 5]):
        S[np.ix_(members, members)] = 1 / len(members)
    F = RNG.random((2, 6))
    assert Discriminant(labels).value(F) == pytest.approx(Graph(S).value(F))


def test_names_numbers_and_missing_labels():
    F = RNG.random((2, 5))
    values = [
        Discriminant(labels).value(F)
        for labels in (
            [7, 7, -1, 3, 3],
            ["x", "x", None, "y", "y"],
            np.array([0.0, 0.0, np.nan, 1.0, 1.0]),
            np.array(["x", "x", None, "y", "y"], dtype=object),
        )
    ]
    assert values == pytest.approx([values[0]] * 4)


def test_a_penalty_between_classes_is_said_to_have_no_bound():
    labels = [0, 0, 1, 1]
    term = Discriminant(labels, within=100.0, between=0.01)
    F = np.array([[1.0, 1.0, 0.0, 0.0]])
    assert not term.bounded
    assert term.value(1e6 * F) < -1e9
    assert Discriminant(labels).bounded
