"""100 frames of a street from a fixed camera, 144 x 192, in color."""

import numpy as np

from datasets import shared

RANK = 20


def load():
    images = np.load(shared("street_frames.npz"))["images"]
    return images.reshape(len(images), -1).astype(np.float32) / 255
