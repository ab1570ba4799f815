"""How sparse factors are, and sparseness that comes by and by."""

import numpy as np
import pytest

from visnmf.matrices.dense import Dense
from visnmf.matrices.masked import Masked
from visnmf.solve.compose import Asked
from visnmf.solve.openings import _eased, _roots, _sparseness
from visnmf.terms import Sparseness, UnitBall


def test_sparseness_is_hoyers():
    one, even = np.array([[0, 0, 5.0, 0]]), np.full((1, 4), 3.0)
    assert _sparseness(one) == pytest.approx(1)
    assert _sparseness(even) == pytest.approx(0)
    assert _sparseness(np.array([[4.0, 3, 0, 0]])) == pytest.approx((2 - 7 / 5) / (2 - 1))
    assert _sparseness(np.concatenate([one, even])) == pytest.approx(0.5)
    assert _sparseness(np.concatenate([one, 0 * even])) == pytest.approx(1)  # none of the empty
    assert _sparseness(np.zeros((3, 4))) == 0
    assert _sparseness(np.ones((3, 1))) == 0


def test_a_share_of_the_way_to_the_target():
    asked = Asked((), Sparseness(0.8))
    assert _eased(asked, 0.4, 0.25).constraint.target == pytest.approx(0.5)
    assert _eased(asked, 0.4, 1.0).constraint.target == pytest.approx(0.8)
    assert _eased(asked, 0.4, 0).constraint is None
    other = Asked((), UnitBall())
    assert _eased(other, 0.4, 0.5) is other


def test_columns_are_measured_by_the_root_of_their_mean():
    V = np.array([[4.0, 1.0, 0.0, 1e-12], [12.0, 1.0, 0.0, 0.0]])
    one = np.ones((1, 2))
    np.testing.assert_allclose(_roots(Dense(V), one)[:2], [np.sqrt(8), 1])
    assert _roots(Dense(V), one)[2:] == pytest.approx(1e-3 * np.sqrt(8))
    known = np.array([[True, True, False, True], [False, True, False, False]])
    half = _roots(Masked(V * known, known), one)
    np.testing.assert_allclose(half[:2], [2, 1])
    assert (half > 0).all()
