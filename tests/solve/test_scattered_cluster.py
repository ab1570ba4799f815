"""On a cluster: two worker processes, killed in mid-run, and a scheduler that is lost."""

import contextlib
import os
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest

import visnmf
from visnmf.errors import ClusterError

da = pytest.importorskip("dask.array")
distributed = pytest.importorskip("distributed")

N = 1500


@pytest.fixture(scope="module")
def client():
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    path = tmp_path_factory.mktemp("pictures") / "pictures.npy"
    np.save(path, np.random.default_rng(0).integers(0, 256, (N, 10, 12), np.uint8))
    return path


def options():
    rng = np.random.default_rng(1)
    start = {"W": rng.random((120, 6)), "H": rng.random((6, N))}
    return {**start, "max_iter": 16, "tol": 0, "change": 0, "warmup": "none"}


def course(found):
    return np.array([record.objective for record in found.history])


def test_two_workers_take_the_course_of_a_run_here(client, pictures):
    images = visnmf.load_images(pictures, lazy=True)
    here = visnmf.factorize(images, 6, **options())
    with visnmf.on_dask(client):
        found = visnmf.factorize(images, 6, **options())
    np.testing.assert_allclose(course(found), course(here), rtol=1e-5)
    V = da.from_array(images.load().V.astype(np.float64), chunks=(60, 400))
    held = visnmf.factorize(V.compute(), 6, **options())
    # The client that is there is dask's own choice
    np.testing.assert_allclose(course(visnmf.factorize(V, 6, **options())), course(held), rtol=1e-9)


@pytest.mark.parametrize("count", [1, 2])
def test_workers_that_are_killed_cost_their_blocks_and_not_the_run(client, pictures, count):
    images = visnmf.load_images(pictures, lazy=True)
    client.wait_for_workers(2, timeout=30)
    killed = client.run(os.getpid)

    def kill(record):
        if record.phase == "V" and record.iteration == 5:
            for pid in list(killed.values())[:count]:
                threading.Timer(0.01, os.kill, (pid, signal.SIGKILL)).start()

    with visnmf.on_dask(client):
        whole = visnmf.factorize(images, 6, **options())
        found = visnmf.factorize(images, 6, **options(), callback=kill)
    assert found.reason == "max_iter"
    np.testing.assert_allclose(course(found), course(whole), rtol=1e-9)
    left = set(client.run(os.getpid).values())
    assert len(set(killed.values()) - left) >= 1, "nobody was killed, so nothing is tested"


def test_a_worker_that_is_killed_does_not_change_the_course_of_a_composition(client, pictures):
    images = visnmf.load_images(pictures, lazy=True)
    client.wait_for_workers(2, timeout=30)
    killed = client.run(os.getpid)
    asked = {**options(), "loss": "kl", "update": "mu", "max_iter": 8}

    def kill(record):
        if record.phase == "V" and record.iteration == 3:
            threading.Timer(0.01, os.kill, (next(iter(killed.values())), signal.SIGKILL)).start()

    here = visnmf.factorize(images, 6, **asked)
    with visnmf.on_dask(client):
        whole = visnmf.factorize(images, 6, **asked)
        found = visnmf.factorize(images, 6, **asked, callback=kill)
    np.testing.assert_allclose(course(whole), course(here), rtol=1e-5)
    np.testing.assert_allclose(course(found), course(whole), rtol=1e-9)
    left = set(client.run(os.getpid).values())
    assert set(killed.values()) - left, "nobody was killed, so nothing is tested"


def test_an_error_in_a_worker_is_not_taken_for_a_lost_scheduler(client):
    V = da.from_array(np.ones((9, 200)), chunks=(9, 50))
    with pytest.raises(ZeroDivisionError):
        visnmf.factorize(V.map_blocks(lambda block: 1 // 0, dtype=float, meta=np.ones((0, 0))), 2)


@contextlib.contextmanager
def own_cluster(folder):
    """A scheduler and a worker in processes that may be killed; yields the former."""
    address = folder / "scheduler.json"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    common = [sys.executable, "-m"]
    scheduler = subprocess.Popen(
        [*common, "distributed.cli.dask_scheduler", "--port", "0", "--host", "127.0.0.1",
         "--no-dashboard", "--scheduler-file", str(address)], **quiet
    )  # fmt: skip
    worker = subprocess.Popen(
        [*common, "distributed.cli.dask_worker", "--no-dashboard", "--nthreads", "1",
         "--no-nanny", "--scheduler-file", str(address)], **quiet
    )  # fmt: skip
    try:
        with distributed.Client(scheduler_file=str(address), timeout=30) as client:
            yield scheduler, client.scheduler.address
    finally:
        for process in (worker, scheduler):
            process.kill()
            process.wait()


def test_a_lost_scheduler_is_told_of_and_the_checkpoint_goes_on(pictures, tmp_path, caplog):
    images = visnmf.load_images(pictures, lazy=True)
    kept = {"checkpoint": tmp_path / "kept", "every": 0}
    with own_cluster(tmp_path) as (scheduler, address):

        def kill(record):
            if record.phase == "V" and record.iteration == 5:
                scheduler.kill()

        with (
            pytest.raises(ClusterError, match="is lost .* resume=True"),
            visnmf.on_dask(address, timeout=30),
        ):
            visnmf.factorize(images, 6, **options(), **kept, callback=kill)
    found = visnmf.factorize(images, 6, **options(), **kept, resume=True)
    whole = visnmf.factorize(images, 6, **options())
    np.testing.assert_allclose(course(found), course(whole), rtol=1e-5)
