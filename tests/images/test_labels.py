import numpy as np
import pytest

from visnmf.errors import ImageReadError, InvalidInputError
from visnmf.images.labels import labels_from_csv, labels_from_folders, labels_from_values

NAMES = ["a/1.png", "b/2.png"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.png,cat\n2.png,dog\n", ["cat", "dog"]),
        ("name,label\n1.png,cat\n2.png,dog\n", ["cat", "dog"]),
        ("\ufeffLabel,Age,Filename\r\ncat,3,a/1.png\r\ndog,4,b/2.png\r\n", ["cat", "dog"]),
        ("file;class\n1;7\n2;-8\n", [7, -8]),
        ("1.png\t3\n\n2.png\t4\nother\tx\n", [3, 4]),
        ('"1.png","cat, small"\n"2.png","dog"\n', ["cat, small", "dog"]),
    ],
)
def test_tables(tmp_path, text, expected):
    path = tmp_path / "labels.csv"
    path.write_text(text, encoding="utf-8")
    assert labels_from_csv(NAMES, str(path)).tolist() == expected


@pytest.mark.parametrize(
    ("data", "kind", "message"),
    [
        (b"1.png,cat\n", InvalidInputError, "no label for 1 of 2 pictures, such as b/2.png"),
        (b"1.png,cat\n1.png,dog\n2.png,x\n", InvalidInputError, "two labels for 1.png"),
        (b"1.png\n2.png\n", ImageReadError, "no name and label"),
        (b"", InvalidInputError, "no label for 2"),
        (b"\xff\xfe\x00", ImageReadError, "UTF-8"),
    ],
)
def test_tables_that_do_not_fit(tmp_path, data, kind, message):
    path = tmp_path / "labels.csv"
    path.write_bytes(data)
    with pytest.raises(kind, match=message):
        labels_from_csv(NAMES, str(path))


def test_a_table_that_is_not_there(tmp_path):
    with pytest.raises(ImageReadError, match="No such file"):
        labels_from_csv(NAMES, str(tmp_path / "none.csv"))


def test_folders():
    assert labels_from_folders(["a/x/1.png", "b/2.png", "3.png"], "top").tolist() == [
        "a",
        "b",
        "top",
    ]


def test_values_for_files_or_for_pictures():
    files = np.array([0, 0, 2])
    assert labels_from_values(["x", "y", "z"], files, 3).tolist() == ["x", "x", "z"]
    assert labels_from_values([1, 2, 3, 4], files, 4).tolist() == [1, 1, 3]
    assert labels_from_values([1, 2, 3], files, 5).tolist() == [1, 2, 3]
