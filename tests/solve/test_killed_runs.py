"""Runs that are killed at random moments, and gone on with in other processes."""

import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from visnmf.solve.kept_file import read_kept

CODE = """
import sys, time
import numpy as np
from visnmf import factorize
from visnmf.matrices.source import ArraySource

kind, path, out, pause = sys.argv[1:]
rng = np.random.default_rng(0)
V = rng.random((60, 5)) ** 3 @ rng.random((5, 900)) ** 3 + 0.2 * rng.random((60, 900))
V = ArraySource(V.astype(np.float32), "V") if kind == "chunked" else V
print("ready", flush=True)
result = factorize(
    V, 5, max_iter=60, tol=0, change=0, checkpoint=path, every=0, resume=True, kernels="numpy",
    warmup="none", callback=lambda record: time.sleep(float(pause) if record.phase == "V" else 0),
)
lines = [(r.phase, r.iteration, r.objective, r.kkt) for r in result.history]
np.savez(out, W=result.W, H=result.H, history=np.array(lines, dtype=object).astype(str))
"""


def start(kind, path, out, pause=0.0):
    """Begin a run, or go on with it; return its process when V is there."""
    words = [sys.executable, "-c", CODE, kind, str(path), str(out), str(pause)]
    run = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert run.stdout.readline() == "ready\n"
    return run


def end(run):
    """Wait for a run to end well."""
    run.stdout.close()
    assert run.wait(timeout=100) == 0


def kill(run, wait):
    """Kill a run after a while; tell whether it had not ended before."""
    time.sleep(wait)
    alive = run.poll() is None
    run.send_signal(signal.SIGKILL)
    run.stdout.close()
    run.wait()
    return alive


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
@pytest.mark.parametrize(
    ("kind", "times"),
    [
        ("dense", 5),
        pytest.param("dense", 20, marks=pytest.mark.slow),
        pytest.param("chunked", 20, marks=pytest.mark.slow),
    ],
)
def test_a_run_killed_at_random_moments_ends_where_it_would_have(kind, times, tmp_path):
    path, waits = tmp_path / "c", random.Random(0)
    end(start(kind, tmp_path / "whole", tmp_path / "whole.npz"))
    reached = []
    for _ in range(times):
        run = start(kind, path, tmp_path / "resumed.npz", pause=0.05)
        assert kill(run, waits.random() * min(6 / times, 0.6))
        if path.exists():  # whole at any moment, or this raises
            reached.append(read_kept(path)[1]["numbers"]["iteration"])
    assert reached == sorted(reached)
    assert len(set(reached)) > times / 4  # it came further in between, and was never at the end
    assert reached[-1] < 60
    end(start(kind, path, tmp_path / "resumed.npz"))
    with np.load(tmp_path / "whole.npz") as whole, np.load(tmp_path / "resumed.npz") as resumed:
        for name in ("W", "H", "history"):
            np.testing.assert_array_equal(whole[name], resumed[name])
    assert read_kept(path)[1]["reason"] == "max_iter"
    assert not list(tmp_path.glob(".*.tmp"))
