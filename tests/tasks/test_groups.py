import numpy as np
import pytest

from visnmf.errors import InvalidInputError
from visnmf.tasks import group


def test_groups_by_the_strongest_part_in_the_picture():
    """The second part is long, so that a little of it is much."""
    W = np.array([[1.0, 0], [0, 10]])
    H = np.array([[5.0, 5, 1, 9], [0.1, 1, 0.5, 0]])
    found = group(H, W=W)
    assert found.of.tolist() == [0, 1, 1, 0]
    assert found.parts.tolist() == [0, 1]
    np.testing.assert_allclose(found.typical, [5, 10, 5, 9] / np.hypot(*(H.T * [1, 10]).T))
    assert found.members(0).tolist() == [3, 0]


def test_the_largest_group_comes_first_and_none_is_empty():
    H = np.eye(4)[:, [2, 2, 2, 0, 3, 3]]
    found = group(H)
    assert found.of.tolist() == [0, 0, 0, 2, 1, 1]
    assert found.parts.tolist() == [2, 3, 0]
    assert len(found) == 3


def test_the_n_strongest_parts_compete():
    H = np.array([[9.0, 0, 4], [1, 7, 0], [0, 8, 5.0]])
    found = group(H, n=2)
    assert sorted(found.parts.tolist()) == [0, 2]


def test_a_blank_picture_is_typical_of_nothing():
    found = group(np.array([[1.0, 0], [0, 0]]))
    assert found.typical.tolist() == [1, 0]


def test_kmeans_finds_planted_groups_whatever_the_scale_of_the_parts():
    rng = np.random.default_rng(0)
    kinds = rng.integers(0, 3, 60)
    H = rng.random((6, 60)) * 0.1
    H[2 * kinds, np.arange(60)] += 1
    H[2 * kinds + 1, np.arange(60)] += 1
    scale = 10.0 ** rng.uniform(-2, 2, 6)
    found = group(H / scale[:, None], W=np.eye(6) * scale, by="kmeans", n=3)
    pairs = set(zip(kinds.tolist(), found.of.tolist(), strict=True))
    assert len(pairs) == 3
    assert found.parts is None
    assert (np.diff(np.bincount(found.of)) <= 0).all()
    assert 0.5 < found.typical.min() <= found.typical.max() <= 1 + 1e-6


def test_twins_make_fewer_groups():
    found = group(np.ones((3, 5)), by="kmeans", n=4)
    assert len(found) == 1


@pytest.mark.parametrize(
    ("H", "options", "what"),
    [
        (np.ones(3), {}, "need encodings"),
        (np.ones((2, 0)), {}, "need encodings"),
        (np.ones((2, 3)), {"W": np.ones((4, 3))}, "other parts"),
        (np.ones((2, 3)), {"n": 3}, "of 2 parts 1 to 2"),
        (np.ones((2, 3)), {"n": 4, "by": "kmeans"}, "of 3 pictures 1 to 3"),
        (np.ones((2, 3)), {"by": "color"}, "by must be"),
    ],
)
def test_bad_input_is_refused(H, options, what):
    with pytest.raises(InvalidInputError, match=what):
        group(H, **options)


def test_there_is_no_such_group():
    with pytest.raises(InvalidInputError, match="no group 1; the 1 count from 0"):
        group(np.ones((1, 3))).members(1)
