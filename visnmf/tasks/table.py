"""Features as a table for other programs: CSV, Parquet, or the arrays of NumPy."""

from __future__ import annotations

import csv
import importlib
import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visnmf.arguments import check_path, check_sequence
from visnmf.errors import InvalidInputError, MissingDependencyError
from visnmf.files import write_atomically

__all__ = ["TABLE_ENDINGS", "check_table_ending", "write_table"]

TABLE_ENDINGS = (".csv", ".parquet", ".npz", ".npy")


def write_table(
    path: str | os.PathLike[str],
    names: Sequence[str],
    features: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    feature_names: Sequence[str] | None = None,
) -> None:
    """Write features with names and labels, as the ending of the file says.

    A ``.csv`` or ``.parquet`` has the columns "name", "label" where there are labels, and one
    for each feature. A ``.npz`` has the arrays ``features``, ``names``, ``feature_names`` and
    ``labels`` where there are any; it holds no pickled objects. A ``.npy`` is the bare array.
    Parquet needs pyarrow (``pip install 'visnmf[parquet]'``).

    Parameters
    ----------
    path : str or path
        The file; it appears whole or not at all.
    names : sequence of str
        One a picture.
    features : array_like or sparse array, shape (n, k)
        A row a picture.
    labels : array_like, shape (n,), optional
        One a picture.
    feature_names : sequence of str, optional
        One a feature; "feature 1" and so on by default.

    Raises
    ------
    InvalidInputError
        Lengths do not fit, the ending is another one, or there is no such folder.
    MissingDependencyError
        For ``.parquet``, if pyarrow is not installed.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "table.csv"
    ...     write_table(file, ["a.png"], [[0.5, 2.0]], labels=["cat"])
    ...     print(file.read_text())
    name,label,feature 1,feature 2
    a.png,cat,0.5,2
    """
    file = check_path(path, "path")
    names = check_sequence(names, "names", "names, one a picture")
    ending = check_table_ending(file)
    dense = features.toarray() if hasattr(features, "toarray") else features
    values = np.asarray(dense)
    if values.ndim != 2 or values.dtype.kind not in "fiub" or len(values) != len(names):
        raise InvalidInputError(
            f"features of {values.dtype} and shape {values.shape} are no table for {len(names)} "
            "pictures; need a row each"
        )
    columns = [f"feature {k + 1}" for k in range(values.shape[1])]
    if feature_names is not None:
        columns = [str(name) for name in check_sequence(feature_names, "feature_names", "names")]
    marks = None if labels is None else np.asarray(labels)
    if len(columns) != values.shape[1]:
        raise InvalidInputError(f"{len(columns)} feature names for {values.shape[1]} features")
    if marks is not None and marks.shape != (len(names),):
        raise InvalidInputError(f"{len(names)} pictures need as many labels, got {marks.shape}")
    writer = {".csv": _csv, ".parquet": _parquet, ".npz": _npz, ".npy": _npy}[ending]
    write_atomically(file, writer(list(names), marks, values, columns))


def check_table_ending(path: Path) -> str:
    """Return the ending of a table's file, if one can be written: to be asked before the work.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    str
        One of `TABLE_ENDINGS`.
    """
    ending = path.suffix.lower()
    if ending not in TABLE_ENDINGS:
        raise InvalidInputError(f"{path} should end in one of {', '.join(TABLE_ENDINGS)}")
    if ending == ".parquet":
        _pyarrow()
    return ending


def _csv(
    names: list[str], labels: NDArray[Any] | None, values: NDArray[Any], columns: list[str]
) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["name", *([] if labels is None else ["label"]), *columns])
    for i, name in enumerate(names):
        label = [] if labels is None else [labels[i]]
        writer.writerow([name, *label, *(f"{value:.7g}" for value in values[i])])
    return text.getvalue().encode("utf-8", errors="surrogateescape")


def _parquet(
    names: list[str], labels: NDArray[Any] | None, values: NDArray[Any], columns: list[str]
) -> bytes:
    pyarrow, parquet = _pyarrow()
    headings = ["name", *([] if labels is None else ["label"]), *columns]
    arrays = [pyarrow.array([_unicode(name) for name in names], pyarrow.string())]
    if labels is not None:
        plain = labels if labels.dtype.kind in "fiub" else [_unicode(mark) for mark in labels]
        arrays.append(pyarrow.array(plain))
    arrays += [pyarrow.array(np.ascontiguousarray(column)) for column in values.T]
    content = io.BytesIO()
    # Columns are made distinct: a table with two of one name cannot be read by pandas
    parquet.write_table(pyarrow.table(arrays, names=_distinct(headings)), content)
    return content.getvalue()


def _npz(
    names: list[str], labels: NDArray[Any] | None, values: NDArray[Any], columns: list[str]
) -> bytes:
    arrays: dict[str, Any] = {
        "features": values,
        "names": np.array([_unicode(name) for name in names], dtype=np.str_),
        "feature_names": np.array(columns, dtype=np.str_),
    }
    if labels is not None:
        arrays["labels"] = labels if labels.dtype.kind in "fiub" else labels.astype(np.str_)
    content = io.BytesIO()
    # Before NumPy 2.2 savez knows no allow_pickle and would keep it as an array; none holds objects
    np.savez_compressed(content, **arrays)
    return content.getvalue()


def _npy(
    names: list[str], labels: NDArray[Any] | None, values: NDArray[Any], columns: list[str]
) -> bytes:
    content = io.BytesIO()
    np.save(content, np.ascontiguousarray(values), allow_pickle=False)
    return content.getvalue()


def _pyarrow() -> tuple[Any, Any]:
    try:
        pyarrow = importlib.import_module("pyarrow")
        parquet = importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise MissingDependencyError(
            "a .parquet file needs pyarrow: pip install 'visnmf[parquet]'; or write .csv or .npz"
        ) from error
    return pyarrow, parquet


def _unicode(name: object) -> str:
    """Return text that UTF-8 can hold; bytes of a file name that are none become "?"."""
    return str(name).encode("utf-8", "replace").decode("utf-8")


def _distinct(headings: list[str]) -> list[str]:
    """Return headings of which no two are alike: "a", "a (2)"."""
    seen: set[str] = set()
    result = []
    for heading in headings:
        told, count = heading, 1
        while told in seen:
            count += 1
            told = f"{heading} ({count})"
        seen.add(told)
        result.append(told)
    return result
