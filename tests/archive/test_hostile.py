"""Mutated archives, most with every checksum right, so that they reach the decoders."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("resource")
if not Path("/proc/self/statm").exists():
    pytest.skip("memory is bounded by what Linux tells of it", allow_module_level=True)

WORKER = Path(__file__).with_name("hostile_worker.py")


def survive(folder, count, seed):
    """Have a process of its own read mutants: a decoder that crashes takes only that down."""
    command = [sys.executable, str(WORKER), str(folder), str(count), seed]
    done = subprocess.run(command, capture_output=True, text=True, timeout=3600, check=False)
    lines = done.stdout.split("\n")
    told = f"after case {lines[-2:]} of seed {seed!r}: {done.returncode}\n{done.stderr[-3000:]}"
    assert done.returncode == 0, told
    refused = int(lines[-2].split()[0])
    assert count // 3 < refused <= count


def test_some_hundred_mutants(corpus):
    survive(corpus[0], 300, "quick")


@pytest.mark.slow
@pytest.mark.parametrize("seed", ["a", "b", "c", "d", "e", "f"])
def test_thousands_of_mutants(corpus, seed):
    survive(corpus[0], 1000, seed)
