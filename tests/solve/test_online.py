import gzip
import importlib
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

import visnmf
from visnmf.errors import InvalidInputError
from visnmf.matrices.chunked import Chunked
from visnmf.matrices.dense import Dense
from visnmf.matrices.source import ArraySource
from visnmf.matrices.sparse import Sparse
from visnmf.solve.batches import beside, is_stream, mixed_batches
from visnmf.solve.learner import Online
from visnmf.solve.plan import Plan
from visnmf.solve.stopping import Rule
from visnmf.terms import ElasticNet, Graph, Simplex, Sparseness, UnitBall


def planted(m=40, n=3000, rank=4, noise=0.01, seed=0):
    """Return V of parts that overlap little, float32, columns contiguous."""
    rng = np.random.default_rng(seed)
    W = rng.random((m, rank)) * (rng.random((m, rank)) < 0.4) + 0.01
    H = rng.random((rank, n)) * (rng.random((rank, n)) < 0.6)
    V = W @ H + noise * rng.random((m, n))
    return np.asfortranarray(V, np.float32)


def sorted_by_part(V):
    """Return the columns of V in order of where they are brightest: the worst for a stream."""
    return np.asfortranarray(V[:, np.argsort(V.argmax(axis=0), kind="stable")])


def error(V, W, H):
    return np.linalg.norm(V - W @ H) / np.linalg.norm(V)


class Counting(ArraySource):
    """Columns of an array, and how often each was read."""

    def __init__(self, V, step=1):
        super().__init__(V, "an array")
        self.step = step
        self.reads = np.zeros(V.shape[1], int)

    def read(self, first, last):
        self.reads[first:last] += 1
        return super().read(first, last)


@pytest.mark.parametrize("step", [1, 50, 3000])
def test_each_image_is_read_twice_and_the_error_is_near_that_of_the_whole(step):
    V = planted()
    source = Counting(V, step)
    found = visnmf.factorize_online(Chunked(source), 4, batch_size=200)
    assert set(source.reads) == {2}
    assert found.settings["passes"] == 2
    whole = visnmf.factorize(V, 4)
    assert error(V, found.W, found.H) <= 1.05 * error(V, whole.W, whole.H)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_reported_is_true(dtype):
    V = planted().astype(dtype)
    found = visnmf.factorize_online(V, 4, batch_size=300)
    assert found.W.dtype == found.H.dtype == dtype
    residual = V.astype(float) - found.W.astype(float) @ found.H.astype(float)
    assert found.objective == pytest.approx(0.5 * (residual**2).sum(), rel=1e-4)
    true = error(V, found.W, found.H)
    assert found.settings["relative_error"] == pytest.approx(true, rel=1e-4)
    slopes = (-found.W.T @ residual, found.H), (-(residual @ found.H.T), found.W)
    free = [np.where(F > 0, slope, np.minimum(slope, 0)) for slope, F in slopes]
    kkt = np.sqrt(sum((X**2).sum() for X in free))
    # What is left of the gradient of H is rounding, in float32
    assert found.kkt == pytest.approx(kkt, rel=0.02)
    assert found.reason == "passes"
    assert found.history[-1].phase == "closing"
    assert found.n_iter == sum(record.phase == "online" for record in found.history)


def test_parts_that_are_there_are_found():
    V = planted(noise=0)
    assert visnmf.factorize_online(V, 4, batch_size=200).settings["relative_error"] < 5e-3


@pytest.mark.parametrize("loss", ["frobenius", "kl"])
def test_a_stream_sorted_by_what_it_shows_ends_near_the_whole(loss):
    V = sorted_by_part(planted(m=30, n=8000, rank=8, noise=0.05))
    stream = (V[:, i : i + 250] for i in range(0, V.shape[1], 250))
    found = visnmf.factorize_online(stream, 8, loss=loss, batch_size=250)
    assert found.H.shape == (8, 0)
    H = visnmf.encode(V, found.W, loss=loss)
    whole = visnmf.factorize(V, 8, loss=loss)
    bound = 1.1 if loss == "frobenius" else 1.25
    assert error(V, found.W, H) <= bound * error(V, whole.W, whole.H)


