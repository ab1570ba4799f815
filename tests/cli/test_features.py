import csv

import numpy as np
import pytest

import visnmf
from visnmf.cli.features import KINDS


def read(path):
    with path.open(newline="") as file:
        header, *rows = csv.reader(file)
    return header, rows


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_kind_makes_a_table(run, faces_folder, faces, tmp_path, kind):
    result = run("features", faces_folder, "-o", "f.npz", "--kind", kind, "--size", "48")
    assert result.exit_code == 0, result.stderr
    with np.load(tmp_path / "f.npz", allow_pickle=False) as arrays:
        features, names = arrays["features"], arrays["names"]
        assert len(arrays["feature_names"]) == features.shape[1]
    assert names.tolist() == [f"{name}.png" for name in faces.names]
    assert np.isfinite(features).all()
    assert len(np.unique(features.round(6), axis=0)) == len(faces), "no two faces are the same"


def test_the_features_are_those_of_the_library(run, faces_folder, tmp_path):
    assert (
        run("features", faces_folder, "-o", "f.csv", "--kind", "hog", "--size", "32x24").exit_code
        == 0
    )
    header, rows = read(tmp_path / "f.csv")
    extractor = visnmf.features.HOG(size=(32, 24))
    wanted = extractor.fit_transform(visnmf.load_pictures(str(faces_folder)))
    assert header == ["name", *extractor.get_feature_names_out()]
    np.testing.assert_allclose(np.array([r[1:] for r in rows], float), wanted, atol=1e-6)


def test_labels_from_folders_and_pictures_of_two_sizes(run, color_folder, tmp_path):
    words = ("features", color_folder, "-r", "--labels", "folder")
    result = run(*words, "--kind", "colors", "-o", "f.csv")
    assert result.exit_code == 0, result.stderr
    header, rows = read(tmp_path / "f.csv")
    assert header[:2] == ["name", "label"]
    assert [row[1] for row in rows] == ["cats", "cats", "dogs", "dogs"]
    result = run(*words, "--kind", "pixels", "-o", "g.csv")
    assert result.exit_code == 2
    told = " ".join(result.stderr.split())
    assert "2 sizes, 6 x 6 and 8 x 10" in told
    assert "--size" in told
    assert "colors" in told
    assert run(*words, "--kind", "gabor", "-o", "g.csv").exit_code == 0
    assert run(*words, "--kind", "pixels", "--size", "5x4", "-o", "g.csv").exit_code == 0
    assert len(read(tmp_path / "g.csv")[0]) == 2 + 20


def test_a_model_gives_its_encodings(run, model_file, faces_folder, tmp_path):
    assert run("features", faces_folder, "--model", model_file, "-o", "f.csv").exit_code == 0
    assert run("encode", model_file, faces_folder, "-o", "e.csv").exit_code == 0
    (header, rows), (same, codes) = read(tmp_path / "f.csv"), read(tmp_path / "e.csv")
    assert header == same
    found, wanted = (np.array([r[1:] for r in some], float) for some in (rows, codes))
    np.testing.assert_allclose(found, wanted, atol=1e-3)
    result = run("features", faces_folder, "--model", model_file, "--kind", "hog", "-o", "f.csv")
    assert result.exit_code == 2
    assert "leave --kind out" in result.stderr


def test_parquet_with_labels(run, color_folder, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    words = ("features", color_folder, "-r", "--labels", "folder", "--kind", "colors")
    result = run(*words, "-o", "f.parquet")
    assert result.exit_code == 0, result.stderr
    table = parquet.read_table(tmp_path / "f.parquet")
    assert table.column_names[:2] == ["name", "label"]
    assert table["label"].to_pylist() == ["cats", "cats", "dogs", "dogs"]


def test_parquet_without_pyarrow_is_told_before_the_work(run, faces_folder, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    result = run("features", faces_folder, "-o", "f.parquet")
    assert result.exit_code == 1
    assert "pip install 'visnmf[parquet]'" in result.stderr
