"""Online NMF, as a drop-in for scikit-learn's MiniBatchNMF."""

from __future__ import annotations

import itertools
import sys
import warnings
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from sklearn.base import _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import Interval

from visnmf.estimator.base import BaseNMF, asked, with_jobs
from visnmf.estimator.checks import check_init, check_start, matrix_of
from visnmf.estimator.names import beta_of
from visnmf.estimator.online import Progress, fit_sample, sample_of
from visnmf.matrices.protocol import Matrix
from visnmf.solve.begin import begin
from visnmf.solve.online import Batch, Memory, batches_of
from visnmf.solve.plan import Plan
from visnmf.solve.stopping import Rule
from visnmf.solve.warmup import choose_stand_ins

__all__ = ["MiniBatchNMF"]


class MiniBatchNMF(BaseNMF):
    r"""Online non-negative matrix factorization, as a drop-in for scikit-learn's ``MiniBatchNMF``.

    Minimizes what `visnmf.NMF` does, looking at one batch of rows of X at a time: each is
    encoded by the components so far, and leaves behind two small sums by which the components
    are stepped. `partial_fit` takes batches one by one, for data that do not fit in memory
    or do not end.

    Parameters
    ----------
    n_components : int or {"auto"} or None, default="auto"
        How many components. "auto" takes it from W and H where they are given, and is else
        the number of features, as None is.
    init : str, default=None
        The start: "random", "nndsvd", "nndsvda", "nndsvdar" or "custom", as scikit-learn
        has them, or "kmeans", "spherical kmeans", "spa" or "snpa". None is "nndsvda"
        where n_components <= min(n_samples, n_features), else "random".
    batch_size : int, default=1024
        Rows in a batch.
    beta_loss : float or {"frobenius", "kullback-leibler", "itakura-saito"}, default="frobenius"
        As NMF's. With the Frobenius loss the components are stepped by coordinate descent on
        the sums of all batches [1]_, with others by multiplicative updates [2]_.
    tol : float, default=1e-4
        `fit` ends when no batch of a whole pass moves the components by more than `tol` times
        their length. 0 for never.
    max_no_improvement : int or None, default=10
        `fit` ends after so many batches in a row without a new lowest smoothed cost, once each
        row was seen.
    max_iter : int, default=200
        The most passes over X.
    alpha_W, alpha_H, l1_ratio : float, float or "same", float; default=0.0, "same", 0.0
        Penalties, as NMF's, each batch bearing those of its number of rows.
    forget_factor : float, default=0.7
        The share of what is known of earlier batches that is left after a pass over X. In
        `partial_fit`, where nobody knows how much is to come, after each batch.
    fresh_restarts : bool, default=False
        Whether to encode each batch from afresh, or by one step from its last encodings.
    fresh_restarts_max_iter : int, default=30
        The most steps, or sweeps with the Frobenius loss, of encoding a batch from afresh.
    transform_max_iter : int, default=None
        The same for `transform`, and at the end of `fit_transform`; `max_iter` if None.
    random_state : int, RandomState instance or None, default=None
        For the start.
    verbose : int, default=0
        Whether to print each step.
    n_jobs : int, default=None
        Threads, see `visnmf.threads`; their number does not change the result.

    Attributes
    ----------
    components_ : ndarray (n_components, n_features)
        H, of X's dtype, float32 or float64.
    n_components_ : int
        How many components there are.
    reconstruction_err_ : float
        :math:`\sqrt{2 d(X, W H)}` of the data of `fit`, penalties left out.
    n_iter_ : int
        Passes over X that were begun.
    n_steps_ : int
        Batches taken in.
    n_features_in_ : int
        Features seen in `fit`.
    feature_names_in_ : ndarray of str
        Their names, where X had names.
    layout_ : ImageLayout or None
        How a row becomes a picture, where X was an ImageSet.

    See Also
    --------
    visnmf.NMF : The whole of X at a time.

    Notes
    -----
    With the Frobenius loss and many rows, 200 a component and 4000 at least, `fit` begins with a
    short fit to a random quarter as many, its first batch; a pass over X is then often enough.
    W of `fit_transform` is encoded by the last components, so that it is what `transform` gives.
    W and H that are given are not written to.

    References
    ----------
    .. [1] J. Mairal, F. Bach, J. Ponce, G. Sapiro (2010). Online learning for matrix
       factorization and sparse coding. JMLR 11.
    .. [2] A. Lefèvre, F. Bach, C. Févotte (2011). Online algorithms for nonnegative matrix
       factorization with the Itakura-Saito divergence. WASPAA.

    Examples
    --------
    >>> import numpy as np
    >>> from visnmf import MiniBatchNMF
    >>> X = np.array([[1, 1], [2, 1], [3, 1.2], [4, 1], [5, 0.8], [6, 1]])
    >>> model = MiniBatchNMF(n_components=2, random_state=0, batch_size=3)
    >>> W = model.fit_transform(X)
    >>> bool(np.allclose(W @ model.components_, X, atol=0.1))
    True
    """

    _parameter_constraints = {
        **BaseNMF._parameter_constraints,
        "max_no_improvement": [Interval(Integral, 1, None, closed="left"), None],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "forget_factor": [Interval(Real, 0, 1, closed="both")],
        "fresh_restarts": ["boolean"],
        "fresh_restarts_max_iter": [Interval(Integral, 1, None, closed="left")],
        "transform_max_iter": [Interval(Integral, 1, None, closed="left"), None],
    }

    def __init__(
        self,
        n_components: int | str | None = "auto",
        *,
        init: str | None = None,
        batch_size: int = 1024,
        beta_loss: float | str = "frobenius",
        tol: float = 1e-4,
        max_no_improvement: int | None = 10,
        max_iter: int = 200,
        alpha_W: float = 0.0,
        alpha_H: float | str = "same",
        l1_ratio: float = 0.0,
        forget_factor: float = 0.7,
        fresh_restarts: bool = False,
        fresh_restarts_max_iter: int = 30,
        transform_max_iter: int | None = None,
        random_state: Any = None,
        verbose: int = 0,
        n_jobs: int | None = None,
    ) -> None:
        self.n_components = n_components
        self.init = init
        self.batch_size = batch_size
        self.beta_loss = beta_loss
        self.tol = tol
        self.max_no_improvement = max_no_improvement
        self.max_iter = max_iter
        self.alpha_W = alpha_W
        self.alpha_H = alpha_H
        self.l1_ratio = l1_ratio
        self.forget_factor = forget_factor
        self.fresh_restarts = fresh_restarts
        self.fresh_restarts_max_iter = fresh_restarts_max_iter
        self.transform_max_iter = transform_max_iter
        self.random_state = random_state
        self.verbose = verbose
        self.n_jobs = n_jobs

    _memory: Memory  # of the batches so far
    _keep: float  # the share of it that outlives a batch

    @_fit_context(prefer_skip_nested_validation=True)
    @with_jobs
    def fit_transform(self, X: Any, y: Any = None, W: Any = None, H: Any = None) -> np.ndarray:
        """Learn the components of X and return the transformed data.

        Parameters
        ----------
        X : array-like or sparse array (n_samples, n_features), or ImageSet
            Non-negative; rows are samples.
        y : Ignored
            Not used.
        W, H : array-like (n_samples, n_components), (n_components, n_features), optional
            The start, with ``init="custom"``; of X's dtype. Not changed.

        Returns
        -------
        ndarray (n_samples, n_components)
            W, non-negative.
        """
        X = self._data_to_fit(X)
        matrix, n_samples = matrix_of(X), X.shape[0]
        components, codes, unseen = self._begin(X, matrix, W, H, sample=True)
        batches = list(batches_of(matrix, self.batch_size))
        n_steps = self.max_iter * len(batches)
        progress = Progress(self.tol, self.max_no_improvement, n_samples)
        fresh = self.fresh_restarts_max_iter if self.fresh_restarts else None
        passes = itertools.islice(itertools.cycle(batches), n_steps)
        for done, (columns, part) in enumerate(passes, 1):
            batch = self._batch(part)
            known = not unseen or done > len(batches)
            begun = np.ascontiguousarray(codes[:, columns]) if known else None
            found, cost = batch.visit(components, begun, fresh)
            codes[:, columns] = found
            before = components.copy()
            self._memory.renew(components, batch, found, self._keep)
            if self.verbose:
                sys.stdout.write(f"Minibatch step {done}/{n_steps}: mean batch cost: {cost:.6g}\n")
            # Without a sample the first batch meets a start whose cost says nothing
            reason = (unseen or done > 1) and progress.ends(cost, part.shape[1], before, components)
            if reason:
                if self.verbose:
                    sys.stdout.write(f"Converged ({reason}) at step {done}/{n_steps}\n")
                break
        self._take_over(components)
        self.n_steps_ = done
        self.n_iter_ = -(-done // len(batches))
        if self.n_iter_ == self.max_iter and self.tol > 0:
            reached = f"Maximum number of iterations {self.max_iter} reached."
            warnings.warn(f"{reached} Increase it to improve convergence.", ConvergenceWarning, 2)
        codes, self.reconstruction_err_ = self._batch(matrix).close(components, self._most_steps)
        return np.ascontiguousarray(codes.T)

    @_fit_context(prefer_skip_nested_validation=True)
    @with_jobs
    def partial_fit(self, X: Any, y: Any = None, W: Any = None, H: Any = None) -> Self:
        """Take one more batch in.

        Parameters
        ----------
        X : array-like or sparse array (n_samples, n_features), or ImageSet
            Non-negative; rows are samples. All are one batch, whatever `batch_size` is.
        y : Ignored
            Not used.
        W, H : array-like (n_samples, n_components), (n_components, n_features), optional
            The start, with ``init="custom"``, at the first batch; only H is used.

        Returns
        -------
        MiniBatchNMF
            This object.
        """
        again = hasattr(self, "components_")
        X = self._data_to_fit(X, reset=not again)
        if again:
            X = X.astype(np.promote_types(X.dtype, self.components_.dtype), copy=False)
        matrix = matrix_of(X)
        if again:
            components = self.components_.astype(matrix.dtype)  # a copy
            self._memory = self._memory.astype(matrix.dtype)
        else:
            components, *_ = self._begin(X, matrix, W, H)
            self.n_steps_ = 0
        batch = self._batch(matrix)
        batch.side_W.admit(components)
        codes = batch.encode(components, self.fresh_restarts_max_iter, closer=True)
        self._memory.renew(components, batch, codes, self._keep)
        self._take_over(components)
        self.n_steps_ += 1
        return self

    @with_jobs
    def transform(self, X: Any) -> np.ndarray:
        """Encode data by the components: each row by itself, with the loss of the fit.

        Parameters
        ----------
        X : array-like or sparse array (n_samples, n_features), or ImageSet
            Non-negative; rows are samples.

        Returns
        -------
        ndarray (n_samples, n_components)
            W, non-negative.
        """
        matrix = matrix_of(self._data_to_encode(X))
        components = self.components_.astype(matrix.dtype, copy=False)
        codes = self._batch(matrix).encode(components, self._most_steps)
        return np.ascontiguousarray(codes.T)

    @property
    def _most_steps(self) -> int:
        return self.max_iter if self.transform_max_iter is None else self.transform_max_iter

    def _begin(
        self, X: Any, matrix: Matrix, W: Any, H: Any, *, sample: bool = False
    ) -> tuple[np.ndarray, np.ndarray, bool]:
        """Return a start, and whether its encodings are yet to be found; begin to remember."""
        given = check_start(X, self.n_components, self.init, W, H)
        rank = self._n_components = given.rank  # scikit-learn's own name, which its tests read
        self._keep = self.forget_factor ** (min(self.batch_size, X.shape[0]) / X.shape[0])
        init = check_init(self.init, X.shape, rank)
        plan = Plan(rank, Rule(1), init=init, given=given.factors)
        rng, beta = self._generator(), beta_of(self.beta_loss)
        some = sample_of(matrix, rank, rng) if sample and beta == 2 and not given.factors else None
        if some is not None:
            penalties = self._penalties(some.shape[::-1])
            components, codes = fit_sample(some, plan, penalties, rng)
            self._memory = Memory.empty(components, beta)
            self._memory.renew(components, self._batch(some), codes, self._keep)
            return components, np.empty((rank, X.shape[0]), matrix.dtype), True
        pair, _ = begin(matrix, plan, choose_stand_ins(matrix.shape, rank, "none"), rng)
        components, codes = (F.astype(matrix.dtype, copy=False) for F in (pair.W, pair.H))
        self._batch(matrix).side_W.admit(components)
        self._memory = Memory.empty(components, beta)
        return components, codes, False

    def _batch(self, matrix: Matrix) -> Batch:
        penalties = self._penalties(matrix.shape[::-1])
        return Batch.of(matrix, self._n_components, beta_of(self.beta_loss), *map(asked, penalties))

    def _take_over(self, components: np.ndarray) -> None:
        self.components_ = components
        self.n_components_ = len(components)
