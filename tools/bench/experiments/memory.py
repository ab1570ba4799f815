"""Peak memory of a fit above that of a tiny fit, with the same kernels, in the same process."""

from timing import keep, peak_of, table

SHAPES = ((784, 60_000, 40), (60_000, 784, 40), (5_000, 6_000, 100))

TINY = """
tiny = np.random.default_rng(0).random((50, 60), np.float32)
visnmf.factorize(tiny, 5, kernels=kernels)
"""
MAKE = """
m, n, rank = map(int, sys.argv[1:])
rng = np.random.default_rng(1)
V = np.empty((n, m), np.float32)
for i in range(0, n, 1000):
    V[i : i + 1000] = rng.random((min(1000, n - i), m), np.float32)
"""
FIT = "visnmf.factorize(V.T, rank, max_iter=15, kernels=kernels)"


def run(options):
    """Compare with 1.25 V + 6 (W + H) + 60 MiB."""
    rows, kept = [], {}
    for m, n, rank in SHAPES:
        if options.quick:
            m, n = m // 10 or 1, n // 10
        peak = peak_of(TINY, MAKE, FIT, m, n, rank)
        allowed = 4 * (1.25 * m * n + 6 * rank * (m + n)) + 60 * 2**20
        kept[f"{m} x {n}, {rank}"] = peak / allowed
        over = (peak - 4 * m * n) / (4 * rank * (m + n))
        rows.append([f"{m} x {n}", rank, f"{peak / allowed:.2f}", f"{over:.1f}"])
    header = ["V", "rank", "peak over what is allowed", "beside V, in units of W + H"]
    table("peak memory of a fit", header, rows)
    keep("memory", kept)