@pytest.mark.slow
def test_clothes_sorted_by_kind_end_near_the_whole():
    """Fashion-MNIST in order of its labels, once in mixed batches and once as a stream."""
    folder = Path("/usr/share/datasets/fashion-mnist")
    if not folder.exists():
        pytest.skip("Debian's package dataset-fashion-mnist is not here")
    pixels, labels = (
        np.frombuffer(gzip.decompress((folder / f"t10k-{name}-ubyte.gz").read_bytes()), np.uint8)
        for name in ("images-idx3", "labels-idx1")
    )
    order = np.argsort(labels[8:], kind="stable")
    V = pixels[16:].reshape(-1, 784)[order].T / np.float32(255)
    whole = visnmf.factorize(V, 40)
    mixed = visnmf.factorize_online(V, 40)
    stream = visnmf.factorize_online(iter(np.array_split(V, 20, axis=1)), 40)
    best = error(V, whole.W, whole.H)
    assert error(V, mixed.W, mixed.H) < 1.02 * best
    assert error(V, stream.W, visnmf.encode(V, stream.W)) < 1.03 * best


def test_who_forgets_follows_a_stream_that_changes():
    """From the middle on it is made of other parts, more than there are places for."""
    first, second = (planted(noise=0.02, seed=seed) for seed in (1, 2))
    errors = []
    for forget in (0.0, 0.3):
        stream = iter(np.split(np.hstack([first, second]), 30, axis=1))
        found = visnmf.factorize_online(stream, 4, batch_size=200, forget=forget)
        errors.append(error(second, found.W, visnmf.encode(second, found.W)))
    whole = visnmf.factorize(second, 4)
    assert errors[1] < 0.8 * errors[0]
    assert errors[1] < 1.15 * error(second, whole.W, whole.H)


@pytest.mark.parametrize("loss", ["kl", 1.5])
def test_other_losses(loss):
    V = planted(noise=0.05)
    found = visnmf.factorize_online(V, 4, loss=loss, batch_size=300)
    whole = visnmf.factorize(V, 4, loss=loss)
    assert whole.objective * 0.99 <= found.objective <= 1.1 * whole.objective
    again = visnmf.factorize_online(V, 4, loss=loss, batch_size=300, W=found.W)
    assert again.objective <= 1.02 * found.objective


def test_a_sparse_v_gives_what_a_dense_one_does():
    V = planted(noise=0)
    V[V < 0.2] = 0
    dense = visnmf.factorize_online(V, 4, batch_size=300)
    thin = visnmf.factorize_online(sparse.csc_array(V), 4, batch_size=300)
    np.testing.assert_allclose(thin.W @ thin.H, dense.W @ dense.H, atol=2e-3)


def test_seeds_and_threads():
    V = planted()
    one, same, other, two = (
        visnmf.factorize_online(V, 4, batch_size=200, seed=seed, n_jobs=jobs)
        for seed, jobs in ((0, 1), (0, 1), (1, 1), (0, 2))
    )
    np.testing.assert_array_equal(one.W, same.W)
    np.testing.assert_array_equal(one.H, two.H)
    assert not np.array_equal(one.W, other.W)


def test_a_list_of_batches_is_encoded_and_an_iterator_cannot_be():
    V = planted()
    batches = np.array_split(V, 7, axis=1)
    found = visnmf.factorize_online(batches, 4)
    assert error(V, found.W, found.H) == pytest.approx(found.settings["relative_error"], rel=1e-4)
    for wrong in ({"encode": True}, {"passes": 2}):
        with pytest.raises(InvalidInputError, match="passes by once"):
            visnmf.factorize_online(iter(batches), 4, **wrong)
    assert is_stream(iter(batches))
    assert not is_stream(V)
    assert not is_stream(V.tolist())


