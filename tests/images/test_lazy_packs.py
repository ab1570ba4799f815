"""Packs: pictures prepared once, with all that is known of them."""

import json
import os
import tracemalloc

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

import visnmf
from visnmf.errors import ImageReadError, InvalidInputError, SkippedImagesWarning, UnalignedWarning
from visnmf.images import chunking
from visnmf.images.chunking import chunks_for
from visnmf.images.load import load_images
from visnmf.images.pack_writing import pack_images
from visnmf.images.packs import open_pack
from visnmf.tasks.encoders import encoder_of

zarr = pytest.importorskip("zarr")

rng = np.random.default_rng(0)
GRAY = rng.integers(0, 256, (150, 11, 9), dtype=np.uint8)


@pytest.fixture
def folder(tmp_path):
    for i, picture in enumerate(GRAY[:30]):
        path = tmp_path / "set" / ("odd" if i % 2 else "even") / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(path)
    return tmp_path / "set"


def test_a_pack_gives_everything_back(folder, tmp_path):
    path = tmp_path / "a.zarr"
    options = {"size": (8, 9), "fit": "crop", "labels": "folder", "mask": np.tri(8, 9) > 0}
    eager = load_images(folder, **options)
    pack = pack_images(folder, path, **options)
    assert (pack.n, pack.source, pack.layout) == (30, str(folder), eager.layout)
    for images in (load_images(path, lazy=True), load_images(path)):
        found = images[:] if isinstance(images, visnmf.LazyImages) else images
        np.testing.assert_array_equal(found.V, eager.V)
        assert images.names == eager.names
        assert images.layout == eager.layout
        assert images.preparation == eager.preparation
        np.testing.assert_array_equal(images.labels, eager.labels)
    some = load_images(path, lazy=True, frames=slice(20, 3, -2))
    assert some.names == eager.names[20:3:-2]
    np.testing.assert_array_equal(some.labels, eager.labels[20:3:-2])
    np.testing.assert_array_equal(some[:].V, eager.V[:, 20:3:-2])
    again = load_images(path, size=(4, 4), labels=np.arange(30), mask=np.ones((4, 4), bool))
    assert again.preparation[0]["size"] == [4, 4]
    assert again.labels[-1] == 29
    assert load_images(path, labels="folder").labels[0] == "even"


def test_a_model_from_a_pack_loads_others_alike(folder, tmp_path):
    pack_images(folder, tmp_path / "a.zarr", size=(8, 9), fit="crop", recursive=True)
    images = load_images(tmp_path / "a.zarr")
    with pytest.warns(UnalignedWarning):  # they are noise
        model = visnmf.learn(images, 3, max_iter=5, kernels="numpy")
    model.save(tmp_path / "m.safetensors")
    other = encoder_of(tmp_path / "m.safetensors").load(str(folder / "odd"))
    np.testing.assert_array_equal(other.V, images.V[:, 15:])


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    dtype=st.sampled_from(["uint8", "uint16", "int32", "float32", "bool"]),
    n=st.integers(1, 200), h=st.integers(1, 7), w=st.integers(1, 7), c=st.sampled_from([1, 3, 5]),
    usual=st.sampled_from([64, 8 << 20]), most=st.sampled_from([256, 16 << 20]),
    files=st.sampled_from([1, 1000]), seed=st.integers(0, 99),
)  # fmt: skip
def test_any_shape_and_dtype_in_any_chunks(
    tmp_path_factory, dtype, n, h, w, c, usual, most, files, seed
):
    values = (np.random.default_rng(seed).random((n, h, w, c)) * 300 - 10).astype(dtype)
    path = tmp_path_factory.mktemp("pack") / "a.zarr"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunking, "_USUAL", usual)
        patch.setattr(chunking, "_MOST", most)
        patch.setattr(chunking, "_FILES", files)
        pack_images(values, path, mode="keep")
    eager = load_images(values, mode="keep")
    lazy = load_images(path, lazy=True, mode="keep")
    assert lazy.layout == eager.layout
    np.testing.assert_array_equal(lazy[:].V, eager.V)


