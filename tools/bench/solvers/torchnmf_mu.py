"""torchnmf.nmf.NMF: multiplicative updates on PyTorch."""

import importlib.util

PACKAGE = "torch"
RESUMES = True


def missing():
    return None if importlib.util.find_spec("torchnmf") else "torchnmf is not installed"


def fit(X, W, H, iterations):
    """Return W and H after so many iterations."""
    import torch
    from torchnmf.nmf import NMF

    # torchnmf: V (n x m) ~ H (n x rank) W' with W (m x rank)
    start = (torch.from_numpy(F.copy(order="C")) for F in (W, H.T))
    model = NMF(**dict(zip("WH", start, strict=True)))
    model.fit(torch.from_numpy(X), beta=2, tol=-float("inf"), max_iter=iterations)
    return model.W.detach().numpy(), model.H.detach().numpy().T
