"""Several starts: the best is kept, all can be had, and where they run changes nothing."""

import inspect
import math

import numpy as np
import pytest

import visnmf
from visnmf import factorize, learn, restarts
from visnmf.errors import InvalidInputError
from visnmf.measure import match_parts
from visnmf.samples import load_faces, make_swimmer
from visnmf.solve.once import factorize_once

QUICK = {"max_iter": 8, "change": 0.0, "tol": 0.0, "kernels": "numpy"}


@pytest.fixture(scope="module")
def V():
    return load_faces().V[:, :60].astype(np.float64)


@pytest.fixture(scope="module")
def found(V):
    return restarts(V, 5, n_init=4, **QUICK)


def test_the_best_is_the_least_objective(found):
    assert len(found.runs) == 4
    assert found.best.objective == found.objectives.min()
    assert len(set(found.objectives)) == 4, "the starts differ"
    np.testing.assert_array_equal(found.best.W, found.runs[found.index].W)


def test_the_first_run_is_the_one_of_a_single_fit(V, found):
    single = factorize(V, 5, **QUICK)
    np.testing.assert_array_equal(single.W, found.runs[0].W)
    assert "n_init" not in single.settings


def test_factorize_gives_the_best_and_tells_of_the_others(V, found):
    best = factorize(V, 5, n_init=4, **QUICK)
    np.testing.assert_array_equal(best.W, found.best.W)
    assert (best.settings["seed"], best.settings["init"], best.settings["n_init"]) == (0, "auto", 4)
    assert best.settings["objectives"] == found.objectives.tolist()
    assert best.settings["stability"] == pytest.approx(found.stability.tolist())


def test_more_runs_are_never_worse(V):
    objectives = [factorize(V, 5, n_init=k, **QUICK).objective for k in (1, 2, 4)]
    assert objectives[0] >= objectives[1] >= objectives[2]


@pytest.mark.parametrize("seed", [3, "generator"])
def test_processes_change_nothing(V, seed):
    def made():
        return np.random.default_rng(3) if seed == "generator" else seed

    one = restarts(V, 4, n_init=3, seed=made(), **QUICK)
    two = restarts(V, 4, n_init=3, seed=made(), processes=2, **QUICK)
    for here, there in zip(one.runs, two.runs, strict=True):
        np.testing.assert_array_equal(here.W, there.W)
        np.testing.assert_array_equal(here.H, there.H)
        assert here.objective == there.objective


def test_a_large_v_is_shared_and_not_read_in_blocks():
    V = np.random.default_rng(0).random((400, 500))  # above the megabyte from which it is
    one, two = (
        restarts(V, 2, n_init=2, processes=count, **{**QUICK, "max_iter": 2}) for count in (1, 2)
    )
    np.testing.assert_array_equal(one.objectives, two.objectives)
    assert all("passes" not in run.settings for run in two.runs)


def test_seeds_are_children(V):
    runs = {
        seed: [run.objective for run in restarts(V, 4, n_init=3, seed=seed, **QUICK).runs]
        for seed in (0, 1)
    }
    assert not set(runs[0][1:]) & set(runs[1])


@pytest.mark.parametrize(
    ("settings", "later"),
    [
        ({}, "random frobenius"),
        ({"init": "nndsvd"}, "random frobenius"),
        ({"init": "kmeans"}, "kmeans"),
        ({"loss": "kl"}, "random frobenius"),
        ({"loss": "l21"}, "auto"),
    ],
)
def test_what_other_runs_begin_at(V, settings, later):
    found = restarts(V, 3, n_init=3, **QUICK, **settings)
    assert [run.settings["init"] for run in found.runs] == [
        settings.get("init", "auto"),
        later,
        later,
    ]
    assert len(set(found.objectives)) == 3


def test_stability_is_the_mean_cosine_to_the_matches(found):
    best = found.best.W
    others = [run.W for run in found.runs if run.objective != found.best.objective]
    by_hand = np.mean([match_parts(best, other).cosine for other in others], axis=0)
    np.testing.assert_allclose(found.stability, by_hand)
    assert ((found.stability > 0) & (found.stability <= 1)).all()