def test_single_frames_are_put_together_and_odd_ones_refused():
    V = planted(n=600)
    found = visnmf.factorize_online((V[:, [j]] for j in range(600)), 4, batch_size=100)
    assert found.settings["images"] == 600
    assert found.n_iter <= 7
    with pytest.raises(InvalidInputError, match="batch 1 has 39 pixels"):
        visnmf.factorize_online(iter([V, V[1:]]), 4, batch_size=1000)
    with pytest.raises(InvalidInputError, match="no batch"):
        visnmf.factorize_online(iter([]), 4)


def test_image_sets_of_a_camera():
    faces = visnmf.samples.load_faces()
    found = visnmf.factorize_online(iter([faces[:50], faces[50:]]), 9, batch_size=50)
    assert found.W.shape == (625, 9)


def test_constraints_and_penalties_that_go_by_images():
    V = planted()
    held = visnmf.factorize_online(V, 4, terms_H=Simplex("image"), batch_size=300)
    np.testing.assert_allclose(held.H.sum(axis=0), 1, rtol=1e-4)
    thin = visnmf.factorize_online(V, 4, terms_W=Sparseness(0.6), batch_size=300)
    measured = visnmf.measure.hoyer_sparseness(thin.W)
    np.testing.assert_allclose(measured, 0.6, atol=1e-3)


def test_penalties_weigh_what_they_do_in_factorize():
    V = planted()
    terms = {"terms_W": ElasticNet(l2=50.0), "terms_H": ElasticNet(l1=0.05)}
    found = visnmf.factorize_online(V, 4, batch_size=300, **terms)
    whole = visnmf.factorize(V, 4, **terms)
    assert found.objective == pytest.approx(whole.objective, rel=0.03)


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ({"terms_H": Graph(np.eye(3000))}, "needs all images at once"),
        ({"terms_H": UnitBall()}, "needs all images at once"),
        ({"terms_W": ElasticNet(l1=1.0)}, "W shrinks while H grows"),
    ],
)
def test_terms_that_need_all_images_are_refused(terms, message):
    with pytest.raises(InvalidInputError, match=message):
        visnmf.factorize_online(planted(), 4, **terms)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"forget": 1.0}, "forget must be"),
        ({"order": "random"}, "order='random'"),
        ({"batch_size": 0}, "batch_size"),
        ({"init": "best"}, "init='best'"),
        ({"loss": "l1"}, "loss='l1'"),
    ],
)
def test_options_that_cannot_be_used(options, message):
    with pytest.raises(InvalidInputError, match=message):
        visnmf.factorize_online(planted(), 4, **options)


def test_a_callback_ends_the_learning_and_all_is_encoded():
    V = planted()
    seen = []

    def callback(record):
        seen.append(record)
        return record.phase == "online" and record.iteration == 2

    found = visnmf.factorize_online(V, 4, batch_size=200, callback=callback)
    assert found.reason == "callback"
    assert found.n_iter == 2
    assert found.H.shape == (4, 3000)
    assert error(V, found.W, found.H) == pytest.approx(found.settings["relative_error"], rel=1e-4)


@pytest.mark.parametrize("kind", ["dense", "sparse"])
def test_a_kept_state_goes_on_as_if_never_stopped(kind):
    V = planted()
    V[V < 0.1] = 0
    make = Dense if kind == "dense" else lambda part: Sparse.of(sparse.csc_array(part))
    parts = [make(np.asfortranarray(part)) for part in np.array_split(V, 6, axis=1)]

    def begun(first):
        return Online.begin(first, Plan(4, Rule(1)), np.random.default_rng(0), None, 0.0)

    one, other = begun(parts[0]), begun(parts[1])
    one.update(parts[1])
    other.resume(one.state())
    other.rng = np.random.default_rng(7)
    one.rng = np.random.default_rng(7)
    for part in parts[2:]:
        one.update(part)
        other.update(part)
    np.testing.assert_allclose(one.W, other.W, rtol=1e-6)
    assert one.seen == other.seen == 3000


