"""Which way a plan is carried out."""

import importlib

import numpy as np
import pytest

import visnmf

run = importlib.import_module("visnmf.solve.run")


@pytest.mark.parametrize(
    ("size", "strained"),
    [(1e-5, True), (2e-4, False), (0.5, False), (1.0, False), (5e3, False), (1e5, True)],
)
def test_float32_is_left_only_where_a_divergence_would_strain_it(size, strained, monkeypatch):
    ways, in_float64 = [], run._in_float64

    def kept(*given):
        ways.append("float64")
        return in_float64(*given)

    monkeypatch.setattr(run, "_in_float64", kept)
    V = np.random.default_rng(0).random((12, 15), np.float32)
    V *= np.float32(size) / V.mean()
    found = visnmf.factorize(V, 2, loss="kl", max_iter=5)
    assert bool(ways) == strained
    assert found.W.dtype == found.H.dtype == np.float32
    ways.clear()
    visnmf.factorize(V, 2, max_iter=5)
    visnmf.factorize(V.astype(np.float64), 2, loss="kl", max_iter=5)
    assert not ways
