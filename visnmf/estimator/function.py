"""scikit-learn's `non_negative_factorization`: NMF as one function."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils import check_array

from visnmf.errors import InvalidInputError
from visnmf.estimator.checks import as_rows, check_held
from visnmf.estimator.names import check_solver
from visnmf.estimator.nmf import NMF
from visnmf.kernels.threads import threads

__all__ = ["non_negative_factorization"]


def non_negative_factorization(
    X: Any,
    W: Any = None,
    H: Any = None,
    n_components: int | str | None = "auto",
    *,
    init: str | None = None,
    update_H: bool = True,
    solver: str = "cd",
    beta_loss: float | str = "frobenius",
    tol: float = 1e-4,
    max_iter: int = 200,
    alpha_W: float = 0.0,
    alpha_H: float | str = "same",
    l1_ratio: float = 0.0,
    random_state: Any = None,
    verbose: int = 0,
    shuffle: bool = False,
    n_jobs: int | None = None,
) -> tuple[np.ndarray, np.ndarray, int]:
    """Factorize X into W and H, as a drop-in for scikit-learn's function of this name.

    It is `visnmf.NMF` in one call; what it minimizes is told there. Rows of X are images.

    Parameters
    ----------
    X : array-like or sparse array (n_samples, n_features), or ImageSet
        Non-negative; rows are samples.
    W : array-like (n_samples, n_components), optional
        The start, with ``init="custom"``; of X's dtype. Not changed.
    H : array-like (n_components, n_features), optional
        The start likewise; or with ``update_H=False`` the components, held as they are.
    n_components : int or {"auto"} or None, default="auto"
        As NMF's; "auto" takes it from H where that is given and used.
    init, solver, beta_loss, tol, max_iter : str, str, float or str, float, int
        As NMF's.
    update_H : bool, default=True
        False fits W alone, as `NMF.transform` does: to a tolerance of its own, which neither
        `tol` nor `max_iter` sets.
    alpha_W, alpha_H, l1_ratio : float, float or "same", float
        As NMF's.
    random_state, verbose, shuffle, n_jobs : int or RandomState or None, int, bool, int or None
        As NMF's.

    Returns
    -------
    W : ndarray (n_samples, n_components)
        The encodings.
    H : ndarray (n_components, n_features)
        The components.
    n_iter : int
        Iterations on X; 1 where W alone is fitted.

    Raises
    ------
    InvalidInputError
        If X, W, H or an option cannot be used.

    Examples
    --------
    >>> import numpy as np
    >>> from visnmf import non_negative_factorization
    >>> X = np.array([[1, 1], [2, 1], [3, 1.2], [4, 1], [5, 0.8], [6, 1]])
    >>> W, H, n_iter = non_negative_factorization(X, n_components=2, random_state=0)
    >>> bool(np.allclose(W @ H, X, atol=1e-3))
    True
    """
    if not isinstance(update_H, bool | np.bool_):
        raise InvalidInputError(f"update_H must be True or False, not {update_H!r}")
    model = NMF(
        n_components,
        init=init,
        solver=solver,
        beta_loss=beta_loss,
        tol=tol,
        max_iter=max_iter,
        random_state=random_state,
        alpha_W=alpha_W,
        alpha_H=alpha_H,
        l1_ratio=l1_ratio,
        verbose=verbose,
        shuffle=shuffle,
        n_jobs=n_jobs,
    )
    model._validate_params()
    X = check_array(as_rows(X), accept_sparse=("csr", "csc"), dtype=[np.float64, np.float32])
    X = model._checked(X)
    with threads(n_jobs):
        if update_H:
            fitted = model._factorize(X, W, H)
            return fitted.W, fitted.H, fitted.n_iter
        check_solver(solver, beta_loss)
        components = check_held(X, n_components, W, H)
        return model._encode(X, components), components, 1
