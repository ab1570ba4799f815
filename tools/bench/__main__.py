"""Measures visnmf against its peers: python tools/bench COMMAND (see README.md beside this)."""

import argparse
import copy
import importlib
import sys

import datasets
import solvers
import timing
from experiments.report import SECTIONS

EXPERIMENTS = (
    "race",
    "kkt",
    "defaults",
    "iteration",
    "growth",
    "threads",
    "memory",
    "encoding",
    "minibatch",
    "divergence",
    "imports",
    "learn",
    "lin",
    "unmixing",
    "clusters",
    "filling",
    "recognition",
    "restoring",
    "robust",
    "retrieval",
    "stand_ins",
    "estimate",
    "cold",
    "textures",
    "classification",
    "faces",
    "larger",
    "online",
    "compressed",
    "dask",
    "passes",
    "compression",
    "compression_walk",
    "archive_access",
    "compression_time",
    "report_page",
    "merging",
    "choose_rank",
)
SEVERAL = {
    "all": EXPERIMENTS,
    "evidence": (*(name for name in SECTIONS if name in EXPERIMENTS), "report"),
}
MODES = ("psnr", "max_bytes", "max_error", "lossless")


def main():
    options = read()
    timing.isolate(options.threads)
    print(f"python tools/bench {' '.join(sys.argv[1:])}")
    names = SEVERAL.get(options.experiment, (options.experiment,))
    if names != ("report",):
        timing.describe(options.threads)
        timing.load_kernels()
    for name in names:
        module = importlib.import_module(f"experiments.{name}")
        own = copy.copy(options)
        own.sets = options.sets or getattr(module, "SETS", datasets.PICTURES)
        took, _ = timing.seconds(lambda run=module.run, own=own: run(own))
        print(f"{name} took {took:.0f} s")


def read():
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(prog="python tools/bench", description=__doc__)
    parser.add_argument("experiment", choices=[*EXPERIMENTS, "report", *SEVERAL])
    parser.add_argument(
        "--sets", nargs="+", type=set_name, help="the experiment's own, or all of those"
    )
    peers = [*solvers.NAMES, "all"]
    parser.add_argument("--solvers", nargs="+", choices=peers, default=(), help="for race, kkt")
    parser.add_argument(
        "--iterations", nargs="+", type=int, help="of the peer, for race, kkt, threads, divergence"
    )
    parser.add_argument("--starts", type=int, default=3, help="for race")
    parser.add_argument("--seeds", type=int, default=5, help="for defaults, clusters, divergence")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--budget", type=float, default=60, help="seconds that one run of a peer may take"
    )
    parser.add_argument("--size", type=float, default=4.0, help="gigabytes, for larger")
    parser.add_argument("--folder", help="where its set is made for the time being")
    parser.add_argument("--write", action="store_true", help="for stand_ins: its page anew")
    parser.add_argument("--psnr", nargs="+", type=float, help="in dB, for compression and its kin")
    parser.add_argument("--lossless", action="store_true", help="for compression: that table")
    parser.add_argument("--max-error", type=int, help="for compression: bounded by so many levels")
    parser.add_argument(
        "--modes", nargs="+", choices=[*MODES, "all"], default=["all"], help="for compression_walk"
    )
    parser.add_argument(
        "--whole", action="store_true", help="for compression_walk: large sets too, in hours"
    )
    parser.add_argument("--quick", action="store_true", help="small and rough: does it run?")
    options = parser.parse_args()
    if "all" in options.solvers:
        options.solvers = solvers.PEERS
    if "all" in options.modes:
        options.modes = MODES
    if options.sets and "all" in options.sets:
        options.sets = None
    if options.quick:
        options.sets, options.starts, options.seeds = options.sets or ("digits",), 1, 1
        options.iterations = options.iterations or (10, 20)
    return options


def set_name(name):
    """Return the name of a set, of `datasets` or of the walk over all of compression."""
    if name == "all":
        return name
    try:
        return datasets.known(name)
    except ValueError:
        from experiments.compression_sets import SETS

        if name not in SETS:
            raise
        return name


if __name__ == "__main__":
    main()
