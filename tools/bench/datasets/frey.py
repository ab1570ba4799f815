"""Frey faces, 1965 of 28 x 20."""

import numpy as np

from datasets import shared

RANK = 40


def load():
    images = np.load(shared("frey_faces.npz"))["images"]
    return images.reshape(len(images), -1).astype(np.float32) / 255