def test_the_sample_is_of_all_images_alike():
    """Each image bears its own number; those of the sample spread over all of them."""
    V = np.ones((3, 20000), np.float32)
    V[0] = np.linspace(0.5, 1.5, 20000)
    parts = [Dense(np.asfortranarray(part)) for part in np.array_split(V, 20, axis=1)]
    learner = Online.begin(parts[0], Plan(1, Rule(1)), np.random.default_rng(0), None, 0.0)
    for part in parts[1:]:
        learner.update(part)
    numbers = learner.sample.values[0]
    assert len(np.unique(numbers)) == 1000
    assert numbers.mean() == pytest.approx(1.0, abs=0.03)
    assert numbers.std() == pytest.approx(1 / np.sqrt(12), rel=0.1)


def test_mixed_batches_hold_each_image_once_and_some_of_all():
    V = np.arange(1000, dtype=np.float32)[None] + 1
    for matrix in (Dense(V), Chunked(Counting(V, 20))):
        batches = list(mixed_batches(matrix, 100, np.random.default_rng(0)))
        numbers = [batch.values[0] for batch in batches]
        np.testing.assert_array_equal(np.sort(np.concatenate(numbers)), V[0])
        assert all(np.ptp(part) > 300 for part in numbers[:-1])


def test_matrices_beside_each_other():
    V = planted(n=30)
    thin = Sparse.of(sparse.csc_array(V))
    np.testing.assert_array_equal(beside([Dense(V), thin]).values, np.hstack([V, V]))
    both = beside([thin, thin]).columns.matrix().toarray()
    np.testing.assert_array_equal(both, np.hstack([V, V]))


def test_lazy_pictures_are_read_twice(tmp_path):
    V = planted(m=48, n=500)
    np.save(tmp_path / "set.npy", (V.T.reshape(500, 6, 8) / V.max() * 255).astype(np.uint8))
    images = visnmf.load_images(tmp_path / "set.npy", lazy=True)
    found = visnmf.factorize_online(images, 4, batch_size=100)
    assert found.settings["passes"] == found.history[-1].passes == 2
    held = images.load().V
    assert error(held, found.W, found.H) == pytest.approx(
        found.settings["relative_error"], rel=1e-4
    )


def test_images_that_cannot_be_read_teach_nothing():
    class Torn(Counting):
        def read(self, first, last):
            block = super().read(first, last).copy(order="F")
            for j in range(max(first, 7), min(last, 9)):
                self.lost[j] = "torn"
                block[:, j - first] = 0
            return block

    V = planted()
    source = Torn(V)
    found = visnmf.factorize_online(Chunked(source), 4, batch_size=200)
    assert set(source.lost) == {7, 8}
    assert not found.H[:, 7:9].any()
    assert found.settings["relative_error"] < 0.02


def test_batches_of_one_image_are_batches():
    V = planted(n=300)
    found = visnmf.factorize_online(V, 4, batch_size=1)
    assert error(V, found.W, found.H) <= 1.2 * error(V, *planted_fit(V))
    with pytest.raises(InvalidInputError, match="batch_size must be a whole number of at least 1"):
        visnmf.factorize_online(V, 4, batch_size=0)


def planted_fit(V):
    found = visnmf.factorize(V, 4)
    return found.W, found.H


@pytest.mark.parametrize("shape", [(1, 40), (9, 1)])
def test_one_pixel_and_one_image_are_learned_from_blocks(shape):
    V = np.random.default_rng(0).random(shape)
    found = visnmf.factorize_online(ArraySource(V, "V"), 1)
    assert found.W.shape == (shape[0], 1)
    with pytest.raises(InvalidInputError, match=r"V is empty: its shape is \(9, 0\)"):
        visnmf.factorize_online(ArraySource(np.ones((9, 0)), "V"), 1)


def test_what_a_batch_forgets_is_shared_out_over_its_images(monkeypatch):
    module = importlib.import_module("visnmf.solve.factorize_online")
    lost, made = [], module.OnlineRun

    def kept(*given, **options):
        lost.append(options["lost"])
        return made(*given, **options)

    monkeypatch.setattr(module, "OnlineRun", kept)
    V = planted(n=600)
    for forget in (0.0, 0.2):
        visnmf.factorize_online(V, 4, batch_size=50, forget=forget)
    assert lost[0] == 0
    assert (1 - lost[1]) ** 50 == pytest.approx(0.8)
