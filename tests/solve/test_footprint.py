"""The bytes of a run, added up by hand, and beside those that it really takes."""

import tracemalloc

import numpy as np
import pytest

import visnmf
from visnmf.solve.cost import Size
from visnmf.solve.footprint import of_basis, of_masked, of_quadratic, of_split, stored_bytes
from visnmf.solve.warmup import StandIns

M, N, R, BYTES = 100, 9000, 10, 4
SIZE = Size.dense(M, N, R)
FACTORS = R * (M + N) * BYTES


def test_the_greediest_stage_of_a_quadratic_run_counts():
    assert of_quadratic(SIZE, StandIns(), 0, BYTES) == 5 * FACTORS
    basis = of_basis(SIZE, 80, BYTES)
    assert of_quadratic(SIZE, StandIns(), 80, BYTES) == max(5 * FACTORS, basis + 2 * FACTORS)
    lowered = 30 * (M + N) * BYTES
    assert of_quadratic(SIZE, StandIns(rank=30), 0, BYTES) == lowered + 5 * FACTORS
    of_sample = R * (M + 4000) * BYTES
    sampled = M * 4000 * BYTES + 3 * FACTORS
    assert of_quadratic(SIZE, StandIns(sample=4000), 0, BYTES) == sampled + 5 * of_sample
    both = of_quadratic(SIZE, StandIns(sample=4000, rank=90), 0, BYTES)
    assert both == sampled + of_basis(SIZE.sampled(4000), 90, BYTES)


@pytest.mark.parametrize("turned", [False, True])
def test_a_basis_is_made_in_float64_on_the_side_that_is_shorter_where_a_gram_matrix_serves(turned):
    size = Size.dense(N, M, R) if turned else SIZE
    # V V' has 100 x 100 entries; 20 directions of 100 numbers, in four copies of 8 bytes and one
    assert of_basis(size, 20, BYTES) == 20 * (M + N) * BYTES + 20 * M * 36 + M * M * BYTES
    wide = Size.dense(1000, N, R)
    assert of_basis(wide, 20, BYTES) == 20 * (1000 + N) * BYTES + 20 * N * 36


def test_runs_with_split_models_and_missing_entries():
    small = Size.dense(10, 20, R)  # all of it is one block
    factors = R * 30 * BYTES
    blocks = 5 * 2 * 200 * BYTES
    assert of_split(small, 77.0, BYTES, 2, sparse=False) == max(877, 9 * factors) + blocks
    assert of_split(small, 1e6, BYTES, 2, sparse=False) == 800 + 1e6 + blocks
    few = Size(1000, 2000, R, 500.0, 300.0)
    factors = R * 3000 * BYTES
    assert stored_bytes(few, BYTES) == 2 * 300 * 8
    assert of_split(few, 0.0, BYTES, 2, sparse=True) == 9 * factors + 4 * 300 * BYTES
    assert of_split(few, 1e9, BYTES, 2, sparse=True) == 4800 + 1e9
    factors = R * 30 * BYTES
    assert of_masked(small, 1e6, BYTES, 2) == 200 * 9 + 200 * 8 + 1e6
    assert of_masked(small, 0.0, BYTES, 2) == 200 * 9 + max(1600, 9 * factors + blocks)


@pytest.mark.parametrize(
    "settings", [{"loss": "kl"}, {"warmup": "none"}, {"warmup": "sample"}], ids=str
)
def test_a_run_takes_about_what_is_told(settings):
    V = np.random.default_rng(0).random((100, 12_000), np.float32) + 0.1
    usual = {"kernels": "numpy", "n_jobs": 1}
    told = visnmf.estimate(V, 20, calibrate=False, **usual, **settings).bytes_beside_V
    visnmf.factorize(V[:, :300], 20, max_iter=1, **usual, **settings)  # imports
    tracemalloc.start()
    visnmf.factorize(V, 20, max_iter=2, **usual, **settings)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 0.5 * told < most < 1.6 * told