def test_parts_that_are_there_are_found_by_every_start():
    rng = np.random.default_rng(0)
    W = np.kron(np.eye(4), np.ones((8, 1)))
    V = W @ (rng.random((4, 100)) ** 3) + 0.001 * rng.random((32, 100))
    found = restarts(V, 4, n_init=5)
    assert found.stability.min() > 0.999
    beyond = restarts(V, 6, n_init=5)
    assert np.sort(beyond.stability)[0] < 0.9, "there is no fifth part"


def test_one_run_knows_of_no_others(V):
    found = restarts(V, 3, n_init=1, **QUICK)
    assert np.isnan(found.stability).all()
    assert found.cosines.shape == (0, 3)
    assert "Restarts(1 run of rank 3" in repr(found)


def test_time_is_for_all_runs(V):
    found = restarts(V, 3, n_init=50, time_limit=0.0)
    assert len(found.runs) == 1


def test_a_callback_ends_all(V):
    told = []

    def stop(record):
        told.append(record.phase)
        return len(told) == 3

    found = restarts(V, 3, n_init=5, callback=stop, **QUICK)
    assert len(found.runs) == 1
    assert found.best.reason == "callback"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"W": np.ones((625, 2)), "H": np.ones((2, 60))}, "all runs would begin"),
        ({"checkpoint": "run.ckpt"}, "keeps one run"),
        ({"callback": print, "processes": 2}, "other processes"),
        ({"n_init": 0}, "n_init must be a whole number"),
        ({"processes": 0}, "processes must be a whole number"),
        ({"processes": -2}, "-1 for one on each processor"),
    ],
)
def test_what_does_not_go_together_is_refused(V, settings, message):
    with pytest.raises(InvalidInputError, match=message):
        factorize(V, 2, **{"n_init": 2, **settings})


def test_a_model_keeps_what_the_runs_agree_in(tmp_path):
    swimmer = make_swimmer()
    model = learn(swimmer, 5, n_init=3, max_iter=10)
    assert len(model.stability) == 5
    model.save(tmp_path / "m.safetensors")
    again = visnmf.Model.load(tmp_path / "m.safetensors")
    np.testing.assert_allclose(again.stability, model.stability)
    assert np.isnan(learn(swimmer, 5, max_iter=10).stability).all()


def test_the_estimator_keeps_the_best(V):
    settings = {"n_components": 4, "random_state": 0, "max_iter": 10, "tol": 0.0}
    one = visnmf.NMF(**settings).fit(V.T).reconstruction_err_
    several = visnmf.NMF(n_init=4, **settings).fit(V.T).reconstruction_err_
    assert several <= one
    assert math.isfinite(several)
    with pytest.raises(InvalidInputError, match="one start"):
        visnmf.NMF(2, init="custom", n_init=2).fit_transform(
            V.T, W=np.ones((60, 2)), H=np.ones((2, 625))
        )


def test_parts_that_are_all_zero_have_no_stability():
    found = restarts(np.zeros((8, 9)), 2, 3)
    assert np.isnan(found.stability).all()
    assert "stability" not in found.best.settings, "NaN is no JSON"
    assert found.best.settings["objectives"] == [0, 0, 0]


def test_a_generator_has_children_or_is_refused(V):
    run = [restarts(V, 2, 2, seed=np.random.default_rng(1), **QUICK) for _ in range(2)]
    assert np.array_equal(run[0].objectives, run[1].objectives)
    childless = np.random.Generator(np.random.RandomState(0)._bit_generator)
    with pytest.raises(InvalidInputError, match=r"default_rng\(0\)"):
        restarts(V, 2, 2, seed=childless, **QUICK)
    assert restarts(V, 2, 1, seed=childless, **QUICK).best.rank == 2


def test_one_fit_and_several_have_the_same_defaults():
    several = inspect.signature(visnmf.factorize).parameters
    for name, one in inspect.signature(factorize_once).parameters.items():
        assert several[name].default == one.default, name
        assert several[name].kind == one.kind, name
