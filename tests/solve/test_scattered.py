"""A run on dask is the run in memory, whoever works on which block."""

import pickle
import sys
from pathlib import Path

import numpy as np
import pytest

import visnmf
from visnmf.errors import ClusterError, ImageReadError, InvalidInputError, MissingDependencyError

da = pytest.importorskip("dask.array")


def made(dtype=np.float64, n=700):
    rng = np.random.default_rng(0)
    V = (rng.random((48, n)) + rng.random((48, 4)) @ rng.random((4, n))).astype(dtype)
    start = {"W": rng.random((48, 5)).astype(dtype), "H": rng.random((5, n)).astype(dtype)}
    return V, start


def exactly(iterations=25):
    return {"max_iter": iterations, "tol": 0, "change": 0, "warmup": "none"}


def course(found):
    return np.array([record.objective for record in found.history])


def files(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize(("dtype", "close"), [(np.float64, 1e-9), (np.float32, 1e-5)])
@pytest.mark.parametrize("scheduler", ["synchronous", "threads"])
def test_a_dask_array_takes_the_course_of_the_array_in_memory(dtype, close, scheduler):
    V, start = made(dtype)
    held = visnmf.factorize(V, 5, **start, **exactly())
    with visnmf.on_dask(scheduler):
        found = visnmf.factorize(da.from_array(V, chunks=(20, 90)), 5, **start, **exactly())
    assert found.W.dtype == found.H.dtype == dtype
    assert [record.phase for record in found.history] == [r.phase for r in held.history]
    np.testing.assert_allclose(course(found), course(held), rtol=close)
    np.testing.assert_allclose(found.W @ found.H, held.W @ held.H, atol=1e3 * close)


def test_scheduler_processes_runs_where_nothing_is_shared():
    V, start = made(n=130)
    held = visnmf.factorize(V, 5, **start, **exactly(2))
    with visnmf.on_dask("processes"):
        found = visnmf.factorize(da.from_array(V, chunks=64), 5, **start, **exactly(2))
    np.testing.assert_allclose(course(found), course(held), rtol=1e-9)


def test_dask_takes_its_own_scheduler_for_a_dask_array():
    import dask

    V, start = made()
    used = []

    def counting(graph, keys, **options):
        used.append(keys)
        return dask.get(graph, keys, **options)

    with dask.config.set(scheduler=counting):
        visnmf.factorize(da.from_array(V, chunks=(48, 128)), 5, **start, **exactly(3))
    assert len(used) >= 4


def test_from_a_sample_it_ends_as_the_run_in_blocks_does():
    V, _ = made(n=900)
    with visnmf.on_dask("threads"):
        images = visnmf.load_images(V.T.reshape(900, 6, 8).astype(np.float32), lazy=True)
        found = visnmf.factorize(images, 5)
    here = visnmf.factorize(images, 5)
    assert found.history[0].phase == "sample"
    assert found.objective == pytest.approx(here.objective, rel=1e-3)
    error = np.square(images.load().V - found.W @ found.H).sum() / 2
    assert found.objective == pytest.approx(error, rel=1e-3)


def test_tries_that_fail_are_taken_back_from_files_as_from_memory():
    V, start = made(n=200)
    # Extrapolation overshoots now and then over so many iterations
    held = visnmf.factorize(V, 5, **start, **exactly(150))
    rises = np.flatnonzero(np.diff(course(held)) == 0)
    assert len(rises) > 2, "nothing was taken back, so nothing is tested"
    with visnmf.on_dask("synchronous"):
        found = visnmf.factorize(da.from_array(V, chunks=(48, 64)), 5, **start, **exactly(150))
    np.testing.assert_allclose(course(found), course(held), rtol=1e-9)


def test_scratch_holds_two_versions_at_most_and_is_empty_in_the_end(tmp_path):
    V, start = made()
    seen = []

    def look(record):
        if record.phase == "V":
            seen.append(len([path for path in files(tmp_path) if "parts" not in path.name]))

    with visnmf.on_dask("synchronous"):
        found = visnmf.factorize(
            da.from_array(V, chunks=(48, 100)), 5, **start, **exactly(), scratch=tmp_path,
            callback=look,
        )  # fmt: skip
    blocks = -(-700 // 192)
    assert set(seen) <= {blocks, 2 * blocks}
    assert not list(tmp_path.iterdir())
    assert np.isfinite(found.H).all()


def test_a_run_goes_on_from_its_checkpoint_on_dask_or_off_it(tmp_path):
    V, start = made()
    D, kept = da.from_array(V, chunks=(48, 128)), tmp_path / "kept"
    options = {**start, **exactly(20), "checkpoint": kept, "every": 0}
    with visnmf.on_dask("synchronous"):
        whole = visnmf.factorize(D, 5, **start, **exactly(20))
        visnmf.factorize(D, 5, **options, callback=lambda record: record.iteration == 9)
        found = visnmf.factorize(D, 5, **{**options, "resume": True})
    np.testing.assert_allclose(course(found), course(whole), rtol=1e-12)
    np.testing.assert_array_equal(found.W, whole.W)


class Broken:
    """A source in which some images cannot be read."""

    def __init__(self, V, gone, on_error):
        self.V, self.gone, self.on_error = V, gone, on_error
        self.shape, self.dtype, self.step, self.name = V.shape, V.dtype, 50, "the shelf"
        self.lost = {}

    def __getstate__(self):
        return {**vars(self), "lost": {}}

    def read(self, first, last):
        values = np.array(self.V[:, first:last], order="F")
        for i in self.gone:
            if first <= i < last:
                if self.on_error == "raise":
                    raise ImageReadError(f"image {i} of {self.name}", "it is torn")
                self.lost[i] = "it is torn"
                values[:, i - first] = 0
        return values


@pytest.mark.parametrize("scheduler", ["threads", "processes"])
def test_a_block_that_cannot_be_read_is_named(scheduler):
    V, start = made(n=200)
    with (
        visnmf.on_dask(scheduler),
        pytest.raises(ImageReadError, match="^image 150 of the shelf: it is torn$") as caught,
    ):
        visnmf.factorize(Broken(V, [150], "raise"), 5, **start, **exactly(2))
    assert caught.value.reason == "it is torn"


@pytest.mark.parametrize("scheduler", ["threads", "processes"])
def test_images_that_workers_skip_come_back_with_the_result(scheduler):
    V, start = made(n=200)
    with visnmf.on_dask(scheduler):
        found = visnmf.factorize(Broken(V, [7, 150], "skip"), 5, **start, **exactly(2))
    zeroed = V.copy()
    zeroed[:, [7, 150]] = 0
    held = visnmf.factorize(zeroed, 5, **start, **exactly(2))
    assert found.skipped == {7: "it is torn", 150: "it is torn"}
    assert not found.H[:, [7, 150]].any()
    assert found.objective == pytest.approx(held.objective, rel=1e-9)


def test_pictures_that_workers_skip_are_told_of_by_the_images(tmp_path):
    from PIL import Image

    rng = np.random.default_rng(0)
    for i in range(150):
        path = tmp_path / f"{i:03d}.png"
        Image.fromarray(rng.integers(0, 256, (6, 8), np.uint8)).save(path)
    images = visnmf.load_images(tmp_path, lazy=True, on_error="skip")
    (tmp_path / "140.png").write_bytes(b"no picture")
    with visnmf.on_dask("processes"):
        found = visnmf.factorize(images, 3, max_iter=1)
    assert set(found.skipped) == {140}
    assert [Path(error.path).name for error in images.skipped] == ["140.png"]


def test_other_losses_and_terms_take_a_dask_array_too():
    V, _ = made(n=200)
    D = da.from_array(V, chunks=(48, 64))
    for options in ({"loss": "kl"}, {"missing": 0.0}):
        found = visnmf.factorize(D, 3, max_iter=5, **options)
        assert found.settings["passes"] > 5
        assert np.isfinite(found.objective)


def test_what_is_not_an_array_of_images_is_refused():
    V, _ = made()
    negative = V.copy()
    negative[3, 500] = -1
    for array, told in (
        (da.from_array(V).reshape(48, 70, 10), "two dimensions"),
        (da.from_array(V)[:, da.from_array(V)[0] > 1], "compute_chunk_sizes"),
        (da.from_array(V.astype(complex)), "real numbers"),
        (da.from_array(negative, chunks=(48, 100)), "image 500 of the dask array holds negative"),
        (da.zeros((0, 5)), "empty"),
    ):
        with pytest.raises(InvalidInputError, match=told):
            visnmf.factorize(array, 2)


def test_a_scheduler_that_is_not_there_is_told_of():
    pytest.importorskip("distributed")
    with (
        pytest.raises(ClusterError, match="no dask scheduler at tcp://127.0.0.1:9"),
        visnmf.on_dask("tcp://127.0.0.1:9", timeout=0.5),
    ):
        pass
    with pytest.raises(InvalidInputError, match="'host:8786'"), visnmf.on_dask("host:8786"):
        pass
    assert issubclass(ClusterError, ConnectionError)


def test_without_dask_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "dask", None)
    with pytest.raises(MissingDependencyError, match=r"visnmf\[dask\]"), visnmf.on_dask("threads"):
        pass


def test_a_store_that_a_worker_does_not_reach_is_told_of(tmp_path):
    from visnmf.solve.stores import Store, Version

    store = pickle.loads(pickle.dumps(Store(str(tmp_path / "elsewhere"))))
    with pytest.raises(ClusterError, match="scratch="):
        store.read(Version(1), 0)
    with pytest.raises(ClusterError, match="scratch="):
        store.write(1, 0, np.zeros((2, 3)))


def test_versions_are_scaled_and_put_in_order_as_they_are_read(tmp_path):
    from visnmf.solve.stores import Store, Version

    store, rng = Store(str(tmp_path)), np.random.default_rng(0)
    before, best = rng.random((2, 3, 4))
    store.write(1, 64, before, best)
    factors, order = np.array([2.0, 3.0, 5.0]), np.array([2, 0, 1])
    version = Version(1, way=True).scaled(factors).permuted(order).scaled(factors)
    expected = ((F * factors[:, None])[order] * factors[:, None] for F in (before, best))
    for found, wanted in zip(store.read(version, 64), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-15)
    np.testing.assert_array_equal(*store.read(Version(1), 64))
