"""load_images: the way in, from whatever holds pictures to an ImageSet."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, Unpack, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visnmf.arguments import check_callable, check_integer
from visnmf.errors import ImageReadError, InvalidInputError, SkippedImagesWarning
from visnmf.images.decoding import decode_files
from visnmf.images.frames import MAX_PIXELS, Frame
from visnmf.images.imageset import ImageSet
from visnmf.images.naming import (
    checked_paths,
    frame_names,
    labels_of,
    loading_step,
    skipped_message,
)
from visnmf.images.packing import pack_stack, stack_frames
from visnmf.images.quiet import quiet_decoders
from visnmf.images.reading import read_file
from visnmf.images.settings import Wanted, check_choice, checked_settings
from visnmf.images.sources import find_pictures, short_names
from visnmf.images.stack_reader import STACK_SUFFIXES, read_stack
from visnmf.images.stacks import ready_stack, stack_from_array

if TYPE_CHECKING:
    from visnmf.images.lazy import LazyImages
    from visnmf.images.options import LoadOptions

__all__ = [
    "Source",
    "checked_paths",
    "frame_names",
    "labels_of",
    "load_images",
    "skipped_message",
]

Source = str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | NDArray[Any]


@overload
def load_images(
    source: Source, *, lazy: Literal[False] = ..., **options: Unpack[LoadOptions]
) -> ImageSet: ...
@overload
def load_images(
    source: Source, *, lazy: Literal[True], **options: Unpack[LoadOptions]
) -> LazyImages: ...
def load_images(
    source: Source,
    *,
    size: tuple[int, int] | None = None,
    mode: str = "gray",
    fit: str = "resize",
    recursive: bool = False,
    frames: str | slice | None = None,
    labels: str | os.PathLike[str] | ArrayLike | None = None,
    mask: str | os.PathLike[str] | ArrayLike | None = None,
    cube: str | None = None,
    background: str | float | Sequence[float] = "black",
    range: tuple[float, float] | None = None,
    nan: float | None = None,
    key: str | None = None,
    max_pixels: int = MAX_PIXELS,
    on_error: str = "raise",
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    lazy: bool = False,
) -> ImageSet | LazyImages:
    """Load pictures as the columns of V.

    Pictures come out upright (EXIF orientation), without palette, transparency or print
    colors, all of one size, their values mapped to [0, 1].

    Parameters
    ----------
    source : str, path, list of paths, or array
        A folder (its pictures in natural order), a glob pattern, a list of files, one
        picture, a TIFF with several pages, an animated GIF, PNG or WebP, a video, a .npy or
        .npz stack, a zarr store (of `visnmf pack`, say), an HDF5 file, or an array of shape
        (n, height, width) or (n, height, width, channels), in memory, of zarr or of h5py.
        A float32 array with values in [0, 1] is not copied.
    size : (height, width), optional
        The size that all get. HEIGHT FIRST, as NumPy has it and Pillow does not. Needed
        if the pictures differ in size.
    mode : {"gray", "rgb", "keep"}
        Gray; red, green and blue; or the channels that there are, any number.
        Arrays with 4 channels are taken as RGB and opacity, unless kept.
    fit : {"resize", "crop", "refuse"}
        What to do with pictures of another size than `size`: stretch to it; cut the sides
        off to its proportions, then resize; or count them as broken.
    recursive : bool
        Whether folders in the folder are read too.
    frames : "first", "all" or slice, optional
        Which frames to take of a file that holds several. By default all of a single file,
        and the first of each in a folder, glob or list.
        ``slice(0, 100, 8)`` takes every eighth up to frame 100, of a video for example.
    labels : "folder", path of a CSV file, or array, optional
        Labels are the names of the folders in the source (reads these, too), looked up
        in a table of name and label, or given: one for each file found, or for each picture.
    mask : path or array of bool, shape (height, width), optional
        True (in a file: white) where a pixel is kept in V.
    cube : {"bands", "channels"}, optional
        The source is one hyperspectral cube (height, width, bands): an array, .npy or .npz
        file, or TIFF with many channels or pages. "bands": each band is a picture, so that
        W holds abundance maps and H spectra. "channels": one picture with many channels.
    background : "black", "white", float or (red, green, blue)
        What shows through transparent pixels, in [0, 1]. Black, by default: nothing is zero.
    range : (low, high), optional
        Original values that become 0 and 1; what lies beyond is clipped. By default 0 and
        the greatest that 8 or 16 bits can hold. For floats and wider whole numbers 0 and 1
        if all values are between, else the least and the greatest value of the set.
    nan : float, optional
        Original value to put for NaN and infinite values, which else are errors.
    key : str, optional
        Which array of a .npz or HDF5 file or zarr store; by default the only one, "images"
        or, of a .npz file, "cube".
    max_pixels : int
        A picture of more pixels is refused by its header. (Above twice Pillow's own
        limit, raise ``PIL.Image.MAX_IMAGE_PIXELS`` too.)
    on_error : {"raise", "skip", "warn"}
        What to do about files that cannot be read: stop at the first; leave them out, and
        list them in ``ImageSet.skipped``; or leave them out and warn, once. Of a lazy set
        they stay, as columns of zeros, and are listed in ``LazyImages.lost`` once read; so do
        pictures of another size or number of channels than the first, which else are an error.
    workers : int, optional
        Threads that decode; by default one for each processor, or one if files are small.
    progress : callable, optional
        Called as ``progress(done, total)`` after each file, in the calling thread.
    lazy : bool
        Read pictures only when they are asked for, so that V need not fit in memory: of a zarr
        store, HDF5 dataset, .npy file, array, folder, glob, list, TIFF or video. Only where
        nothing else tells the value range (floats without `range`) are all looked at once.

    Returns
    -------
    images : ImageSet, or LazyImages if `lazy`

    Raises
    ------
    ImageReadError
        If the source, or with ``on_error="raise"`` a file of it, cannot be read; or if
        none can.
    InvalidInputError
        If an option makes no sense, or the pictures do not fit together.

    Warns
    -----
    SkippedImagesWarning
        With ``on_error="warn"``, if files were left out.

    Examples
    --------
    >>> import numpy as np
    >>> pictures = np.random.default_rng(0).integers(0, 256, (5, 20, 30), dtype=np.uint8)
    >>> load_images(pictures)
    ImageSet(5 images, 20 x 30, gray, uint8, from an array)
    >>> load_images(pictures, size=(10, 15)).V.shape
    (150, 5)
    """
    from visnmf.images.lazy_open import is_chunked, open_lazy

    check_choice("on_error", on_error, ("raise", "skip", "warn"))
    check_callable(progress, "progress")
    if workers is not None:
        check_integer(workers, "workers", 1)
    path = os.fspath(source) if isinstance(source, (str, os.PathLike)) else None
    is_array = isinstance(source, np.ndarray)
    one_file = path is not None and os.path.isfile(path)
    chunked = is_chunked(source)
    with quiet_decoders():
        wanted = checked_settings(
            size=size,
            mode=mode,
            fit=fit,
            frames=frames,
            default_frames=slice(None) if one_file or is_array or chunked else slice(0, 1),
            mask=mask,
            cube=cube,
            background=background,
            value_range=range,
            nan=nan,
            key=key,
            max_pixels=max_pixels,
        )
        if lazy or chunked:
            opened = open_lazy(
                source, wanted, recursive=recursive, labels=labels, workers=workers,
                on_error="skip" if on_error == "warn" and not lazy else on_error,
                progress=progress,
            )  # fmt: skip
            if lazy:
                return opened
            return _told(opened.load(), on_error)
        if isinstance(source, np.ndarray):
            return _from_array(source, wanted, "an array", labels)
        if path is not None and one_file and (cube or path.lower().endswith((".npy", ".npz"))):
            try:
                return _from_array(_read_array(path, wanted), wanted, path, labels)
            except InvalidInputError as error:
                raise ImageReadError(path, str(error)) from error
        if cube:
            raise InvalidInputError(f'cube="{cube}" needs one file or array, got {source!r:.80}')
        images = _from_files(
            path if path is not None else checked_paths(source),
            wanted,
            recursive=recursive,
            labels=labels,
            skip=on_error != "raise",
            workers=workers,
            progress=progress,
        )
    return _told(images, on_error)


def _told(images: ImageSet, on_error: str) -> ImageSet:
    """Warn of what was left out, if the user wants that."""
    if on_error == "warn" and images.skipped:
        message = skipped_message(images.skipped, images.source)
        warnings.warn(message, SkippedImagesWarning, stacklevel=3)
    return images


def _from_files(
    source: str | list[str],
    wanted: Wanted,
    *,
    recursive: bool,
    labels: Any,
    skip: bool,
    workers: int | None,
    progress: Callable[[int, int], None] | None,
) -> ImageSet:
    by_folder = isinstance(labels, str) and labels == "folder"
    paths = find_pictures(source, recursive=recursive or by_folder)
    told = source if isinstance(source, str) else f"{len(paths)} files"
    decoded = decode_files(
        paths, wanted, source=told, skip=skip, workers=workers, progress=progress
    )
    folder = source if isinstance(source, str) and os.path.isdir(source) else None
    file_names = short_names(paths, folder)
    files = np.array(decoded.files, dtype=np.intp)
    stack = stack_frames(decoded.frames, explicit_range=wanted.value_range is not None)
    V, layout = pack_stack(stack, wanted.mask, wanted.value_range)
    return ImageSet(
        V,
        layout,
        frame_names(file_names, files, wanted.reading.frames),
        labels_of(labels, [file_names[i] for i in files], files, paths),
        source=told,
        preparation=[loading_step(wanted, layout.shape[:2])],
        skipped=decoded.skipped,
    )


def _from_array(values: NDArray[Any], wanted: Wanted, source: str, labels: Any) -> ImageSet:
    reading = wanted.reading
    stack = stack_from_array(values, reading.mode, reading.background, wanted.cube)
    if wanted.cube is None:
        stack = Frame(stack.values[reading.frames], stack.full)
    V, layout = pack_stack(ready_stack(stack, wanted.ready), wanted.mask, wanted.value_range)
    n = V.shape[1]
    return ImageSet(
        V,
        layout,
        labels=None if labels is None else labels_of(labels, [], np.arange(n), [source] * n),
        source=source,
        preparation=[loading_step(wanted, layout.shape[:2])],
    )


def _read_array(path: str, wanted: Wanted) -> NDArray[Any]:
    """Read a stack, or a cube: a .npy or .npz file, or a TIFF with many channels or pages."""
    if path.lower().endswith(tuple(STACK_SUFFIXES)):
        values = read_stack(path, wanted.reading.key)
        return values[np.newaxis] if values.ndim == 2 and wanted.cube is None else values
    layers = [frame.values for frame in read_file(path, wanted.reading)]
    if len(layers) == 1:
        return layers[0] if layers[0].ndim == 3 else layers[0][..., np.newaxis]
    if any(layer.shape != layers[0].shape or layer.ndim != 2 for layer in layers):
        raise ImageReadError(path, "a cube needs pages of one size, each of one channel")
    return np.stack(layers, axis=-1)
