"""Threads and processes beside ours, and disks that are full: results are the same, files whole."""

import multiprocessing
import os
import pickle
import signal
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest

import visnmf
from visnmf.errors import VisnmfError

SEEDS = (0, 1, 2)
V = np.random.default_rng(0).random((60, 80)).astype(np.float32)


@pytest.fixture(scope="module")
def in_turn():
    return [visnmf.factorize(V, 5, max_iter=20, seed=seed) for seed in SEEDS]


def assert_alike(pool, in_turn):
    """Fit once more in a pool. Tasks are named in the package, where every process finds them."""
    tasks = [pool.submit(visnmf.factorize, V, 5, max_iter=20, seed=seed) for seed in SEEDS]
    for task, wanted in zip(tasks, in_turn, strict=True):
        found = task.result(timeout=120)
        assert found.objective == pytest.approx(wanted.objective, rel=1e-4)
        np.testing.assert_allclose(found.W, wanted.W, atol=2e-3)
        np.testing.assert_allclose(found.H, wanted.H, atol=2e-3)


def test_fits_in_threads_are_as_in_turn(in_turn):
    with ThreadPoolExecutor(4) as pool:
        assert_alike(pool, in_turn)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # a fork beside threads
@pytest.mark.parametrize("way", multiprocessing.get_all_start_methods())
def test_fits_in_processes_are_as_in_turn(in_turn, way):
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context(way)) as pool:
        assert_alike(pool, in_turn)


def test_results_go_through_pickle():
    found = visnmf.factorize(V, 2, max_iter=5)
    again = pickle.loads(pickle.dumps(found))
    np.testing.assert_array_equal(again.W, found.W)
    model = visnmf.learn(visnmf.samples.load_faces()[:20], 3, max_iter=5)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).W, model.W)


def writers():
    """Return name -> a function that writes a file anew."""
    faces = visnmf.samples.load_faces()[:40]
    model = visnmf.learn(faces, 6, max_iter=5)
    return {
        "model.safetensors": model.save,
        "page.html": lambda path: visnmf.save_report(path, model, faces),
        "set.vnmf": lambda path: visnmf.compress(faces, path, lossless=True, compare=False),
    }


@pytest.fixture
def full_disk():
    """Return a context in which no file grows beyond a kilobyte, as if the disk were full."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    class Full:
        def __enter__(self):
            resource.setrlimit(resource.RLIMIT_FSIZE, (1024, hard))

        def __exit__(self, *caught):
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    yield Full()
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    signal.signal(signal.SIGXFSZ, before)


@pytest.mark.parametrize("name", ["model.safetensors", "page.html", "set.vnmf"])
def test_on_a_full_disk_the_old_file_stays_whole(name, tmp_path, full_disk):
    write = writers()[name]
    path = tmp_path / name
    write(path)
    before = path.read_bytes()
    with pytest.raises((VisnmfError, OSError)) as caught, full_disk:
        write(path)
    assert name.split(".")[0] in str(caught.value)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == [name], "nothing is left beside it"


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
@pytest.mark.parametrize("name", ["model.safetensors", "page.html", "set.vnmf"])
def test_a_folder_that_may_not_be_written(name, tmp_path):
    write = writers()[name]
    closed = tmp_path / "closed"
    closed.mkdir()
    write(closed / name)
    before = (closed / name).read_bytes()
    closed.chmod(0o500)
    try:
        with pytest.raises((VisnmfError, OSError)):
            write(closed / name)
        assert (closed / name).read_bytes() == before
    finally:
        closed.chmod(0o700)
