"""Pictures rebuilt from overlapping patches: as parts see them, without noise, filled in."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visnmf.errors import InvalidInputError
from visnmf.features.patch_code import PatchCode
from visnmf.features.signed_parts import SignedParts, Treat, relaid
from visnmf.images.pictures import Pictures
from visnmf.kernels.greedy import Greedy
from visnmf.kernels.threads import threads

__all__ = ["Rebuilding"]

_STANDS_OUT = 2.75
"""Deviations of the noise that a pattern must stand out by, since hundreds are tried."""

_ROUNDS = 24
"""Rounds of filling in."""

_FROM, _TO = 0.3, 0.005
"""What a pattern must stand out by in the first and the last round, in units of white."""

_Array = NDArray[np.float32]


class Rebuilding:
    """What a PatchEncoder does with whole pictures: rebuild, denoise, fill in."""

    stride: int
    n_jobs: int | None

    @property
    def code(self) -> PatchCode:
        """The parts with what belongs to them."""
        raise NotImplementedError

    def _pictures(self, X: Any) -> Pictures:
        raise NotImplementedError

    def rebuild(self, X: Any) -> Pictures:
        """Rebuild pictures from the parts of their overlapping patches.

        Parts are taken as signed patterns, ON less OFF, each patch as its mean and few patterns.

        Parameters
        ----------
        X : as of `fit`
            Pictures of any sizes.

        Returns
        -------
        Pictures
            Of the same sizes, names and labels; not clipped.
        """
        code = self.code
        parts, pictures = SignedParts.of(code), self._pictures(X)

        def treat(patches: _Array, kernels: Greedy) -> tuple[_Array, _Array]:
            scale = code.contrast.see(patches).scale
            fitted, used = parts.fit(patches, code.sparsity * scale, kernels)
            return fitted, np.ones_like(used)

        return _like(pictures, [self._relaid(p, code, treat) for p in pictures.pictures])

    def denoise(self, X: Any, sigma: float | None = None) -> Pictures:
        r"""Take noise out of pictures.

        Each patch is taken as its mean and the patterns that stand out by :math:`2.75 \sigma`;
        patches of few patterns count more where they overlap, as of smooth places they
        average more noise out (Elad & Aharon, IEEE TIP 2006, do the like with signed codes).

        Parameters
        ----------
        X : as of `fit`
            Noisy pictures of any sizes; those of the fit, perhaps.
        sigma : float, optional
            The standard deviation of the noise, white being 1. Estimated of each picture by
            its finest wavelets if not given.

        Returns
        -------
        Pictures
            Of the same sizes, names and labels; not clipped.

        Raises
        ------
        InvalidInputError
            If sigma is negative.
        """
        if sigma is not None and not sigma >= 0:
            raise InvalidInputError(f"sigma must be a number of at least 0, got {sigma!r}")
        pictures, code = self._pictures(X), self.code
        parts, rebuilt = SignedParts.of(code), []
        for picture in pictures.pictures:
            deviation = _noise_of(picture) if sigma is None else sigma
            rebuilt.append(self._sparsely(picture, code, parts, _STANDS_OUT * deviation))
        return _like(pictures, rebuilt)

    def inpaint(self, X: Any, observed: ArrayLike | list[ArrayLike]) -> Pictures:
        """Fill in the pixels of pictures that are not known.

        They begin as the mean of what is known near them; then patches are rebuilt again and
        again, of the strongest patterns first, and what they say of unknown pixels is believed
        (iterated thresholding: Fadili, Starck & Murtagh, The Computer Journal 2009).

        Parameters
        ----------
        X : as of `fit`
            Pictures of any sizes; unknown pixels may hold anything finite.
        observed : array of bool (h, w), or one such array for each picture
            True where a pixel is known.

        Returns
        -------
        Pictures
            Known pixels are as they were.

        Raises
        ------
        InvalidInputError
            If a mask does not fit its picture, or leaves nothing known.
        """
        pictures = self._pictures(X)
        masks, code = _masks(observed, pictures), self.code
        parts, filled = SignedParts.of(code), []
        for picture, known in zip(pictures.pictures, masks, strict=True):
            current = np.where(known, picture, _surroundings(picture, known))
            if not known.all():
                for cost in np.geomspace(_FROM, _TO, _ROUNDS):
                    rebuilt = self._sparsely(current, code, parts, cost)
                    current = np.where(known, picture, rebuilt)
            filled.append(current)
        return _like(pictures, filled)

    def anomaly_maps(self, X: Any, *, normal: Any = None) -> list[NDArray[np.float32]]:
        r"""Tell, at each pixel, how unusual what is there is.

        Of each patch five numbers are taken: the logarithms of what the parts leave over, of what
        few of them do and of its contrast, the sum of its encoding, and its mean. How far they
        are from those of normal pictures, in the metric of their covariance (Mahalanobis), is
        laid over the pixels of the patch.

        Parameters
        ----------
        X : as of `fit`
            Pictures of any sizes.
        normal : as of `fit`, optional
            Pictures of what is usual; X itself if not given, which will do where the most of it
            is.

        Returns
        -------
        list of ndarray (h, w), float32
            At least 0: 1 to 2.5 where all is as usual.
        """
        from visnmf.features.anomalies import distance_maps, usual

        pictures = self._pictures(X)
        known = pictures if normal is None else self._pictures(normal)
        with threads(self.n_jobs):
            told = usual(self.code, known.pictures, self.stride)
            return distance_maps(self.code, pictures.pictures, self.stride, told)

    def _sparsely(
        self, picture: _Array, code: PatchCode, parts: SignedParts, cost: float
    ) -> _Array:
        """Rebuild a picture from patterns that stand out by so much; few patterns count more."""

        def treat(patches: _Array, kernels: Greedy) -> tuple[_Array, _Array]:
            fitted, used = parts.fit(patches, cost, kernels)
            return fitted, np.float32(1) / (np.float32(1) + used)

        return self._relaid(picture, code, treat)

    def _relaid(self, picture: _Array, code: PatchCode, treat: Treat) -> _Array:
        with threads(self.n_jobs):
            return relaid(picture, code.size, min(self.stride, *code.size), treat, code.rank)


def _like(pictures: Pictures, values: list[_Array]) -> Pictures:
    return Pictures(values, pictures.names, pictures.labels, source=pictures.source)


def _noise_of(picture: _Array) -> float:
    """Return the deviation of white noise in a picture, by its finest diagonal Haar wavelets.

    Their median size, over that of the standard normal (Donoho & Johnstone, Biometrika 1994).
    """
    h, w = (length - length % 2 for length in picture.shape[:2])
    a, b, c, d = (picture[i:h:2, j:w:2] for i in (0, 1) for j in (0, 1))
    return float(np.median(np.abs(a - b - c + d)) / 2 / 0.6745) if min(h, w) > 1 else 0.0


def _surroundings(picture: _Array, known: NDArray[np.bool_]) -> _Array:
    """Return, at each pixel, a mean of the known ones near it: of as few as there need be."""
    import cv2

    found, missing = picture.copy(), ~known[:, :, 0]
    weight = known[:, :, 0].astype(np.float32)
    width = 3
    while missing.any():
        near = cv2.blur(weight, (width, width), borderType=cv2.BORDER_CONSTANT)
        there = missing & (near * width * width > 0.5)
        for channel in range(picture.shape[2]):
            values = picture[:, :, channel] * weight
            mean = cv2.blur(values, (width, width), borderType=cv2.BORDER_CONSTANT)
            found[there, channel] = mean[there] / near[there]
        missing &= ~there
        width = 2 * width + 1
    return found


def _masks(observed: Any, pictures: Pictures) -> list[NDArray[np.bool_]]:
    """Return a mask (h, w, 1) for each picture."""
    several = isinstance(observed, (list, tuple)) or np.ndim(observed) == 3
    masks = list(observed) if several else [observed] * len(pictures)
    if len(masks) != len(pictures):
        raise InvalidInputError(
            f"{len(masks)} masks for {len(pictures)} pictures: give one for all, or one each"
        )
    checked = []
    for name, size, mask in zip(pictures.names, pictures.sizes, masks, strict=True):
        array = np.asarray(mask)
        if array.dtype != np.bool_ or array.shape != size:
            raise InvalidInputError(
                f"picture {name} needs a mask of bool of shape {size}, True where a pixel is "
                f"known; got {array.dtype} of shape {array.shape}"
            )
        if not array.any():
            raise InvalidInputError(f"nothing of picture {name} is known; True marks what is")
        checked.append(array[:, :, None])
    return checked