@pytest.mark.parametrize(
    ("dtype", "error"), [("uint8", 0.5 / 255), ("uint16", 0.5 / 65535), ("float32", 1e-7)]
)
def test_values_are_stored_as_wanted(tmp_path, dtype, error):
    values = rng.normal(size=(100, 5, 4))
    pack = pack_images(values, tmp_path / "a.zarr", dtype=dtype)
    assert zarr.open(tmp_path / "a.zarr")["images"].dtype == dtype
    assert pack.layout.dtype == dtype
    found = load_images(tmp_path / "a.zarr").V
    assert np.abs(found - load_images(values).V).max() <= error * 1.001


def test_floats_are_kept_as_float32_with_their_range(tmp_path):
    values = rng.normal(size=(100, 5, 4))
    pack_images(values, tmp_path / "a.zarr")
    lazy, eager = load_images(tmp_path / "a.zarr", lazy=True), load_images(values)
    np.testing.assert_allclose(lazy[:].V, eager.V, atol=3e-7)
    assert (lazy.layout.low, lazy.layout.high) == (eager.layout.low, eager.layout.high)


def test_chunks_are_of_a_size_that_reads_well():
    for n, shape, itemsize in (
        (10**6, (256, 256), 1), (60_000, (28, 28), 1), (5000, (1080, 1920, 3), 1),
        (10**7, (32, 32), 4), (100, (64, 64), 2), (10**8, (256, 256), 1),
    ):  # fmt: skip
        chunk, shard = chunks_for(n, shape, itemsize)
        assert chunk[0] % 64 == 0
        nbytes = int(np.prod(chunk)) * itemsize
        assert nbytes <= 16 << 20
        assert nbytes >= 4 << 20 or chunk[0] >= n
        outer = shard or chunk
        assert all(a % b == 0 for a, b in zip(outer, chunk, strict=True))
        assert np.prod([-(-a // b) for a, b in zip((n, *shape), outer, strict=True)]) < 10**5
        assert int(np.prod(outer)) * itemsize <= max(256 << 20, 64 * np.prod(shape) * itemsize)


def test_what_is_skipped_is_left_out(folder, tmp_path):
    (folder / "even" / "4.png").write_bytes(b"no picture")
    (folder / "odd" / "7.png").write_bytes(b"no picture")
    with pytest.raises(ImageReadError, match=r"4\.png"):
        pack_images(folder, tmp_path / "a.zarr", recursive=True)
    assert [path.name for path in tmp_path.iterdir()] == ["set"]
    for dtype in (None, "uint16"):
        with pytest.warns(SkippedImagesWarning, match=r"2 file\(s\) of .*4\.png"):
            pack = pack_images(
                folder, tmp_path / "a.zarr", recursive=True, on_error="warn", dtype=dtype,
                labels=np.arange(30),
            )  # fmt: skip
        eager = load_images(folder, recursive=True, on_error="skip", labels=np.arange(30))
        found = load_images(pack.path)
        assert (pack.n, len(pack.skipped), found.names) == (28, 2, eager.names)
        np.testing.assert_allclose(found.V, eager.V, atol=1e-7)
        np.testing.assert_array_equal(found.labels, eager.labels)


def test_nothing_else_is_written_over(tmp_path):
    pack_images(GRAY, tmp_path / "a.zarr")
    pack_images(GRAY[:5], tmp_path / "a.zarr")
    assert len(load_images(tmp_path / "a.zarr")) == 5
    assert os.listdir(tmp_path) == ["a.zarr"]
    (tmp_path / "mine.zarr").mkdir()
    (tmp_path / "file.zarr").write_text("x")
    zarr.create_array(tmp_path / "foreign.zarr", data=GRAY)
    (tmp_path / "link.zarr").symlink_to(tmp_path / "a.zarr")
    for name in ("mine", "file", "foreign", "link"):
        with pytest.raises(InvalidInputError, match="is no pack of pictures"):
            pack_images(GRAY, tmp_path / f"{name}.zarr")
    with pytest.raises(InvalidInputError, match="no folder"):
        pack_images(GRAY, tmp_path / "none" / "a.zarr")


def test_a_pack_can_be_packed_anew_into_itself(tmp_path):
    pack_images(GRAY, tmp_path / "a.zarr", labels=np.arange(150) % 2 > 0)
    pack_images(tmp_path / "a.zarr", tmp_path / "a.zarr", size=(5, 5))
    found, eager = load_images(tmp_path / "a.zarr"), load_images(GRAY, size=(5, 5))
    np.testing.assert_array_equal(found.V, eager.V)
    np.testing.assert_array_equal(found.labels, np.arange(150) % 2 > 0)


def test_what_fails_midway_leaves_the_older_pack(tmp_path):
    pack_images(GRAY, tmp_path / "a.zarr")

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pack_images(GRAY[:7], tmp_path / "a.zarr", progress=stop)
    assert os.listdir(tmp_path) == ["a.zarr"]
    assert len(load_images(tmp_path / "a.zarr")) == 150


def test_depths_that_differ_need_a_word(tmp_path):
    (tmp_path / "set").mkdir()
    Image.fromarray(GRAY[0]).save(tmp_path / "set" / "0.png")
    Image.fromarray(GRAY[1].astype(np.uint16) * 200).save(tmp_path / "set" / "1.png")
    with pytest.raises(InvalidInputError, match="1.png holds uint16.*dtype="):
        pack_images(tmp_path / "set", tmp_path / "a.zarr")
    pack_images(tmp_path / "set", tmp_path / "a.zarr", dtype="uint16")
    np.testing.assert_array_equal(
        load_images(tmp_path / "a.zarr").V, load_images(tmp_path / "set").V
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 2}, "version 2"),
        ({"n": 7}, "7 pictures"),
        ({"n": "7"}, "number of pictures"),
        ({"layout": {"height": 1}}, "image layout has the fields"),
        ({"preparation": [3]}, "preparation"),
        ({"skipped": None}, "skipped"),
        ({"labels": "O"}, "labels cannot be"),
        ({"labels": 3}, "labels cannot be"),
        ({"more": 1}, "fields"),
    ],
)
def test_nothing_in_a_pack_is_trusted(tmp_path, change, message):
    pack_images(GRAY, tmp_path / "a.zarr")
    group = zarr.open_group(tmp_path / "a.zarr")
    group.attrs["visnmf"] = {**group.attrs["visnmf"], **change}
    with pytest.raises(ImageReadError, match=message):
        load_images(tmp_path / "a.zarr", lazy=True)


