"""Mutation testing of the core: python tools/mutants.py [--count 200] [--seed 0] [--jobs 2].

Each mutant is one small change somewhere in solve/, updates/, losses/ or terms/: an operator, a
comparison, a number, a condition, a default. The tests that run its line are run, the quick ones
first, on a copy of the repository; a mutant that none of them notices survives. Which tests run
which lines comes from one run of them under coverage, which is kept in --folder. Prints the
share that was killed, and each survivor as a difference.
"""

import argparse
import ast
import difflib
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
PLACES = ("solve", "updates", "losses", "terms")
TESTS = ("solve", "updates", "losses", "terms", "conformance", "papers", "starts", "matrices")
MOST = 16  # test functions that are run for a mutant
SECONDS = 240
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


def annotations(tree):
    """Return the lines of docstrings, annotations and imports, where nothing can break."""
    lines = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            lines.update(range(node.lineno, node.end_lineno + 1))
    return lines


def mapped(folder):
    """Return (file, line) -> tests, by one run under coverage."""
    kept = folder / "lines.json"
    if not kept.exists():
        config = folder / "coveragerc"
        config.write_text(
            "[run]\nsource = visnmf\ndynamic_context = test_function\n"
            f"data_file = {folder / 'coverage'}\n"
        )
        names = [f"tests/{name}" for name in TESTS]
        command = ["-m", "coverage", "run", f"--rcfile={config}", "-m", "pytest", "-q", *names]
        done = subprocess.run([sys.executable, *command], cwd=ROOT, check=False)
        if done.returncode:
            sys.exit("the tests fail as they are")
        kept.write_text(json.dumps(read_lines(folder / "coverage")))
    return json.loads(kept.read_text())


def read_lines(path):
    """Return file -> line -> contexts, from a file of coverage.py."""
    from coverage.numbits import numbits_to_nums

    found = {}
    with sqlite3.connect(path) as data:
        rows = data.execute(
            "select file.path, context.context, numbits from line_bits "
            "join file on file.id = file_id join context on context.id = context_id"
        )
        for file, context, bits in rows:
            if not context:
                continue
            place = Path(file)
            name = str(place.relative_to(ROOT) if place.is_absolute() else place)
            lines = found.setdefault(name, {})
            for line in numbits_to_nums(bits):
                lines.setdefault(str(line), []).append(context)
    return found


def drawn(lines, count, seed):
    """Return (file, line, new source, tests): mutants drawn evenly over all places."""
    every = []
    for place in PLACES:
        for path in sorted((ROOT / "visnmf" / place).glob("*.py")):
            tree = ast.parse(path.read_text())
            idle = annotations(tree)
            for k, (line, _) in enumerate(changes(tree)):
                if line not in idle:
                    every.append((path.relative_to(ROOT), line, k))
    rng = random.Random(seed)
    for path, line, k in rng.sample(every, min(count, len(every))):
        tree = ast.parse((ROOT / path).read_text())
        before = ast.unparse(tree)
        changes(tree)[k][1]()
        after = ast.unparse(ast.fix_missing_locations(tree))
        if after != before:
            known = lines.get(str(path), {})
            top = any(line == node.lineno for node in tree.body)  # runs when it is imported
            tests = known.get(str(line), []) or (sum(known.values(), []) if top else [])
            yield path, line, before, after, sorted(set(tests))


def names_of(path, contexts, rng):
    """Return tests by their names for pytest: some that run a line, its own file's ones first."""
    places = {}
    for context in contexts:  # tests.solve.test_iterate.test_name, or without the folders
        module, _, function = context.rpartition(".")
        for file in sorted((ROOT / "tests").rglob(f"{module.split('.')[-1]}.py")):
            if f"def {function}(" in file.read_text():
                places[f"{file.relative_to(ROOT)}::{function}"] = file.stem == f"test_{path.stem}"
    own = [name for name, mine in places.items() if mine]
    others = [name for name, mine in places.items() if not mine]
    rng.shuffle(own)
    rng.shuffle(others)
    return (own + others)[:MOST]


def tried(mutant, number, copies):
    """Return whether a test fails on a mutant, in one of the copies of the repository."""
    path, _, _, after, contexts = mutant
    tests = names_of(path, contexts, random.Random(number))
    if not tests:
        return False
    copy = copies.pop()
    original = (copy / path).read_text()
    try:
        (copy / path).write_text(after)
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
        environment = {**os.environ, "PYTHONPATH": str(copy)}
        done = subprocess.run(
            command, cwd=copy, env=environment, capture_output=True, timeout=SECONDS, check=False
        )
        return done.returncode != 0
    except subprocess.TimeoutExpired:
        return True
    finally:
        (copy / path).write_text(original)
        copies.append(copy)


def main():
    """Draw mutants, try each, and print what survives."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "mutants")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    lines = mapped(options.folder)
    mutants = list(drawn(lines, options.count, options.seed))
    with tempfile.TemporaryDirectory() as work:
        copies = [Path(work) / str(k) / ROOT.name for k in range(options.jobs)]
        for copy in copies:
            for name in ("visnmf", "tests", "tools", "datasets", "pyproject.toml"):
                if (ROOT / name).is_dir():
                    ignored = shutil.ignore_patterns("__pycache__")
                    shutil.copytree(ROOT / name, copy / name, ignore=ignored)
                else:
                    shutil.copy(ROOT / name, copy / name)
        killed = 0
        with ThreadPoolExecutor(options.jobs) as pool:
            tasks = [pool.submit(tried, m, k, copies) for k, m in enumerate(mutants)]
            for done, (task, mutant) in enumerate(zip(tasks, mutants, strict=True), 1):
                killed += task.result()
                if not task.result():
                    path, line, before, after, tests = mutant
                    pair = before.splitlines(), after.splitlines()
                    told = [d for d in difflib.unified_diff(*pair, lineterm="", n=0)][3:]
                    untested = "" if tests else " (no test runs it)"
                    print(f"survives: {path}:{line}{untested}", *told, sep="\n    ", flush=True)
                if done % 10 == 0:
                    print(f"{killed} of {done} killed", flush=True)
    print(f"{killed} of {len(mutants)} mutants killed: {killed / max(len(mutants), 1):.1%}")


if __name__ == "__main__":
    main()
