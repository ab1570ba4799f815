"""What cannot be read later on is named; or it is lost, and nothing but it."""

import os
import pickle
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from visnmf.errors import ImageReadError, SkippedImagesWarning
from visnmf.images import chunking
from visnmf.images.load import load_images
from visnmf.images.pack_writing import pack_images

h5py, zarr = pytest.importorskip("h5py"), pytest.importorskip("zarr")

rng = np.random.default_rng(0)
PICTURES = rng.integers(1, 256, (300, 8, 6), dtype=np.uint8)
V = load_images(PICTURES).V


@pytest.fixture
def pack(tmp_path, monkeypatch):
    """Return the path of a pack in chunks of 64 images, each a file."""
    monkeypatch.setattr(chunking, "_USUAL", 64 * 48)
    pack_images(PICTURES, tmp_path / "a.zarr")
    return tmp_path / "a.zarr"


def cut_off(path, share=0.5):
    os.truncate(path, int(os.path.getsize(path) * share))


def flip(path, place=0.5):
    data = bytearray(Path(path).read_bytes())
    data[int(len(data) * place)] ^= 0xFF
    Path(path).write_bytes(data)


def assert_lost(images, lost, reason):
    """All but `lost` are as they were, in any order of reading, and twice."""
    expected = V.copy()
    expected[:, lost] = 0
    for size in (300, 50, 37, 7):
        for block, first in zip(images.blocks(size), range(0, 300, size), strict=True):
            np.testing.assert_array_equal(block.V, expected[:, first : first + size])
    assert list(images.lost) == lost
    assert all(reason in text for text in images.lost.values())
    assert [str(error) for error in images.skipped] == list(images.lost.values())
    assert f"{len(lost)} lost" in repr(images)
    kept = np.setdiff1d(np.arange(300), lost)
    loaded = images.load()
    np.testing.assert_array_equal(loaded.V, V[:, kept])
    assert loaded.names == [images.names[i] for i in kept]
    assert len(loaded.skipped) == len(lost)
    assert list(pickle.loads(pickle.dumps(images)).lost) == lost


@pytest.mark.parametrize("damage", [cut_off, flip, os.remove, lambda path: os.truncate(path, 0)])
def test_a_chunk_is_lost_with_all_its_images_and_no_other(pack, damage):
    strict = load_images(pack, lazy=True)
    images = load_images(pack, lazy=True, on_error="skip")
    chunks = sorted((pack / "images" / "c").rglob("*"))
    damage(next(path for path in chunks if path.is_file() and path.parts[-3] == "2"))
    np.testing.assert_array_equal(strict.columns.read(0, 128), V[:, :128])
    with pytest.raises(ImageReadError, match=r"a.zarr, chunk .*c/2/0/0 \(images 128 to 191\)"):
        strict.columns.read(0, 300)
    with pytest.raises(ImageReadError, match="images 128 to 191"):
        load_images(pack)
    assert_lost(images, list(range(128, 192)), "c/2/0/0")


def test_a_shard_is_as_its_chunks(tmp_path, monkeypatch):
    monkeypatch.setattr(chunking, "_USUAL", 64 * 48)
    monkeypatch.setattr(chunking, "_FILES", 2)
    monkeypatch.setattr(chunking, "_IN_A_FILE", 2)
    pack_images(PICTURES, tmp_path / "a.zarr")
    array = zarr.open(tmp_path / "a.zarr")["images"]
    assert (array.chunks, array.shards) == ((64, 8, 6), (128, 8, 6))
    images = load_images(tmp_path / "a.zarr", lazy=True, on_error="skip")
    flip(tmp_path / "a.zarr/images/c/1/0/0", 0.25)  # in the first of two chunks
    assert_lost(images, list(range(128, 192)), "images 128 to 191")
    os.remove(tmp_path / "a.zarr/images/c/1/0/0")
    images = load_images(tmp_path / "a.zarr", lazy=True, on_error="skip")
    assert_lost(images, list(range(128, 256)), "c/1/0/0")


def test_black_chunks_are_there(tmp_path):
    pack_images(PICTURES * 0, tmp_path / "a.zarr")
    assert not load_images(tmp_path / "a.zarr").V.any()


def test_chunks_that_an_array_of_others_never_had_are_its_fill_value(tmp_path):
    array = zarr.create_array(
        tmp_path / "a.zarr", shape=(300, 8, 6), chunks=(64, 8, 6), dtype="uint8", fill_value=255
    )
    array[:64] = PICTURES[:64]
    found = load_images(tmp_path / "a.zarr").V
    np.testing.assert_array_equal(found[:, :64], V[:, :64])
    assert (found[:, 64:] == 1).all()


