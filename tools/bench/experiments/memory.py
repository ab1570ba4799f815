"""Peak memory of a fit above that of a tiny fit, with the same kernels, in the same process."""

import subprocess
import sys

from timing import keep, table

SHAPES = ((784, 60_000, 40), (60_000, 784, 40), (5_000, 6_000, 100))

CODE = """
import importlib.util, sys
import numpy as np
import visnmf
m, n, rank = map(int, sys.argv[1:])
def status(field):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(field))
tiny = np.random.default_rng(0).random((50, 60), np.float32)
kernels = "compiled" if importlib.util.find_spec("numba") else "numpy"
visnmf.factorize(tiny, 5, kernels=kernels)  # loads what the large fit needs
base = status("VmRSS")
rng = np.random.default_rng(1)
V = np.empty((n, m), np.float32)
for i in range(0, n, 1000):
    V[i : i + 1000] = rng.random((min(1000, n - i), m), np.float32)
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")  # the peak is counted from here
visnmf.factorize(V.T, rank, max_iter=15, kernels=kernels)
print(status("VmHWM") - base)
"""


def run(options):
    """Compare with 1.25 V + 6 (W + H) + 60 MiB."""
    rows, kept = [], {}
    for m, n, rank in SHAPES:
        if options.quick:
            m, n = m // 10 or 1, n // 10
        command = [sys.executable, "-c", CODE, *map(str, (m, n, rank))]
        peak = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        allowed = 4 * (1.25 * m * n + 6 * rank * (m + n)) + 60 * 2**20
        kept[f"{m} x {n}, {rank}"] = peak / allowed
        over = (peak - 4 * m * n) / (4 * rank * (m + n))
        rows.append([f"{m} x {n}", rank, f"{peak / allowed:.2f}", f"{over:.1f}"])
    header = ["V", "rank", "peak over what is allowed", "beside V, in units of W + H"]
    table("peak memory of a fit", header, rows)
    keep("memory", kept)
