"""NMFBatchHALS of nmf-torch, its default "halsvar": many sweeps of HALS for each product.

Its iterations are few and long. It takes no start, so the one that all share is put in its place.
"""

import contextlib
import importlib.util
import io

PACKAGE = "torch"
RESUMES = True


def missing():
    return None if importlib.util.find_spec("nmf") else "nmf-torch is not installed"


def fit(X, W, H, iterations):
    """Return W and H after so many iterations."""
    import torch
    from nmf.nmf_models import NMFBatchHALS

    class Started(NMFBatchHALS):
        def _initialize_H_W(self):
            self.H, self.W = (torch.from_numpy(F.copy(order="C")) for F in (H.T, W.T))

    precision = "float" if X.dtype.itemsize == 4 else "double"
    model = Started(
        W.shape[1], init="random", beta_loss=2.0, tol=0.0, random_state=0, alpha_W=0.0,
        l1_ratio_W=0.0, alpha_H=0.0, l1_ratio_H=0.0, fp_precision=precision, device_type="cpu",
        max_iter=iterations,
    )  # fmt: skip
    with contextlib.redirect_stdout(io.StringIO()):
        model.fit(X)
    return model.W.numpy().T, model.H.numpy().T
