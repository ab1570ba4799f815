"""What is checked of NMF's arguments: as scikit-learn does and in its words, where it does."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import check_array
from sklearn.utils.validation import check_non_negative

from visnmf.errors import InvalidInputError, VisnmfError
from visnmf.images.imageset import ImageSet
from visnmf.images.layout import ImageLayout

__all__ = [
    "NotYetError",
    "Start",
    "as_rows",
    "check_geometry",
    "check_init",
    "check_start",
    "refuse_what_comes_later",
]

_LATER = "comes with visnmf 0.2; until then use"


class NotYetError(VisnmfError, NotImplementedError, TypeError):
    """What comes with a later version; a TypeError as scikit-learn's refusals of sparse X are."""


class Start(NamedTuple):
    """How many components there are, and where they start if that is given."""

    rank: int
    factors: tuple[np.ndarray, np.ndarray] | None
    """W' (rank x m) and H (rank x n) as the core has them: m features, n samples."""


def refuse_what_comes_later(
    solver: str, beta_loss: float | str, alpha_W: float, alpha_H: float | str
) -> None:
    """Refuse losses, solvers and penalties that are not there yet."""
    if solver == "cd" and beta_loss not in (2, "frobenius"):
        raise InvalidInputError(
            f"Invalid beta_loss parameter: solver {solver!r} does not handle beta_loss "
            f"= {beta_loss!r}"
        )
    if solver == "mu":
        raise NotYetError(f"solver='mu' {_LATER} sklearn.decomposition.NMF")
    if alpha_W != 0 or alpha_H not in (0, "same"):
        raise NotYetError(
            f"regularization by alpha_W and alpha_H {_LATER} sklearn.decomposition.NMF"
        )


def as_rows(X: Any) -> Any:
    """Return the pictures of an ImageSet as rows, and anything else but sparse as it is."""
    if isinstance(X, ImageSet):
        return X.V.T
    if hasattr(X, "tocsr"):
        raise NotYetError(f"sparse X {_LATER} X.toarray()")
    return X


def check_geometry(layout: ImageLayout, fitted: ImageLayout) -> None:
    """Refuse pictures whose pixels lie elsewhere than those of the pictures fitted to."""
    here, there = (some.to_images(np.ones(some.m)) for some in (layout, fitted))
    if not np.array_equal(here, there):
        raise InvalidInputError(
            f"the pictures have shape {layout.shape}, but NMF was fitted to pictures of shape "
            f"{fitted.shape}{' and another mask' if layout.shape == fitted.shape else ''}; "
            "prepare both alike"
        )


def check_init(init: str | None, shape: tuple[int, int], rank: int) -> str:
    """Return the core's name of a start."""
    if init is None or init == "custom":
        return "auto"
    if init != "random" and rank > min(shape):
        raise InvalidInputError(
            f"init = '{init}' can only be used when n_components <= min(n_samples, n_features)"
        )
    return init


def check_start(
    X: np.ndarray, n_components: int | str | None, init: str | None, W: Any, H: Any
) -> Start:
    """Settle how many components there are, and take a custom start.

    Parameters
    ----------
    X : ndarray (n_samples, n_features)
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
                stacklevel=4,
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


def _check_factor(A: Any, shape: tuple[int | str, int | str], whom: str) -> np.ndarray:
    """Check a custom W or H as scikit-learn does, with its words."""
    A = check_array(A, dtype=[np.float64, np.float32])
    for axis, place in enumerate(("first", "second")):
        if shape[axis] != "auto" and A.shape[axis] != shape[axis]:
            raise InvalidInputError(
                f"Array with wrong {place} dimension passed to {whom}. Expected {shape[axis]}, "
                f"but got {A.shape[axis]}."
            )
    check_non_negative(A, whom)
    if A.max() == 0:
        raise InvalidInputError(f"Array passed to {whom} is full of zeros.")
    return A
