"""Threads and processes beside ours, and disks that are full: results are the same, files whole."""

import multiprocessing
import os
import pickle
import signal
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest

import visnmf
from visnmf.archive.extract import extract
from visnmf.errors import InvalidInputError, VisnmfError

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


def writers(home):
    """Return name -> a function that writes a file, or files into a folder, anew."""
    faces = visnmf.samples.load_faces()[:40]
    model = visnmf.learn(faces, 6, max_iter=5)
    choice = visnmf.choose_rank(V, (2, 4), max_iter=5)
    patches = visnmf.PatchEncoder(4, n_patches=200, max_iter=1).fit(faces)
    source = home / "source"
    source.mkdir()
    visnmf.compress(faces[:20], source / "few.vnmf", lossless=True, compare=False)

    def table(path):
        visnmf.tasks.write_table(path, faces.names, model.encode(faces).T)

    def appended(path):
        visnmf.append(source / "few.vnmf", faces[20:], output=path, overwrite=True)

    def into(format):
        return lambda path: visnmf.export_parts(model, path, format=format, overwrite=True)

    return {
        "model.safetensors": model.save,
        "encoder.safetensors": patches.save,
        "page.html": lambda path: visnmf.save_report(path, model, faces),
        "set.vnmf": lambda path: visnmf.compress(faces, path, lossless=True, compare=False),
        "longer.vnmf": appended,
        "ranks.csv": choice.save_csv,
        "table.csv": table,
        "table.npz": table,
        "selection.json": visnmf.Selection.of(model).hide([2, 3]).write,
        "sheet.png": lambda path: visnmf.plots.save_montage(path, model),
        "film.gif": lambda path: visnmf.plots.save_build_up(path, model, faces[0]),
        "pictures": faces.save,
        "parts": into("png"),
        "masks": into("masks"),
        "stack": into("tiff"),
        "regions": into("rois"),
    }


NAMES = (
    *("model.safetensors", "encoder.safetensors", "page.html", "set.vnmf", "longer.vnmf"),
    *("ranks.csv", "table.csv", "table.npz", "selection.json", "sheet.png", "film.gif"),
    *("pictures", "parts", "masks", "stack", "regions"),
)


@pytest.fixture(scope="module")
def write(tmp_path_factory):
    made = writers(tmp_path_factory.mktemp("writers"))
    assert set(made) == set(NAMES)
    return made


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def full_disk():
    """Return a context in which no file grows beyond 64 bytes, as if the disk were full."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    class Full:
        def __enter__(self):
            resource.setrlimit(resource.RLIMIT_FSIZE, (64, hard))

        def __exit__(self, *caught):
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    yield Full()
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    signal.signal(signal.SIGXFSZ, before)


@pytest.mark.parametrize("name", NAMES)
def test_on_a_full_disk_the_old_file_stays_whole(name, write, tmp_path, full_disk):
    path = tmp_path / name
    write[name](path)
    before = contents(tmp_path)
    with pytest.raises((VisnmfError, OSError)) as caught, full_disk:
        write[name](path)
    assert name in str(caught.value)
    assert contents(tmp_path) == before, "and nothing is left beside it"


@pytest.mark.parametrize("name", NAMES)
def test_a_full_disk_gets_nothing_of_a_new_file(name, write, tmp_path, full_disk):
    with pytest.raises((VisnmfError, OSError)) as caught, full_disk:
        write[name](tmp_path / name)
    assert name in str(caught.value)
    assert contents(tmp_path) == {}


def test_a_checkpoint_outlives_a_full_disk(tmp_path, full_disk):
    path = tmp_path / "run.safetensors"
    settings = {"max_iter": 6, "tol": 0, "change": 0, "every": 0, "checkpoint": path}
    kept = []

    def fill(record):
        if record.phase == "V" and record.iteration == 3:
            kept.append(path.read_bytes())
            full_disk.__enter__()

    try:
        with pytest.warns(RuntimeWarning, match=r"run.safetensors could not be written"):
            whole = visnmf.factorize(V, 3, callback=fill, **settings)
    finally:
        full_disk.__exit__()
    assert contents(tmp_path) == {path: kept[0]}
    again = visnmf.factorize(V, 3, resume=True, **settings)
    np.testing.assert_array_equal(again.W, whole.W)
    with (
        pytest.raises(InvalidInputError, match=r"new.safetensors cannot be written"),
        full_disk,
    ):
        visnmf.factorize(V, 3, **{**settings, "checkpoint": tmp_path / "new.safetensors"})
    assert [other.name for other in tmp_path.iterdir()] == [path.name]


def test_a_pack_and_an_archive_taken_apart_on_a_full_disk(tmp_path, full_disk):
    faces = visnmf.samples.load_faces()[:10]
    visnmf.compress(faces, tmp_path / "set.vnmf", lossless=True, compare=False)
    faces.save(tmp_path / "source")
    before = contents(tmp_path)
    with pytest.raises((VisnmfError, OSError), match="pack.zarr"), full_disk:
        visnmf.pack_images(tmp_path / "source", tmp_path / "pack.zarr")
    with pytest.raises((VisnmfError, OSError), match="extracted"), full_disk:
        extract(visnmf.Archive.open(tmp_path / "set.vnmf"), tmp_path / "extracted")
    assert contents(tmp_path) == before
    assert not list(tmp_path.glob(".*"))


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
@pytest.mark.parametrize("name", NAMES)
def test_a_folder_that_may_not_be_written(name, write, tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir()
    write[name](closed / name)
    before = contents(closed)
    folders = [closed, *(path for path in closed.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o500)
    try:
        with pytest.raises((VisnmfError, OSError)):
            write[name](closed / name)
        assert contents(closed) == before
    finally:
        for folder in folders:
            folder.chmod(0o700)
