"""The file of a checkpoint: safetensors, written and read block by block.

The header's ``__metadata__`` holds three strings: ``format`` ("visnmf-checkpoint"), ``version``
and ``document`` (a JSON object). The tensors are the arrays as they lie in memory, with their
last axis contiguous; those whose first axis is come transposed, and the document names them.
The last tensor holds the CRC-32 of the document and of each array. So no array is ever copied
as a whole, and arrays that are mapped from files may be larger than memory.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from visnmf.errors import ModelFormatError
from visnmf.files import written_atomically

__all__ = ["FORMAT", "VERSION", "read_kept", "write_kept"]

FORMAT = "visnmf-checkpoint"
VERSION = 1
_LENGTH_BYTES = 8  # safetensors opens with the length of its header, little-endian
_MAX_HEADER = 100_000_000  # what safetensors itself allows
_BLOCK = 1 << 23  # bytes that are written or checked at a time
_SUMS = "checksums"
_NAMES = {"<f4": "F32", "<f8": "F64", "<i8": "I64", "<u4": "U32", "|b1": "BOOL"}
_DTYPES = {name: np.dtype(text) for text, name in _NAMES.items()}
_TURNED = "turned"


def write_kept(path: Path, arrays: dict[str, np.ndarray], document: dict[str, Any]) -> None:
    """Write arrays and a JSON-able document as one file, or leave what was there.

    Parameters
    ----------
    path : Path
        Where to write. The file appears whole or not at all.
    arrays : dict of str to ndarray
        Contiguous in either memory order; else they are copied.
    document : dict
        Everything else, JSON-able, without NaN or infinity.
    """
    turned = [name for name, F in arrays.items() if not F.flags.c_contiguous]
    rows = {name: np.ascontiguousarray(F.T if name in turned else F) for name, F in arrays.items()}
    text = json.dumps({**document, _TURNED: turned}, allow_nan=False)
    entries: dict[str, Any] = {
        "__metadata__": {"format": FORMAT, "version": str(VERSION), "document": text}
    }
    begins = 0
    shapes = {name: (F.dtype, F.shape) for name, F in rows.items()}
    shapes[_SUMS] = np.dtype("<u4"), (len(rows) + 1,)
    for name, (dtype, shape) in shapes.items():
        ends = begins + dtype.itemsize * int(np.prod(shape))
        entries[name] = {
            "dtype": _NAMES[dtype.str], "shape": list(shape), "data_offsets": [begins, ends],
        }  # fmt: skip
        begins = ends
    header = json.dumps(entries).encode()
    header += b" " * (-len(header) % _LENGTH_BYTES)
    sums = [zlib.crc32(text.encode())]
    with written_atomically(path) as file:
        file.write(len(header).to_bytes(_LENGTH_BYTES, "little") + header)
        for F in rows.values():
            total = 0
            for block in _blocks(F):
                total = zlib.crc32(block, total)
                file.write(block)
            sums.append(total)
        file.write(np.array(sums, "<u4").tobytes())


def read_kept(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Read what `write_kept` wrote: the arrays, mapped from the file, and the document.

    All of it is checked first: lengths, types, shapes, checksums, and that numbers are finite.

    Raises
    ------
    ModelFormatError
        It is not a checkpoint, is damaged, or is of a newer version.
    OSError
        The system does not let us read it.
    """
    entries, begins = _header(path)
    text, document = _document(path, entries.pop("__metadata__", None))
    data = np.memmap(path, np.uint8, "r", offset=begins) if path.stat().st_size > begins else b""
    arrays: dict[str, np.ndarray] = {}
    reached = 0
    for name, entry in entries.items():
        dtype, shape, first, last = _entry(path, name, entry)
        size = dtype.itemsize
        for length in shape:
            size *= length
        if (first, last) != (reached, reached + size) or last > len(data):
            _refuse(path, f"its array {name!r:.60} does not lie where it should")
        values = data[first:last] if last > first else np.empty(0, np.uint8)
        arrays[name] = np.asarray(values).view(dtype).reshape(shape)
        reached = last
    if reached != len(data):
        _refuse(path, f"{len(data) - reached} bytes of it belong to no array")
    sums = arrays.pop(_SUMS, np.zeros(0, "<u4")).ravel()
    if len(sums) != len(arrays) + 1 or int(sums[0]) != zlib.crc32(text.encode()):
        _refuse(path, "its description does not have the checksum that it should")
    for (name, F), wanted in zip(arrays.items(), sums[1:], strict=True):
        _check(path, name, F, int(wanted))
    turned = document.pop(_TURNED, [])
    if not isinstance(turned, list):
        _refuse(path, "its description does not say how its arrays lie")
    return {name: F.T if name in turned else F for name, F in arrays.items()}, document


