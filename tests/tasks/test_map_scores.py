import numpy as np
import pytest

from visnmf.errors import InvalidInputError
from visnmf.tasks import map_scores


def test_the_score_is_what_the_oddest_share_exceeds():
    ramp = np.arange(10_000, dtype=np.float32).reshape(100, 100)
    assert map_scores([ramp])[0] == pytest.approx(9899.01, abs=0.1)
    scores = [map_scores([ramp], share=share)[0] for share in (0, 0.5, 1)]
    np.testing.assert_allclose(scores, [9999, 4999.5, 0])


def test_neither_one_pixel_nor_the_size_counts():
    rng = np.random.default_rng(0)
    small, large = rng.random((40, 50)), rng.random((300, 400))
    speck = small.copy()
    speck[3, 4] = 1000
    scores = map_scores([small, large, speck])
    assert np.ptp(scores) < 0.01


@pytest.mark.parametrize("bad", [np.ones(3), np.ones((0, 3)), np.ones((2, 2, 3))])
def test_bad_maps_are_refused(bad):
    with pytest.raises(InvalidInputError, match="map 1 is an array"):
        map_scores([np.ones((2, 2)), bad])


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_bad_shares_are_refused(share):
    with pytest.raises(InvalidInputError, match="share must be"):
        map_scores([np.ones((2, 2))], share=share)
