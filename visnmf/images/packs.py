"""Packs: zarr stores of ready pictures with their names and labels, and what they tell."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visnmf.errors import ImageReadError, InvalidInputError
from visnmf.images.layout import ImageLayout
from visnmf.images.lazy_zarr import import_zarr, is_zarr, open_zarr
from visnmf.images.settings import Wanted

__all__ = ["FORMAT", "IMAGES", "LABELS", "NAMES", "VERSION", "Pack", "open_pack", "pack_of"]

FORMAT, VERSION = "visnmf-images", 1
IMAGES, NAMES, LABELS = "images", "names", "labels"
_FIELDS = {"format", "version", "n", "layout", "source", "preparation", "skipped", "labels"}


@dataclass(frozen=True)
class Pack:
    """What a pack tells of its pictures.

    A pack is a zarr group: the array "images" (n, height, width[, channels]), written in full;
    "names" and perhaps "labels", each a list in JSON, its UTF-8 bytes an array; and the rest in
    the attribute "visnmf" of the group. So a million names are read only when asked for.

    Parameters
    ----------
    path : str
        The store.
    n : int
        How many pictures.
    layout : ImageLayout
        Of a picture; its range is that of the stored values.
    source : str
        Where the pictures came from.
    preparation : list of dict
        What was done to them.
    skipped : list of str
        Why pictures were left out.
    label_type : str or None
        NumPy's name of the type of the labels; None without labels.
    """

    path: str
    n: int
    layout: ImageLayout
    source: str
    preparation: list[dict[str, Any]]
    skipped: list[str]
    label_type: str | None

    def names(self, picked: Sequence[int] | None = None) -> list[str]:
        """Read the names of the pictures, or of some."""
        names = self._list(NAMES)
        if not all(isinstance(name, str) for name in names):
            raise ImageReadError(self.path, "the names in it are no text")
        return names if picked is None else [names[i] for i in picked]

    def labels(self, picked: Sequence[int] | None = None) -> NDArray[Any] | None:
        """Read the labels of the pictures, or of some; None if there are none."""
        if self.label_type is None:
            return None
        try:
            labels = np.array(self._list(LABELS), dtype=self.label_type)
        except (TypeError, ValueError, OverflowError) as error:
            raise ImageReadError(self.path, f"the labels in it are damaged: {error}") from error
        return labels if picked is None else labels[np.asarray(picked, np.intp)]

    def prepared(self, step: Mapping[str, Any], wanted: Wanted) -> list[dict[str, Any]]:
        """Return the steps from the first source to what is loaded now, so that others go alike.

        Parameters
        ----------
        step : dict
            How the pack is loaded, as of `naming.loading_step`.
        wanted : Wanted
            What was asked for.
        """
        first: dict[str, Any] = next((s for s in self.preparation if s.get("step") == "load"), {})
        kept = ("background",) if wanted.reading.size else ("background", "fit")
        now = {**step, **{name: first[name] for name in kept if name in first}}
        return [now, *(s for s in self.preparation if s.get("step") != "load")]

    def _list(self, key: str) -> list[Any]:
        """Read a list that is kept as JSON in an array of bytes."""
        try:
            data = np.asarray(open_zarr(self.path)[key][:], dtype=np.uint8).tobytes()
            values = json.loads(data.decode())
        except Exception as error:  # codecs, zarr and JSON raise all sorts on damaged data
            raise ImageReadError(
                self.path, f"its {key} cannot be read: {error or type(error).__name__}"
            ) from error
        if not isinstance(values, list) or len(values) != self.n:
            raise ImageReadError(self.path, f"need a list of {self.n} {key} in it")
        return values


def pack_of(node: Any, path: str) -> Pack | None:
    """Return what a zarr group tells if it is a pack of ours, trusting nothing; else None.

    Parameters
    ----------
    node : zarr.Array or zarr.Group
        Open for reading.
    path : str
        Its store.

    Raises
    ------
    ImageReadError
        If it says it is a pack, and is damaged or of another version.
    """
    told = node.attrs.get("visnmf")
    if not isinstance(node, import_zarr().Group) or not isinstance(told, Mapping):
        return None
    if told.get("format") != FORMAT:
        return None
    if told.get("version") != VERSION:
        raise ImageReadError(
            path,
            f"is a pack of version {told.get('version')!r:.20}, and this visnmf reads version "
            f"{VERSION}; pack the pictures again",
        )
    problem = _problem(told)
    if problem:
        raise ImageReadError(path, f"is a damaged pack: {problem}")
    try:
        layout = ImageLayout.from_dict(told["layout"])
    except InvalidInputError as error:
        raise ImageReadError(path, f"is a damaged pack: {error}") from error
    shape = tuple(node[IMAGES].shape) if IMAGES in node else ()
    if shape != (told["n"], *layout.shape):
        raise ImageReadError(
            path, f"is a damaged pack: {told['n']} pictures of {layout.shape} are no {shape}"
        )
    return Pack(
        path,
        told["n"],
        layout,
        told["source"],
        [dict(step) for step in told["preparation"]],
        list(told["skipped"]),
        told["labels"],
    )


def open_pack(path: str) -> Pack | None:
    """Return what a pack tells; None if there is no pack of ours under this path."""
    return pack_of(open_zarr(path), path) if is_zarr(path) else None


def _problem(told: Mapping[str, Any]) -> str:
    """Return what is wrong with the fields of a pack, or nothing."""
    if set(told) != _FIELDS:
        return f"it should have the fields {', '.join(sorted(_FIELDS))}"
    texts, steps, label = told["skipped"], told["preparation"], told["labels"]
    if not isinstance(told["n"], int) or not isinstance(told["source"], str):
        return "its number of pictures or its source makes no sense"
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        return "what was skipped makes no sense"
    if not isinstance(steps, list) or not all(isinstance(step, Mapping) for step in steps):
        return "its preparation makes no sense"
    if label is not None and not _is_label_type(label):
        return f"labels cannot be of type {label!r:.40}"
    return ""


def _is_label_type(name: object) -> bool:
    try:
        return isinstance(name, str) and np.dtype(name).kind in "biufU"
    except TypeError:
        return False
