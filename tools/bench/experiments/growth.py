"""How the time of an iteration grows with pixels, images, rank and threads.

V has planted parts under noise. An iteration is one on V itself, at the usual settings (up to
eight sweeps a factor); scikit-learn's is one of coordinate descent. Both scales of the plot
are logarithmic: a slope of 1 is growth in proportion, and is taken from the last three points.
"""

import math

import numpy as np

import visnmf

import solvers
from datasets import planted
from experiments.drawing import STYLES, decades, legend, panels, save, ticks
from solvers import sklearn_cd
from timing import keep, objective_of, random_start, table

BASE = {"m": 1000, "n": 2000, "rank": 32}
GROWS = {
    "m": (250, 500, 1000, 2000, 4000, 8000),
    "n": (500, 1000, 2000, 4000, 8000, 16000),
    "rank": (4, 8, 16, 32, 64, 128),
}
WORDS = {"m": "pixels", "n": "images", "rank": "rank"}
COUNTS = (5, 30)  # iterations of the peer between which one is timed
LINES = {"one": "visnmf_compiled", "two": "visnmf_compiled", "peer": "sklearn_cd"}


def run(options):
    """Time iterations, and what it takes to the peer's error after 30 of them."""
    kept = {}
    for axis, sizes in GROWS.items():
        kept[axis] = {}
        for size in sizes[1:4] if options.quick else sizes:
            shape = BASE | {axis: size}
            X = planted.make(**shape)
            W, H = random_start(X, shape["rank"], seed=1)
            points = solvers.curve(
                sklearn_cd.fit, X, W, H, COUNTS, resumes=True, judge=objective_of
            )
            (few, _), (many, target) = points
            one, two = (_iteration(X, W, H, n_jobs) for n_jobs in (1, 2))
            curve = solvers.get("visnmf_compiled").curve(X, W, H, (300,), target=target)
            reached = curve[-1][1] <= target
            kept[axis][size] = {
                "one": one,
                "two": two,
                "peer": (many - few) / (COUNTS[1] - COUNTS[0]),
                "sooner": many / curve[-1][0] if reached else 0.0,
            }
    for axis, found in kept.items():
        _report(axis, found)
    keep("growth", kept)


def _iteration(X, W, H, n_jobs):
    """Return the time of an iteration once it is under way: the best of three runs."""
    best = math.inf
    for _ in range(3):
        result = visnmf.factorize(
            X.T, len(H), W=W, H=H, warmup="none", max_iter=20, tol=0, change=0, n_jobs=n_jobs,
        )  # fmt: skip
        times = [record.seconds for record in result.history if record.phase == "V"]
        best = min(best, (times[-1] - times[7]) / (len(times) - 8))
    return best


def _report(axis, found):
    first = next(iter(found.values()))["one"]
    rows = [
        [
            size,
            f"{each['one'] / first:.2f}",
            f"{each['one'] / each['two']:.2f}x",
            f"{each['peer'] / each['one']:.2f}",
            f"{each['sooner']:.1f}x",
        ]
        for size, each in found.items()
    ]
    slopes = [_slope(found, line) for line in ("one", "peer")]
    fixed = ", ".join(f"{value} {WORDS[name]}" for name, value in BASE.items() if name != axis)
    header = [WORDS[axis], "an iteration (first = 1)", "sooner on two threads"]
    header += ["scikit-learn's, in ours", f"to its error after {COUNTS[1]}, sooner"]
    table(f"growth with the {WORDS[axis]}; {fixed}", header, rows)
    print(f"  slopes: ours {slopes[0]:.2f}, scikit-learn {slopes[1]:.2f}")


def _slope(found, line):
    sizes, times = list(found)[-3:], [each[line] for each in list(found.values())[-3:]]
    return float(np.polyfit(np.log([float(size) for size in sizes]), np.log(times), 1)[0])


def draw(kept, folder):
    """Draw times of an iteration against each size."""
    figure, axes = panels(len(kept), columns=3)
    unit = next(iter(kept["m"].values()))["one"]
    for each, (axis, found) in zip(axes, kept.items(), strict=True):
        for line, solver in LINES.items():
            label, color, marker = STYLES[solver]
            label += ", two threads" if line == "two" else ""
            times = [point[line] / unit for point in found.values()]
            style = "--" if line == "two" else "-"
            each.loglog(
                [float(size) for size in found], times, style, marker=marker, color=color, ms=4,
                label=label, fillstyle="none" if line == "two" else "full",
            )  # fmt: skip
        ticks(each, [float(size) for size in found])
        decades(each)
        slopes = " and ".join(f"{_slope(found, line):.2f}" for line in ("one", "peer"))
        each.set_title(f"last slopes {slopes}", fontsize=9)
        each.set_xlabel(WORDS[axis], fontsize=8)
    axes[0].set_ylabel("an iteration (our first = 1)", fontsize=8)
    legend(figure)
    save(figure, folder / "growth.png")
    return {"growth.png": "Time of an iteration against size, on logarithmic scales"}
