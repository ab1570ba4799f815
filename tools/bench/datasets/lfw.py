"""The 100 faces inside scikit-image, 25 x 25."""

import numpy as np

import visnmf

RANK = 49


def load():
    return np.ascontiguousarray(visnmf.samples.load_faces().V.T)