def test_a_dataset_that_fails_its_checksum(tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        data = file.create_dataset("images", data=PICTURES, chunks=(64, 8, 6), fletcher32=True)
        offset = data.id.get_chunk_info(1).byte_offset
    flip(path, (offset + 100) / os.path.getsize(path))
    with pytest.raises(ImageReadError, match=r"a.h5, dataset /images, images 64 to 127: cannot"):
        load_images(path)
    assert_lost(load_images(path, lazy=True, on_error="skip"), list(range(64, 128)), "64 to 127")
    strict = pickle.loads(pickle.dumps(load_images(path, lazy=True)))
    cut_off(path)
    with pytest.raises(ImageReadError, match="a.h5"):  # at opening, unless it is open elsewhere
        strict.columns.read(0, 300)
    shutil.copy(path, tmp_path / "b.h5")
    with pytest.raises(ImageReadError, match="b.h5: cannot be opened as an HDF5 file"):
        load_images(tmp_path / "b.h5", lazy=True)


@pytest.mark.parametrize("order", ["C", "F"])
def test_an_npy_file_that_is_cut_off(tmp_path, order):
    path = str(tmp_path / "a.npy")
    np.save(path, np.asarray(PICTURES, order=order))
    images = load_images(path, lazy=True, on_error="skip")
    strict = load_images(path, lazy=True)
    os.truncate(path, os.path.getsize(path) - 48 * 10 - 1)
    if order == "C":
        np.testing.assert_array_equal(strict.columns.read(0, 289), V[:, :289])
        with pytest.raises(ImageReadError, match="a.npy: the file ends before image 289"):
            strict.columns.read(200, 300)
        assert_lost(images, list(range(289, 300)), "the file ends before image")
    else:
        with pytest.raises(ImageReadError, match="was cut off"):
            strict.columns.read(0, 1)
    with pytest.raises(ImageReadError, match="cannot be read as an array"):
        load_images(path, lazy=True)
    os.remove(path)
    with pytest.raises(ImageReadError, match=r"a.npy: No such file"):
        strict.columns.read(0, 1)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "set").mkdir()
    for i, picture in enumerate(PICTURES):
        Image.fromarray(picture).save(tmp_path / "set" / f"{i}.png")
    return tmp_path / "set"


def test_files_that_vanish_break_or_differ(folder):
    strict = load_images(folder, lazy=True)
    images = load_images(folder, lazy=True, on_error="skip")
    os.remove(folder / "3.png")
    cut_off(folder / "100.png")
    Image.fromarray(PICTURES[0, :5]).save(folder / "120.png")
    Image.fromarray(PICTURES[0].astype(np.float32)).save(folder / "121.png.tif")
    os.replace(folder / "121.png.tif", folder / "121.png")
    np.testing.assert_array_equal(strict.columns.read(4, 100), V[:, 4:100])
    for i, reason in (
        (3, "3.png: No such file"),
        (100, "100.png: "),
        (120, r"120.png: is 5 x 6 pixels, where the first picture is 8 x 6; size=\(8, 6\)"),
        (121, "121.png: holds float32, where the first picture holds uint8"),
    ):
        with pytest.raises(ImageReadError, match=reason):
            strict.columns.read(i, i + 1)
    assert_lost(images, [3, 100, 120, 121], ".png: ")
    Image.fromarray(np.zeros((8, 6, 3), np.uint8)).save(folder / "1.png")
    colored = load_images(folder, lazy=True, mode="keep")
    with pytest.raises(ImageReadError, match=r"1.png: has 3 channel\(s\).*mode="):
        colored.columns.read(1, 2)


def test_broken_from_the_beginning(folder):
    for i in (0, 1):
        (folder / f"{i}.png").write_bytes(b"no picture")
    with pytest.raises(ImageReadError, match="0.png"):
        load_images(folder, lazy=True)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        images = load_images(folder, lazy=True, on_error="warn")
        assert_lost(images, [0, 1], "not a picture")
    assert [warning.category for warning in caught] == [SkippedImagesWarning]
    for path in folder.iterdir():
        path.write_bytes(b"no picture")
    with pytest.raises(ImageReadError, match="none of the 300 file"):
        load_images(folder, lazy=True, on_error="skip")


def test_what_was_lost_once_stays_lost(folder):
    images = load_images(folder, lazy=True, on_error="skip")
    os.rename(folder / "5.png", folder / "away")
    assert not images[5].any()
    os.rename(folder / "away", folder / "5.png")
    assert not images[5].any()


def test_a_video_that_is_cut_off(video, tmp_path):
    path = str(tmp_path / "movie.avi")
    shutil.copy(video, path)
    whole = load_images(video).V
    strict, images = load_images(path, lazy=True), load_images(path, lazy=True, on_error="skip")
    cut_off(path)
    strict = pickle.loads(pickle.dumps(strict))
    with pytest.raises(ImageReadError, match=r"movie.avi, frame \d+: cannot be decoded"):
        strict.columns.read(0, 40)
    found = pickle.loads(pickle.dumps(images))
    block = found.columns.read(0, 40)
    lost = list(found.lost)
    assert 0 < len(lost) < 40
    assert lost == list(range(lost[0], 40))
    np.testing.assert_array_equal(block[:, : lost[0]], whole[:, : lost[0]])
    assert not block[:, lost[0] :].any()


def test_a_chunk_that_was_there_and_is_gone_is_lost_in_any_array(tmp_path):
    path = tmp_path / "own.zarr"
    pictures = np.random.default_rng(0).integers(0, 256, (30, 4, 5), dtype=np.uint8)
    array = zarr.create_array(
        tmp_path / "own.zarr", shape=(30, 4, 5), chunks=(10, 4, 5), dtype="u1"
    )
    array[:] = pictures
    images = load_images(path, lazy=True)
    images.columns.read(0, 30)
    shutil.rmtree(path / "c" / "1")
    with pytest.raises(ImageReadError, match="not there any more"):
        images.columns.read(0, 30)
