"""How a pass over V that is read in blocks grows, and where its time goes.

An iteration on a V that is never whole in memory is one pass over it. Real pictures, blended,
resized and with noise, are packed as `visnmf pack` does; a pass is timed once the run is under
way, with the files in the page cache. Then the work on the same blocks is done piece by piece, and
each piece timed apart. With --write the page tools/docs/larger is made anew.
"""

import math
import os
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import numpy as np

import visnmf
from visnmf.matrices.chunked import Chunked

from experiments import passes_page
from experiments.larger import SETS, drop, pictures, size_of
from experiments.passes_pieces import pieces_of
from timing import keep, seconds, table

__all__ = ["SETS", "run"]

BASE = {"n": 8192, "side": 64, "rank": 40, "known": 1.0, "loss": "frobenius"}
FEW = BASE | {"n": 4096}  # where an iteration costs more, or a picture
CURVES = {
    "images": [BASE | {"n": n} for n in (2048, 4096, 8192, 16384, 32768)],
    "images, Kullback-Leibler": [
        BASE | {"n": n, "loss": "kullback-leibler"} for n in (1024, 2048, 4096)
    ],
    "images, half of the pixels known": [BASE | {"n": n, "known": 0.5} for n in (512, 1024, 2048)],
    "pixels": [FEW | {"side": side} for side in (32, 64, 96, 128, 192)],
    "rank": [BASE | {"rank": rank} for rank in (10, 20, 40, 80, 160)],
    "share of known pixels": [
        BASE | {"n": 1024, "known": share} for share in (1.0, 0.95, 0.75, 0.5, 0.25, 0.1, 0.05)
    ],
}
SHAPES = {  # whose pieces are timed apart: pictures, pixels a side, rank
    "64 x 64, rank 40": (8192, 64, 40),
    "64 x 64, rank 100": (8192, 64, 100),
    "256 x 256, rank 100": (1024, 256, 100),
}
WORKERS = {"n": 1024, "side": 256, "rank": 100}
COLD, TIMED = 6, 4  # iterations of a run from a poor start until its steps are whole; and then
DEAR = 2, 3  # where pixels are not known
ENOUGH = 5.0  # seconds of a run that need no second one
QUICK = {"n": 8, "side": 2, "rank": 4}  # divided by, for --quick


def run(options):
    """Time passes, and the pieces of one; write the page if that is asked for."""
    scale = QUICK if options.quick else dict.fromkeys(QUICK, 1)
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="visnmf-bench-") as folder:
        packs = Packs(Path(folder), options.sets)
        curves = {
            name: [_point(packs, _scaled(asked, scale), options) for asked in points]
            for name, points in CURVES.items()
        }
        pieces = {}
        for name, (n, side, rank) in SHAPES.items():
            asked = _scaled({"n": n, "side": side, "rank": rank}, scale)
            pieces[name] = _pieces(packs, asked)
        found = {
            "curves": curves,
            "pieces": pieces,
            "workers": _workers(packs, _scaled(WORKERS, scale)),
            "ways": _ways(packs, _scaled(BASE | {"n": 32768}, scale), options),
            "machine": _machine(packs, Path(folder), 16 if options.quick else 256),
            "names": _name_bytes(packs, _scaled(BASE, scale)),
        }
    for title, header, rows in passes_page.tables(found):
        table(title, header, rows)
    keep("passes", found)
    if options.write and not options.quick:
        passes_page.write(found)


