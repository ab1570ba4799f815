import numpy as np
import pytest
from scipy import sparse

from visnmf.errors import InvalidInputError
from visnmf.kin import separable_nmf
from visnmf.samples import make_swimmer, make_swimmer_parts


def matched(found, true):
    """Indices of the true columns that the found ones, scaled to maximum 1, are nearest to."""
    scaled = found / found.max(axis=0)
    return [int(np.abs(true - column[:, None]).max(axis=0).argmin()) for column in scaled.T], scaled


def test_the_17_parts_of_the_swimmer_are_found_exactly():
    swimmer, parts = make_swimmer(), make_swimmer_parts().V
    result = separable_nmf(swimmer, 17, axis="pixels")
    match, scaled = matched(result.W, parts)
    assert sorted(match) == list(range(17))
    np.testing.assert_array_equal(scaled, parts[:, match])
    np.testing.assert_array_equal(result.W @ result.H, swimmer.V)
    np.testing.assert_array_equal(result.H, swimmer.V[result.picked])


def test_spa_does_not_find_them_since_the_torso_depends_on_the_limbs():
    swimmer, parts = make_swimmer(), make_swimmer_parts().V
    match, _ = matched(separable_nmf(swimmer, 17, axis="pixels", method="spa").W, parts)
    assert len(set(match)) < 17


@pytest.mark.parametrize("method", ["spa", "snpa"])
@pytest.mark.parametrize("axis", ["images", "pixels"])
def test_planted_pure_points_are_found(method, axis):
    rng = np.random.default_rng(0)
    H = np.hstack([np.eye(4), rng.dirichlet(np.ones(4), 30).T])
    points = rng.random((15, 4)) @ H
    V = points if axis == "images" else points.T
    result = separable_nmf(V, 4, method=method, axis=axis)
    assert set(result.picked) == {0, 1, 2, 3}
    assert result.axis == axis
    kept = V[:, result.picked] if axis == "images" else V[result.picked]
    np.testing.assert_array_equal(result.W if axis == "images" else result.H, kept)
    np.testing.assert_allclose(result.W @ result.H, V, atol=1e-4)


def test_the_other_factor_is_the_least_squares_one():
    rng = np.random.default_rng(0)
    V = rng.random((10, 30))
    result = separable_nmf(V, 4)
    gradient = result.W.T @ (result.W @ result.H - V)
    projected = np.where(result.H > 0, gradient, np.minimum(gradient, 0))
    assert np.abs(projected).max() < 1e-4


def test_endmembers_of_samson(real_data):
    data = np.load(real_data("samson_cube.npz"))
    V = data["cube"].reshape(-1, 156).T  # a pixel a column: its spectrum
    result = separable_nmf(V, 3)
    true = data["endmembers"]
    cosines = (result.W.T @ true) / np.outer(
        np.linalg.norm(result.W, axis=0), np.linalg.norm(true, axis=0)
    )
    angles = np.degrees(np.arccos(np.minimum(cosines, 1)))
    assert sorted(angles.argmin(axis=0)) == [0, 1, 2]
    assert angles.min(axis=0).max() < 12


def test_messages():
    with pytest.raises(InvalidInputError, match="rank=5 is more than there are: V has 4 images"):
        separable_nmf(np.ones((6, 4)), 5)
    with pytest.raises(InvalidInputError, match="V has 2 pixels"):
        separable_nmf(np.ones((2, 4)), 3, axis="pixels")
    with pytest.raises(InvalidInputError, match="axis='rows' is not known"):
        separable_nmf(np.ones((2, 4)), 1, axis="rows")
    with pytest.raises(InvalidInputError, match="method='svd' is not known"):
        separable_nmf(np.ones((2, 4)), 1, method="svd")
    with pytest.raises(InvalidInputError, match="sparse"):
        separable_nmf(sparse.csr_array(np.ones((2, 4))), 1)
