"""Pictures that are never whole in memory: the very columns of the eager loader."""

import pickle
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from visnmf.errors import ImageReadError, InvalidInputError, MissingDependencyError
from visnmf.images.load import load_images

h5py, zarr = pytest.importorskip("h5py"), pytest.importorskip("zarr")

rng = np.random.default_rng(0)
GRAY = rng.integers(0, 256, (150, 11, 9), dtype=np.uint8)
COLOR = rng.integers(0, 256, (70, 12, 10, 3), dtype=np.uint8)
MASK = rng.random((11, 9)) < 0.6
KINDS = (
    "array",
    "npy",
    "fortran",
    "memmap",
    "zarr",
    "group",
    "zip",
    "hdf5",
    "open-zarr",
    "dataset",
)


def stored(values, kind, folder):
    """Put an array where a kind of source has it; return the source."""
    name = str(folder / "set")
    if kind == "array":
        return values
    if kind in ("npy", "fortran", "memmap"):
        layout = np.asfortranarray if kind == "fortran" else np.ascontiguousarray
        np.save(f"{name}.npy", layout(values))
        return np.load(f"{name}.npy", mmap_mode="r") if kind == "memmap" else f"{name}.npy"
    if kind in ("hdf5", "dataset"):
        with h5py.File(f"{name}.h5", "w") as file:
            file["notes"] = np.arange(3)
            file.create_dataset("deep/images", data=values, chunks=(16, *values.shape[1:]))
        return f"{name}.h5" if kind == "hdf5" else h5py.File(f"{name}.h5")["deep/images"]
    chunks = (32, 5, *values.shape[2:])  # strips of pictures
    if kind == "group":
        group = zarr.open_group(f"{name}.zarr", mode="w")
        group.create_array("other", data=values[:2])
        group.create_array("images", data=values, chunks=chunks)
        return f"{name}.zarr"
    if kind == "zip":
        with zarr.storage.ZipStore(f"{name}.zarr.zip", mode="w") as store:
            zarr.create_array(store, data=values, chunks=chunks)
        return f"{name}.zarr.zip"
    array = zarr.create_array(f"{name}.zarr", data=values, chunks=chunks)
    return array if kind == "open-zarr" else f"{name}.zarr"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("values", "options"),
    [
        (GRAY, {}),
        (GRAY, {"mask": MASK, "labels": np.arange(150) % 3}),
        (GRAY, {"mode": "rgb", "size": (7, 8)}),
        (GRAY, {"frames": slice(5, 120, 7)}),
        (GRAY, {"frames": slice(None, 20, -3)}),
        (GRAY, {"range": (20, 200)}),
        (COLOR, {}),
        (COLOR, {"mode": "keep", "size": (5, 4), "fit": "crop"}),
        (GRAY.astype(">u2") * 100, {"mask": MASK}),
        (GRAY.astype(np.int32) - 100, {}),
        (rng.normal(size=(40, 6, 5)), {}),
        (rng.random((40, 6, 5), dtype=np.float32), {}),
        (rng.normal(size=(40, 6, 5)).astype(np.float16), {"size": (4, 4)}),
        (GRAY > 99, {}),
    ],
    ids=lambda value: str(value.dtype) if isinstance(value, np.ndarray) else "-".join(value),
)
def test_an_array_anywhere_gives_the_columns_of_the_array(
    kind, values, options, tmp_path, assert_alike
):
    source = stored(values, kind, tmp_path)
    lazy, eager = load_images(source, lazy=True, **options), load_images(values, **options)
    eager.source = lazy.source
    assert_alike(lazy, eager)
    if kind != "dataset":
        assert_alike(pickle.loads(pickle.dumps(lazy)), eager)
    if kind not in ("array", "memmap"):
        np.testing.assert_array_equal(load_images(source, **options).V, eager.V)


def test_values_that_are_no_number(tmp_path, assert_alike):
    values = rng.normal(size=(20, 4, 3))
    values[3, 0, 0], values[7, 1, 1] = np.nan, np.inf
    source = stored(values, "npy", tmp_path)
    assert_alike(load_images(values, lazy=True, nan=0.5), load_images(values, nan=0.5))
    with pytest.raises(ImageReadError, match=r"set.npy, image 3: 1 of 12 values are NaN"):
        load_images(source, lazy=True)
    images = load_images(source, lazy=True, on_error="skip")
    assert list(images.lost) == [3, 7]
    good = np.delete(values, [3, 7], axis=0)
    np.testing.assert_array_equal(images.load().V, load_images(good).V)
    mask = np.ones((4, 3), bool)
    mask[0, 0] = mask[1, 1] = False
    assert_alike(load_images(values, lazy=True, mask=mask), load_images(values, mask=mask))


