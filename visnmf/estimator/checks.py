"""What is checked of arguments: as scikit-learn does and in its words, where it does."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import check_array
from sklearn.utils.validation import check_non_negative

from visnmf.errors import InvalidInputError
from visnmf.estimator.names import beta_of
from visnmf.images.imageset import ImageSet
from visnmf.images.layout import ImageLayout
from visnmf.matrices.dense import Dense
from visnmf.matrices.protocol import Matrix
from visnmf.solve.edge import check_values
from visnmf.solve.intake import is_sparse, take_in
from visnmf.solve.naming import is_robust
from visnmf.starts.nndsvd import VARIANTS

__all__ = [
    "Start",
    "as_rows",
    "check_geometry",
    "check_held",
    "check_init",
    "check_loss",
    "check_start",
    "matrix_of",
]


class Start(NamedTuple):
    """How many components there are, and where they start if that is given."""

    rank: int
    factors: tuple[np.ndarray, np.ndarray] | None
    """W' (rank x m) and H (rank x n) as the core has them: m features, n samples."""


def as_rows(X: Any) -> Any:
    """Return the pictures of an ImageSet as rows, and anything else as it is."""
    return X.V.T if isinstance(X, ImageSet) else X


def matrix_of(X: Any) -> Matrix:
    """Return V = X' of checked data as the core has it; neither copied nor made dense.

    Refuses what scikit-learn lets pass: entries whose squares overflow.
    """
    if is_sparse(X):
        return take_in(X.T)
    return Dense(check_values(X, "X").T)


def check_geometry(layout: ImageLayout, fitted: ImageLayout) -> None:
    """Refuse pictures whose pixels lie elsewhere than those of the pictures fitted to."""
    here, there = (some.to_images(np.ones(some.m)) for some in (layout, fitted))
    if not np.array_equal(here, there):
        raise InvalidInputError(
            f"the pictures have shape {layout.shape}, but the fit was to pictures of shape "
            f"{fitted.shape}{' and another mask' if layout.shape == fitted.shape else ''}; "
            "prepare both alike"
        )


def check_loss(X: Any, beta_loss: float | str) -> None:
    """Refuse zeros where the divergence from them is infinite."""
    if not is_robust(beta_loss) and beta_of(beta_loss) <= 0 and X.min() == 0:
        raise InvalidInputError(
            "When beta_loss <= 0 and X contains zeros, the solver may diverge. Please add small "
            "values to X, or use a positive beta_loss."
        )


def check_init(init: str | None, shape: tuple[int, int], rank: int) -> str:
    """Return the core's name of a start."""
    if init is None or init == "custom":
        return "auto"
    if init in VARIANTS and rank > min(shape):
        raise InvalidInputError(
            f"init = '{init}' can only be used when n_components <= min(n_samples, n_features)"
        )
    return init


def check_start(X: Any, n_components: int | str | None, init: str | None, W: Any, H: Any) -> Start:
    """Settle how many components there are, and take a custom start.

    Parameters
    ----------
    X : ndarray or sparse array (n_samples, n_features)
        The data, checked.
    n_components, init
        As NMF's.
    W, H : array-like or None
        As `NMF.fit_transform`'s.
    """
    n_samples, n_features = X.shape
    if init != "custom":
        if W is not None or H is not None:
            warnings.warn(
                "When init!='custom', provided W or H are ignored. Set  init='custom' to use "
                "them as initialization.",
                RuntimeWarning,
                stacklevel=5,
            )
        whole = n_components is None or n_components == "auto"
        return Start(n_features if whole else int(n_components), None)  # type: ignore[arg-type]
    if W is None or H is None:
        raise InvalidInputError("init='custom' needs both W and H, given to fit or fit_transform")
    wanted = n_features if n_components is None else n_components
    H = _check_factor(H, (wanted, n_features), "NMF (input H)")
    W = _check_factor(W, (n_samples, wanted), "NMF (input W)")
    if H.dtype != X.dtype or W.dtype != X.dtype:
        raise TypeError(
            f"H and W should have the same dtype as X. Got H.dtype = {H.dtype} and W.dtype = "
            f"{W.dtype}."
        )
    if W.shape[1] != len(H):
        raise InvalidInputError(f"W has {W.shape[1]} components, but H has {len(H)}; give as many")
    return Start(len(H), (H, W.T))


def check_held(X: Any, n_components: int | str | None, W: Any, H: Any) -> np.ndarray:
    """Return components that are given and held, checked."""
    if W is not None:
        warnings.warn(
            "When update_H=False, the provided initial W is not used.", RuntimeWarning, stacklevel=3
        )
    if H is None:
        raise InvalidInputError("update_H=False needs H, the components that are held")
    n_features = X.shape[1]
    wanted = n_features if n_components is None else n_components
    H = _check_factor(H, (wanted, n_features), "NMF (input H)", zeros=True)
    if H.dtype != X.dtype:
        raise TypeError(f"H should have the same dtype as X. Got H.dtype = {H.dtype}.")
    return H


def _check_factor(
    A: Any, shape: tuple[int | str, int | str], whom: str, *, zeros: bool = False
) -> np.ndarray:
    """Check a given W or H as scikit-learn does, with its words.

    Penalties may drive all of H to zero; such a result may be held, but not started from.
    """
    A = check_array(A, dtype=[np.float64, np.float32])
    for axis, place in enumerate(("first", "second")):
        if shape[axis] != "auto" and A.shape[axis] != shape[axis]:
            raise InvalidInputError(
                f"Array with wrong {place} dimension passed to {whom}. Expected {shape[axis]}, "
                f"but got {A.shape[axis]}."
            )
    check_non_negative(A, whom)
    if A.max() == 0 and not zeros:
        raise InvalidInputError(f"Array passed to {whom} is full of zeros.")
    return A
