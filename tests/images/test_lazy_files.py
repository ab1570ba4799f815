"""Pictures in files and videos that are decoded as they are asked for."""

import os
import pickle
import struct
import tracemalloc

import numpy as np
import pytest
from PIL import Image

from visnmf.errors import ImageReadError
from visnmf.images.load import load_images

rng = np.random.default_rng(0)
GRAY = rng.integers(0, 256, (90, 11, 9), dtype=np.uint8)
MASK = rng.random((11, 9)) < 0.6


@pytest.fixture
def folder(tmp_path):
    """Gray pictures in two folders, in natural order."""
    for i, picture in enumerate(GRAY[:40]):
        path = tmp_path / "set" / ("odd" if i % 2 else "even") / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(path)
    return tmp_path / "set"


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"labels": "folder"},
        {"size": (5, 6), "mask": MASK[:5, :6], "mode": "rgb"},
        {"range": (10, 100), "workers": 2},
        {"frames": "all", "labels": np.arange(40)},
    ],
    ids="-".join,
)
def test_files_in_folders(folder, options, assert_alike):
    options = {"recursive": True, **options}
    lazy, eager = load_images(folder, lazy=True, **options), load_images(folder, **options)
    assert_alike(lazy, eager)
    assert_alike(pickle.loads(pickle.dumps(lazy)), eager)


def test_a_glob_and_a_list(folder, assert_alike):
    glob = str(folder / "odd" / "*.png")
    assert_alike(load_images(glob, lazy=True), load_images(glob))
    paths = [folder / "odd" / "3.png", folder / "even" / "0.png"]
    assert_alike(load_images(paths, lazy=True), load_images(paths))


def test_pages_of_files(tmp_path, assert_alike):
    pages = [Image.fromarray(page) for page in GRAY[:90]]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    pages[0].save(tmp_path / "b.tif", save_all=True, append_images=pages[1:3])
    for source, options in (
        (tmp_path / "a.tif", {}),
        (tmp_path / "a.tif", {"frames": slice(4, 80, 5)}),
        (tmp_path, {}),
        (tmp_path, {"frames": "all", "labels": ["x", "y"]}),
        (tmp_path, {"frames": slice(None, None, -1)}),
    ):
        assert_alike(load_images(source, lazy=True, **options), load_images(source, **options))
    images = load_images(tmp_path, lazy=True, frames="all")
    np.testing.assert_array_equal(images.columns.read(85, 92), images[85:92].V)


def test_depths_that_differ_each_have_their_own_scale(tmp_path):
    Image.fromarray(GRAY[0]).save(tmp_path / "0.png")
    Image.fromarray(GRAY[1].astype(np.uint16) * 200).save(tmp_path / "1.png")
    Image.fromarray(GRAY[2]).save(tmp_path / "2.png")
    lazy, eager = load_images(tmp_path, lazy=True), load_images(tmp_path)
    np.testing.assert_array_equal(lazy[:].V, eager.V)


def test_floats_in_files_share_their_range(tmp_path, assert_alike):
    for i, picture in enumerate(rng.normal(size=(5, 4, 3)).astype(np.float32)):
        Image.fromarray(picture).save(tmp_path / f"{i}.tif")
    calls = []
    lazy = load_images(tmp_path, lazy=True, progress=lambda *call: calls.append(call))
    assert calls == [(i + 1, 5) for i in range(5)]
    assert_alike(lazy, load_images(tmp_path))


@pytest.mark.parametrize(
    "options", [{}, {"mode": "rgb", "frames": slice(3, 33, 4), "size": 2 * (9,)}]
)
def test_a_video_as_it_goes(video, options, assert_alike):
    lazy, eager = load_images(video, lazy=True, **options), load_images(video, **options)
    assert_alike(lazy, eager)
    assert_alike(pickle.loads(pickle.dumps(lazy)), eager)
    order = rng.permutation(len(lazy))  # behind and ahead
    for i in order:
        np.testing.assert_array_equal(lazy.columns.read(i, i + 1)[:, 0], eager.V[:, i])


def test_a_video_is_not_begun_anew_within_a_pass(video, monkeypatch):
    lazy = load_images(video, lazy=True)
    store, begun = lazy.columns.store, []
    begin = store._begin
    monkeypatch.setattr(store, "_begin", lambda: (begun.append(1), begin()))
    for _ in range(3):
        for block in lazy.blocks(7):
            assert len(block) in (5, 7)
    assert len(begun) <= 3


