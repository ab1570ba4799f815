"""The file of a checkpoint: what is written comes back, and headers that lie are told."""

import json

import numpy as np
import pytest

from visnmf.errors import ModelFormatError
from visnmf.solve.kept_file import FORMAT, read_kept, write_kept

ARRAYS = {
    "rows": np.arange(6.0).reshape(2, 3),
    "columns": np.asfortranarray(np.arange(12, dtype=np.float32).reshape(3, 4)),
    "whole": np.arange(5),
    "empty": np.zeros((0, 3)),
}


@pytest.fixture
def path(tmp_path):
    write_kept(tmp_path / "kept", ARRAYS, {"says": [1, "two"]})
    return tmp_path / "kept"


def rewrite(path, change):
    """Let a function change the header of a file."""
    whole = path.read_bytes()
    length = int.from_bytes(whole[:8], "little")
    header = json.loads(whole[8 : 8 + length])
    change(header)
    made = json.dumps(header).encode()
    path.write_bytes(len(made).to_bytes(8, "little") + made + whole[8 + length :])


def test_arrays_come_back_as_they_lay(path):
    arrays, document = read_kept(path)
    assert document == {"says": [1, "two"]}
    assert list(arrays) == list(ARRAYS)
    for name, F in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], F)
        assert arrays[name].dtype == F.dtype
        if F.size:
            assert arrays[name].flags.c_contiguous == F.flags.c_contiguous


LIES = {
    "an unknown type": {"dtype": "F99"},
    "no type": {"dtype": None},
    "a list for a type": {"dtype": ["F64"]},
    "a number for a shape": {"shape": 6},
    "a negative length": {"shape": [-2, -3]},
    "a broken length": {"shape": [2.0, 3]},
    "a truth for a length": {"shape": [True, 6]},
    "three places": {"data_offsets": [0, 48, 48]},
    "a word for a place": {"data_offsets": ["0", "48"]},
    "a place below 0": {"data_offsets": [-8, 40]},
}


@pytest.mark.parametrize("case", LIES)
def test_an_entry_that_makes_no_sense_is_named(path, case):
    rewrite(path, lambda header: header["rows"].update(LIES[case]))
    with pytest.raises(ModelFormatError, match="'rows' makes no sense"):
        read_kept(path)


MISPLACED = {
    "another place": ({"data_offsets": [8, 56]}, "'rows' does not lie where it should"),
    "another size": ({"shape": [2, 4]}, "'rows' does not lie where it should"),
    "far too large": ({"shape": [2**40, 2**40]}, "'rows' does not lie where it should"),
}


@pytest.mark.parametrize("case", MISPLACED)
def test_an_array_that_does_not_fit_is_named(path, case):
    change, message = MISPLACED[case]
    rewrite(path, lambda header: header["rows"].update(change))
    with pytest.raises(ModelFormatError, match=message):
        read_kept(path)


def test_entries_that_are_none_and_bytes_that_belong_to_none(path):
    rewrite(path, lambda header: header.update(rows=7))
    with pytest.raises(ModelFormatError, match="makes no sense"):
        read_kept(path)
    write_kept(path, ARRAYS, {})
    path.write_bytes(path.read_bytes() + b"\0" * 3)
    with pytest.raises(ModelFormatError, match="3 bytes of it belong to no array"):
        read_kept(path)


def test_another_array_and_another_document_are_told(path):
    whole = path.read_bytes()
    length = int.from_bytes(whole[:8], "little")
    path.write_bytes(whole[: 8 + length] + b"\1" + whole[9 + length :])
    with pytest.raises(ModelFormatError, match="'rows' does not have the checksum"):
        read_kept(path)
    path.write_bytes(whole.replace(b"two", b"owt"))
    with pytest.raises(ModelFormatError, match="description does not have the checksum"):
        read_kept(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda told: told.update(format="model"), "no checkpoint of visnmf .it says 'model'"),
        (lambda told: told.update(version="99"), "format version 99.*resume it with the visnmf"),
        (lambda told: told.pop("document"), "does not say what it holds"),
        (lambda told: told.update(document="[]"), "no JSON object"),
        (lambda told: told.update(document='{"a": NaN}'), "NaN is not JSON"),
    ],
)
def test_what_is_no_checkpoint_is_told(path, change, message):
    assert FORMAT in path.read_bytes().decode("latin1")
    rewrite(path, lambda header: change(header["__metadata__"]))
    with pytest.raises(ModelFormatError, match=message):
        read_kept(path)


def test_numbers_that_are_not_finite_are_refused(tmp_path):
    write_kept(tmp_path / "kept", {"W": np.array([[1.0, np.inf]])}, {})
    with pytest.raises(ModelFormatError, match="'W' holds NaN or infinite numbers"):
        read_kept(tmp_path / "kept")
    with pytest.raises(ModelFormatError, match="not a file; name the checkpoint itself"):
        read_kept(tmp_path)


def test_how_arrays_lie_has_to_be_a_list(tmp_path):
    write_kept(tmp_path / "kept", ARRAYS, {})
    path = tmp_path / "kept"

    def change(header):
        document = json.loads(header["__metadata__"]["document"])
        document["turned"] = "columns"
        header["__metadata__"]["document"] = json.dumps(document)

    rewrite(path, change)
    with pytest.raises(ModelFormatError, match="checksum"):
        read_kept(path)
