"""CBCL (MIT) faces, 2429 of 19 x 19: the set of Lee & Seung 1999."""

import numpy as np

from datasets import shared

RANK = 49


def load():
    images = np.load(shared("cbcl_faces.npz"))["images"]
    return images.reshape(len(images), -1).astype(np.float32) / 255