def test_indexing_and_blocks(tmp_path):
    eager = load_images(GRAY, labels=np.arange(150))
    lazy = load_images(stored(GRAY, "zarr", tmp_path), lazy=True, labels=np.arange(150))
    assert lazy.columns.step == 32
    assert len(lazy) == 150
    np.testing.assert_array_equal(lazy[-3], eager[-3])
    with pytest.raises(IndexError, match="no image 150 of 150"):
        lazy[150]
    for index in (
        slice(10, 50), slice(None, None, -1), slice(140, 3, -11), [3, 149, 3, 0, 70],
        np.arange(150) % 7 == 2, [], rng.permutation(150),
    ):  # fmt: skip
        some = lazy[index]
        np.testing.assert_array_equal(some.V, eager[index].V)
        assert some.names == eager[index].names
        np.testing.assert_array_equal(some.labels, eager[index].labels)
    np.testing.assert_array_equal(np.stack(list(lazy)), eager.to_images())
    assert [len(block) for block in lazy.blocks(64)] == [64, 64, 22]
    np.testing.assert_array_equal(np.hstack([b.V for b in lazy.blocks(41)]), eager.V)
    with pytest.raises(InvalidInputError, match="size=0"):
        lazy.blocks(0).__next__()
    with pytest.raises(InvalidInputError, match="columns 100 to 151"):
        lazy.columns.read(100, 151)
    assert (
        repr(lazy) == f"LazyImages(150 images, 11 x 9, gray, uint8, 150 labels, from {lazy.source})"
    )


@pytest.mark.parametrize("kind", ["npy", "zarr", "hdf5", "video"])
def test_threads_read_at_once(kind, tmp_path, video):
    source = video if kind == "video" else stored(GRAY, kind, tmp_path)
    lazy, V = load_images(source, lazy=True), load_images(source).V
    n = len(lazy)
    ranges = [sorted(rng.integers(0, n + 1, 2)) for _ in range(40)]
    with ThreadPoolExecutor(4) as pool:
        blocks = list(pool.map(lambda pair: lazy.columns.read(*pair), ranges))
    for (first, last), block in zip(ranges, blocks, strict=True):
        np.testing.assert_array_equal(block, V[:, first:last])


def test_what_cannot_be_lazy_is_refused(tmp_path):
    np.savez(tmp_path / "a.npz", images=GRAY)
    with pytest.raises(InvalidInputError, match="visnmf pack"):
        load_images(tmp_path / "a.npz", lazy=True)
    with pytest.raises(InvalidInputError, match="load it without lazy"):
        load_images(GRAY, lazy=True, cube="bands")
    with pytest.raises(InvalidInputError, match="array has no file names"):
        load_images(GRAY, lazy=True, labels="folder")
    with pytest.raises(InvalidInputError, match="takes none of the 150"):
        load_images(GRAY, lazy=True, frames=slice(200, 300))
    with pytest.raises(InvalidInputError, match=r"none of them 0; got shape \(150, 99\)"):
        load_images(GRAY.reshape(150, 99), lazy=True)
    with pytest.raises(InvalidInputError, match="mask must be"):
        load_images(GRAY, lazy=True, mask=np.ones((3, 3), bool))


def test_arrays_are_chosen_by_key(tmp_path):
    group = zarr.open_group(tmp_path / "a.zarr", mode="w")
    group.create_array("x", data=GRAY[:3])
    group.create_array("y", data=GRAY[3:5])
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"], file["y"] = GRAY[:3], GRAY[3:5]
    for path in (tmp_path / "a.zarr", tmp_path / "a.h5"):
        np.testing.assert_array_equal(load_images(path, key="y").V, load_images(GRAY[3:5]).V)
        with pytest.raises(ImageReadError, match=r"x, y.*key="):
            load_images(path)
        with pytest.raises(ImageReadError, match="has no .*'z'; it has x, y"):
            load_images(path, key="z")


DTYPES = st.sampled_from(["uint8", "uint16", "int16", "int64", "float32", "float64", "bool"])


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), dtype=DTYPES, n=st.integers(1, 9), h=st.integers(1, 5), w=st.integers(1, 5))
def test_any_shape_dtype_and_range(data, dtype, n, h, w):
    bounds = {"min_value": -1e6, "max_value": 1e6} if dtype[0] == "f" else {}
    elements = st.floats(**bounds, width=int(dtype[5:])) if bounds else None
    values = data.draw(arrays(dtype, (n, h, w), elements=elements))
    options = {}
    if data.draw(st.booleans()):
        low = data.draw(st.integers(-300, 300))
        options["range"] = (low, low + data.draw(st.integers(1, 70000)))
    if data.draw(st.booleans()):
        options["size"] = (data.draw(st.integers(1, 6)), data.draw(st.integers(1, 6)))
    lazy, eager = load_images(values, lazy=True, **options), load_images(values, **options)
    assert lazy.layout == eager.layout
    first = data.draw(st.integers(0, n))
    last = data.draw(st.integers(first, n))
    np.testing.assert_array_equal(lazy.columns.read(first, last), eager.V[:, first:last])


@pytest.mark.parametrize(("kind", "package"), [("zarr", "zarr"), ("hdf5", "h5py")])
def test_a_package_that_is_not_there_is_named(kind, package, tmp_path, monkeypatch):
    source = stored(GRAY, kind, tmp_path)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'visnmf\[big\]'"):
        load_images(source)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32", "float32"])
@pytest.mark.parametrize("channels", [(), (3,)])
def test_a_mask_of_long_runs(dtype, channels, assert_alike):
    values = (rng.random((30, 50, 90, *channels)) * 250).astype(dtype)
    mask = np.hypot(*np.mgrid[-1:1:50j, -1:1:90j]) < 0.9
    options = {"mask": mask, "mode": "keep"}
    assert_alike(load_images(values, lazy=True, **options), load_images(values, **options))
