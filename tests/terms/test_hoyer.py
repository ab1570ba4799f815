"""Sparseness: the nearest direction, against all directions there are; ties and dead rows."""

import numpy as np
import pytest

from visnmf.errors import InvalidInputError
from visnmf.measure.factors import hoyer_sparseness
from visnmf.terms.hoyer import Sparseness


def sparse_directions(target, count=200_000):
    """All directions of three entries that have this sparseness, finely spaced."""
    wanted = np.sqrt(3) - target * (np.sqrt(3) - 1)
    first = np.array([1, -1, 0]) / np.sqrt(2)
    second = np.array([1, 1, -2]) / np.sqrt(6)
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)[:, None]
    circle = np.sqrt(1 - wanted**2 / 3) * (np.cos(angle) * first + np.sin(angle) * second)
    points = wanted / 3 + circle
    return points[(points >= 0).all(axis=1)]


@pytest.mark.parametrize("target", [0.1, 0.4, 0.6, 0.9])
def test_no_direction_is_nearer(target):
    directions = sparse_directions(target)
    rng = np.random.default_rng(0)
    special = [[1, 1, 1], [1, 1, 0], [2, 1, 1], [0, 0, 0], [-1, -2, -3], [-1, -1, 5]]
    for row in [*rng.standard_normal((40, 3)), *np.array(special, float)]:
        lengths = np.maximum(directions @ row, 0)
        best = np.linalg.norm(lengths[:, None] * directions - row, axis=1).min()
        F = row[None].copy()
        Sparseness(target).project(F)
        # The ends of an arc fall between the directions that were tried
        assert best - 1e-4 <= np.linalg.norm(F[0] - row) <= best + 1e-9


@pytest.mark.parametrize("target", [0.05, 0.5, 0.8, 0.95])
@pytest.mark.parametrize("q", [361, 60_000])
def test_float32_rows_meet_the_target_to_a_millionth(target, q):
    F = np.random.default_rng(0).random((3, q), dtype=np.float32)
    F[1] = F[1].round(1)  # many ties
    F[2] **= 12
    Sparseness(target).project(F)
    np.testing.assert_allclose(hoyer_sparseness(F.T), target, atol=1e-6)


def test_rows_without_positive_entries_stay_alive():
    F = np.array([[0, 0, 0, 0], [-1, -2, -3, -4], [-1, -1, -1, -1]], np.float32)
    Sparseness(0.7).project(F)
    assert (0 < F.max(axis=1)).all()
    assert (F.max(axis=1) < 1e-10).all()
    assert F[1].argmax() == 0  # the entry that is least negative
    np.testing.assert_allclose(hoyer_sparseness(F.T), 0.7, atol=1e-6)


def test_more_equal_entries_than_the_target_has_room_for():
    F = np.array([[1.0] * 50 + [0.0] * 50])
    Sparseness(0.9).project(F)
    assert hoyer_sparseness(F.T)[0] == pytest.approx(0.9, abs=1e-9)
    assert not F[0, 50:].any()
    assert F[0].argmax() == 0


def test_as_many_equal_entries_as_the_target_wants():
    target = (np.sqrt(100) - np.sqrt(25)) / (np.sqrt(100) - 1)
    for noise in (0.0, 1e-9, 1e-15):
        F = np.zeros((1, 100))
        F[0, :25] = 1 + noise * np.random.default_rng(0).random(25)
        wanted = F.copy()
        Sparseness(target).project(F)
        np.testing.assert_allclose(F, wanted, atol=1e-6)


@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 1e-5), (np.float64, 1e-12)])
@pytest.mark.parametrize("q", [30, 20_000])
def test_a_row_that_meets_the_target_is_left_where_it_is(dtype, close, q):
    F = np.random.default_rng(0).random((4, q)) * np.array([[1e-8], [1], [1e3], [1e8]])
    F = F.astype(dtype)
    Sparseness(0.6).project(F)
    before = F.copy()
    Sparseness(0.6).project(F)
    assert not F[before == 0].any()  # what is zero stays so
    assert (np.abs(F - before) <= close * before.max(axis=1, keepdims=True)).all()


def test_rows_of_one_entry_are_refused():
    with pytest.raises(InvalidInputError, match="two entries"):
        Sparseness(0.5).check((4, 1))
