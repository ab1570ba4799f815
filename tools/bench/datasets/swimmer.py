"""The swimmer: 256 pictures of 17 parts (Donoho & Stodden 2004)."""

import numpy as np

import visnmf

RANK = 17


def load():
    return np.ascontiguousarray(visnmf.samples.make_swimmer().V.T)
