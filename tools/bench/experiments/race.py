"""How much sooner the errors that other solvers reach are reached, from the same start.

Every solver begins at the same random W and H. From one start two solvers may end at different
stationary points, and an error that the peer reaches may never be reached. So each set
is raced from several starts: the median counts, and how often the error was reached is told
where that was not always. Everything from the call on is counted, stand-ins for V too. A ratio is
marked * where the peer had as good as arrived: its error fell by less than a ten-thousandth since
the column before, so that what is compared is how long it goes on for nothing.
"""

import math

import numpy as np

import datasets
import solvers
from experiments.drawing import STYLES, decades, legend, panels, save
from timing import geometric_mean, keep, random_start, table

SETS = datasets.NAMES
COUNTS = (25, 50, 100, 200, 400, 800, 2000)
TOLD = (100, 200, 400, 2000)  # of the counts, those in the table
MEANS = ("cbcl", "orl", "frey", "lfw", "digits")  # the sets that the means are of
ARRIVED = 1e-4  # less progress than this share of the error is none
OTHERS = (50, 200)  # iterations of peers that are not the measure
LARGE = 2e7  # entries of a set that is raced from one start


def run(options):
    """Race from the same starts to the error after so many iterations of the peer."""
    kept = {}
    for name, (X, rank) in datasets.at_hand(options.sets):
        large = math.prod(X.shape) > LARGE and not hasattr(X, "indptr")
        counts = options.iterations or COUNTS
        kept[name] = {"rank": rank, "ratios": {}, "curves": {}}
        for seed in range(1 if large else options.starts):
            others = options.solvers if seed == 0 else ()
            peers, ours = _race(X, rank, seed, counts, others, options)
            for solver, rows in ours.items():
                for peer, points in peers.items():
                    of_peer = kept[name]["ratios"].setdefault(solver, {}).setdefault(peer, {})
                    for count, (took, (target, _)) in points.items():
                        of_peer.setdefault(str(count), []).append(_ratio(took, target, rows))
            if seed == 0:
                kept[name]["curves"] = _curves(peers, ours)
    _report(kept)
    _report_others(kept)
    keep("race", kept)


def _race(X, rank, seed, counts, others, options):
    """Return the points of the peers and the histories of ours, from one start."""
    W, H = random_start(X, rank, seed)
    # The dearest counts from the first start only
    budget = options.budget / (4 if seed else 1)
    peers = {"sklearn_cd": solvers.measured("sklearn_cd", X, W, H, counts, budget)}
    few = [min(count, max(counts)) for count in OTHERS]
    for peer, _ in solvers.at_hand([name for name in others if name not in solvers.OURS], X):
        if peer != "sklearn_cd":
            peers[peer] = solvers.measured(peer, X, W, H, few, options.budget / 4)
    took, (target, _) = list(peers["sklearn_cd"].values())[-1]
    target = min(target, *(point[1][0] for points in peers.values() for point in points.values()))
    ours = {
        name: module.curve(
            X, W, H, (3000,), target=target, limit=max(took, 0.1), n_jobs=options.threads
        )
        for name, module in solvers.at_hand(solvers.OURS, X)
    }
    return peers, ours


def _ratio(took, target, rows):
    """Return how much sooner a history reaches an error; 0 for never."""
    return took / next((s for s, objective in rows if objective <= target), math.inf)


def _curves(peers, ours):
    """Return (seconds, objective) of all, some sixty points of each."""
    curves = {name: [(s, o) for s, (o, _) in points.values()] for name, points in peers.items()}
    for name, rows in ours.items():
        places = np.unique(np.geomspace(1, len(rows), 60).round().astype(int)) - 1
        curves[name] = [rows[i] for i in places]
    return curves


def _report(kept):
    counts = sorted({c for each in kept.values() for c in _against_cd(each)}, key=int)
    counts = [count for count in counts if int(count) in TOLD] or counts
    rows = []
    for solver in solvers.OURS:
        means = {count: [] for count in counts}
        for name, each in kept.items():
            found = _against_cd(each, solver)
            if not found:
                continue
            arrived = _arrived(each["curves"]["sklearn_cd"], found, counts)
            cells = [_told(found.get(count, ()), count in arrived) for count in counts]
            rows.append([name, each["rank"], _name(solver), *cells])
            for count in counts if name in MEANS else ():
                means[count] += [float(np.median(found[count]))] if count in found else []
        for title, summary in (("geometric mean", _mean), ("least", min)):
            cells = [f"{summary(values):.1f}x" if values else "" for values in means.values()]
            rows.append([title, "", _name(solver), *cells])
    title = (
        "times sooner to the error of scikit-learn cd after so many of its iterations (means of "
    )
    table(title + ", ".join(MEANS) + ")", ["set", "rank", "solver", *counts], rows)


def _arrived(curve, found, counts):
    """Return the counts of the table at which the peer had as good as arrived before."""
    objectives = dict(zip(found, (objective for _, objective in curve), strict=False))
    held = [count for count in counts if count in objectives]
    pairs = zip(held[:-1], held[1:], strict=True)
    return {b for a, b in pairs if objectives[a] - objectives[b] < ARRIVED * objectives[b]}


def _report_others(kept):
    rows = []
    for name, each in kept.items():
        for peer, found in each["ratios"].get("visnmf_compiled", {}).items():
            if peer != "sklearn_cd":
                rows += [[name, _name(peer), count, _told(r)] for count, r in found.items()]
    if rows:
        title = "times sooner to the error of other peers after so many of theirs"
        table(title, ["set", "peer", "iterations", "sooner"], rows)


def _against_cd(each, solver="visnmf_compiled"):
    return each["ratios"].get(solver, {}).get("sklearn_cd", {})


def _told(ratios, arrived=False):
    """Return the cell of the ratios from all starts."""
    if not len(ratios):
        return ""
    reached = np.count_nonzero(ratios)
    some = "" if reached == len(ratios) else f" ({reached} of {len(ratios)} reached)"
    return f"{np.median(ratios):.1f}x{'*' * arrived}{some}"


def _mean(values):
    return geometric_mean(values) if min(values) > 0 else 0.0


def _name(solver):
    return STYLES[solver][0]


def draw(kept, folder):
    """Draw how far the error is from the lowest one, against time, a panel for each set."""
    figure, axes = panels(len(kept), columns=3)
    for each, (name, found) in zip(axes, kept.items(), strict=True):
        curves = found["curves"]
        lowest = min(objective for curve in curves.values() for _, objective in curve)
        unit = curves["sklearn_cd"][0][0]
        for solver in STYLES:
            if solver not in curves:
                continue
            label, color, marker = STYLES[solver]
            times, objectives = np.array(curves[solver]).T
            ours = solver in solvers.OURS
            each.loglog(
                times / unit, np.maximum(objectives / lowest - 1, 1e-5), label=label, color=color,
                marker=marker, markersize=4, linewidth=1.8 if ours else 1,
                markevery=[-1] if ours else 1,
            )  # fmt: skip
        decades(each)
        each.set_title(f"{name}, rank {found['rank']}", fontsize=9)
        each.set_xlabel("time (scikit-learn's first point = 1)", fontsize=8)
    for each in axes[::3]:
        each.set_ylabel("objective over the lowest, less 1", fontsize=8)
    legend(figure)
    save(figure, folder / "race.png")
    return {"race.png": "Error against time, from one start; lower and further left is better"}
