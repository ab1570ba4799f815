"""Many files into frames: in parallel, in order, with the broken ones told apart."""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice

from visnmf.errors import ImageReadError, InvalidInputError
from visnmf.images.frames import Frame, check_memory
from visnmf.images.reading import read_file
from visnmf.images.settings import Wanted

__all__ = ["Decoded", "decode_each", "decode_files", "with_hint"]

_CHUNK = 16  # most files a task: handing over one small picture takes as long as decoding it
_FEW = 2  # the same of large files
_LARGE = 32_768  # bytes a file, above which threads gain
_LOOKED_AT = 16
_COUNTED = 500  # pictures looked at further, to tell which sizes there are

Result = list[Frame] | ImageReadError


@dataclass
class Decoded:
    """Frames, the number of the file that each is from, and the errors of broken files."""

    frames: list[Frame] = field(default_factory=list)
    files: list[int] = field(default_factory=list)
    skipped: list[ImageReadError] = field(default_factory=list)


def decode_files(
    paths: Sequence[str],
    wanted: Wanted,
    *,
    source: str,
    skip: bool,
    workers: int | None,
    progress: Callable[[int, int], None] | None,
    alike: bool = True,
) -> Decoded:
    """Read files and bring all pictures to what is wanted.

    Parameters
    ----------
    paths : sequence of str
        The files.
    wanted : Wanted
        What is wanted of each picture.
    source : str
        What the files are of, for errors.
    skip : bool
        Whether broken files are left out; the first is raised otherwise.
    workers : int or None
        Threads; None for one a processor, or for one alone if files are small.
    progress : callable or None
        Called as ``progress(done, total)`` after each file.
    alike : bool
        Whether all pictures must be of one shape.

    Returns
    -------
    decoded : Decoded
        With at least one frame.

    Raises
    ------
    ImageReadError
        A broken file; or the first of them, if all are.
    InvalidInputError
        If pictures differ in size or channels.
    """
    decoded = Decoded()
    with closing(decode_each(paths, wanted, workers)) as results:
        for number, result in enumerate(results):
            if isinstance(result, ImageReadError):
                if not skip:
                    raise with_hint(result) if len(paths) > 1 else result
                decoded.skipped.append(result)
            else:
                if not decoded.frames:
                    check_memory(source, 4 * len(paths) * result[0].values.size)
                decoded.frames += result
                decoded.files += [number] * len(result)
                if alike and result[0].values.shape != decoded.frames[0].values.shape:
                    raise InvalidInputError(_mismatch(decoded.frames + _some_of(results)))
            if progress is not None:
                progress(number + 1, len(paths))
    if not decoded.frames:
        first = decoded.skipped[0]
        raise ImageReadError(
            source, f"none of the {len(paths)} file(s) can be read; the first is {first}"
        ) from first
    return decoded


def with_hint(error: ImageReadError) -> ImageReadError:
    """Say what to do about one file of many."""
    told = ImageReadError(error.path, f'{error.reason}; on_error="skip" leaves such files out')
    told.__cause__ = error
    return told


def decode_each(
    paths: Sequence[str], wanted: Wanted, workers: int | None = None
) -> Generator[Result, None, None]:
    """Read file after file, a few ahead of what is asked for.

    Parameters
    ----------
    paths, wanted, workers
        As of `decode_files`.

    Yields
    ------
    list of Frame or ImageReadError
        For each file, in order. The frames of one file are of one shape.
    """
    large = _are_large(paths)
    threads = workers or (_processors() if large else 1)
    share = min(_FEW if large else _CHUNK, -(-len(paths) // (4 * threads)))
    chunks = [paths[i : i + share] for i in range(0, len(paths), share)]
    if threads == 1 or len(chunks) == 1:
        for path in paths:
            yield _read(path, wanted)
        return
    pool = ThreadPoolExecutor(threads, thread_name_prefix="visnmf-decode")
    waiting = iter(chunks)
    try:
        # No more than this is ahead of what is asked for: photos are large
        ahead = deque(pool.submit(_read_all, c, wanted) for c in islice(waiting, 2 * threads))
        while ahead:
            yield from ahead.popleft().result()
            ahead.extend(pool.submit(_read_all, c, wanted) for c in islice(waiting, 1))
    finally:
        pool.shutdown(cancel_futures=True)


def _are_large(paths: Sequence[str]) -> bool:
    """Tell from a few files whether decoding takes long enough for threads to pay.

    Small pictures take longer in Python than in decoders, where only one thread can run;
    threads then hinder each other.
    """
    some = paths[:: max(len(paths) // _LOOKED_AT, 1)]
    sizes = [os.stat(path).st_size for path in some if os.path.exists(path)]
    return sum(sizes) >= _LARGE * len(sizes) > 0


def _processors() -> int:
    """Return the processors that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1


def _read_all(paths: Sequence[str], wanted: Wanted) -> list[Result]:
    return [_read(path, wanted) for path in paths]


def _read(path: str, wanted: Wanted) -> Result:
    try:
        frames = read_file(path, wanted.reading)
        ready = [Frame(wanted.ready(values), full) for values, full in frames]
    except ImageReadError as error:
        return error
    except InvalidInputError as error:
        return ImageReadError(path, str(error))
    if any(frame.values.shape != ready[0].values.shape for frame in ready):
        return ImageReadError(path, f'{_mismatch(ready)}; or frames="first"')
    return ready


def _some_of(results: Generator[Result, None, None]) -> list[Frame]:
    some = islice(results, _COUNTED)
    return [frame for result in some if isinstance(result, list) for frame in result]


def _mismatch(frames: Sequence[Frame]) -> str:
    sizes = Counter(frame.values.shape[:2] for frame in frames)
    (h, w), _ = sizes.most_common(1)[0]
    if len(sizes) == 1:
        channels = sorted({(*frame.values.shape, 1)[2] for frame in frames})
        return (
            f"the pictures differ in channels: {' and '.join(map(str, channels))}; "
            'mode="gray" or mode="rgb" gives all the same'
        )
    common = ", ".join(f"{h} x {w} ({count} of them)" for (h, w), count in sizes.most_common(2))
    others = len(sizes) - 2
    if others > 0:
        common += f" and {others} more size{'s' * (others > 1)}"
    return (
        f"the pictures differ in size (height x width): {common}; "
        f'give size=(height, width), such as size=({h}, {w}), with fit="resize" or fit="crop"'
    )
