"""The factor beta of Ang & Gillis 2019, algorithm 2."""

import pytest

from visnmf.solve.extrapolation import Extrapolation


def test_beta_grows_up_to_a_ceiling_that_grows_too():
    extrapolation = Extrapolation(beta=0.5, ceiling=0.54)
    extrapolation.grow()
    assert extrapolation.beta == pytest.approx(0.525)
    assert extrapolation.ceiling == pytest.approx(0.5454)
    extrapolation.grow()
    assert extrapolation.beta == pytest.approx(0.5454)
    for _ in range(200):
        extrapolation.grow()
    assert extrapolation.beta == extrapolation.ceiling == 1


def test_a_rise_sets_the_ceiling_to_the_last_beta_that_served():
    extrapolation = Extrapolation(beta=0.5)
    extrapolation.grow()  # 0.5 served
    extrapolation.back()  # 0.525 did not
    assert extrapolation.ceiling == pytest.approx(0.5)
    assert extrapolation.beta == pytest.approx(0.2625)
