"""The counts that estimates are made of, as the module tells them, on sizes done by hand."""

import numpy as np
import pytest

from visnmf.matrices.lowrank import takes_gram
from visnmf.solve.cost import (
    Rates,
    Size,
    Work,
    closing,
    iteration,
    iterations_expected,
    on_low_rank,
    range_finding,
    share_of_low_rank,
    split_iteration,
    taking_in,
)

M, N, R = 10, 40, 3
SIZE = Size.dense(M, N, R)


def test_an_iteration():
    found = iteration(SIZE)
    assert found.products == 2 * R * M * N + R**2 * (M + N)
    assert found.sweeps == 8 * R**2 * (M + N) + R**2 * M
    assert found.rows == 2 * 8 * R
    assert found.moved == 12 * R * (M + N)
    assert found.calls == 2
    assert iteration(SIZE, sweeps=1).sweeps == R**2 * (M + N) + R**2 * M


def test_stand_ins_and_samples():
    low = on_low_rank(SIZE, 5)
    assert (low.m, low.n, low.rank, low.work, low.entries) == (M, N, R, 5 * (M + N), 5 * (M + N))
    some, rows = SIZE.sampled(20), Size.dense(N, M, R).sampled(20)
    assert (some.m, some.n, some.work, some.entries) == (M, 20, M * 20, M * 20)
    assert (rows.m, rows.n, rows.work) == (20, M, M * 20)
    assert (SIZE.short, SIZE.long) == (M, N)
    swept = 4 * R * (M + N)
    assert share_of_low_rank((M, N), R, 5, 400.0, 4) == pytest.approx(
        (2 * 5 * (M + N) + swept) / (2 * 400 + swept)
    )


@pytest.mark.parametrize(("halves", "sides"), [(1, 4), (2, 6)])
def test_an_iteration_with_a_split_model(halves, sides):
    found = split_iteration(SIZE, halves)
    assert found.products == sides * R * M * N
    assert found.moved == 24 * halves * M * N + 24 * R * (M + N)
    assert found.calls == 6


def test_the_closing_and_the_taking_in():
    found = closing(SIZE)
    assert found.products == 3 * R * M * N + R**2 * (M + N)
    assert found.sweeps == 12 * R**2 * N + R**2 * (M + N)
    assert found.rows == 12 * R
    assert found.moved == M * N + 4 * R * (M + N)
    assert found.calls == 3
    assert taking_in(SIZE) == Work(moved=3 * M * N, calls=4)


def test_the_range_finder_by_a_gram_matrix_or_by_products():
    assert takes_gram(M, N, 5)
    found = range_finding(SIZE, 5)
    assert found.products == M**2 * N / 2 + 5 * M * N + 3 * (2 * 5**2 * 2 * M)
    assert found.moved == 8 * 5 * (M + N)
    assert found.calls == 6
    long = Size.dense(100, 400, R)
    assert not takes_gram(100, 400, 5)
    other = range_finding(long, 5)
    assert other.products == 4 * 5 * 100 * 400 + 3 * (4 * 5**2 * (100 + 2 * 400))


def test_work_adds_up_and_takes_its_time():
    one = Work(1, 2, 3, 4, 5)
    assert one.times(3).plus(one) == Work(4, 8, 12, 16, 20)
    rates = Rates(product=1, sweep=10, row=100, move=1000, call=10_000)
    assert rates.seconds(one) == 1 + 20 + 300 + 4000 + 50_000
    double = rates.in_double()
    assert double.seconds(one) == 2 + 40 + 300 + 8000 + 50_000
    assert Rates.of_numpy().sweep == 2 * Rates().sweep


@pytest.mark.parametrize("shape", [(400, 2000), (2000, 400), (900, 900)])
@pytest.mark.parametrize("rank", [8, 20, 80])
def test_iterations_are_the_formula_of_the_docs(shape, rank):
    size = Size.dense(*shape, rank)
    whole = 20 * rank**0.7 / max(shape) ** (1 / 7)
    assert iterations_expected(size, "quadratic", 10**6, 0) == (0, round(whole))
    warm, left = iterations_expected(size, "quadratic", 10**6, 10**6)
    assert warm == round(0.75 * whole)
    assert left == max(5, round(whole - warm))
    assert iterations_expected(size, "quadratic", 10**6, 10)[0] == min(9, warm)
    split = 650 * rank / np.prod(shape) ** 0.4
    assert iterations_expected(size, "split", 10**6, 40) == (0, max(5, round(split)))
    assert iterations_expected(size, "split", 3, 40) == (0, 3)
