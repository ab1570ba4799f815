"""Writes the page of figures, tools/docs/performance, from what the experiments kept.

Not an experiment itself: it measures nothing, so that the page holds what a command gave, and
names that command. Seconds are left out: the machine decides them.
"""

import importlib
import inspect
import json
import re
from pathlib import Path

from timing import OUTPUT, folder_of

PAGE = Path(__file__).parents[2] / "docs" / "performance"

SECTIONS = {
    "race": "To a peer's error",
    "kkt": "To a stationary point",
    "defaults": "At the defaults",
    "iteration": "What an iteration costs",
    "growth": "How it grows",
    "threads": "Threads",
    "memory": "Memory",
    "stand_ins": "Stand-ins for V",
    "encoding": "Encoding",
    "minibatch": "Mini-batches",
    "divergence": "Kullback-Leibler and other losses",
    "cold": "A fresh process",
    "estimate": "Time and memory told in advance",
}
OPENING = """\
# How fast, measured

Written by `python tools/bench report` from what the experiments in [tools/bench](../../bench)
found; `python tools/bench evidence` runs them all and writes it anew. Under each heading is the
command that found its figures, and below the plot the table that the command printed.

All is float32 on one thread unless said otherwise, for both sides, from the same start. Kernels are
loaded before anything is timed; a peer's time is the better of two runs. Everything is a ratio of
times measured on one machine of two cores: above 1x, visnmf is sooner.
"""


def run(options):
    """Write the page; after a quick run one of its own, beside the quick figures."""
    source = folder_of(options.quick)
    page = source / "performance" if options.quick else PAGE
    page.mkdir(parents=True, exist_ok=True)
    parts = [OPENING]
    for name, title in SECTIONS.items():
        path = source / f"{name}.json"
        kept = json.loads(path.read_text()) if path.exists() else {}
        if "tables" not in kept:
            print(f"{name} is left out: python tools/bench {name} has to be run first")
            continue
        parts.append("\n".join(_section(name, title, kept, page)))
    (page / "README.md").write_text("\n".join(parts).rstrip() + "\n")
    print(f"written {page.relative_to(OUTPUT.parent)}/README.md and its plots")


def _section(name, title, kept, page):
    """Return the lines of a section, and draw its plots."""
    module = importlib.import_module(f"experiments.{name}")
    yield f"## {title}\n"
    yield f"    {kept['command']}\n"
    yield f"{inspect.getdoc(module)}\n"
    draw = getattr(module, "draw", None)
    for picture, caption in (draw(kept["figures"], page) if draw else {}).items():
        yield f"![{caption}]({picture})\n"
        yield f"*{caption}.*\n"
    for each in kept["tables"]:
        yield from _table(each["title"], each["cells"])


def _table(title, cells):
    """Return a table in Markdown, without columns of seconds."""
    header, *rows = cells
    columns = [
        i
        for i in range(len(header))
        if not any(re.fullmatch(r"[-+]?[\d.]+ (s|ms|MiB|GiB)", row[i]) for row in rows)
    ]
    yield f"{title[0].upper()}{title[1:]}:\n"
    yield _row(header, columns)
    yield _row(["---"] * len(header), columns)
    yield from (_row(row, columns) for row in rows)
    yield ""


def _row(cells, columns):
    return f"| {' | '.join(cells[i].replace('|', '/') for i in columns)} |"
