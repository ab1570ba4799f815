"""Which ranks are tried."""

import numpy as np
import pytest

import visnmf
from visnmf.errors import InvalidInputError
from visnmf.ranks.grid import check_ranks


def test_no_rank_beyond_those_of_v_is_tried():
    assert check_ranks((2, 10**6), (30, 40)).ranks[-1] == 30
    with pytest.raises(InvalidInputError, match="at most 30"):
        check_ranks([5, 31], (30, 40))
    with pytest.raises(InvalidInputError, match="at most 3"):
        visnmf.choose_rank(np.ones((3, 9)), (4, 60))