def test_memory_stays_small_whatever_n_is(tmp_path):
    for i in range(50):
        Image.fromarray(rng.integers(0, 256, (48, 48), dtype=np.uint8)).save(
            tmp_path / f"0_{i}.png"
        )
        for copy in range(1, 100):
            os.link(tmp_path / f"0_{i}.png", tmp_path / f"{copy}_{i}.png")
    load_images(tmp_path / "0_0.png")  # imports
    tracemalloc.start()
    try:
        images = load_images(tmp_path, lazy=True)
        total = sum(block.V.sum(dtype=np.float64) for block in images.blocks(128))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(images) == 5000
    assert total > 0
    assert peak < 8e6 < 4 * images.layout.m * len(images) / 5


ODD = {"size": (16, 16), "range": (0, 255)}


@pytest.mark.parametrize(
    ("mode", "frames"),
    [("gray", None), ("rgb", "all"), ("gray", slice(1, None)), ("rgb", slice(None, None, 2))],
)
def test_odd_files_are_read_or_lost_as_by_the_eager_loader(real_data, mode, frames):
    options = {**ODD, "on_error": "skip", "mode": mode, "frames": frames, "background": "white"}
    eager = load_images(real_data("odd_images"), **options)
    lazy = load_images(real_data("odd_images"), lazy=True, **options)
    loaded = lazy.load()
    np.testing.assert_array_equal(loaded.V, eager.V)
    assert loaded.names == eager.names
    assert len(lazy.lost) == len(lazy.skipped) >= len(eager.skipped) > 0  # of some each page
    assert files_of(lazy.skipped) == files_of(eager.skipped)


def files_of(errors):
    return {error.path.partition(", page")[0] for error in errors}


def test_the_first_odd_file_is_refused_in_the_same_words(real_data):
    folder = real_data("odd_images")
    with pytest.raises(ImageReadError) as eager:
        load_images(folder, **ODD)
    with pytest.raises(ImageReadError) as lazy:
        load_images(folder, lazy=True, **ODD).load()
    assert str(eager.value) == f'{lazy.value}; on_error="skip" leaves such files out'
    with pytest.raises(ImageReadError, match='on_error="skip" leaves such files out'):
        load_images(folder, lazy=True, frames="all", **ODD)  # its pages are counted at once


def test_of_odd_files_of_one_kind_channels_are_kept(real_data):
    folder = real_data("odd_images")
    files = [folder / name for name in ("icc-after-SOF.jpg", "broken.png", "exif_rot6.jpg")]
    options = {**ODD, "mode": "keep", "on_error": "skip"}
    eager, lazy = load_images(files, **options), load_images(files, lazy=True, **options)
    np.testing.assert_array_equal(lazy.load().V, eager.V)
    assert lazy.load().names == eager.names
    assert [str(e) for e in lazy.skipped] == [str(e) for e in eager.skipped]


def test_files_without_the_frames_asked_for_are_lost(tmp_path):
    pages = [Image.fromarray(page) for page in GRAY[:5]]
    pages[0].save(tmp_path / "0.png")
    pages[1].save(tmp_path / "1.tif", save_all=True, append_images=pages[2:])
    options = {"frames": slice(1, None), "on_error": "skip"}
    eager, lazy = load_images(tmp_path, **options), load_images(tmp_path, lazy=True, **options)
    assert lazy.load().names == eager.names == ["1.tif[1]", "1.tif[2]", "1.tif[3]"]
    np.testing.assert_array_equal(lazy.load().V, eager.V)
    assert "none of the frames" in str(lazy.skipped[0])


def layered_psd(path):
    """Write a PSD of 2 x 2 gray pixels that says it has three layers, which are no pictures."""
    layer = struct.pack(">4i", 0, 0, 2, 2) + struct.pack(">HhI", 1, 0, 6)
    layer += b"8BIMnorm" + bytes(4) + struct.pack(">I", 12) + bytes(8) + b"\x03one"
    layers = struct.pack(">h", 3) + 3 * layer + 3 * (bytes(2) + bytes(4))
    info = struct.pack(">I", len(layers)) + layers
    whole = b"8BPS" + struct.pack(">H6xHIIHH", 1, 1, 2, 2, 8, 1) + bytes(4) + bytes(4)
    whole += struct.pack(">I", len(info) + 4) + info + bytes(4)
    path.write_bytes(whole + bytes(2) + bytes([0, 80, 160, 240]))


def test_layers_are_no_pictures(tmp_path):
    layered_psd(tmp_path / "layers.psd")
    with Image.open(tmp_path / "layers.psd") as image:
        assert image.n_frames > 1
    for frames in ("all", "first"):
        eager = load_images(tmp_path, frames=frames)
        lazy = load_images(tmp_path, frames=frames, lazy=True)
        assert lazy.load().names == eager.names == ["layers.psd"]
        assert (eager[0] * 255).round().tolist() == [[0, 80], [160, 240]]
