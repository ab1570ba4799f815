"""Peak memory of a fit above that of a tiny fit, with the same kernels, in the same process.

What is allowed is 1.25 V + 6 (W + H) + 60 MiB. V itself counts, on both sides. scikit-learn is
at its defaults but for the rank and 15 iterations, as ours.
"""

from experiments.drawing import STYLES, legend, panels, save
from timing import keep, peak_of, table

SHAPES = ((784, 60_000, 40), (60_000, 784, 40), (5_000, 6_000, 100))

TINY = """
import sklearn.decomposition
tiny = np.random.default_rng(0).random((50, 60), np.float32)
visnmf.factorize(tiny, 5, kernels=kernels)
sklearn.decomposition.NMF(5, max_iter=2, tol=10).fit(tiny)
"""
MAKE = """
m, n, rank = map(int, sys.argv[1:])
rng = np.random.default_rng(1)
V = np.empty((n, m), np.float32)
for i in range(0, n, 1000):
    V[i : i + 1000] = rng.random((min(1000, n - i), m), np.float32)
"""
FITS = {
    "visnmf_compiled": "visnmf.factorize(V.T, rank, max_iter=15, kernels=kernels)",
    "sklearn_cd": """
import warnings
warnings.simplefilter("ignore")
sklearn.decomposition.NMF(rank, max_iter=15).fit(V)
""",
}


def run(options):
    """Compare with what is allowed, and with scikit-learn."""
    rows, kept = [], {}
    for m, n, rank in SHAPES:
        if options.quick:
            m, n = m // 10 or 1, n // 10
        peaks = {solver: peak_of(TINY, MAKE, fit, m, n, rank) for solver, fit in FITS.items()}
        allowed = 4 * (1.25 * m * n + 6 * rank * (m + n)) + 60 * 2**20
        ours, theirs = (peak / (4 * m * n) for peak in peaks.values())
        kept[f"{m} x {n}, {rank}"] = {
            "over allowed": peaks["visnmf_compiled"] / allowed,
            "in V": dict(zip(peaks, (ours, theirs), strict=True)),
        }
        beside = (peaks["visnmf_compiled"] - 4 * m * n) / (4 * rank * (m + n))
        over = peaks["visnmf_compiled"] / allowed
        cells = [f"{over:.2f}", f"{beside:.1f}", f"{ours:.2f}", f"{theirs:.2f}"]
        rows.append([f"{m} x {n}", rank, *cells])
    header = ["V", "rank", "peak over what is allowed", "beside V, in units of W + H"]
    table("peak memory of a fit", [*header, "in units of V", "scikit-learn's"], rows)
    keep("memory", kept)


def draw(kept, folder):
    """Draw peaks in units of V, which counts as one itself."""
    figure, (axes,) = panels(1, height=2.6)
    figure.set_size_inches(6.5, 2.6)
    for i, solver in enumerate(FITS):
        label, color, _ = STYLES[solver]
        peaks = [found["in V"][solver] for found in kept.values()]
        places = [place + 0.38 * i for place in range(len(peaks))]
        bars = axes.bar(places, peaks, 0.36, color=color, label=label)
        axes.bar_label(bars, fmt="%.2f", fontsize=8)
    axes.axhline(1, color="black", linewidth=0.8)
    axes.set_xticks([place + 0.19 for place in range(len(kept))], kept, fontsize=8)
    axes.set_ylabel("peak (V itself = 1)", fontsize=8)
    legend(figure)
    save(figure, folder / "memory.png")
    return {"memory.png": "Peak memory of a fit, V included, by the size of V and the rank"}
