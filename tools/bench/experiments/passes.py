"""How a pass over V that is read in blocks grows, where its time goes, and what that means for more.

An iteration on a V that is never whole in memory is one pass over it. Real pictures, blended,
resized and with noise, are packed as `visnmf pack` does; a pass is timed once the run is under
way, with the files in the page cache. Then the work on the same blocks is done piece by piece, and
each piece timed apart. With --write the page tools/docs/larger is made anew.
"""

import math
import os
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path

import numpy as np

import visnmf
from visnmf.kernels.choose import choose_kernels
from visnmf.kernels.products import gram_of
from visnmf.losses.models import Quadratic
from visnmf.matrices.chunked import Chunked
from visnmf.matrices.protocol import VALUE
from visnmf.solve.plan import Plan
from visnmf.solve.rooms import Rooms
from visnmf.solve.stopping import Rule
from visnmf.solve.streamed import Share
from visnmf.updates.hals import Hals

from experiments import passes_page
from experiments.larger import SETS, drop, pictures, size_of
from timing import keep, seconds, table

__all__ = ["SETS", "run"]

BASE = {"n": 8192, "side": 64, "rank": 40, "known": 1.0, "loss": "frobenius"}
FEW = BASE | {"n": 4096}  # where an iteration costs more, or a picture
CURVES = {
    "images": [BASE | {"n": n} for n in (2048, 4096, 8192, 16384, 32768)],
    "images, Kullback-Leibler": [
        BASE | {"n": n, "loss": "kullback-leibler"} for n in (1024, 2048, 4096)
    ],
    "images, half of the pixels known": [
        BASE | {"n": n, "known": 0.5} for n in (1024, 2048, 4096, 8192)
    ],
    "pixels": [FEW | {"side": side} for side in (32, 64, 96, 128, 192)],
    "rank": [BASE | {"rank": rank} for rank in (10, 20, 40, 80, 160)],
    "share of known pixels": [FEW | {"known": share} for share in (0.05, 0.1, 0.25, 0.5, 0.75, 1)],
}
SHAPES = {  # whose pieces are timed apart: pictures, pixels a side, rank
    "64 x 64, rank 40": (8192, 64, 40),
    "64 x 64, rank 100": (8192, 64, 100),
    "256 x 256, rank 100": (1024, 256, 100),
}
WORKERS = FEW | {"side": 96, "rank": 60}
COLD = 6  # iterations of a run from a poor start until its steps are whole
TIMED = 6
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
            pieces[name] = _pieces(packs, asked, options)
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
    if options.write:
        passes_page.write(found)


