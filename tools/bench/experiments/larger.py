"""A set larger than memory: an iteration over reading, decoding and multiplying its blocks once.

The set is made of real pictures, blended and with noise, and packed as `visnmf pack` does. The
yardstick reads each block with the same reader and takes the two products with V that an
iteration needs, one block after the other. Both are measured in the same run: with the files
in the page cache, and, where the system lets go of them, without. Peak memory is what the
process itself holds; the page cache, and files mapped from it, are not counted.
"""

import os
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

import visnmf

import datasets
from timing import keep, seconds, table

SHAPES = {"orl": (112, 92), "fashion": (28, 28), "digits": (8, 8)}
SETS = tuple(SHAPES)  # the first that is there
SIDE = 64
RANK = 40
ITERATIONS = {"warm": 8, "cold": 3}


def run(options):
    """Make the set, and measure both ways."""
    size = 0.05 if options.quick else options.size
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="visnmf-bench-") as folder:
        path = Path(folder) / "images.zarr"
        make(path, options.sets, int(size * 1e9) // SIDE**2)
        images = visnmf.load_images(path, lazy=True)
        measured = {state: measure(images, path, state, options) for state in ("warm", "cold")}
        codec, bytes_on_disk = codec_of(path), size_of(path)
    rows, kept = [], {"codec": codec, "gigabytes": len(images) * SIDE**2 / 1e9, "rank": RANK}
    for state, found in measured.items():
        if found is None:
            print("the page cache cannot be dropped here: not measured cold")
            continue
        once, iteration, peak = found
        rows.append([state, f"{once / iteration:.2f}", f"{iteration / once:.2f}", f"{peak:.2f} GB"])
        kept[state] = {"rate": once / iteration, "peak": peak}
    share = bytes_on_disk / (len(images) * SIDE**2)
    title = (
        f"{len(images):,} pictures of {SIDE} x {SIDE}, {kept['gigabytes']:.1f} GB of uint8, "
        f"{codec}, {share:.2f} of that on disk; rank {RANK}, {options.threads} thread(s)"
    )
    header = ["page cache", "rate over reading and two products", "time over them", "peak memory"]
    table(title, header, rows)
    keep("larger", kept)


def make(path, names, n):
    """Write n pictures, blends of two real ones each, under noise."""
    X = pictures(names)
    rng = np.random.default_rng(0)

    raw = path.with_suffix(".npy")
    mapped = np.lib.format.open_memmap(raw, "w+", np.uint8, (n, SIDE, SIDE))
    for start in range(0, n, 1024):
        k = min(1024, n - start)
        one, other = rng.integers(0, len(X), (2, k))
        share = rng.random((k, 1, 1), np.float32)
        blend = share * X[one] + (1 - share) * X[other]
        blend += rng.normal(0, 6, blend.shape).astype(np.float32)
        mapped[start : start + k] = np.clip(blend, 0, 255)
    mapped.flush()
    del mapped
    took, _ = seconds(lambda: visnmf.pack_images(visnmf.load_images(raw, lazy=True), path))
    print(f"packed in {took:.1f} s")
    raw.unlink()


def pictures(names):
    """Return real pictures of the first set that is there, 0 to 255, SIDE pixels a side."""
    import cv2

    name, (X, _) = next(iter(datasets.at_hand(names)))
    pictures = 255 * X[:2000].reshape(-1, *SHAPES[name])
    return np.stack([cv2.resize(x, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for x in pictures])


def measure(images, path, state, options):
    """Return the times of the yardstick and of an iteration, and the peak in GB, or None."""
    if state == "cold" and not drop(path):
        return None
    reset = (lambda: drop(path)) if state == "cold" else (lambda: None)
    once = []
    for _ in range(2):
        reset()
        once.append(read_and_multiply(images))
    spans, last = [], [None]

    def watch(record):
        if record.phase != "V":
            return
        now = time.perf_counter()
        if last[0] is not None and record.passes > last[0][1]:  # one pass may serve two
            spans.append((now - last[0][0]) / (record.passes - last[0][1]))
        reset()
        last[0] = time.perf_counter(), record.passes

    with Peak() as peak:
        visnmf.factorize(
            images, RANK, max_iter=ITERATIONS[state], tol=0, change=0, n_jobs=options.threads,
            callback=watch,
        )  # fmt: skip
    return min(once), float(np.median(spans)), peak.bytes / 1e9


def read_and_multiply(images):
    """Return the time of reading each block and multiplying it twice, on BLAS's threads."""
    source = images.columns
    m, _ = source.shape
    W = np.random.default_rng(0).random((RANK, m), np.float32)
    whole = np.zeros_like(W)
    began = time.perf_counter()
    for first, last in images.ranges():
        V = source.read(first, last)
        B = (V.T @ W.T).T
        whole += B @ V.T
    return time.perf_counter() - began


class Peak:
    """The most memory of its own that the process holds meanwhile."""

    def __enter__(self):
        self.bytes, self._end = 0, threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)
        self._watch.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self._watch.join()

    def _look(self):
        while not self._end.wait(0.02):
            with open("/proc/self/status") as file:
                now = next(int(line.split()[1]) for line in file if line.startswith("RssAnon"))
            self.bytes = max(self.bytes, now * 1024)


def drop(path):
    """Ask the system to forget the files in its cache; tell whether it can be asked."""
    if not hasattr(os, "posix_fadvise"):
        return False
    for file in files_of(path):
        with open(file, "rb") as opened:
            os.fsync(opened.fileno())
            os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return True


def files_of(path):
    """Return all files in a folder."""
    return [file for file in Path(path).rglob("*") if file.is_file()]


def size_of(path):
    """Return the bytes that a folder takes."""
    return sum(file.stat().st_size for file in files_of(path))


def codec_of(path):
    """Return how the chunks are compressed."""
    import zarr

    group = zarr.open(path, mode="r")
    array = group if isinstance(group, zarr.Array) else group["images"]
    return ", ".join(type(codec).__name__ for codec in array.compressors) or "not compressed"
