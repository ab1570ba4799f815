"""align_faces: ordinary photos into a set of faces, all in one frame."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visnmf.arguments import check_callable
from visnmf.errors import ImageReadError, InvalidInputError, SkippedImagesWarning
from visnmf.faces.detect import FaceFinder
from visnmf.faces.face import Face
from visnmf.faces.frame import EYES, frame_face
from visnmf.faces.photos import Photos, photos_of
from visnmf.images.frames import MAX_PIXELS
from visnmf.images.imageset import ImageSet
from visnmf.images.layout import ImageLayout
from visnmf.images.load import Source, labels_of, skipped_message
from visnmf.images.pictures import Pictures
from visnmf.images.settings import check_choice, checked_size

__all__ = ["align_faces"]

NO_FACE = "no face found"


def align_faces(
    source: Source | Sequence[ArrayLike] | Pictures | ImageSet,
    *,
    size: tuple[int, int] = (64, 64),
    mode: str = "gray",
    one_each: bool = False,
    min_face: float | None = None,
    tilt: float = 20.0,
    min_score: float = 1.0,
    eyes: tuple[float, float] = EYES,
    recursive: bool = False,
    frames: str | slice | None = None,
    labels: str | os.PathLike[str] | ArrayLike | None = None,
    background: str | float | Sequence[float] = "black",
    max_pixels: int = MAX_PIXELS,
    on_error: str = "raise",
    on_face: Callable[[str, Face], None] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ImageSet:
    """Find the faces in photos and bring them to one frame, so that parts can be learned.

    Faces that look at the camera are found by OpenCV's cascades, their eyes too. Each face is
    turned, scaled and shifted so that its eyes come to the same places. Photos are read
    one after another, so that any number of them will do.

    Parameters
    ----------
    source : str, path, list of paths, array, list of arrays, Pictures or ImageSet
        The photos, as `visnmf.load_pictures` takes them; or an array (h, w), (h, w, 3) or
        (h, w, 4), which is one photo, a stack of them, or a list, of any sizes and colors.
    size : (height, width)
        Of the faces that come out.
    mode : {"gray", "rgb"}
        Gray, or red, green and blue.
    one_each : bool
        Take the largest face of each photo only.
    min_face, tilt, min_score
        Which faces count, as of `visnmf.find_faces`.
    eyes : (down, apart)
        Where eyes come to: how far down, as a share of the height, and how far
        from each other, as a share of the width. A smaller `apart` shows more around the face.
    recursive, frames, background, max_pixels
        As of `visnmf.load_images`.
    labels : "folder", path of a CSV file, or array, optional
        As of `visnmf.load_images`; one for each photo goes to all its faces.
    on_error : {"raise", "skip", "warn"}
        What to do about photos that cannot be read. "skip" also leaves out those without
        a face silently; the others warn of them.
    on_face : callable, optional
        Called as ``on_face(name, face)`` for each face, with the `Face` that tells where in its
        photo it was.
    progress : callable, optional
        Called as ``progress(done, total)`` after each photo.

    Returns
    -------
    images : ImageSet
        A face each. A photo's only face has its name, others have "photo.jpg[0]",
        "photo.jpg[1]", the largest first. `skipped` lists the photos that could
        not be read, and those in which no face was found.

    Raises
    ------
    ImageReadError
        If the source, or with ``on_error="raise"`` a photo, cannot be read; or if there is
        no face in any.
    InvalidInputError
        If an option makes no sense.
    MissingDependencyError
        If OpenCV has no cascades: version 5 ships none.

    Warns
    -----
    SkippedImagesWarning
        If photos have no face, or with ``on_error="warn"`` cannot be read.

    Examples
    --------
    >>> import visnmf
    >>> from skimage.data import astronaut
    >>> faces = visnmf.align_faces([astronaut()], size=(48, 40))
    >>> faces
    ImageSet(1 image, 48 x 40, gray, uint8, from 1 array)
    """
    check_choice("mode", mode, ("gray", "rgb"))
    check_choice("on_error", on_error, ("raise", "skip", "warn"))
    check_callable(on_face, "on_face")
    check_callable(progress, "progress")
    size, eyes = checked_size(size), _checked_eyes(eyes)
    finder = FaceFinder(min_face=min_face, tilt=tilt, min_score=min_score)
    photos = photos_of(
        source, mode=mode, recursive=recursive or _by_folder(labels), frames=frames,
        background=background, max_pixels=max_pixels,
    )  # fmt: skip
    found = _Found()
    with closing(_each(photos, found, raising=on_error == "raise", progress=progress)) as pictures:
        for number, name, picture in pictures:
            faces = finder.find(picture)[: 1 if one_each else None]
            if not faces:
                found.empty.append(ImageReadError(name, NO_FACE))
            for j, face in enumerate(faces):
                framed = frame_face(picture, face, size, eyes=eyes)
                found.framed.append(framed.astype(np.float32) / _white(framed))
                found.names.append(name if len(faces) == 1 else f"{name}[{j}]")
                found.photos.append(number)
                if on_face is not None:
                    on_face(found.names[-1], face)
    if not found.names:
        raise _nothing(photos, found, finder)
    step = {"step": "load", "size": list(size), "mode": mode, "faces": {"eyes": list(eyes)}}
    layout = ImageLayout(*size, 1 if mode == "gray" else 3, low=0.0, high=255.0, dtype="uint8")
    images = ImageSet(
        layout.to_columns(np.stack(found.framed)),
        layout,
        found.names,
        _labels(labels, photos, found.photos),
        source=photos.told,
        preparation=[step],
        skipped=found.broken + found.empty,
    )
    if on_error == "warn" and found.broken:
        message = skipped_message(found.broken, photos.told)
        warnings.warn(message, SkippedImagesWarning, stacklevel=2)
    if on_error != "skip" and found.empty:
        message = _told_empty(found.empty, photos.told)
        warnings.warn(message, SkippedImagesWarning, stacklevel=2)
    return images


@dataclass
class _Found:
    """Faces in their frames, with names and the numbers of their photos, and what had none."""

    framed: list[NDArray[np.float32]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    photos: list[int] = field(default_factory=list)
    broken: list[ImageReadError] = field(default_factory=list)
    empty: list[ImageReadError] = field(default_factory=list)


def _each(
    photos: Photos, found: _Found, *, raising: bool, progress: Callable[[int, int], None] | None
) -> Generator[tuple[int, str, NDArray[Any]], None, None]:
    """Yield the pictures of one photo after another, with its number; keep what is broken."""
    for number, result in enumerate(photos.each()):
        if isinstance(result, ImageReadError):
            if raising:
                raise result
            found.broken.append(result)
        else:
            for name, picture in result:
                yield number, name, picture
        if progress is not None:
            progress(number + 1, len(photos.names))


def _white(framed: NDArray[Any]) -> np.float32:
    return np.float32(255 if framed.dtype == np.uint8 else 1)


def _by_folder(labels: Any) -> bool:
    return isinstance(labels, str) and labels == "folder"


def _labels(labels: Any, photos: Photos, numbers: list[int]) -> NDArray[Any] | None:
    files = np.array(numbers, dtype=np.intp)
    if labels is None:
        return None if photos.labels is None else photos.labels[files]
    names = [photos.names[i] for i in numbers] if photos.paths else []
    return labels_of(labels, names, files, photos.paths or photos.names)


def _checked_eyes(eyes: Any) -> tuple[float, float]:
    try:
        down, apart = (float(share) for share in eyes)
    except (TypeError, ValueError) as error:
        raise InvalidInputError(f"eyes must be (down, apart), two shares, got {eyes!r}") from error
    if not (0 <= down <= 1 and 0.02 <= apart <= 2):
        raise InvalidInputError(
            f"eyes=(down, apart) are shares of height and width, such as (0.38, 0.36); got {eyes!r}"
        )
    return down, apart


def _told_empty(empty: list[ImageReadError], told: str) -> str:
    first = ", ".join(error.path for error in empty[:3])
    more = f" and {len(empty) - 3} more (all are in .skipped)" if len(empty) > 3 else ""
    return f"no face found in {len(empty)} picture(s) of {told}, which are left out: {first}{more}"


def _nothing(photos: Photos, found: _Found, finder: FaceFinder) -> ImageReadError:
    """Return the error for photos without any face."""
    count = len(photos.names)
    if not found.empty:
        first = found.broken[0] if found.broken else "empty"
        return ImageReadError(
            photos.told, f"none of the {count} picture(s) can be read; the first is {first}"
        )
    least = f"{finder.min_face:g}" if finder.min_face else "36 (in large pictures more)"
    return ImageReadError(
        photos.told,
        f"no face found in {len(found.empty)} picture(s), looking for faces from {least} pixels, "
        f"brows to chin, that look at the camera and are turned by {finder.tilt:g} degrees at "
        "most; try a smaller min_face, a larger tilt, or min_score=0.5",
    )
