"""The scikit-learn face."""

from visnmf.estimator.function import non_negative_factorization
from visnmf.estimator.minibatch import MiniBatchNMF
from visnmf.estimator.nmf import NMF

__all__ = ["NMF", "MiniBatchNMF", "non_negative_factorization"]
