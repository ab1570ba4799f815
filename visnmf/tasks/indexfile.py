"""The file of an index: what pictures were encoded, when, and by what.

A safetensors file. Its tensors are ``rows`` (pictures x features, float32) and ``document``
(JSON as bytes, since a header has a limit that a large folder exceeds). It is a cache that may
come from anyone: all of it is checked when it is read, and nothing is unpickled.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visnmf.errors import ModelFormatError
from visnmf.files import write_atomically

__all__ = ["Entry", "Stored", "index_path", "read_index", "write_index"]

FORMAT = "visnmf-index"
VERSION = "1"


@dataclass(frozen=True)
class Entry:
    """A file that was encoded.

    Attributes
    ----------
    path : str
        Absolute.
    size, time : int
        Bytes, and nanoseconds of its last change, as they were.
    names : list of str
        One for each picture in it.
    """

    path: str
    size: int
    time: int
    names: list[str]


@dataclass(frozen=True, eq=False)
class Stored:
    """What an index file holds.

    Attributes
    ----------
    entries : list of Entry
        The files, in order.
    rows : ndarray (pictures, features), float32
        The features of their pictures, in the same order.
    """

    entries: list[Entry]
    rows: NDArray[np.float32]

    def names(self) -> list[str]:
        """Return the name of each picture."""
        return [name for entry in self.entries for name in entry.names]

    def paths(self) -> list[str]:
        """Return the file of each picture."""
        return [entry.path for entry in self.entries for _ in entry.names]


def index_path(model: Path, source: str, *, recursive: bool) -> Path:
    """Return where the index of a source is kept: beside the model, one for each source."""
    told = f"{os.path.abspath(source)}\n{recursive}"
    mark = hashlib.sha256(told.encode("utf-8", "surrogateescape")).hexdigest()[:10]
    return model.with_name(f"{model.stem}.{mark}.index.safetensors")


def write_index(path: Path, digest: str, stored: Stored) -> None:
    """Write an index whole or not at all.

    Parameters
    ----------
    path : Path
        Where to.
    digest : str
        Of the encoder; an index of another one is not used.
    stored : Stored
        What to write.

    Raises
    ------
    InvalidInputError, OSError
        It cannot be written.
    """
    from safetensors.numpy import save

    files = [[e.path, e.size, e.time, e.names] for e in stored.entries]
    document = np.frombuffer(json.dumps({"files": files}).encode("ascii"), np.uint8)
    metadata = {"format": FORMAT, "version": VERSION, "encoder": digest}
    rows = np.ascontiguousarray(stored.rows)
    write_atomically(path, save({"rows": rows, "document": document}, metadata=metadata))


def read_index(path: Path, digest: str, n_features: int) -> Stored | None:
    """Read an index that `write_index` wrote.

    Parameters
    ----------
    path : Path
        The file.
    digest : str
        Of the encoder.
    n_features : int
        Of the encoder.

    Returns
    -------
    Stored or None
        None where there is no such file, or it is of another encoder or version.

    Raises
    ------
    ModelFormatError
        The file is damaged.
    """
    from safetensors import SafetensorError, safe_open

    if not path.exists():
        return None
    if not path.is_file():
        raise ModelFormatError(f"{path}: is not a file")
    try:
        with safe_open(path, framework="numpy") as file:
            told = file.metadata() or {}
            if told.get("format") != FORMAT:
                raise ModelFormatError(f"{path}: no index of visnmf (its header does not say so)")
            if told.get("version") != VERSION or told.get("encoder") != digest:
                return None
            if set(file.keys()) != {"rows", "document"}:
                raise ModelFormatError(f"{path}: should hold rows and a document")
            kinds = [file.get_slice(name).get_dtype() for name in ("rows", "document")]
            if kinds != ["F32", "U8"]:
                raise ModelFormatError(f"{path}: its arrays are of types {kinds!r:.40}")
            rows, document = file.get_tensor("rows"), file.get_tensor("document")
    except (SafetensorError, OSError) as error:
        raise ModelFormatError(f"{path}: damaged or cut short: {error}") from error
    entries = _entries(path, document.tobytes())
    shape = (sum(len(entry.names) for entry in entries), n_features)
    if rows.shape != shape:
        raise ModelFormatError(f"{path}: its rows are {rows.shape}, its pictures need {shape}")
    if not np.isfinite(rows).all():
        raise ModelFormatError(f"{path}: its rows hold NaN or infinity")
    return Stored(entries, rows)


def _entries(path: Path, document: bytes) -> list[Entry]:
    """Parse and check what is told of the files."""
    try:
        told: Any = json.loads(document)
    except (ValueError, RecursionError) as error:
        raise ModelFormatError(f"{path}: its document is no readable JSON") from error
    files = told.get("files") if isinstance(told, dict) else None
    if not isinstance(files, list) or not all(_is_entry(file) for file in files):
        raise ModelFormatError(f"{path}: its list of files is damaged")
    return [Entry(*file) for file in files]


def _is_entry(file: Any) -> bool:
    if not (isinstance(file, list) and len(file) == 4):
        return False
    path, size, time, names = file
    return (
        isinstance(path, str)
        and type(size) is int
        and type(time) is int
        and isinstance(names, list)
        and all(isinstance(name, str) for name in names)
    )
