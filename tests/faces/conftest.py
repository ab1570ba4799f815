import numpy as np
import pytest
from skimage import data

from visnmf.images.fitting import resize_values

SIDE = 25  # of the faces inside scikit-image


@pytest.fixture(scope="session")
def astronaut():
    return data.astronaut()


@pytest.fixture(scope="session")
def pasted():
    """Two faces, enlarged four and six times, on gravel; and the middles (x, y) of both."""
    faces = (255 * data.lfw_subset()[[2, 5]]).astype(np.uint8)
    picture = data.gravel()[:300, :400].copy()
    middles = []
    for face, times, (top, left) in zip(faces, (4, 6), ((30, 40), (130, 210)), strict=True):
        side = times * SIDE
        picture[top : top + side, left : left + side] = resize_values(face, (side, side))
        middles.append((left + side / 2, top + side / 2))
    return picture, middles
