"""Files are written whole or not at all, and errors name the file that was asked for."""

import errno
import os

import pytest

from visnmf.files import remove_unfinished, write_atomically


def test_an_error_names_the_file_that_was_asked_for(tmp_path, monkeypatch):
    def refuse(source, target):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(source), None, target)

    monkeypatch.setattr("visnmf.files.os.replace", refuse)
    path = tmp_path / "model.safetensors"
    with pytest.raises(PermissionError, match=r"model\.safetensors") as caught:
        write_atomically(path, b"whole")
    assert caught.value.filename == str(path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["n" * 255, "é" * 127])
def test_the_longest_names_can_be_written(tmp_path, name):
    path = tmp_path / name
    write_atomically(path, b"whole")
    assert path.read_bytes() == b"whole"
    left = path.with_name("." + os.fsdecode(os.fsencode(name)[:240]) + ".01234567.tmp")
    left.write_bytes(b"half")
    remove_unfinished(path)
    assert list(tmp_path.iterdir()) == [path]
