"""Samson, a hyperspectral cube: 9025 pixels, each a spectrum of 156 bands (here a column)."""

import numpy as np

from datasets import shared

RANK = 3


def load():
    cube = np.load(shared("samson_cube.npz"))["cube"]
    return np.ascontiguousarray(cube.reshape(-1, cube.shape[-1]), np.float32)
