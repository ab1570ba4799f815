"""The sample sets, and the pictures and the registry that are shipped in datasets/."""

import gzip
import runpy
import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from visnmf.samples import load_digits, load_faces, make_swimmer, make_swimmer_parts

DATASETS = Path(__file__).parents[1] / "datasets"
FASHION_IDX = Path("/usr/share/datasets/fashion-mnist")
FASHION_CLASSES = {"trouser": 1, "sneaker": 7, "bag": 8}


@pytest.mark.parametrize("load", [load_faces, load_digits, make_swimmer, make_swimmer_parts])
def test_a_sample_is_a_well_formed_image_set(load):
    images = load()
    assert images.V.dtype == np.float32
    assert images.V.flags.f_contiguous
    assert images.V.min() >= 0
    assert images.V.max() == 1
    assert len(set(images.names)) == len(images)


def test_faces_are_the_first_hundred_of_lfw_subset():
    from skimage.data import lfw_subset

    faces = load_faces()
    assert len(faces) == 100
    np.testing.assert_allclose(faces.to_images(), lfw_subset()[:100], atol=1e-6)


def test_digits_keep_their_labels_and_levels():
    from sklearn import datasets

    given = datasets.load_digits()
    digits = load_digits()
    np.testing.assert_array_equal(digits.labels, given.target)
    np.testing.assert_array_equal(digits.to_images() * 16, given.images)


def test_samples_save_as_png(tmp_path):
    paths = load_faces()[:2].save(tmp_path)
    assert [Path(path).name for path in paths] == ["face_00.png", "face_01.png"]
    with Image.open(paths[0]) as picture:
        assert picture.mode == "L"


class TestSwimmer:
    def test_has_256_different_binary_pictures_of_linear_rank_13(self):
        swimmer = make_swimmer()
        assert swimmer.layout.shape == (32, 32)
        assert set(np.unique(swimmer.V)) == {0, 1}
        assert len(np.unique(swimmer.V, axis=1).T) == 256
        assert np.linalg.matrix_rank(swimmer.V) == 13

    def test_its_17_parts_do_not_overlap_and_rebuild_every_picture(self):
        V, W = make_swimmer().V, make_swimmer_parts().V
        assert W.shape == (1024, 17)
        gram = W.T @ W
        np.testing.assert_array_equal(gram, np.diag(np.diag(gram)))
        H = np.linalg.lstsq(W, V, rcond=None)[0].round()
        np.testing.assert_array_equal(W @ H, V)
        np.testing.assert_array_equal(H[0], 1)  # the torso
        limbs = H[1:].reshape(4, 4, 256)
        np.testing.assert_array_equal(limbs.sum(axis=1), 1)  # each limb in one position
        np.testing.assert_array_equal(limbs.sum(axis=2), 64)  # each position equally often

    def test_names_tell_the_positions(self):
        swimmer, parts = make_swimmer(), make_swimmer_parts()
        arms = ("left arm 2", "right arm 0", "left leg 3", "right leg 1")
        shown = [parts[parts.names.index(name)] for name in ("torso", *arms)]
        picture = swimmer[swimmer.names.index("swimmer_2031")]
        np.testing.assert_array_equal(picture, np.sum(shown, axis=0))

    def test_is_symmetric_in_the_mirror(self):
        parts = dict(zip(make_swimmer_parts().names, make_swimmer_parts(), strict=True))
        for name, part in parts.items():
            twin = parts[name.replace("left", "right")]
            if name.startswith("left"):
                np.testing.assert_array_equal(part, twin[:, ::-1])

    def test_script_writes_the_pictures(self, tmp_path, monkeypatch):
        monkeypatch.setattr("sys.argv", ["make_swimmer.py", str(tmp_path)])
        runpy.run_path(str(DATASETS / "make_swimmer.py"), run_name="__main__")
        files = sorted((tmp_path / "pictures").iterdir())
        assert len(files) == 256
        assert len(list((tmp_path / "parts").iterdir())) == 17
        with Image.open(files[-1]) as picture:
            np.testing.assert_array_equal(np.asarray(picture), make_swimmer()[-1] * 255)


class TestFashion:
    def test_has_three_classes_of_gray_pictures(self):
        for name in FASHION_CLASSES:
            files = sorted((DATASETS / "fashion" / name).iterdir())
            assert len(files) == 334
            for file in files:
                with Image.open(file) as picture:
                    assert (picture.format, picture.mode, picture.size) == ("PNG", "L", (28, 28))

    def test_keeps_its_licence(self):
        licence = (DATASETS / "fashion" / "LICENSE").read_text()
        assert "Zalando SE" in licence
        assert "Permission is hereby granted, free of charge" in licence

    def test_pictures_are_those_of_the_original_set(self):
        if not FASHION_IDX.exists():
            pytest.skip("Debian's dataset-fashion-mnist is not installed")
        images = _idx(FASHION_IDX / "train-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28)
        labels = _idx(FASHION_IDX / "train-labels-idx1-ubyte.gz", 8)
        for name, label in FASHION_CLASSES.items():
            for file in sorted((DATASETS / "fashion" / name).iterdir()):
                index = int(file.stem.split("_")[1])
                assert labels[index] == label
                with Image.open(file) as picture:
                    np.testing.assert_array_equal(np.asarray(picture), images[index])

    def test_script_makes_these_pictures(self, tmp_path, monkeypatch):
        if not FASHION_IDX.exists():
            pytest.skip("Debian's dataset-fashion-mnist is not installed")
        arguments = ["make_fashion.py", str(FASHION_IDX), "-o", str(tmp_path)]
        monkeypatch.setattr("sys.argv", arguments)
        runpy.run_path(str(DATASETS / "make_fashion.py"), run_name="__main__")
        made = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.png")}
        shipped = DATASETS / "fashion"
        assert made == {str(path.relative_to(shipped)) for path in shipped.rglob("*.png")}


def test_registry_tells_terms_and_where_to_get_each_set():
    registry = tomllib.loads((DATASETS / "registry.toml").read_text())
    needed = {"title", "images", "size", "get", "terms", "cite", "load"}
    for name, entry in registry.items():
        assert needed <= set(entry), name
        assert all(entry[key] for key in needed), name
        assert name in (DATASETS / "README.md").read_text()


def _idx(path, header):
    with gzip.open(path) as file:
        return np.frombuffer(file.read(), dtype=np.uint8, offset=header)