def _blocks(F: np.ndarray) -> Iterator[memoryview]:
    """Yield the bytes of a C-contiguous array."""
    if F.size:
        whole = F.reshape(-1).view(np.uint8).data
        for start in range(0, len(whole), _BLOCK):
            yield whole[start : start + _BLOCK]


def _check(path: Path, name: str, F: np.ndarray, wanted: int) -> None:
    total = 0
    for block in _blocks(F):
        total = zlib.crc32(block, total)
        values = np.frombuffer(block, F.dtype)
        if F.dtype.kind == "f" and not np.isfinite(values).all():
            _refuse(path, f"its array {name!r:.60} holds NaN or infinite numbers")
    if total != wanted:
        _refuse(path, f"its array {name!r:.60} does not have the checksum that it should")


def _header(path: Path) -> tuple[dict[str, Any], int]:
    """Return the parsed header, and where the arrays begin."""
    if not path.is_file():
        _refuse(path, "is not a file; name the checkpoint itself")
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(_LENGTH_BYTES), "little")
        if not 2 <= length <= min(size - _LENGTH_BYTES, _MAX_HEADER):
            _refuse(path, f"no checkpoint of visnmf, or cut short ({size:,} bytes)")
        header = file.read(length)
    entries = _parsed(path, header)
    return entries, _LENGTH_BYTES + length


def _document(path: Path, metadata: Any) -> tuple[str, dict[str, Any]]:
    """Return the JSON of the document, and what it says."""
    metadata = metadata if isinstance(metadata, dict) else {}
    if metadata.get("format") != FORMAT:
        _refuse(path, f"no checkpoint of visnmf (it says {metadata.get('format')!r:.50})")
    version = str(metadata.get("version", ""))
    if version != str(VERSION):
        _refuse(
            path,
            f"is of format version {version:.20}, this visnmf reads version {VERSION}; resume it "
            "with the visnmf that wrote it",
        )
    text = metadata.get("document")
    if not isinstance(text, str):
        _refuse(path, "it does not say what it holds")
    return text, _parsed(path, text)


def _entry(path: Path, name: str, entry: Any) -> tuple[np.dtype[Any], list[int], int, int]:
    """Return dtype, shape and place of an array."""
    entry = entry if isinstance(entry, dict) else {}
    kind, shape, place = (entry.get(key) for key in ("dtype", "shape", "data_offsets"))
    known = isinstance(kind, str) and kind in _DTYPES
    if not known or not _counts(shape) or not _counts(place) or len(place) != 2:
        _refuse(path, f"what it says of its array {name!r:.60} makes no sense")
    return _DTYPES[kind], shape, place[0], place[1]


def _counts(values: Any) -> bool:
    return isinstance(values, list) and all(type(value) is int and value >= 0 for value in values)


def _parsed(path: Path, text: str | bytes) -> dict[str, Any]:
    try:
        found = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ModelFormatError(f"{path}: damaged: its header is no JSON: {error}") from error
    if not isinstance(found, dict):
        _refuse(path, "damaged: its header is no JSON object")
    return found


def _no_constant(name: str) -> NoReturn:
    """Refuse NaN and infinity, which JSON does not have."""
    raise ValueError(f"{name} is not JSON")


def _refuse(path: Path, what: str) -> NoReturn:
    """Raise the error of a file, saying what is wrong with it."""
    raise ModelFormatError(f"{path}: {what}")
