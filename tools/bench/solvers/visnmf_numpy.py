"""visnmf.factorize with NumPy kernels, as where numba is not installed."""

from solvers import visnmf_compiled

SPARSE = True


def missing():
    return None


def curve(X, W, H, iterations, **options):
    return visnmf_compiled.curve(X, W, H, iterations, kernels="numpy", **options)
