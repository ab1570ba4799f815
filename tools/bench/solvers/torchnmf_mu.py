"""torchnmf.nmf.NMF: multiplicative updates on PyTorch."""

import importlib.util

from timing import objective_of, seconds


def missing():
    return None if importlib.util.find_spec("torchnmf") else "torchnmf is not installed"


def curve(X, W, H, iterations):
    import torch
    from torchnmf.nmf import NMF

    V = torch.from_numpy(X)
    points = []
    for count in iterations:
        # torchnmf: V (n x m) ~ H (n x rank) W' with W (m x rank)
        model = NMF(W=torch.from_numpy(W.copy()), H=torch.from_numpy(H.T.copy()))
        took, _ = seconds(
            lambda model=model, count=count: model.fit(V, beta=2, tol=-float("inf"), max_iter=count)
        )
        parts, codes = model.W.detach().numpy(), model.H.detach().numpy()
        points.append((took, objective_of(X, parts, codes.T)))
    return points
