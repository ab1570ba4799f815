"""Times sooner to the errors that scikit-learn's coordinate descent reaches.

From one start two solvers may end at different stationary points, and an error that the peer
reaches may never be reached. So each set is raced from several starts: the median counts, and
how often the error was reached is told.
"""

import numpy as np

import datasets
import solvers
from timing import OUTPUT, geometric_mean, keep, random_start, table

OURS = ("visnmf_compiled", "visnmf_numpy")


def run(options):
    """Race from the same starts to the error after so many iterations of the peer."""
    kept = {}
    for name, (X, rank) in datasets.at_hand(options.sets):
        large = name == "fashion"
        counts = options.iterations or ((100,) if large else (100, 200, 800))
        starts = 1 if large else options.starts
        kept[name] = {"rank": rank, "iterations": counts, "ratios": {}}
        for seed in range(starts):
            curves = _race(X, rank, seed, counts, options.solvers)
            kept[name].setdefault("curves", curves)
            for solver in set(OURS) & set(curves):
                ratios = [_ratio(point, curves[solver]) for point in curves["sklearn_cd"]]
                kept[name]["ratios"].setdefault(solver, []).append(ratios)
    _report(kept, options.iterations or (100, 200, 800))
    _plot(kept)
    keep("race", kept)


def _race(X, rank, seed, counts, others):
    """Return the curves of all solvers from one start."""
    W, H = random_start(X, rank, seed)
    curves = {"sklearn_cd": solvers.get("sklearn_cd").curve(X, W, H, counts)}
    for solver in (*OURS, *others):
        module = solvers.get(solver)
        if module.missing():
            print(f"{solver} is left out: {module.missing()}")
        elif solver in OURS:
            target = curves["sklearn_cd"][-1][1]
            curves[solver] = module.curve(X, W, H, (1000,), target=target)
        else:
            curves[solver] = module.curve(X, W, H, counts)
    return curves


def _ratio(point, curve):
    """Return how much sooner a curve reaches the error of a point; 0 for never."""
    took, target = point
    return took / next((s for s, objective in curve if objective <= target), float("inf"))


def _report(kept, counts):
    rows, medians = [], {}
    for name, sets in kept.items():
        for solver in (solver for solver in OURS if solver in sets["ratios"]):
            ratios = np.array(sets["ratios"][solver])
            cells = []
            for i in range(ratios.shape[1]):
                median = float(np.median(ratios[:, i]))
                reached = f"{np.count_nonzero(ratios[:, i])} of {len(ratios)}"
                cells.append(f"{median:.1f}x ({reached})")
                if name != "fashion":
                    medians.setdefault((solver, counts[i]), []).append(median)
            rows.append([name, sets["rank"], solver, *cells, *[""] * (len(counts) - len(cells))])
    table(
        "times sooner than scikit-learn cd, to its error after so many iterations: the median "
        "over the starts (from how many it was reached)",
        ["set", "rank", "solver", *counts],
        rows,
    )
    for (solver, count), values in medians.items():
        mean = f"{geometric_mean(values):.1f}x" if min(values) > 0 else "not reached everywhere"
        print(f"  {solver}, {count} iterations, geometric mean without fashion: {mean}")


def _plot(kept):
    from matplotlib.figure import Figure

    if not kept:
        return
    figure = Figure(figsize=(3.4 * len(kept), 3.4), layout="constrained")
    for axes, (name, sets) in zip(
        figure.subplots(1, len(kept), squeeze=False)[0], kept.items(), strict=True
    ):
        lowest = min(objective for curve in sets["curves"].values() for _, objective in curve)
        for solver, curve in sets["curves"].items():
            times, objectives = np.array(curve).T
            style = "-" if len(curve) > 10 else "o-"
            axes.loglog(times, objectives / lowest, style, label=solver, markersize=4)
        axes.set(title=f"{name}, rank {sets['rank']}", xlabel="seconds")
    figure.axes[0].set_ylabel("objective over the lowest")
    figure.axes[0].legend(fontsize=7)
    OUTPUT.mkdir(exist_ok=True)
    figure.savefig(OUTPUT / "race.png", dpi=110)
