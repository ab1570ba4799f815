"""Which stand-ins run where, and that they lead to the same end."""

import numpy as np
import pytest

from visnmf import factorize
from visnmf.solve.warmup import choose_stand_ins


def test_small_problems_have_none():
    assert choose_stand_ins((625, 100), 49, "auto")[:2] == (0, 0)


def test_the_longer_side_is_sampled_where_it_is_long():
    assert choose_stand_ins((784, 60_000), 40, "auto").sample == 4000
    assert choose_stand_ins((60_000, 784), 40, "auto").sample == 4000
    assert choose_stand_ins((784, 10_000), 40, "auto").sample == 0


def test_low_rank_is_taken_where_it_is_cheap():
    assert choose_stand_ins((10_304, 400), 40, "auto").rank == 100
    assert choose_stand_ins((10_304, 60), 40, "auto").rank == 0  # 60 x 60 has no low rank to gain


def test_a_share_is_what_an_iteration_costs():
    plan = choose_stand_ins((1000, 100_000), 20, "both")
    assert plan.share == pytest.approx(4000 / 100_000 * 50 * 5000 / (1000 * 4000))
    assert choose_stand_ins((1000, 100_000), 20, "none") == (0, 0, 1.0)


@pytest.mark.parametrize("shape", [(300, 5000), (5000, 300)])
@pytest.mark.parametrize("warmup", ["sample", "low rank", "both"])
def test_all_ways_end_alike(shape, warmup):
    rng = np.random.default_rng(0)
    V = (rng.random((shape[0], 8)) @ rng.random((8, shape[1]))).astype(np.float32)
    V += 0.2 * rng.random(shape, np.float32)
    plain, warm = (factorize(V, 8, warmup=way, max_iter=60) for way in ("none", warmup))
    phases = {record.phase for record in warm.history}
    assert phases == {"low rank" if warmup == "low rank" else "sample", "V", "closing"}
    assert warm.objective == pytest.approx(plain.objective, rel=0.05)
    assert warm.n_iter < 60
