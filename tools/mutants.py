"""Mutation testing of the core: python tools/mutants.py [--count 200] [--seed 0] [--jobs 2].

Each mutant is one small change somewhere in solve/, updates/, losses/ or terms/: an operator, a
comparison, a number, a condition, a default. Tests that run its line are run on a copy of the
repository, until one fails or about --seconds of them have passed: it survives then. Which tests
run which lines, and for how long, comes from a run under coverage (pytest-cov) that is kept in
--folder, as is what became of each mutant, so that a stopped run goes on where it was. Mutants
that change nothing that can be seen are listed with the reason in tools/mutants_alike.toml and
are counted apart. Prints the share that was killed, and each survivor as a difference.
--survivors tries those again, for ten times as long.
"""

import argparse
import ast
import difflib
import hashlib
import importlib.util
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parents[1]
PLACES = ("solve", "updates", "losses", "terms")
MOST = 12  # cases of one test function that are run for a mutant
TESTED = (
    "", "conformance", "estimator", "faces", "features", "kin", "losses", "matrices", "model",
    "papers", "ranks", "solve", "starts", "tasks", "terms", "trust", "updates",
)  # fmt: skip
SWAPS = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.And: ast.Or, ast.Or: ast.And, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult,
}  # fmt: skip


def changes(tree):
    """Return (line, function that makes the change) for every place that can be changed."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp | ast.BoolOp | ast.AugAssign) and type(node.op) in SWAPS:
            found.append((node.lineno, lambda n=node: setattr(n, "op", SWAPS[type(n.op)]())))
        elif isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
            found.append(
                (node.lineno, lambda n=node: n.ops.__setitem__(0, SWAPS[type(n.ops[0])]()))
            )
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
            found.append((node.lineno, lambda n=node: setattr(n, "op", ast.UAdd())
                          if isinstance(n.op, ast.USub) else _drop_not(n)))  # fmt: skip
        elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
            found.append((node.lineno, lambda n=node: setattr(n, "value", n.value + 1)))
        elif isinstance(node, ast.Constant) and type(node.value) is bool:
            found.append((node.lineno, lambda n=node: setattr(n, "value", not n.value)))
        elif isinstance(node, ast.If | ast.While | ast.IfExp):
            found.append((node.lineno, lambda n=node: setattr(
                n, "test", ast.UnaryOp(ast.Not(), n.test))))  # fmt: skip
    return found


def _drop_not(node):
    node.op, node.operand = ast.Not(), ast.UnaryOp(ast.Not(), node.operand)


def idle_lines(tree):
    """Return the lines of imports, where nothing can break."""
    lines = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            lines.update(range(node.lineno, node.end_lineno + 1))
    return lines


def mapped(folder):
    """Return (file -> line -> tests, test -> seconds), by runs under coverage.

    What is kept of an earlier run is taken for the test files that are as they were, unless the
    core itself has changed.
    """
    kept = folder / "map.json"
    sources, files = digests("visnmf", PLACES), digests("tests", TESTED)
    known = json.loads(kept.read_text()) if kept.exists() else {}
    if known.get("sources") != sources:
        known = {"sources": sources, "files": {}, "lines": {}, "times": {}}
    changed = [file for file in files if known["files"].get(file) != files[file]]
    if changed:
        lines, times = run_under_coverage(folder, changed)
        gone = {file for file in known["files"] if files.get(file) != known["files"][file]}
        for path, tests_of in known["lines"].items():
            for line, tests in tests_of.items():
                tests = [test for test in tests if test.partition("::")[0] not in gone]
                found = lines.setdefault(path, {}).setdefault(line, [])
                found.extend(test for test in tests if test not in found)
        times = {**known["times"], **times}
        known = {"sources": sources, "files": files, "lines": lines, "times": times}
        kept.write_text(json.dumps(known))
    return known["lines"], known["times"]


def digests(top, places):
    """Return file -> digest of Python files."""
    found = [path for place in places for path in sorted((ROOT / top / place).glob("*.py"))]
    return {str(p.relative_to(ROOT)): hashlib.sha256(p.read_bytes()).hexdigest() for p in found}


def run_under_coverage(folder, files):
    """Return (file -> line -> tests, test -> seconds) of some test files."""
    config = folder / "coveragerc"
    config.write_text(f"[run]\nrelative_files = True\ndata_file = {folder / 'coverage'}\n")
    (folder / "coverage").unlink(missing_ok=True)
    tests = [file for file in files if Path(file).name.startswith("test_")]
    command = [sys.executable, "-m", "pytest", "-q", *tests, "--cov=visnmf",
               "--cov-context=test", f"--cov-config={config}", "--cov-report=",
               f"--junitxml={folder / 'times.xml'}", "-o", "junit_family=xunit1"]  # fmt: skip
    if tests and subprocess.run(command, cwd=ROOT, check=False).returncode:
        sys.exit("the tests fail as they are")
    times = {}
    for case in ElementTree.parse(folder / "times.xml").iter("testcase"):
        times[f"{case.get('file')}::{case.get('name')}"] = float(case.get("time"))
    return read_lines(folder / "coverage"), times


def read_lines(path):
    """Return file -> line -> tests, from a file of coverage.py; "" is what runs on importing."""
    from coverage.numbits import numbits_to_nums

    found = {}
    with sqlite3.connect(path) as data:
        rows = data.execute(
            "select file.path, context.context, numbits from line_bits "
            "join file on file.id = file_id join context on context.id = context_id"
        )
        for file, context, bits in rows:
            lines = found.setdefault(file, {})
            for line in numbits_to_nums(bits):
                lines.setdefault(str(line), set()).add(context.partition("|")[0])
    return {f: {k: sorted(tests) for k, tests in lines.items()} for f, lines in found.items()}


def drawn(lines, count, seed):
    """Return mutants drawn evenly over all places: dictionaries of what they are."""
    every = []
    for place in PLACES:
        for path in sorted((ROOT / "visnmf" / place).glob("*.py")):
            tree = ast.parse(path.read_text())
            idle = idle_lines(tree)
            for k, (line, _) in enumerate(changes(tree)):
                if line not in idle:
                    every.append((str(path.relative_to(ROOT)), line, k))
    for path, line, k in random.Random(seed).sample(every, min(count, len(every))):
        tree = ast.parse((ROOT / path).read_text())
        before = ast.unparse(tree)
        changes(tree)[k][1]()
        after = ast.unparse(ast.fix_missing_locations(tree))
        if after == before:
            continue
        known = lines.get(path, {})
        tests = set(known.get(str(line), []))
        if "" in tests:  # runs when the file is imported: all tests of the file
            tests = set().union(*known.values())
        pair = before.splitlines(), after.splitlines()
        told = [d for d in difflib.unified_diff(*pair, lineterm="", n=0)][3:]
        yield {"path": path, "line": line, "after": after, "told": told, "tests": tests - {""}}


def chosen(mutant, times, seconds):
    """Return the tests that are run for a mutant, and their seconds.

    Those of the mutant's own file come first. Of each other test function the quickest case
    comes next, then the second of each, and so on.
    """
    own = f"test_{Path(mutant['path']).stem}.py"
    cases = Counter()
    ranked = []
    for test in sorted(mutant["tests"] & times.keys(), key=lambda test: (times[test], test)):
        file, _, case = test.partition("::")
        function = file, case.split("[")[0]
        if cases[function] < MOST:
            turn = 0 if Path(file).name == own else 1 + cases[function]
            ranked.append((turn, times[test], test))
        cases[function] += 1
    taken, total = [], 0.0
    for _, time, test in sorted(ranked):
        if total > seconds:
            break
        taken.append(test)
        total += time + 0.02
    return taken, total


def tried(mutant, times, seconds, copies):
    """Return whether a test fails on a mutant, in one of the copies of the repository."""
    tests, expected = chosen(mutant, times, seconds)
    if not tests:
        return False
    copy = copies.pop()
    path = copy / mutant["path"]
    original = path.read_text()
    try:
        path.write_text(mutant["after"])
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
        environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            command, cwd=copy, env=environment, capture_output=True, check=False,
            timeout=40 + 5 * expected,
        )  # fmt: skip
        return done.returncode != 0
    except subprocess.TimeoutExpired:
        return True
    finally:
        path.write_text(original)
        copies.append(copy)


def copied(work, jobs):
    """Return as many copies of what the tests need."""
    copies = [Path(work) / str(k) / ROOT.name for k in range(jobs)]
    for copy in copies:
        for name in ("visnmf", "tests", "tools", "datasets", "examples", "pyproject.toml"):
            if (ROOT / name).is_dir():
                ignored = shutil.ignore_patterns("output")
                shutil.copytree(ROOT / name, copy / name, ignore=ignored)
            else:
                shutil.copy(ROOT / name, copy / name)
    return copies


def alike(mutant, known):
    """Return why a mutant can do nothing that is seen, or None."""
    for entry in known:
        if entry["file"] == mutant["path"] and entry["change"].split("\n") == mutant["told"]:
            return entry["why"]
    return None


def main():
    """Draw mutants, try each, and print what survives."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=40, help="of tests, for one mutant")
    parser.add_argument("--survivors", action="store_true", help="try again what survived")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "mutants")
    options = parser.parse_args()
    if importlib.util.find_spec("pytest_cov") is None:
        sys.exit("needs pytest-cov: python -m pip install pytest-cov")
    folder = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    lines, times = mapped(folder)
    kept = folder / "results.json"
    results = json.loads(kept.read_text()) if kept.exists() else {}
    known = tomllib.loads((ROOT / "tools" / "mutants_alike.toml").read_text())["mutant"]
    mutants = list(drawn(lines, options.count, options.seed))
    seen = [mutant for mutant in mutants if not alike(mutant, known)]
    with tempfile.TemporaryDirectory() as work, ThreadPoolExecutor(options.jobs) as pool:
        copies = copied(work, options.jobs)

        def outcome(mutant):
            name = "\n".join([mutant["path"], *mutant["told"]])
            if not results.get(name, False) and (options.survivors or name not in results):
                seconds = 10 * options.seconds if options.survivors else options.seconds
                results[name] = tried(mutant, times, seconds, copies)
                kept.write_text(json.dumps(results))
            return results[name]

        killed = 0
        for done, (dead, mutant) in enumerate(zip(pool.map(outcome, seen), seen, strict=True), 1):
            killed += dead
            if not dead:
                untested = "" if mutant["tests"] else " (no test runs it)"
                told = [f"survives: {mutant['path']}:{mutant['line']}{untested}", *mutant["told"]]
                print("\n    ".join(told), flush=True)
            if done % 10 == 0:
                print(f"{killed} of {done} killed", flush=True)
    apart = len(mutants) - len(seen)
    print(f"{killed} of {len(seen)} mutants killed: {killed / max(len(seen), 1):.1%}; "
          f"{apart} more change nothing that is seen (tools/mutants_alike.toml)")  # fmt: skip


if __name__ == "__main__":
    main()
