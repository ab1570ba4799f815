"""ORL faces, 400 of 112 x 92."""

import numpy as np

from datasets import shared

RANK = 40


def load():
    images = np.load(shared("orl_faces.npz"))["images"]
    return images.reshape(len(images), -1).astype(np.float32) / 255