def test_names_that_are_damaged(tmp_path):
    pack_images(GRAY, tmp_path / "a.zarr")
    data = np.frombuffer(json.dumps([1] * 150).encode(), np.uint8)
    zarr.create_array(tmp_path / "a.zarr", name="names", data=data, overwrite=True)
    images = load_images(tmp_path / "a.zarr", lazy=True)
    with pytest.raises(ImageReadError, match="names in it are no text"):
        images.names  # noqa: B018
    assert open_pack(str(tmp_path)) is None


def test_pickles_in_an_array_of_the_second_version_are_refused(tmp_path):
    path = tmp_path / "a.zarr"
    zarr.create_array(path, data=GRAY, chunks=GRAY.shape, zarr_format=2, compressors=None)
    np.testing.assert_array_equal(load_images(path).V, load_images(GRAY).V)
    told = json.loads((path / ".zarray").read_text())
    told["filters"] = [{"id": "pickle", "protocol": 5}]
    (path / ".zarray").write_text(json.dumps(told))
    with pytest.raises(ImageReadError, match=r"never loaded|cannot be opened"):
        load_images(path)


def test_packing_holds_little_in_memory(tmp_path):
    values = np.lib.format.open_memmap(tmp_path / "a.npy", "w+", np.uint8, (150_000, 32, 32))
    values[::7] = 5
    del values
    pack_images(GRAY, tmp_path / "warm.zarr")  # imports
    tracemalloc.start()
    try:
        pack = pack_images(tmp_path / "a.npy", tmp_path / "a.zarr")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert pack.n == 150_000
    assert peak < 80e6 < 150_000 * 1024 / 1.9
    images = load_images(pack.path, lazy=True)
    assert images.columns.read(70_000, 70_007).max(axis=0).astype(bool).sum() == 1
