"""Stand-ins for V: times to one error with none, a sample, low rank and both, where V is what size.

Each set takes the place of what was kept of it, so that `--sets` measures in portions: with --sets
digits the made ones too. With --write the table of tools/docs/stand-ins.md is made anew.
"""

import json
import math
from pathlib import Path

import numpy as np

import visnmf
from visnmf.kernels.choose import choose_kernels
from visnmf.solve.warmup import choose_stand_ins

import datasets
from timing import OUTPUT, keep, table

PAGE = Path(__file__).parents[2] / "docs" / "stand-ins.md"
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
WAYS = ("none", "sample", "low rank", "both")
HEADER = ["V", "rank", *WAYS[1:], "auto", "auto takes"]
GRID = ((400, 1_000), (400, 4_000), (400, 30_000), (1_600, 1_000), (1_600, 8_000))
RANKS = (10, 40)
SETS = ("cbcl", "orl", "frey", "lfw", "digits", "fashion")
KEPT = OUTPUT / "stand_ins.json"
_NEAR = 1.002  # of the objective: runs that end in other places differ by about as much
_MOST = 2.0  # times as long as without stand-ins, after which a run is given up
ITERATIONS = 60  # of a run without stand-ins, whose error is the goal
REPEATS = 2


def run(options):
    """Print, and write where that is asked for, how many times sooner than without any."""
    kept = {}
    if KEPT.exists() and not options.quick:
        kept = json.loads(KEPT.read_text())["figures"]
    sets = [name for name in options.sets if name in SETS]
    made = GRID[:1] if options.quick else GRID if "digits" in sets else ()
    for name, (X, rank) in datasets.at_hand(sets):
        kept |= compare(name, X, rank)
    for m, n in made:
        X = like_pictures(m, n)
        for rank in RANKS:
            kept |= compare("made", X, rank)
    rows = list(kept.values())
    table("times sooner to one error than without stand-ins", HEADER, rows)
    keep("stand_ins", kept)
    if options.write:
        PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), rows), encoding="utf-8")
        print(f"wrote {PAGE}")


def compare(name, X, rank):
    """Return the row of a set, by what it is of."""
    V = X.T
    found = visnmf.factorize(V, rank, warmup="none", max_iter=ITERATIONS, tol=0, change=0)
    goal = _NEAR * min(each.objective for each in found.history if each.phase == "V")
    base = reach(V, rank, "none", goal, math.inf)
    times = [reach(V, rank, way, goal, _MOST * base) for way in (*WAYS[1:], "auto")]
    cells = [f"{base / took:.2f}" if took < math.inf else f"< {1 / _MOST:g}" for took in times]
    m, n = V.shape
    print(f"{name} {m} x {n}, {rank}: {' '.join(cells)}", flush=True)
    return {f"{name} {m} {n} {rank}": [f"{name} {m:,} x {n:,}", rank, *cells, taken(V.shape, rank)]}


def reach(V, rank, way, goal, most):
    """Return the seconds, of the best of a few runs, until V's own objective is at the goal."""

    def there(record):
        return record.phase == "V" and record.objective <= goal

    best = math.inf
    for _ in range(REPEATS):
        result = visnmf.factorize(
            V, rank, warmup=way, max_iter=10 * ITERATIONS, tol=0, change=0, callback=there,
            time_limit=most,
        )  # fmt: skip
        last = [record for record in result.history if record.phase == "V"][-1:]
        if last and last[0].objective <= goal:
            best = min(best, last[0].seconds)
    return best


def taken(shape, rank):
    """Return what "auto" takes."""
    cost = choose_kernels("auto", rank, sum(shape)).SWEEP_COST
    chosen = choose_stand_ins(shape, rank, "auto", cost)
    told = [f"{chosen.sample:,}"] * bool(chosen.sample)
    told += [f"rank {chosen.rank}"] * bool(chosen.rank)
    told += [f"{chosen.part:,} first"] * bool(chosen.part)
    return ", ".join(told) or "none"


def like_pictures(m, n):
    """Return n pictures of about m pixels: those of a sample, at other sizes and with noise."""
    from skimage.transform import resize

    faces = visnmf.samples.load_faces()
    pictures = faces.V.T.reshape(-1, *faces.layout.shape[:2])
    side = round(math.sqrt(m))
    small = np.stack([resize(picture, (side, side), order=1) for picture in pictures])
    rng = np.random.default_rng(0)
    X = np.empty((n, side * side), np.float32)
    for i in range(n):
        a, b = rng.integers(len(small), size=2)
        share = rng.random()
        mixed = share * small[a] + (1 - share) * np.roll(small[b], rng.integers(-2, 3), axis=1)
        X[i] = mixed.ravel() + 0.03 * rng.random(side * side)
    return X


def written(page, rows):
    """Return the page with its table made anew."""
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    lines = [HEADER, ["---"] * len(HEADER), *rows]
    text = "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)
    return f"{before}{BEGIN}\n\n{text}\n\n{END}{after}"
