"""Writes the page tools/docs/larger from what `passes` measured; measures nothing itself."""

import math
from pathlib import Path

import numpy as np
from matplotlib.ticker import NullLocator

from experiments import passes_plans as plans
from experiments.drawing import decades, legend, panels, save, ticks
from experiments.passes_plans import size, took

PAGE = Path(__file__).parents[2] / "docs" / "larger"
BEGIN, END = "<!-- {}: begin -->", "<!-- {}: end -->"
AXES = {  # what a curve runs over, by its name
    "images": "n", "pixels": "pixels", "rank": "rank", "share of known pixels": "known",
}  # fmt: skip
TICKS = {
    "images": (512, 2048, 8192, 32768), "pixels": (1024, 4096, 16384),
    "rank": (10, 20, 40, 80, 160),
}  # fmt: skip
MANY = 16  # machines
KNOWN = "share of known pixels"
LOOKS = {
    "": ("squares, all known", "#D55E00", "o"),
    "Kullback-Leibler": ("Kullback-Leibler", "#0072B2", "s"),
    "half of the pixels known": ("squares, half of the pixels known", "#009E73", "^"),
}
COLORS = ("#0072B2", "#D55E00", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#999999", "#000000")


def tables(found):
    """Yield a title, a header and rows for each table of what was measured."""
    yield from (_curve(name, points) for name, points in found["curves"].items())
    yield _shares(found)
    if found["workers"]:
        yield _workers(found["workers"])
    yield _ways(found)


def _curve(name, points):
    axis = AXES[name.partition(",")[0]]
    first = points[0]["seconds"]
    rows = [[f"{each[axis]:,}", f"{each['seconds'] / first:.2f}"] for each in points]
    if name != KNOWN:
        rows.append(["slope", f"{slope(points, axis):.2f}"])
    return f"A pass by the {name}", [name.partition(",")[0], "a pass (first = 1)"], rows


def slope(points, axis):
    """Return the slope on logarithmic scales, of the last three points."""
    last = points[-3:]
    x, y = (np.log([float(each[key]) for each in last]) for key in (axis, "seconds"))
    return float(np.polyfit(x, y, 1)[0])


def _shares(found):
    """Return the table of where the time of a pass goes."""
    pieces = found["pieces"]
    names, rows = _pieces(pieces), []
    for name in [*names, "H on disk"]:
        cells = (one["pieces"][name] / one["pass"] for one in pieces.values())
        told = "H on disk instead of in memory" if name == "H on disk" else name
        rows.append([told, *(f"{cell:.2f}" for cell in cells)])
    done = [sum(one["pieces"][name] for name in names) / one["pass"] for one in pieces.values()]
    rows.append(["all pieces, H in memory", *(f"{cell:.2f}" for cell in done)])
    rows.append(["step of W", *(f"{one['step'] / one['pass']:.2f}" for one in pieces.values())])
    two = (f"{one['pass'] / one['two']:.2f}x" for one in pieces.values())
    rows.append(["a pass on two threads, sooner", *two])
    title = "Pieces of a pass done one after the other, over the pass on one thread"
    return title, ["piece", *pieces], rows


def _workers(workers):
    one = workers["1"]
    rows = [
        ["no dask", f"{workers['0'] / one:.2f}"],
        ["one", "1.00"],
        ["two", f"{workers['2'] / one:.2f}"],
        ["shares that went between two, of all", f"{workers['moved'] / workers['tasks']:.2f}"],
    ]
    return "A pass by worker processes of dask, one thread each", ["workers", "(one = 1)"], rows


def _ways(found):
    ways, last = found["ways"], found["curves"]["images"][-1]["seconds"]
    best = ways["usual"]["error"]
    rows = [
        [name, f"{way['passes']:.1f}", f"{way['seconds'] / last:.0f}",
         f"{way['error'] - best:+.5f}"] for name, way in ways.items()
    ]  # fmt: skip
    header = ["way", "passes over V", "time, in passes of the usual", "relative error, over usual"]
    return "Three ways to learn, whole runs at their defaults", header, rows


def draw(found, folder):
    """Draw the curves, and where the time goes."""
    figure, axes = panels(4, columns=4)
    for each, (name, axis) in zip(axes, AXES.items(), strict=True):
        unit = found["curves"][name][0]["seconds"]
        told = []
        for curve, points in found["curves"].items():
            what, _, kind = curve.partition(", ")
            if what != name:
                continue
            label, color, marker = LOOKS[kind]
            x = [float(point[axis]) for point in points]
            y = [point["seconds"] / unit for point in points]
            each.plot(x, y, "-", marker=marker, color=color, ms=4, label=label)
            told.append(f"{slope(points, axis):.2f}")
        each.set_xlabel(name, fontsize=8)
        if name == KNOWN:
            each.set_ylim(0)
            each.set_title("all known = 1", fontsize=9)
            continue
        each.set_xscale("log")
        each.set_yscale("log")
        ticks(each, TICKS[name])
        decades(each)
        low, high = each.get_ylim()
        plain = [value for value in (1, 2, 5, 10, 20, 50) if low < value < high]
        each.yaxis.set_minor_locator(NullLocator())
        each.set_yticks(plain, [f"{value}" for value in plain])
        each.set_title(f"last slope {' / '.join(told)}", fontsize=9)
    axes[0].set_ylabel("a pass (first = 1)", fontsize=8)
    legend(figure)
    save(figure, folder / "growth.png")
    _draw_pieces(found["pieces"], folder / "pieces.png")


def _draw_pieces(pieces, path):
    figure, (each,) = panels(1)
    figure.set_size_inches(8.5, 2.9)
    left = np.zeros(len(pieces))
    for name, color in zip([*_pieces(pieces), "step of W"], COLORS, strict=True):
        taken = [one["step"] if name == "step of W" else one["pieces"][name]
                 for one in pieces.values()]  # fmt: skip
        width = np.array([t / one["pass"] for t, one in zip(taken, pieces.values(), strict=True)])
        each.barh(list(pieces), width, left=left, color=color, label=name, height=0.6)
        left += width
    each.axvline(1, color="black", lw=1, ls="--")
    each.set_ylim(2.5, -0.8)
    each.text(0.995, -0.45, "the pass itself", fontsize=8, ha="right")
    each.grid(False, axis="y")
    each.set_xlabel("over a pass on one thread, while another reads ahead", fontsize=8)
    legend(figure)
    save(figure, path)


def _pieces(pieces):
    """Return the names of the pieces, with H in memory."""
    return [name for name in next(iter(pieces.values()))["pieces"] if name != "H on disk"]


def write(found):
    """Make the page anew, between its markers."""
    draw(found, PAGE)
    path = PAGE / "README.md"
    page = path.read_text(encoding="utf-8")
    for name, part in _parts(found).items():
        begin, end = BEGIN.format(name), END.format(name)
        before, rest = page.split(begin)
        page = f"{before}{begin}\n\n{part}\n\n{end}{rest.split(end)[1]}"
    path.write_text(page, encoding="utf-8")
    print(f"wrote {path}")


def _parts(found):
    parts = {
        "movies": _movies(found),
        "growth": _slopes(found),
        "known": _markdown(*_curve(KNOWN, found["curves"][KNOWN])[1:]),
        "pieces": _markdown(*_shares(found)[1:]),
        "ways": _markdown(*_ways(found)[1:]),
        "bytes": _bytes(found),
        "million": _million(found),
        "billion": _billion(found),
    }
    if found["workers"]:
        parts["workers"] = _markdown(*_workers(found["workers"])[1:])
    return parts


def _slopes(found):
    rows = []
    for name, points in found["curves"].items():
        axis = AXES[name.partition(",")[0]]
        if name == KNOWN:
            continue
        first, last = points[0], points[-1]
        rows.append([
            name, f"{first[axis]:,} to {last[axis]:,}",
            f"{last['seconds'] / first['seconds']:.1f}", f"{slope(points, axis):.2f}",
        ])  # fmt: skip
    return _markdown(["a pass by the", "from, to", "last over first", "last slope"], rows)


def _markdown(header, rows):
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def _movies(found):
    n = round(plans.MOVIES / 256**2)
    job, cost = plans.Job(found, plans.MILLION["pieces"], n), plans.costs(found)
    one = max(job.work, job.stored / job.disk) + job.step
    slow = max(job.work, job.stored / plans.NETS["1 Gbit/s"]) + job.step
    rows = [[
        "`visnmf learn movie.zarr -k 100 -o parts.safetensors --checkpoint run.ckpt --resume`",
        plans.PASSES, took(plans.PASSES * one), took(plans.PASSES * slow),
    ]]  # fmt: skip
    for name, passes in (("compressed", 5), ("online", 2)):
        work = cost[name] * job.work
        rows.append([
            f"... `--{name}`", passes, took(max(work, passes * job.stored / job.disk)),
            took(max(work, passes * job.stored / plans.NETS["1 Gbit/s"])),
        ])  # fmt: skip
    header = ["", "times that V is read", "own disk", "disk behind 1 Gbit/s, or of 125 MB/s"]
    text = f"""\
{size(plans.MOVIES)} of frames of 256 x 256 in gray are {n / 1e6:.1f} million. On one machine of two
cores, for {job.rank} parts (the last two by what they cost in the table after this one):

{_markdown(header, rows)}

Two cores work through {size(job.stored / job.work)} a second. So reading is not what takes long,
unless the disk is slower than that; then it is the times that V is read that count."""
    return text


def _bytes(found):
    rows = []
    for name, n in ((plans.MILLION["pieces"], plans.MILLION["n"]),
                    (plans.BILLION["pieces"], plans.BILLION["n"])):  # fmt: skip
        job = plans.Job(found, name, n)
        rows.append([
            f"{n:,.0f} of {name}", size(job.stored), size(plans.H_READ * job.H),
            size(plans.H_WRITTEN * job.H), size(job.W), size(job.W),
            f"{job.blocks:,}", size(job.blocks * job.W),
        ])  # fmt: skip
    header = ["", "V, as stored", "H read", "H written", "W to each machine", "share of a block"]
    return _markdown([*header, "blocks", "all shares"], rows)


def _million(found):
    job = plans.Job(found, plans.MILLION["pieces"], plans.MILLION["n"])
    one, _ = job.passing(1, 1e9, shared=False)
    cost = plans.costs(found)
    memory = plans.AHEAD * plans.FLOAT * job.m * job.width + 6 * job.W
    task = 2 * plans.FLOAT * job.m * job.far + 16 * job.W
    moved = (plans.H_READ + plans.H_WRITTEN) * job.H
    header, rows = plans.million(found)
    what = _markdown(*plans.limits(found))
    return f"""\
On disk {size(job.stored)}; read {plans.PASSES} times (the look over V, the first encodings,
{plans.ITERATIONS} iterations, the closing fit; some more, if steps are taken back) that is
{size(plans.PASSES * job.stored)}. The sample that a run begins with is read once and small.
A pass is {took(one)} on one machine; `--compressed` there takes {took(cost["compressed"] * one)} in
all, `--online` {took(cost["online"] * one)}. H is {size(job.H)}, of which a run holds
{plans.H_HELD} copies; beside these a machine alone needs about {size(memory)},
a worker of dask {size(task)} a thread. With {MANY} machines an iteration moves
{size(job.shares(MANY))} of shares, {size(MANY * job.W)} of parts and {size(moved)} of encodings.

Measured: {1e3 * job.work / job.n:.2f} ms a picture and pass on {plans.CORES} cores, \
{job.step:.2f} s for the step of W, {1e3 * job.task:.1f} ms for the
scheduler a block, {job.dasked / job.work:.2f} times the work with two workers of dask in place of
two threads; the disk reads {size(job.disk)} a second.

The whole run, and what is busy longest in it, all going on at a time: the *work*; the *disk* that
reads V; the *server* of one disk for all, with H, the parts and perhaps V; the *shares* between
machines, as if none lay where it is added up; the *blocks* that the scheduler hands out.

{_markdown(header, rows)}

Each for itself, against the work as machines are added:

{what}"""


def _billion(found):
    job = plans.Job(found, plans.BILLION["pieces"], plans.BILLION["n"])
    part = plans.Job(found, plans.BILLION["pieces"], plans.SAMPLE)
    cost = plans.costs(found)
    online = cost["online"] * part.work
    moved = (plans.H_READ + plans.H_WRITTEN) * job.H / job.disk
    rows = [
        ["V, as stored", size(job.stored)],
        ["H", size(job.H)],
        [f"the {plans.H_HELD} copies of H that a run holds on disk (`--scratch`)",
         size(plans.H_HELD * job.H)],
        ["H as `visnmf.encode` gives it, in memory", size(job.H)],
        ["a checkpoint", size(plans.H_KEPT * job.H)],
        [f"a run of {plans.PASSES} passes, on one machine", took(plans.PASSES * job.work)],
        ["H read and written a pass, by the disk", f"{took(moved)} (work: {took(job.work)})"],
        ["names in memory, where they are asked for", size(found["names"] * job.n)],
        ["sums that are known of each image, in memory", size(plans.FACTS * job.n)],
        [f"blocks of dask a pass, at {1e3 * job.task:.1f} ms", took(job.blocks * job.task * 9 / 8)],
    ]  # fmt: skip
    times = []
    for k in plans.MACHINES:
        own = max(job.encode / k, job.stored / k / job.disk)
        wire = (max(job.encode / k, job.stored / rate) for rate in plans.NETS.values())
        times.append([k, took(own), *map(took, wire)])
    packs = math.ceil(job.n / plans.PACK)
    share = plans.Job(found, plans.BILLION["pieces"], plans.PACK)
    return f"""\
{_markdown(["", "a billion at once"], rows)}

What breaks first is memory, then the disk that H is on; and every checkpoint writes H twice.
Nothing needs a billion pictures to learn {job.rank} parts: learn from some, then encode all.

In {packs} packs of {plans.PACK / 1e6:.0f} million none of this is large: a pack has
{size(share.stored)}, {size(share.H)} of encodings, {size(found["names"] * plans.PACK)} of names.
Parts learned `--online` from a million pictures of all packs take about {took(online)};
then encode pack by pack, {job.n / job.encode:,.0f} pictures a second on a machine:

{_markdown(["machines", "own disks", *(f"shared disk, {net}" for net in plans.NETS)], times)}"""
