"""Whether images keep together from one restart to the next (Brunet et al. 2004)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["cophenetic_correlation", "consensus_matrix", "dispersion"]


def consensus_matrix(labels: Sequence[np.ndarray]) -> np.ndarray:
    """Return how often two images are in one cluster, from 0 to 1.

    Parameters
    ----------
    labels : sequence of ndarray of int, shape (n,)
        The cluster of each image, one array a restart.

    Returns
    -------
    ndarray of float64 (n, n)
        The mean of the connectivity matrices, C of Brunet et al. (2004).
    """
    together = np.zeros((len(labels[0]),) * 2)
    for each in labels:  # one at a time: all of them may be gigabytes
        together += each[:, None] == each[None, :]
    return together / len(labels)


def cophenetic_correlation(consensus: np.ndarray) -> float:
    """Return how well a tree tells the consensus: rho of Brunet et al. (2004), at most 1.

    Parameters
    ----------
    consensus : ndarray (n, n)
        Of `consensus_matrix`.

    Returns
    -------
    float
        The correlation between the distances 1 - C and those at which average linkage joins two
        images; 1 where all distances are alike.
    """
    from scipy.cluster.hierarchy import cophenet, linkage
    from scipy.spatial.distance import squareform

    apart = squareform(1 - consensus, checks=False)
    if len(apart) == 0 or np.ptp(apart) == 0:
        return 1.0
    return float(cophenet(linkage(apart, "average"), apart)[0])


def dispersion(consensus: np.ndarray) -> float:
    """Return how near all entries of C are to 0 or 1: 1 where each is, 0 where all are 1/2.

    Parameters
    ----------
    consensus : ndarray (n, n)
        Of `consensus_matrix`.

    Returns
    -------
    float
        The mean of 4 (c - 1/2)^2, equation 6 of Kim & Park (2007).
    """
    return float(np.mean(4 * np.square(consensus - 0.5)))