def _scaled(asked, scale):
    return {key: max(1, value // scale[key]) if key in scale else value
            for key, value in asked.items()}  # fmt: skip


class Packs:
    """Packs of pictures, made when first asked for."""

    def __init__(self, folder, names):
        self.folder, self._names = folder, names
        self._real = None

    def path(self, n, side):
        """Return the folder of n pictures."""
        path = self.folder / f"{n}-{side}.zarr"
        if not path.exists():
            visnmf.pack_images(self._made(n, side), path)
        return path

    def images(self, n, side):
        """Return n pictures, to be read in blocks."""
        return visnmf.load_images(self.path(n, side), lazy=True)

    def _made(self, n, side):
        import cv2

        if self._real is None:
            self._real = pictures(self._names)
        real = [cv2.resize(x, (side, side), interpolation=cv2.INTER_AREA) for x in self._real]
        rng = np.random.default_rng(0)
        made = np.empty((n, side, side), np.uint8)
        noise = rng.normal(0, 6, (side, 4 * side)).astype(np.float32)
        for i, (a, b) in enumerate(rng.integers(0, len(real), (n, 2))):
            share, at = rng.random(), rng.integers(0, 3 * side)
            blend = share * real[a] + (1 - share) * real[b] + noise[:, at : at + side]
            made[i] = np.clip(blend, 0, 255)
        return made


def _start(shape, rank):
    rng = np.random.default_rng(1)
    m, n = shape
    level = 1 / math.sqrt(rank)
    return {"W": level * rng.random((m, rank), np.float32),
            "H": level * rng.random((rank, n), np.float32)}  # fmt: skip


class _Enough(Exception):
    """All that was to be timed is."""


def _pass(images, asked, n_jobs, passes=None):
    """Return what a pass takes: the better of two short runs, left before the closing pass."""
    known = asked.get("known", 1.0)
    told = {}
    if known < 1:
        told["observed"] = np.random.default_rng(2).random(images.shape, np.float32) < known
    start = _start(images.shape, asked["rank"])
    cold, timed = DEAR if told else (COLD, TIMED)
    best = math.inf
    for _ in range(2):
        records = []

        def watch(record, records=records):
            records += [record] * (record.phase == "V")
            if len(records) == cold + timed:
                raise _Enough

        with suppress(_Enough):
            visnmf.factorize(
                images, asked["rank"], loss=asked.get("loss", "frobenius"), tol=0, change=0,
                max_iter=2 * (COLD + TIMED), n_jobs=n_jobs, callback=watch, **start, **told,
            )  # fmt: skip
        first, last = records[cold - 1], records[-1]
        best = min(best, (last.seconds - first.seconds) / (last.passes - first.passes))
        if passes is not None:
            passes.append(last.passes - 1)  # but for the first look, which leaves no shares
        if last.seconds > ENOUGH:
            break
    return best


def _point(packs, asked, options):
    took = _pass(packs.images(asked["n"], asked["side"]), asked, options.threads)
    print(f"  {asked} {took:.3f} s", flush=True)
    return asked | {"pixels": asked["side"] ** 2, "seconds": took}


def _pieces(packs, asked):
    """Return where the time of a pass goes, and what a set like that takes in other ways."""
    images, rank = packs.images(asked["n"], asked["side"]), asked["rank"]
    result = visnmf.factorize(
        images, rank, max_iter=COLD + TIMED, tol=0, change=0, n_jobs=2, **_start(images.shape, rank)
    )
    found, step = pieces_of(images, result, packs.folder)
    encode, _ = seconds(lambda: visnmf.encode(images, result.W, n_jobs=2))
    m, n = images.shape
    return {
        "n": n, "m": m, "rank": rank, "width": Chunked(images.columns).width,
        "pieces": found, "step": step, "pass": _pass(images, asked, 1),
        "two": _pass(images, asked, 2), "encode": encode,
        "stored": size_of(packs.path(asked["n"], asked["side"])),
    }  # fmt: skip


def _workers(packs, asked):
    """Return what a pass takes with processes of dask, and what they send each other."""
    try:
        from distributed import LocalCluster
    except ImportError:
        print("dask is not installed: workers are left out")
        return {}
    images = packs.images(asked["n"], asked["side"])
    found = {"asked": asked, "0": _pass(images, asked, 1)}
    for workers in (1, 2):
        with (
            LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as local,
            visnmf.on_dask(local) as client,
        ):
            shared = []
            found[f"{workers}"] = _pass(images, asked, 1, shared)
            moved = client.run(_received)
            found["task"] = _task(client)
    found["moved"] = sum(moved.values()) / sum(shared) / (4 * asked["rank"] * images.shape[0])
    found["tasks"] = max(-(-images.shape[1] // Chunked(images.columns).width), 8)
    return found


def _received(dask_worker):
    """Return the bytes that a worker got from others."""
    return sum(each["total"] for each in getattr(dask_worker, "transfer_incoming_log", ()))


def _task(client):
    """Return the seconds that a task costs the scheduler, were there nothing to do."""
    from dask import delayed

    nothing = delayed(int, pure=False)
    whole = delayed(len)([nothing(0) for _ in range(1000)])
    took, _ = seconds(lambda: client.compute(whole).result())
    return took / 1000


def _ways(packs, asked, options):
    """Return passes, seconds and relative error of each way to learn, on one set."""
    images, rank = packs.images(asked["n"], asked["side"]), asked["rank"]
    total = math.sqrt(sum(
        np.square(images.columns.read(*part), dtype=np.float64).sum() for part in images.ranges()
    ))  # fmt: skip
    found = {}
    for name, learn in (
        ("usual", visnmf.factorize),
        ("compressed", visnmf.factorize_compressed),
        ("online", visnmf.factorize_online),
    ):
        took, result = seconds(lambda f=learn: f(images, rank, n_jobs=options.threads))
        error = math.sqrt(2 * result.objective) / total
        found[name] = {"seconds": took, "passes": result.settings["passes"], "error": error}
    return found


def _machine(packs, folder, megabytes):
    """Return the bytes a second that the disk writes, and reads when nothing is cached."""
    path = folder / "plain"
    block = os.urandom(1 << 20)
    began = time.perf_counter()
    with open(path, "wb") as file:
        for _ in range(megabytes):
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    wrote = time.perf_counter() - began
    size = megabytes << 20
    drop(path.parent)
    read, _ = seconds(path.read_bytes)
    path.unlink()
    return {"write": size / wrote, "read": size / read}


def _name_bytes(packs, asked):
    """Return what a name takes in memory, in a list."""
    names = packs.images(asked["n"], asked["side"]).names
    return sum(map(sys.getsizeof, names)) / len(names) + 8
