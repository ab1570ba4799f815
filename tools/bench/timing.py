"""What every measurement needs: a clock, quiet threads, and plain tables."""

import json
import os
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

import numpy as np

OUTPUT = Path(__file__).parents[2] / "bench-output"
_tables = []  # what was printed since figures were last kept

# The peak is the process's own: what getrusage tells would have the parent's in it
PEAK = """
import importlib.util, sys
import numpy as np
import visnmf
def status(field):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(field))
kernels = "compiled" if importlib.util.find_spec("numba") else "numpy"
{load}
base = status("VmRSS")
{make}
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")  # the peak is counted from here
{fit}
print(status("VmHWM") - base)
"""


def isolate(threads):
    """Start this process anew without settings that slow NumPy's BLAS, on so many threads."""
    slow = [name for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE") if name in os.environ]
    wanted = {f"{name}_NUM_THREADS": str(threads) for name in ("OPENBLAS", "OMP", "MKL")}
    if slow or any(os.environ.get(name) != value for name, value in wanted.items()):
        environment = {k: v for k, v in os.environ.items() if k not in slow} | wanted
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)


def describe(threads):
    """Print which BLAS runs, with which kernel, on how many threads."""
    from threadpoolctl import threadpool_info

    for library in threadpool_info():
        if library["user_api"] == "blas":
            kernel = library.get("architecture", "?")
            print(f"BLAS {library['internal_api']} {library['version']}, kernel {kernel}")
    print(f"NumPy {np.__version__}, {threads} thread{'s' * (threads > 1)}")


def load_kernels():
    """Run a small fit, so that nothing timed later loads or compiles; print its time apart."""
    import importlib.util

    import visnmf
    from visnmf.solve.encode import encode

    V = np.random.default_rng(0).random((200, 300), np.float32)
    installed = importlib.util.find_spec("numba") is not None
    for kernels in ("compiled", "numpy") if installed else ("numpy",):
        took, result = seconds(lambda k=kernels: visnmf.factorize(V, 20, kernels=k, max_iter=20))
        encode(V, result.W, kernels=kernels)
        print(f"first fit with {kernels} kernels, loading included: {took:.2f} s (not counted)")


def seconds(call):
    """Return how long a call takes, and what it gives."""
    began = time.perf_counter()
    value = call()
    return time.perf_counter() - began, value


def best_of(call, repeats):
    """Return the least time of several calls."""
    return min(seconds(call)[0] for _ in range(repeats))


def peak_of(load, make, fit, *arguments):
    """Return the peak memory of `fit` in a process of its own, in bytes.

    All three are code: `load` runs something small that loads what the fit needs; what there
    is then does not count, what `make` leaves behind does. The arguments are in sys.argv.
    """
    code = PEAK.format(load=load, make=make, fit=fit)
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return int(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)


@cache
def pace():
    """Return the time of a fixed matrix product: how fast the machine is just now."""
    A = np.random.default_rng(0).random((1000, 1000), np.float32)
    return best_of(lambda: A @ A, 20)


def objective_of(X, W, H):
    """Return 1/2 ||X - H'W'||^2 from the residuals, in float64, block by block."""
    total = 0.0
    for start in range(0, X.shape[0], 4096):
        rows = slice(start, start + 4096)
        residual = _dense(X[rows]) - H[:, rows].T @ W.T
        total += float(np.square(residual, dtype=np.float64).sum())
    return total / 2


def quality_of(X, W, H):
    """Return the objective and the relative KKT norm, both outright and in float64.

    The norm is that of the projected gradient over that of (V H', W'V), with each part and
    its encodings scaled to equal lengths: the product does not change, but its gradient does.
    """
    lengths = [np.linalg.norm(F, axis=1) for F in (W.T.astype(float), H.astype(float))]
    scale = np.sqrt(lengths[1] / np.where(lengths[0] > 0, lengths[0], 1))
    scale = np.where(scale > 0, scale, 1)
    W, H = W.T * scale[:, None], H / scale[:, None]
    V_H, W_V = np.zeros(W.shape), np.empty(H.shape)
    for start in range(0, X.shape[0], 4096):
        rows = slice(start, start + 4096)
        block = _dense(X[rows]).astype(float)
        V_H += H[:, rows] @ block
        W_V[:, rows] = W @ block.T
    gradients = (H @ H.T @ W - V_H, W @ W.T @ H - W_V)
    projected = [
        np.where(F > 0, gradient, np.minimum(gradient, 0))
        for F, gradient in zip((W, H), gradients, strict=True)
    ]
    norm, at_zero = (np.hypot(*map(np.linalg.norm, pair)) for pair in (projected, (V_H, W_V)))
    return objective_of(X, W.T, H), float(norm / at_zero)


def _dense(rows):
    return rows if isinstance(rows, np.ndarray) else rows.toarray()


def divergence_of(X, W, H):
    """Return the Kullback-Leibler divergence of H'W' from X, in float64, block by block."""
    from scipy.special import kl_div

    W, H = W.astype(np.float64), H.astype(np.float64)
    blocks = (slice(start, start + 256) for start in range(0, len(X), 256))
    return float(sum(kl_div(X[rows], H[:, rows].T @ W.T).sum() for rows in blocks))


def random_start(X, rank, seed=0):
    """Return W (m x rank) and H (rank x n), scaled as scikit-learn's random start."""
    rng = np.random.default_rng(seed)
    scale = np.sqrt(X.mean() / rank)
    W = np.abs(rng.standard_normal((X.shape[1], rank))) * scale
    H = np.abs(rng.standard_normal((rank, X.shape[0]))) * scale
    return W.astype(X.dtype), H.astype(X.dtype)


def geometric_mean(values):
    """Return the geometric mean."""
    return float(np.exp(np.mean(np.log(values))))


def table(title, header, rows):
    """Print a table in plain columns."""
    cells = [[str(cell) for cell in row] for row in (header, *rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    _tables.append({"title": title, "cells": cells})
    print(f"\n{title}")
    for row in cells:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))


def keep(name, values):
    """Write figures as JSON, with the tables printed for them and the command that made them."""
    options = " ".join(sys.argv[2:])
    command = f"python tools/bench {name} {options}".strip()
    folder = folder_of("--quick" in sys.argv)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    kept = {"command": command, "tables": list(_tables), "figures": values}
    path.write_text(json.dumps(kept, indent=1))
    _tables.clear()
    print(f"written {path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}")


def folder_of(quick):
    """Return where figures are kept: those of a quick run never take the place of others."""
    return OUTPUT / "quick" if quick else OUTPUT
