import csv
import sys

import numpy as np
import pytest
from scipy import sparse

from visnmf.errors import InvalidInputError, MissingDependencyError
from visnmf.tasks import write_table

NAMES = ["a.png", 'b "odd", name.png', "\udcff.png"]
X = np.array([[0.5, 2], [1 / 3, 0], [1e-9, 7]], np.float32)
LABELS = np.array(["cat", "dog", "cat"])


def test_csv(tmp_path):
    write_table(tmp_path / "t.csv", NAMES, X, labels=LABELS, feature_names=["eye", "ear"])
    with (tmp_path / "t.csv").open(newline="", errors="surrogateescape") as file:
        header, *rows = csv.reader(file)
    assert header == ["name", "label", "eye", "ear"]
    assert [row[0] for row in rows] == NAMES
    assert [row[1] for row in rows] == LABELS.tolist()
    np.testing.assert_allclose(np.array([row[2:] for row in rows], float), X, rtol=1e-6)


def test_npz_without_pickles(tmp_path):
    write_table(tmp_path / "t.npz", NAMES, X, labels=LABELS, feature_names=["eye", "ear"])
    with np.load(tmp_path / "t.npz", allow_pickle=False) as arrays:
        assert sorted(arrays) == ["feature_names", "features", "labels", "names"]
        np.testing.assert_array_equal(arrays["features"], X)
        assert arrays["features"].dtype == np.float32
        assert arrays["names"].tolist() == [*NAMES[:2], "?.png"]
        assert arrays["labels"].tolist() == LABELS.tolist()


def test_objects_as_labels_are_written_as_text(tmp_path):
    write_table(tmp_path / "t.npz", NAMES, X, labels=LABELS.astype(object))
    with np.load(tmp_path / "t.npz", allow_pickle=False) as arrays:
        assert arrays["labels"].dtype.kind == "U"


def test_parquet(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = ["name", "eye"]  # one that is called as the names are
    write_table(tmp_path / "t.parquet", NAMES, X, labels=[3, 4, 5], feature_names=columns)
    table = parquet.read_table(tmp_path / "t.parquet")
    assert table.column_names == ["name", "label", "name (2)", "eye"]
    assert table["label"].to_pylist() == [3, 4, 5]
    np.testing.assert_array_equal(table["eye"].to_numpy(), X[:, 1])
    assert table["eye"].type == "float"


def test_parquet_without_pyarrow(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'visnmf\[parquet\]'"):
        write_table(tmp_path / "t.parquet", NAMES, X)
    assert not list(tmp_path.iterdir())


def test_sparse_features(tmp_path):
    write_table(tmp_path / "t.npz", NAMES, sparse.csr_array(X))
    with np.load(tmp_path / "t.npz") as arrays:
        np.testing.assert_array_equal(arrays["features"], X)
        assert arrays["feature_names"].tolist() == ["feature 1", "feature 2"]


@pytest.mark.parametrize(
    ("name", "rows", "options", "what"),
    [
        ("t.xls", X, {}, "should end in one of"),
        ("t.csv", X[:2], {}, "need a row each"),
        ("t.csv", X[0], {}, "need a row each"),
        ("t.csv", X, {"labels": ["cat"]}, "as many labels"),
        ("t.csv", X, {"feature_names": ["eye"]}, "1 feature names for 2 features"),
        ("none/t.csv", X, {}, "no folder"),
    ],
)
def test_bad_input_is_refused(tmp_path, name, rows, options, what):
    with pytest.raises(InvalidInputError, match=what):
        write_table(tmp_path / name, NAMES, rows, **options)
    assert not list(tmp_path.iterdir())