def _scaled(asked, scale):
    return {key: max(1, value // scale[key]) if key in scale else value
            for key, value in asked.items()}  # fmt: skip


class Packs:
    """Packs of pictures, made when first asked for."""

    def __init__(self, folder, names):
        self._folder, self._names = folder, names
        self._real = None

    def path(self, n, side):
        """Return the folder of n pictures."""
        path = self._folder / f"{n}-{side}.zarr"
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


def _fit(images, asked, n_jobs, **more):
    """Return a run, and what a pass of it takes; the start is poor, and its first steps short."""
    if asked.get("known", 1.0) < 1:
        rng = np.random.default_rng(2)
        more["observed"] = rng.random(images.shape, np.float32) < asked["known"]
    result = visnmf.factorize(
        images, asked["rank"], loss=asked.get("loss", "frobenius"), max_iter=COLD + TIMED, tol=0,
        change=0, n_jobs=n_jobs, **_start(images.shape, asked["rank"]), **more,
    )  # fmt: skip
    records = [record for record in result.history if record.phase == "V"]
    first, last = records[COLD - 1], records[-1]
    return result, (last.seconds - first.seconds) / (last.passes - first.passes)


def _pass(images, asked, n_jobs, **more):
    return min(_fit(images, asked, n_jobs, **more)[1] for _ in range(2))


def _point(packs, asked, options):
    took = _pass(packs.images(asked["n"], asked["side"]), asked, options.threads)
    return asked | {"pixels": asked["side"] ** 2, "seconds": took}


def _pieces(packs, asked, options):
    """Return what each piece of a pass takes, in seconds for all pictures; and what is beside it."""
    images, rank = packs.images(asked["n"], asked["side"]), asked["rank"]
    m, n = images.shape
    result, took = _fit(images, asked, 1)
    with tempfile.TemporaryDirectory(dir=packs._folder) as scratch:
        rooms = {"H in memory": None, "H on disk": scratch}
        kept = {
            name: [Rooms((rank, n), np.dtype(np.float32), folder).make() for _ in range(4)]
            for name, folder in rooms.items()
        }
        with visnmf.threads(1):
            runs = [_apart(images, result, kept) for _ in range(2)]
    found = {name: min(run[name] for run in runs) for name in runs[0]}
    step = found.pop("step of W, once")
    width = Chunked(images.columns).width
    with visnmf.threads(2):
        encode, _ = seconds(lambda: visnmf.encode(images, result.W, n_jobs=2))
    return {
        "n": n, "m": m, "rank": rank, "width": width, "pieces": found, "step": step,
        "pass": took, "two": _pass(images, asked, 2), "encode": encode,
        "stored": size_of(packs.path(asked["n"], asked["side"])),
    }  # fmt: skip


def _apart(images, result, kept):
    """Do all that a pass does on each block, and return the seconds of each piece."""
    V = Chunked(images.columns)
    W = np.ascontiguousarray(result.W.T)
    rank, m = W.shape
    G, kernels = gram_of(W), choose_kernels("auto", rank, sum(V.shape))
    update = Hals(kernels, Plan(rank, Rule(1)).sweeps, Plan(rank, Rule(1)).ratio)
    for arrays in kept.values():
        for F in arrays:
            F[...] = result.H
    whole, clock = Share.empty(rank, m), _Clock()
    for columns in V.ranges():
        block = clock("reading and decoding", lambda c=columns: V.block(c))
        for name, (best, before, stepped, ahead) in kept.items():
            read = clock(name, lambda c=columns, F=(best, before): _taken(F, c))
            clock(name, lambda c=columns, F=(stepped, ahead), r=read: _put(F, c, r))
        B = clock("product W'V", lambda b=block: b.contract(W, None, VALUE))
        model = Quadratic(G, B, 0.0)
        point = clock("objective, gradient, extrapolation", lambda q=model, r=read: q.at(r[0], kernels))
        codes = read[0].copy()
        clock("sweeps", lambda q=model, F=codes: update.step(F, q, 1.0))
        ahead = clock("objective, gradient, extrapolation",
                      lambda r=read, F=codes: kernels.push(r[1], F, 0.5))  # fmt: skip
        pull = clock("objective, gradient, extrapolation",
                     lambda q=model: float(np.square(q.B, dtype=np.float64).sum()))  # fmt: skip
        of_W = clock("product V H'", lambda b=block, F=ahead: b.T.contract(F, None, VALUE))
        own = clock("sum of the shares", lambda F=ahead, A=of_W, p=point, s=pull: Share(
            gram_of(F).astype(np.float64), A.astype(np.float64), p, s))  # fmt: skip
        clock("sum of the shares", lambda s=own: whole.__iadd__(s))
    model = whole.model(np.dtype(np.float32))
    clock("step of W, once", lambda: (update.step(W.copy(), model, 1.0), model.at(W, kernels)))
    return clock.taken


class _Clock:
    def __init__(self):
        self.taken = {}

    def __call__(self, name, call):
        took, value = seconds(call)
        self.taken[name] = self.taken.get(name, 0.0) + took
        return value


def _taken(arrays, columns):
    return [np.array(F[:, columns], order="C") for F in arrays]


def _put(arrays, columns, values):
    for F, found in zip(arrays, values, strict=True):
        F[:, columns] = found


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
            found[f"{workers}"] = _pass(images, asked, 1)
            moved, passes = client.run(_received), 2 * (COLD + TIMED)
            found["task"] = _task(client)
    share = 4 * asked["rank"] * images.shape[0]
    found["moved"] = sum(moved.values()) / passes / share  # shares a pass that went over
    found["tasks"] = max(-(-images.shape[1] // Chunked(images.columns).width), 8)
    return found


def _received(dask_worker):
    """Return the bytes that a worker got from others."""
    return sum(each["total"] for each in getattr(dask_worker, "transfer_incoming_log", ()))


def _task(client):
    """Return the seconds that a task costs the scheduler, were there nothing to do."""
    from dask import delayed

    nothing = delayed(int, pure=False)
    took, _ = seconds(lambda: client.compute(delayed(len)([nothing(0) for _ in range(1000)])).result())
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
    with nullcontext() if drop(path.parent) else nullcontext():
        read, _ = seconds(path.read_bytes)
    path.unlink()
    return {"write": size / wrote, "read": size / read}


def _name_bytes(packs, asked):
    """Return what a name takes in memory, in a list."""
    import sys

    names = packs.images(asked["n"], asked["side"]).names
    return sum(map(sys.getsizeof, names)) / len(names) + 8
