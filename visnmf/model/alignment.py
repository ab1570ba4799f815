"""Whether pictures look aligned: how much of them the mean picture explains."""

from __future__ import annotations

import warnings

import numpy as np

from visnmf.errors import UnalignedWarning
from visnmf.images.imageset import ImageSet

__all__ = ["LEAST", "alignment", "warn_unaligned"]

LEAST = 0.15
"""The least share that passes for aligned.

Measured: faces 0.28 to 0.63 (LFW, CBCL, ORL, Frey), ten kinds of clothes 0.35, digits 0.48,
a fixed camera 0.91, bands of a cube 0.73; crops of photos and of textures 0.00 to 0.11, whole
photos 0.0, faces pasted at random places 0.00 to 0.08.
"""
_FEWEST = 10  # pictures: fewer say little by chance
_SHORTEST = 6  # pixels of a side: less has no frame to speak of
_IMAGES, _PIXELS = 500, 4096  # a sample that is enough


def alignment(images: ImageSet) -> float | None:
    """Return the share of the variation inside pictures that one mean picture explains.

    Each picture, less its own mean and scaled to length 1, is x_i; their mean is m. The share is
    |m|^2, less what chance gives: (n |m|^2 - 1) / (n - 1), which is the mean correlation of
    two pictures. It does not depend on brightness or contrast.

    Parameters
    ----------
    images : ImageSet
        The pictures; of many, some hundreds spread over the set are looked at.

    Returns
    -------
    share : float or None
        About 0 where nothing lies at the same place, 1 where all are alike. None where
        the question makes no sense: fewer than 10 pictures that show anything, patches,
        spectral cubes, maps of features, or pictures of a few pixels.

    Examples
    --------
    >>> import visnmf
    >>> round(alignment(visnmf.samples.load_faces()), 2)
    0.28
    """
    layout = images.layout
    odd = any(step.get("step") == "patches" or step.get("cube") for step in images.preparation)
    if odd or layout.channels not in (1, 3) or min(layout.height, layout.width) < _SHORTEST:
        return None
    pixels = layout.m // layout.channels
    some = np.linspace(0, len(images) - 1, min(len(images), _IMAGES)).astype(np.intp)
    spots = np.unique(np.linspace(0, pixels - 1, min(pixels, _PIXELS)).astype(np.intp))
    X = images.V.T[some].reshape(len(some), pixels, layout.channels)[:, spots].mean(axis=2)
    X = X - X.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(X, axis=1)
    shows = lengths > 1e-6 * np.sqrt(len(spots))
    n = int(np.count_nonzero(shows))
    if n < _FEWEST:
        return None
    mean = (X[shows] / lengths[shows, None]).mean(axis=0, dtype=np.float64)
    return float((n * (mean @ mean) - 1) / (n - 1))


def warn_unaligned(images: ImageSet, *, stacklevel: int = 2) -> None:
    """Warn of pictures that parts of whole pictures will hardly be found in.

    Parameters
    ----------
    images : ImageSet
        What is to be learned from.
    stacklevel : int
        Whose call the warning is about, as of `warnings.warn`.

    Warns
    -----
    UnalignedWarning
        If their mean explains less than `LEAST` of them.
    """
    share = alignment(images)
    if share is None or share >= LEAST:
        return
    warnings.warn(
        f"the pictures do not look aligned: their mean explains {max(share, 0):.0%} of what varies "
        f"inside them (aligned ones have {LEAST:.0%} at least), so that parts of whole pictures "
        "will show little. For faces, visnmf.align_faces or `visnmf faces` brings them to one "
        "frame; for all else learn from patches (visnmf.PatchEncoder, `visnmf features`) or "
        "visual words (visnmf.features.VisualWords, `visnmf features --kind words`)",
        UnalignedWarning,
        stacklevel=stacklevel + 1,
    )
