"""Measures visnmf against its peers: python tools/bench COMMAND (see README.md beside this)."""

import argparse
import importlib
import sys

import datasets
import solvers
import timing

EXPERIMENTS = (
    *("race", "defaults", "iteration", "encoding", "memory", "imports", "learn", "lin"),
    *("unmixing", "clusters", "filling", "divergence"),
)


def main():
    parser = argparse.ArgumentParser(prog="python tools/bench", description=__doc__)
    parser.add_argument("experiment", choices=[*EXPERIMENTS, "all"])
    parser.add_argument("--sets", nargs="+", choices=datasets.NAMES, default=datasets.NAMES)
    parser.add_argument("--solvers", nargs="+", choices=solvers.NAMES, default=())
    parser.add_argument(
        "--iterations", nargs="+", type=int, help="of the peer, for race, divergence"
    )
    parser.add_argument("--starts", type=int, default=3, help="for race")
    parser.add_argument("--seeds", type=int, default=5, help="for defaults, clusters, divergence")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="small and rough: does it run?")
    options = parser.parse_args()
    if options.quick:
        options.sets, options.starts, options.seeds = ("digits",), 1, 1
        options.iterations = options.iterations or (10, 20)
    timing.isolate(options.threads)
    print(f"python tools/bench {' '.join(sys.argv[1:])}")
    timing.describe(options.threads)
    timing.load_kernels()
    for name in EXPERIMENTS if options.experiment == "all" else (options.experiment,):
        importlib.import_module(f"experiments.{name}").run(options)


if __name__ == "__main__":
    main()
