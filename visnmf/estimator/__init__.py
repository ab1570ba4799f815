"""The scikit-learn face."""

from visnmf.estimator.nmf import NMF

__all__ = ["NMF"]
