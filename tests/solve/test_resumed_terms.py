"""A run with other losses, terms or missing entries goes on as if it had never stopped."""

import numpy as np
import pytest

from visnmf import factorize, terms
from visnmf.matrices.source import ArraySource

M, N, RANK = 30, 200, 4
RNG = np.random.default_rng(0)
V = RNG.random((M, RANK)) ** 2 @ RNG.random((RANK, N)) ** 2 + 0.05 * RNG.random((M, N)) + 0.01
LONG = {"max_iter": 24, "tol": 0.0, "change": 0.0}
CASES = {
    "kl": {"loss": "kl"},
    "kl by mu": {"loss": "kl", "update": "mu"},
    "is": {"loss": "is"},
    "sparse": {"terms_H": terms.ElasticNet(l1=0.05)},
    "sparse parts": {"terms_W": terms.Sparseness(0.5)},
    "labels": {"terms_H": terms.Discriminant(np.arange(N) % 2, 0.1)},
    "known parts": {"known_W": V[:, :1]},
    "missing": {"observed": RNG.random(V.shape) < 0.7},
    "smoothed": {"smoothing": 0.4},
}
KINDS = {"dense": lambda: V, "chunked": lambda: ArraySource(np.asfortranarray(V), "V", block=64)}


class KilledError(Exception):
    """As if the process had ended there."""


def killed_at(iteration):
    def callback(record):
        if record.phase == "V" and record.iteration == iteration:
            raise KilledError

    return callback


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", CASES)
def test_the_history_and_the_factors_are_those_of_the_run_that_was_not_stopped(
    name, kind, tmp_path
):
    settings = {**LONG, **CASES[name]}
    whole = factorize(KINDS[kind](), RANK, **settings)
    path = tmp_path / "kept"
    for iteration in (1, 7, 10, 11, 23):
        with pytest.raises(KilledError):
            factorize(
                KINDS[kind](), RANK, checkpoint=path, every=0, resume=True,
                callback=killed_at(iteration), **settings,
            )  # fmt: skip
    resumed = factorize(KINDS[kind](), RANK, checkpoint=path, every=0, resume=True, **settings)
    told, again = (
        [(r.phase, r.iteration, r.objective, r.kkt) for r in run.history]
        for run in (whole, resumed)
    )
    np.testing.assert_equal(again, told)
    np.testing.assert_array_equal(resumed.W, whole.W)
    np.testing.assert_array_equal(resumed.H, whole.H)
    assert resumed.reason == whole.reason


def test_what_a_callback_stopped_goes_on(tmp_path):
    whole = factorize(V, RANK, **LONG)
    for last in (5, 9, 0):
        run = factorize(
            V, RANK, checkpoint=tmp_path / "kept", resume=True, **LONG,
            callback=lambda record, last=last: (record.phase, record.iteration) == ("V", last),
        )  # fmt: skip
        assert run.n_iter == (last or whole.n_iter)
    np.testing.assert_array_equal(run.W, whole.W)
