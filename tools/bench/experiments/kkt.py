"""How much sooner W and H are close to a stationary point: time to given KKT norms.

The norm is the projected gradient's, over that of (V H', W'V), with every part and its encodings
at equal lengths; it is computed outright, in float64, from the W and H that each solver
gives. For ours a run with that tolerance is timed, closing included; for a peer its curve is
interpolated. A level that the peer did not reach shows what is certain: "over".
"""

import math

import numpy as np

import visnmf

import datasets
import solvers
from experiments.drawing import STYLES, decades, legend, panels, save
from timing import keep, quality_of, random_start, seconds, table

SETS = ("cbcl", "orl", "frey", "lfw", "digits")
LEVELS = (1e-2, 1e-3, 1e-4, 1e-5)
COUNTS = (25, 50, 100, 200, 400, 800, 2000)


def run(options):
    """Measure both precisions from one start."""
    kept = {}
    for name, (X, rank) in datasets.at_hand(options.sets):
        for dtype in (np.float32, np.float64):
            of_type = X.astype(dtype)
            visnmf.factorize(of_type.T, rank, max_iter=20)  # loads what is loaded on first use
            W, H = random_start(of_type, rank)
            curves = _curves(of_type, W, H, options)
            limit = max(2 * curves["sklearn_cd"][-1][0], 0.1)
            ours = _times(of_type, W, H, limit, options.threads)
            kept[f"{name} {dtype.__name__}"] = {
                "rank": rank,
                "ours": {str(level): point for level, point in ours.items()},
                "peers": {p: [(s, kkt) for s, (_, kkt) in points] for p, points in curves.items()},
            }
    _report(kept)
    keep("kkt", kept)


def _curves(X, W, H, options):
    """Return (seconds, (objective, norm)) of the peers: of scikit-learn cd, and in float32 others.

    Only those that go on from a pair as if they had never stopped are asked for so many points.
    """
    counts = options.iterations or COUNTS
    others = options.solvers if X.dtype == np.float32 else ()
    curves = {}
    for peer, module in solvers.at_hand(dict.fromkeys(("sklearn_cd", *others)), X):
        if getattr(module, "RESUMES", False):
            budget = options.budget / (1 if peer == "sklearn_cd" else 6)
            curves[peer] = list(solvers.measured(peer, X, W, H, counts, budget).values())
    return curves


def _times(X, W, H, limit, n_jobs):
    """Return the time to each level; None from the first that is not reached on."""
    times = dict.fromkeys(LEVELS)
    for level in LEVELS:
        times[level] = _reach(X, W, H, level, limit, n_jobs)
        if times[level] is None:
            break
    return times


def _reach(X, W, H, level, limit, n_jobs):
    """Return the time to a KKT norm and the norm then; None where it was not reached.

    The better of two runs.
    """
    best = math.inf
    for _ in range(2):
        took, result = seconds(
            lambda: visnmf.factorize(
                X.T, len(H), W=W, H=H, tol=level, change=0, max_iter=100_000, time_limit=limit,
                n_jobs=n_jobs,
            )
        )  # fmt: skip
        norm = quality_of(X, result.W, result.H)[1]
        if norm > level * 1.05:
            return None
        best = min(best, took)
    return best, norm


def _report(kept):
    rows = []
    for key, found in kept.items():
        for peer, points in found["peers"].items():
            cells = [_cell(found["ours"][str(level)], points, level) for level in LEVELS]
            rows.append([*key.split(), found["rank"], STYLES[peer][0], *cells])
    title = 'times sooner to a KKT norm ("-": ours did not reach it in twice the peer\'s time)'
    table(title, ["set", "precision", "rank", "peer", *(f"{v:.0e}" for v in LEVELS)], rows)


def _cell(ours, points, level):
    if ours is None:
        return "-"
    took = _time_to(points, level)
    return f"over {points[-1][0] / ours[0]:.1f}x" if took is None else f"{took / ours[0]:.1f}x"


def _time_to(points, level):
    """Return when a curve first comes down to a level, by logarithms; None for never."""
    for i, (took, kkt) in enumerate(points):
        if kkt <= level:
            if i == 0:
                return took
            (earlier, above), logs = points[i - 1], np.log
            share = (logs(above) - logs(level)) / (logs(above) - logs(kkt))
            return float(np.exp(logs(earlier) + share * (logs(took) - logs(earlier))))
    return None


def draw(kept, folder):
    """Draw KKT norms against time, a panel for each set and precision."""
    figure, axes = panels(len(kept), columns=4)
    for each, (name, found) in zip(axes, kept.items(), strict=True):
        unit = found["peers"]["sklearn_cd"][-1][0]
        ours = [point for point in found["ours"].values() if point]
        for solver, points in {"visnmf_compiled": ours, **found["peers"]}.items():
            label, color, marker = STYLES[solver]
            if points:
                times, norms = np.array(points).T
                each.loglog(times / unit, norms, marker, ls="-", c=color, label=label, ms=4, lw=1)
        each.set_ylim(bottom=max(each.get_ylim()[0], 1e-6))
        decades(each)
        each.set_title(f"{name}, rank {found['rank']}", fontsize=9)
        each.set_xlabel("time (scikit-learn's last point = 1)", fontsize=8)
    for each in axes[::4]:
        each.set_ylabel("relative KKT norm", fontsize=8)
    legend(figure)
    save(figure, folder / "kkt.png")
    return {"kkt.png": "KKT norm against time, from one start; lower and further left is better"}
