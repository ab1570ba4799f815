"""Small sets of pictures to try things on: nothing is downloaded.

All of them say in their layout that 0 and 1 stand for black and white of 8-bit
pictures, so that they, and what is rebuilt from them, save as PNG files.
"""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from visnmf.images.imageset import ImageSet
from visnmf.images.layout import ImageLayout

__all__ = ["load_digits", "load_faces", "make_swimmer", "make_swimmer_parts"]

_SWIMMER_SIZE = 32
_LIMB_LENGTH = 6
_TORSO_ROWS = slice(10, 22)
_TORSO_COLUMNS = slice(15, 17)
# Where each limb meets the torso (row, column), and its positions as steps (down, right).
_LIMBS = {
    "left arm": ((10, 15), ((-1, 0), (-1, -1), (0, -1), (1, -1))),
    "right arm": ((10, 16), ((-1, 0), (-1, 1), (0, 1), (1, 1))),
    "left leg": ((21, 15), ((1, 0), (1, -1), (0, -1), (-1, -1))),
    "right leg": ((21, 16), ((1, 0), (1, 1), (0, 1), (-1, 1))),
}


def load_faces() -> ImageSet:
    """Load the 100 faces that scikit-image has inside.

    They are a sample of Labeled Faces in the Wild [1]_, gray, 25 x 25 pixels.

    Returns
    -------
    images : ImageSet
        100 pictures; V has shape (625, 100).

    References
    ----------
    .. [1] G. B. Huang, M. Ramesh, T. Berg, E. Learned-Miller, "Labeled Faces in the
       Wild", University of Massachusetts, Amherst, Technical Report 07-49, 2007.

    Examples
    --------
    >>> load_faces().V.shape
    (625, 100)
    """
    from skimage.data import lfw_subset

    # The other 100 of the set are background without faces.
    faces = lfw_subset()[:100].astype(np.float32)
    names = [f"face_{i:02d}" for i in range(len(faces))]
    return _image_set(faces, names, source="scikit-image, lfw_subset: faces")


def load_digits() -> ImageSet:
    """Load the handwritten digits that scikit-learn has inside.

    The test part of the UCI set of optical recognition of handwritten digits [1]_,
    gray, 8 x 8 pixels. Its levels 0 to 16 become 0 to 1.

    Returns
    -------
    images : ImageSet
        1797 pictures; V has shape (64, 1797). Labels are the digits, 0 to 9.

    References
    ----------
    .. [1] E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits",
       UCI Machine Learning Repository, 1998.

    Examples
    --------
    >>> digits = load_digits()
    >>> digits[digits.labels == 7].V.shape
    (64, 179)
    """
    from sklearn import datasets

    digits = datasets.load_digits()
    names = [f"digit_{i:04d}" for i in range(len(digits.images))]
    return _image_set(
        (digits.images / 16).astype(np.float32),
        names,
        labels=digits.target,
        source="scikit-learn, load_digits",
    )


def make_swimmer() -> ImageSet:
    """Make the swimmer set: 256 pictures of known parts.

    A torso and four limbs, each limb in one of four positions, in all 4^4 ways [1]_;
    binary, 32 x 32 pixels. It has 17 true parts (`make_swimmer_parts`) that overlap
    nowhere, so that V = W H exactly with binary W and H. The linear rank of V is 13
    only. The torso is in every picture: no factorization can tell whether it is a
    part or belongs to all four positions of a limb, so 16 parts fit exactly too.

    Returns
    -------
    images : ImageSet
        256 pictures; V has shape (1024, 256). A name tells the positions, 0 to 3, of
        left arm, right arm, left leg and right leg.

    References
    ----------
    .. [1] D. Donoho, V. Stodden, "When does non-negative matrix factorization give a
       correct decomposition into parts?", Advances in Neural Information Processing
       Systems 16, 2004.

    Examples
    --------
    >>> import numpy as np
    >>> swimmer = make_swimmer()
    >>> len(swimmer), swimmer.names[-1]
    (256, 'swimmer_3333')
    >>> int(np.linalg.matrix_rank(swimmer.V))
    13
    """
    torso, *limbs = _swimmer_parts()
    pictures, names = [], []
    for positions in product(range(4), repeat=len(_LIMBS)):
        shown = [limbs[4 * limb + position] for limb, position in enumerate(positions)]
        pictures.append(np.sum([torso, *shown], axis=0, dtype=np.float32))
        names.append("swimmer_" + "".join(map(str, positions)))
    return _image_set(np.stack(pictures), names, source="swimmer")


def make_swimmer_parts() -> ImageSet:
    """Make the 17 true parts of the swimmer set.

    Returns
    -------
    parts : ImageSet
        17 pictures: the torso, then four positions of each limb; V, shape (1024, 17),
        is the true W of `make_swimmer`.

    Examples
    --------
    >>> make_swimmer_parts().names[:3]
    ['torso', 'left arm 0', 'left arm 1']
    """
    names = ["torso", *(f"{limb} {position}" for limb in _LIMBS for position in range(4))]
    return _image_set(_swimmer_parts(), names, source="swimmer: true parts")


def _swimmer_parts() -> NDArray[np.float32]:
    """Draw the torso and the limbs, shape (17, 32, 32), no two on one pixel."""
    parts = np.zeros((1 + 4 * len(_LIMBS), _SWIMMER_SIZE, _SWIMMER_SIZE), dtype=np.float32)
    parts[0, _TORSO_ROWS, _TORSO_COLUMNS] = 1
    along = np.arange(1, _LIMB_LENGTH + 1)
    positions = ((joint, step) for joint, steps in _LIMBS.values() for step in steps)
    for part, ((row, column), (down, right)) in zip(parts[1:], positions, strict=True):
        part[row + down * along, column + right * along] = 1
    return parts


def _image_set(
    images: NDArray[np.float32],
    names: list[str],
    *,
    labels: NDArray[np.integer] | None = None,
    source: str,
) -> ImageSet:
    height, width = images.shape[1:]
    layout = ImageLayout(height, width, low=0, high=255, dtype="uint8")
    return ImageSet(layout.to_columns(images), layout, names, labels, source=source)
