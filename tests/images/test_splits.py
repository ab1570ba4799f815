import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visnmf.errors import InvalidInputError
from visnmf.images.splits import split_indices

labels = st.lists(st.integers(0, 4), min_size=2, max_size=60)
shares = st.floats(0.01, 0.99)


@given(labels, shares, st.integers(0, 9))
def test_every_picture_is_in_one_half(values, test, seed):
    n = len(values)
    halves = [split_indices(n, test, seed=seed), split_indices(n, test, by=values, seed=seed)]
    if len(set(values)) > 1:
        halves.append(split_indices(n, test, groups=values, seed=seed))
    for first, second in halves:
        assert len(first)
        assert len(second)
        assert sorted([*first, *second]) == list(range(n))
        assert (np.diff(first) > 0).all()


@given(labels, shares, st.integers(0, 9))
def test_labels_keep_their_share(values, test, seed):
    values = np.array(values)
    _, second = split_indices(len(values), test, by=values, seed=seed)
    for label in np.unique(values):
        exact = (values == label).sum() * len(second) / len(values)
        assert abs((values[second] == label).sum() - exact) < 1


@given(labels.filter(lambda v: len(set(v)) > 1), shares, st.integers(0, 9))
def test_groups_are_never_torn(values, test, seed):
    values = np.array(values)
    first, second = split_indices(len(values), test, groups=values, seed=seed)
    assert not set(values[first]) & set(values[second])


def test_seeds():
    assert np.array_equal(split_indices(50, seed=3)[1], split_indices(50, seed=3)[1])
    assert not np.array_equal(split_indices(50, seed=3)[1], split_indices(50, seed=4)[1])
    assert len(split_indices(50, 7)[1]) == 7
    assert len(split_indices(50, 0.3)[1]) == 15


@pytest.mark.parametrize("test", [0, 1.0, 0.0, 5, -1, True, "half", None, float("nan")])
def test_impossible_shares(test):
    with pytest.raises(InvalidInputError, match="from 1 to 4"):
        split_indices(5, test)


def test_impossible_splits():
    with pytest.raises(InvalidInputError, match="at least 2 pictures"):
        split_indices(1)
    with pytest.raises(InvalidInputError, match="at least 2 groups"):
        split_indices(3, groups=[1, 1, 1])
    with pytest.raises(InvalidInputError, match="not both"):
        split_indices(3, groups=[1, 1, 2], by=[1, 1, 2])
    with pytest.raises(InvalidInputError, match="one value a picture"):
        split_indices(3, by=[1, 2])
