"""The 1797 digits inside scikit-learn, 8 x 8."""

import numpy as np

import visnmf

RANK = 16


def load():
    return np.ascontiguousarray(visnmf.samples.load_digits().V.T)
