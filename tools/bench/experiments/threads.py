"""One thread against two, and two fits at a time in two Python threads.

Ours is timed over a whole fit to the error that scikit-learn's coordinate descent has after so
many iterations, both from the same start. scikit-learn's threads are those of BLAS. Two
fits of one thread at a time share the cores: over one such fit 1.0 is perfect, 2.0 is one after
the other. Of two threads each, perfect is what two threads gain.
"""

from concurrent.futures import ThreadPoolExecutor

from threadpoolctl import threadpool_limits

import visnmf

import datasets
import solvers
from timing import best_of, keep, random_start, seconds, table

SETS = ("orl", "fashion")
COUNTS = {"fashion": (100,)}


def run(options):
    """Compare by threads; the result must be the same."""
    rows, kept = [], {}
    for name, (X, rank) in datasets.at_hand(options.sets):
        counts = options.iterations or COUNTS.get(name, (200,))
        W, H = random_start(X, rank)
        ours, peers = {}, {}
        for threads in (1, 2):
            with threadpool_limits(threads, user_api="blas"):
                points = solvers.measured("sklearn_cd", X, W, H, counts, options.budget)
                count, (peers[threads], (target, _)) = list(points.items())[-1]
        fitting = {"W": W, "H": H, "tol": 0, "change": 0, "max_iter": 1000}
        target *= 1 + 1e-6  # rounding of the peer's sums by the number of its threads

        def fit(n_jobs, X=X, rank=rank, fitting=fitting, target=target):
            return visnmf.factorize(
                X.T, rank, n_jobs=n_jobs, **fitting,
                callback=lambda record: record.phase == "V" and record.objective <= target,
            )  # fmt: skip

        results = {}
        for threads in (1, 2):
            runs = [seconds(lambda n_jobs=threads: fit(n_jobs)) for _ in range(4)]
            ours[threads], results[threads] = min(took for took, _ in runs), runs[0][1]
        assert (results[1].W == results[2].W).all()
        together = {n_jobs: best_of(lambda n=n_jobs: _pair(fit, n), 3) for n_jobs in (1, 2)}
        kept[name] = {
            "ours": ours[1] / ours[2],
            "peer": peers[1] / peers[2],
            "sooner": {threads: peers[threads] / ours[threads] for threads in (1, 2)},
            "together": {n_jobs: took / ours[n_jobs] for n_jobs, took in together.items()},
        }
        ratios = (ours[1] / ours[2], peers[1] / peers[2], *kept[name]["sooner"].values())
        cells = [f"{ratio:.2f}x" for ratio in (*ratios[:2], *ratios[2:])]
        shared = [f"{ratio:.2f}" for ratio in kept[name]["together"].values()]
        rows.append([name, rank, count, *cells, *shared])
    header = ["set", "rank", "iterations", "ours, 1 to 2", "scikit-learn, 1 to 2"]
    header += ["ours sooner on 1", "on 2", "two fits of 1 over one fit", "two fits of 2"]
    table("threads", header, rows)
    keep("threads", kept)


def _pair(fit, n_jobs):
    """Run two fits at a time."""
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(fit, (n_jobs, n_jobs)))
