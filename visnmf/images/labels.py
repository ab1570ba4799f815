"""Labels of pictures: from the folders that they lie in, a CSV file, or an array."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visnmf.errors import ImageReadError, InvalidInputError

__all__ = ["labels_from_csv", "labels_from_folders", "labels_from_values"]

_NAME_HEADERS = frozenset({"name", "file", "filename", "file_name", "path", "image", "picture"})
_LABEL_HEADERS = frozenset({"label", "class", "target", "subject", "category", "y"})


def labels_from_folders(names: Sequence[str], parent: str) -> NDArray[Any]:
    """Return for each picture the folder that it lies in.

    Parameters
    ----------
    names : sequence of str
        Relative to the source, "/" between folders: "cats/tom/1.png" is labeled "cats".
    parent : str
        Name of the source itself: the label of pictures that lie in no folder of it.

    Returns
    -------
    labels : array of str, shape (n,)
    """
    return np.array([name.split("/", 1)[0] if "/" in name else parent for name in names])


def labels_from_csv(names: Sequence[str], path: str) -> NDArray[Any]:
    """Look up the label of each picture in a CSV file.

    Parameters
    ----------
    names : sequence of str
        Relative to the source. A row may name a picture so, or by its file name alone,
        with or without suffix.
    path : str
        Text in UTF-8, values between commas (or semicolons, or tabs): name and label, in
        the first two columns or under headers such as "name" and "label".

    Returns
    -------
    labels : array of int or str, shape (n,)
        Of int if all labels of the pictures are whole numbers.

    Raises
    ------
    ImageReadError
        If the file cannot be read as such a table.
    InvalidInputError
        If a picture has no label, or two.
    """
    table = _read_table(path)
    labels, missing = [], []
    for name in names:
        base = name.rsplit("/", 1)[-1]
        keys = (name, base, os.path.splitext(name)[0], os.path.splitext(base)[0])
        found = next((table[key] for key in keys if key in table), None)
        if found is None:
            missing.append(name)
        else:
            labels.append(found)
    if missing:
        raise InvalidInputError(
            f"{path} has no label for {len(missing)} of {len(names)} pictures, such as "
            f"{', '.join(missing[:3])}"
        )
    try:
        return np.array([int(label) for label in labels])
    except (ValueError, OverflowError):
        return np.array(labels)


def labels_from_values(values: ArrayLike, files: NDArray[np.intp], n_files: int) -> NDArray[Any]:
    """Return one label a picture from an array given by the user.

    Parameters
    ----------
    values : array, shape (n,) or (n_files,)
        One label a picture that was read, or one a file that was found.
    files : array of int, shape (n,)
        The file that each picture is from.
    n_files : int
        Number of files found, broken ones too.

    Returns
    -------
    labels : array, shape (n,)

    Raises
    ------
    InvalidInputError
        If it is neither.
    """
    labels = np.asarray(values)
    if labels.shape == (n_files,):
        return labels[files]
    if labels.shape == (len(files),):
        return labels
    raise InvalidInputError(
        f"labels must be one a picture, shape ({len(files)},), or one a file found, shape "
        f"({n_files},); got shape {labels.shape}"
    )


def _read_table(path: str) -> dict[str, str]:
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            text = file.read()
        first = text.split("\n", 1)[0]
        delimiter = max(",;\t", key=first.count)
        lines = [row for row in csv.reader(text.splitlines(), delimiter=delimiter) if any(row)]
    except OSError as error:
        raise ImageReadError(path, error.strerror or str(error)) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise ImageReadError(path, f"not a CSV file in UTF-8: {error}") from error
    name_column, label_column, rows = _columns(lines)
    table: dict[str, str] = {}
    for row in rows:
        if len(row) <= max(name_column, label_column):
            raise ImageReadError(path, f"the row {row} has no name and label")
        name, label = row[name_column].strip().replace("\\", "/"), row[label_column].strip()
        if table.setdefault(name, label) != label:
            raise InvalidInputError(f"{path} has two labels for {name}: {table[name]} and {label}")
    return table


def _columns(lines: list[list[str]]) -> tuple[int, int, list[list[str]]]:
    headers = [cell.strip().casefold() for cell in lines[0]] if lines else []
    names = [i for i, header in enumerate(headers) if header in _NAME_HEADERS]
    labels = [i for i, header in enumerate(headers) if header in _LABEL_HEADERS]
    if names and labels:
        return names[0], labels[0], lines[1:]
    return 0, 1, lines[1:] if names else lines
