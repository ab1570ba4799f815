"""Samson's 156 bands as pictures of 95 x 95, of 8 bits over the range of the whole cube."""

import numpy as np

from datasets import shared

RANK = 8


def load():
    cube = np.load(shared("samson_cube.npz"))["cube"].astype(np.float32)
    bands = cube.transpose(2, 0, 1).reshape(cube.shape[2], -1)
    return np.rint(np.clip(bands / cube.max(), 0, 1) * 255).astype(np.float32) / 255
