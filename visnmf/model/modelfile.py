"""The file of a model: safetensors, with everything that is not an array as JSON in its header.

Nothing is pickled, so that a file from a stranger can be opened: what it says is checked
before it is believed, and whatever is wrong with it is told in a `ModelFormatError`.

The header's ``__metadata__`` holds three strings: ``format`` ("visnmf-model"), ``version``
(of the format, a whole number) and ``model`` (a JSON object). The tensors are the arrays.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from visnmf.errors import ModelFormatError, ModelNotFoundError
from visnmf.files import write_atomically

__all__ = ["FORMAT", "VERSION", "kind_of", "read_model_file", "write_model_file"]

FORMAT = "visnmf-model"
VERSION = 1
_LENGTH_BYTES = 8  # safetensors opens with the length of its header, little-endian
_MAX_HEADER = 64 * 2**20  # far above any real header, below what parsing could choke on


def write_model_file(
    path: Path, arrays: dict[str, np.ndarray], document: dict[str, Any], kind: str = FORMAT
) -> None:
    """Write arrays and a JSON-able document as one model file, or leave what was there.

    Parameters
    ----------
    path : Path
        Where to write. The file appears whole or not at all.
    arrays : dict of str to ndarray
        float32 arrays by name.
    document : dict
        Everything else, JSON-able, without NaN or infinity.
    kind : str
        What the file says it is.

    Raises
    ------
    InvalidInputError
        The folder of `path` does not exist, or `path` is a folder.
    """
    from safetensors.numpy import save

    metadata = {
        "format": kind,
        "version": str(VERSION),
        "model": json.dumps(document, allow_nan=False),
    }
    content = save({k: np.ascontiguousarray(a) for k, a in arrays.items()}, metadata=metadata)
    write_atomically(path, content)


def read_model_file(path: Path, kind: str = FORMAT) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Read what `write_model_file` wrote: the arrays by name, and the document.

    Raises
    ------
    ModelNotFoundError
        There is no such file.
    ModelFormatError
        It is not a model file, is damaged, or is of a newer version.
    """
    from safetensors import SafetensorError, safe_open

    _check_frame(path)
    try:
        with safe_open(path, framework="numpy") as file:
            document = _document(path, file.metadata(), kind)
            arrays = {}
            for name in file.keys():
                dtype = file.get_slice(name).get_dtype()
                if dtype != "F32":
                    refuse(path, f"its array {name!r:.60} is of type {dtype!r:.10}, not float32")
                arrays[name] = file.get_tensor(name)
    except SafetensorError as error:
        raise ModelFormatError(f"{path}: damaged or cut short: {error}") from error
    return arrays, document


def kind_of(path: Path) -> str:
    """Tell what a file says it is, such as "visnmf-model"; "" if its header does not say.

    Raises
    ------
    ModelNotFoundError
        There is no such file.
    ModelFormatError
        It is no safetensors file, or is damaged.
    """
    from safetensors import SafetensorError, safe_open

    _check_frame(path)
    try:
        with safe_open(path, framework="numpy") as file:
            return (file.metadata() or {}).get("format", "")
    except SafetensorError as error:
        raise ModelFormatError(f"{path}: damaged or cut short: {error}") from error


def refuse(path: Path, what: str) -> NoReturn:
    """Raise the `ModelFormatError` of a file, saying what is wrong with it."""
    raise ModelFormatError(f"{path}: {what}")


def _check_frame(path: Path) -> None:
    """Refuse what cannot be a safetensors file before anything is parsed or allocated."""
    if not path.exists():
        raise ModelNotFoundError(str(path))
    if not path.is_file():
        refuse(path, "is not a file; name the .safetensors file itself")
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(_LENGTH_BYTES)
    if len(start) < _LENGTH_BYTES:
        refuse(path, f"holds {size} bytes, too few for a model; it may be an unfinished copy")
    header = int.from_bytes(start, "little")
    if header > size - _LENGTH_BYTES:
        refuse(
            path,
            f"no model of visnmf, or cut short: its header should take {header} bytes, "
            f"but the file has {size}",
        )
    if header > _MAX_HEADER:
        refuse(path, f"its header of {header} bytes is absurd (at most {_MAX_HEADER})")


def _document(path: Path, metadata: dict[str, str] | None, kind: str) -> dict[str, Any]:
    """Check the three strings of the header and return the parsed one."""
    if not metadata or metadata.get("format") != kind:
        found = (metadata or {}).get("format", "")
        what = "a model of visnmf" if kind == FORMAT else f"a {kind}"
        told = f"says {found[:40]!r}" if found else "does not say so"
        refuse(path, f"a safetensors file, but not {what} (its header {told})")
    version = metadata.get("version", "")
    if not (version.isascii() and version.isdigit() and 0 < int(version[:10])):
        refuse(path, f"its format version {version[:20]!r} is no version; the file is damaged")
    if int(version[:10]) > VERSION:
        refuse(
            path,
            f"is of format version {version[:10]}, this visnmf reads up to {VERSION}: "
            "upgrade visnmf to open it",
        )
    try:
        document = json.loads(metadata.get("model", ""), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ModelFormatError(f"{path}: its description is no readable JSON: {error}") from error
    if not isinstance(document, dict):
        refuse(path, "its description is not a JSON object; the file is damaged")
    return document


def _no_constant(name: str) -> NoReturn:
    """Refuse NaN and infinity, which JSON does not have."""
    raise ValueError(f"{name} is not JSON")
