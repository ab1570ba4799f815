"""Calls in several processes: in order, and quietly given up."""

import time
import warnings

import numpy as np
from joblib import delayed

from visnmf.solve.processes import carried_out


def waited(number, seconds):
    time.sleep(seconds)
    return number


def test_results_come_in_the_order_of_the_calls():
    calls = (delayed(waited)(k, 0.1 * (k == 0)) for k in range(5))
    assert list(carried_out(calls, 2)) == [0, 1, 2, 3, 4]


def test_large_arrays_are_shared_and_not_copied():
    large, small = np.ones(200_000), np.ones(200)
    kinds = carried_out((delayed(type)(each) for each in (large, small)), 2)
    assert list(kinds) == [np.memmap, np.ndarray]


def test_who_has_enough_leaves_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = carried_out((delayed(waited)(k, 0.05) for k in range(20)), 2)
        assert next(found) == 0
        found.close()
