"""What an online learner keeps of its images, and when it fits its parts to them anew."""

from types import SimpleNamespace

import numpy as np
import pytest

from visnmf.matrices.dense import Dense
from visnmf.solve import learner as module
from visnmf.solve.learner import Online
from visnmf.solve.online import Memory

RANK, M, SIZE = 3, 10, 20


def made(loss="frobenius", seen=SIZE, **settings):
    rng = np.random.default_rng(0)
    W = rng.random((RANK, M)) + 0.1
    sample = Dense(np.asfortranarray(W.T @ rng.random((RANK, SIZE)) + 0.01))
    found = Online(W, Memory(W, W), sample, rng, loss, seen=seen, **settings)
    found.memory = Memory.empty(W, found.beta)
    return found


class Draws:
    """A generator of given numbers; the first places of the sample go."""

    def __init__(self, numbers):
        self.numbers = np.array(numbers)

    def random(self, count):
        assert count == len(self.numbers)
        return self.numbers

    def choice(self, size, count, replace):
        return np.arange(count)


@pytest.mark.parametrize(
    ("lost", "chance"), [(0.0, [20 / 61, 20 / 62, 20 / 63]), (0.02, 3 * [0.4])]
)
def test_each_image_so_far_is_in_the_sample_with_the_same_chance(lost, chance):
    """Vitter 1985: the image after n others with a chance of size / (n + 1), or of size * lost."""
    new = Dense(np.asfortranarray(np.full((M, 3), 7.0)))
    for side, kept in ((-1e-9, 3), (1e-9, 0)):
        learner = made(seen=60, lost=lost)
        learner.rng = Draws(np.add(chance, side))
        learner._keep(new)
        assert int((learner.sample.values == 7).all(axis=0).sum()) == kept


def test_over_many_batches_all_images_are_kept_alike():
    counts = np.zeros(100)
    for seed in range(300):
        learner = made()
        learner.rng, learner.seen = np.random.default_rng(seed), SIZE
        learner.sample = Dense(np.asfortranarray(np.tile(np.arange(SIZE), (M, 1)).astype(float)))
        for first in range(SIZE, 100, 8):
            numbers = np.tile(np.arange(first, first + 8), (M, 1)).astype(float)
            learner._keep(Dense(np.asfortranarray(numbers)))
            learner.seen += 8
        counts[learner.sample.values[0].astype(int)] += 1
    early, late = counts[:50].mean(), counts[50:].mean()
    assert counts.sum() == 300 * SIZE
    assert early == pytest.approx(late, rel=0.1)


@pytest.mark.parametrize("loss", ["frobenius", "kl"])
def test_least_squares_go_on_from_the_parts_and_other_losses_begin_anew(loss, monkeypatch):
    plans, begun, run = [], [], module.run

    def kept(matrix, plan, *rest):
        plans.append(plan)
        begun.append(None if plan.given is None else plan.given[0].copy())
        return run(matrix, plan, *rest)

    monkeypatch.setattr(module, "run", kept)
    learner = made(loss)
    learner.weight, learner.told = float(SIZE), 1e6  # sums that tell far too much
    before = learner.W.copy()
    assert learner.settle()
    (plan,) = plans
    if loss == "frobenius":
        np.testing.assert_array_equal(begun[0], before)
        assert plan.warmup == "none"
    else:
        assert begun == [None]
        assert plan.warmup == "auto"
    assert learner.checked == learner.seen


def test_sums_that_are_true_are_left_alone():
    learner = made()
    batch = learner.batch(learner.sample)
    H = batch.encode(learner.W, 500, closer=True)
    learner.seen, learner.cost = 0, 0.0
    learner.remember(learner.sample, H, batch)
    before = learner.W.copy()
    assert not learner.settle()
    np.testing.assert_array_equal(learner.W, before)
    assert isinstance(learner.memory, Memory)
    assert learner.weight == SIZE
    assert SimpleNamespace(**learner.state()).numbers[0] == SIZE


@pytest.mark.parametrize("loss", ["frobenius", "kl"])
def test_after_a_new_fit_the_sums_are_those_of_the_sample_for_all_images(loss):
    learner = made(loss)
    learner.weight, learner.told = 5.0 * SIZE, 1e6
    encoded = []
    renew = Memory.renew

    def kept(memory, W, batch, H, keep):
        encoded.append((H.copy(), W.copy(), keep))
        renew(memory, W, batch, H, keep)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Memory, "renew", kept)
        assert learner.settle()
    ((H, W, keep),) = encoded
    assert keep == 1
    V = learner.sample.values
    if loss == "frobenius":
        first, second = H @ H.T, H @ V.T
        told = 0.5 * (V**2).sum()
    else:  # beside the weak prior of an empty memory
        Y = W.T @ H
        first, second = W + W * (H @ (V / Y).T), 1 + H.sum(axis=1, keepdims=True) + 0 * W
        told = learner.cost * SIZE
    np.testing.assert_allclose(learner.memory.first, 5 * first, rtol=1e-6)
    np.testing.assert_allclose(learner.memory.second, 5 * second, rtol=1e-6)
    assert learner.told == pytest.approx(5 * told)


@pytest.mark.parametrize(("apart", "stale"), [(0.9, False), (1.1, True)])
def test_other_losses_are_stale_where_costs_then_and_now_are_far_apart(apart, stale):
    learner = made("kl")
    batch = learner.batch(learner.sample)
    H = batch.encode(learner.W, module._STEPS, closer=True, squares=True)
    true = batch.loss.value(learner.sample, learner.W, H) / SIZE
    learner.weight = 7.0
    learner.told = 7 * true * (1 + apart * module._APART)
    assert learner.settle() == stale
