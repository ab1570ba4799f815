"""Workers of dask: how much sooner an iteration is over with two of them than with one.

ORL's faces, repeated with noise, 8 bits a pixel in one file that each worker maps. Workers are
processes of one thread each. The objective must be the same, whoever did what.
"""

import tempfile
from pathlib import Path

import numpy as np

import visnmf

import datasets
from timing import keep, table

SETS = ("orl",)
_N = 8192
_RANK = 60
_ITERATIONS = 10
_NOISE = 0.04  # of white


def run(options):
    """Time iterations without dask, with one worker, and with two."""
    from distributed import LocalCluster

    rows, kept = [], {}
    for name, (X, _) in datasets.at_hand(options.sets):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "pictures.npy"
            np.save(path, _repeated(X, _N // 8 if options.quick else _N))
            images = visnmf.load_images(path, lazy=True)
            fits = {"without": _fit(images)}
            for workers in (1, 2):
                with (
                    LocalCluster(
                        n_workers=workers, threads_per_worker=1, dashboard_address=None
                    ) as cluster,
                    visnmf.on_dask(cluster),
                ):
                    fits[workers] = _fit(images)
        takes = {who: _iteration(found) for who, found in fits.items()}
        apart = max(abs(found.objective / fits[1].objective - 1) for found in fits.values())
        m, n = images.shape
        kept[name] = {
            "two sooner than one": takes[1] / takes[2],
            "one over without": takes[1] / takes["without"],
            "objectives apart": apart,
        }
        cells = [f"{takes[1] / takes[2]:.2f}x", f"{takes[1] / takes['without']:.2f}"]
        rows.append([name, f"{m} x {n}", _RANK, *cells, f"{apart:.0e}"])
    header = ["set", "V", "rank", "two sooner than one", "one over no dask", "objectives apart"]
    table("Iterations with workers of dask, one thread each", header, rows)
    keep("dask", kept)


def _repeated(X, n):
    """Return n pictures (n, m, 1) of 8 bits: those of a set again and again, with noise."""
    rng = np.random.default_rng(0)
    most = X.max()
    pictures = np.empty((n, X.shape[1], 1), np.uint8)
    for i in range(n):
        noisy = X[i % len(X)] / most + _NOISE * rng.standard_normal(X.shape[1])
        pictures[i, :, 0] = 255 * np.clip(noisy, 0, 1)
    return pictures


def _fit(images):
    rng = np.random.default_rng(1)
    m, n = images.shape
    W, H = (rng.random(shape, np.float32) for shape in ((m, _RANK), (_RANK, n)))
    return visnmf.factorize(
        images, _RANK, W=W, H=H, max_iter=_ITERATIONS, tol=0, change=0, n_jobs=1
    )


def _iteration(found):
    """Return the median time of an iteration but the first ones, which load and compile."""
    times = np.array([record.seconds for record in found.history if record.phase == "V"])
    return float(np.median(np.diff(times)[2:]))
