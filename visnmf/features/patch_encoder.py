"""PatchEncoder: parts of patches, encoded at every place of a picture and pooled to features."""

from __future__ import annotations

import os
from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import _fit_context
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from visnmf.features.base import PictureTransformer
from visnmf.features.contrast import CONTRASTS, Contrast, Seen
from visnmf.features.patch_code import Group, PatchCode, encode_all
from visnmf.features.patch_file import read_encoder, write_encoder
from visnmf.features.patch_parts import learn_parts
from visnmf.features.patch_settings import (
    checked_levels,
    checked_patch_size,
    count_cells,
    refuse_small,
)
from visnmf.features.pooling import POOLINGS, join_pooled, pool_rows
from visnmf.features.rebuilding import Rebuilding
from visnmf.images.layout import ImageLayout
from visnmf.images.pictures import Pictures
from visnmf.kernels.threads import threads

__all__ = ["PatchEncoder"]


class PatchEncoder(Rebuilding, PictureTransformer):
    r"""Learn parts of patches; describe pictures of any size by where these parts are.

    `fit` cuts patches at random places of many pictures, takes the mean off each, splits what
    is left into what is lighter (ON) and darker (OFF), and learns parts with sparse encodings:

    .. math:: \min_{W, H \ge 0} \tfrac12 \|V - W H\|^2 + \lambda \sum_{kj} h_{kj},
              \quad \|w_k\| \le 1

    (non-negative sparse coding, Hoyer 2002, 2003). `transform` encodes every place of a picture
    by them, takes the mean or maximum over a grid of cells, and the square root: a
    feature of fixed length for a linear classifier (Coates, Lee & Ng 2011).

    Parameters
    ----------
    n_components : int, default=128
        How many parts (rank). More than a patch has values is usual.
    patch_size : int or (height, width), default=6
        Of a patch, in pixels.
    stride : int, default=1
        Pixels from one place to the next.
    grid : int or sequence of int, default=4
        The picture is cut into grid x grid cells; (1, 2, 4) is a pyramid of 21 cells.
    pooling : {"mean", "max"}, default="mean"
        What is taken over a cell.
    root : bool, default=True
        Whether features are square roots, which makes counts of parts comparable.
    contrast : {"onoff", "pixels"}, default="onoff"
        Whether parts see contrast in ON and OFF halves, or the pixels themselves.
    floor : float, default=0.03
        The contrast (root mean square, white being 1) from which on patterns count fully:
        patches are divided by :math:`\sqrt{rms^2 + floor^2}`.
    sparsity : float, default=0.1
        Lambda, for patches of length 1. 0 is plain NMF and non-negative least squares, whose
        parts tend to single pixels when there are many.
    n_patches : int, default=60000
        How many patches to learn from.
    max_iter : int, default=3
        How often each patch is seen. (With ``sparsity=0`` the fit is `visnmf.factorize`'s.)
    random_state : int, RandomState or None, default=0
        Of the patches and the start.
    image_shape : (h, w) or (h, w, channels), optional
        How a row of X becomes a picture, where X has rows; -1 stands for what is left.
    n_jobs : int, default=None
        Threads, see `visnmf.threads`; their number does not change the result.

    Attributes
    ----------
    components_ : ndarray (n_components, values)
        Parts as rows of unit length, those that explain most first. As patches are seen: ON,
        then OFF, each a patch (height, width, channels) flattened.
    channels_ : int
        Of the pictures of the fit.
    reconstruction_err_ : float
        :math:`\|V - W H\| / \|V\|` of the patches of the fit.
    n_iter_ : int
        How often they were seen.

    Notes
    -----
    A place costs 2 rank x values operations for the product with the parts, and a few passes
    over rank numbers for each part found in it (greedy descent, `visnmf.kernels.greedy`).

    References
    ----------
    Hoyer. "Non-negative sparse coding". IEEE Neural Networks for Signal Processing, 2002.
    Hoyer. "Modeling receptive fields with non-negative sparse coding". Neurocomputing, 2003.
    Coates, Lee, Ng. "Single-layer networks in unsupervised feature learning". AISTATS, 2011.

    Examples
    --------
    >>> import numpy as np
    >>> from visnmf.features import PatchEncoder
    >>> pictures = [np.random.default_rng(i).random((20 + i, 30)) for i in range(5)]
    >>> encoder = PatchEncoder(8, patch_size=4, grid=2, max_iter=1).fit(pictures)
    >>> encoder.transform(pictures).shape
    (5, 32)
    >>> encoder.feature_maps(pictures)[0].shape
    (17, 27, 8)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "patch_size": [Interval(Integral, 1, None, closed="left"), "array-like"],
        "stride": [Interval(Integral, 1, None, closed="left")],
        "grid": [Interval(Integral, 1, None, closed="left"), "array-like"],
        "pooling": [StrOptions(set(POOLINGS))],
        "root": ["boolean"],
        "contrast": [StrOptions(set(CONTRASTS))],
        "floor": [Interval(Real, 0, None, closed="left")],
        "sparsity": [Interval(Real, 0, None, closed="left")],
        "n_patches": [Interval(Integral, 1, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
        "image_shape": ["array-like", None],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        n_components: int = 128,
        *,
        patch_size: int | tuple[int, int] = 6,
        stride: int = 1,
        grid: int | Sequence[int] = 4,
        pooling: str = "mean",
        root: bool = True,
        contrast: str = "onoff",
        floor: float = 0.03,
        sparsity: float = 0.1,
        n_patches: int = 60_000,
        max_iter: int = 3,
        random_state: Any = 0,
        image_shape: Sequence[int] | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.n_components = n_components
        self.patch_size = patch_size
        self.stride = stride
        self.grid = grid
        self.pooling = pooling
        self.root = root
        self.contrast = contrast
        self.floor = floor
        self.sparsity = sparsity
        self.n_patches = n_patches
        self.max_iter = max_iter
        self.random_state = random_state
        self.image_shape = image_shape
        self.n_jobs = n_jobs

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn parts from patches of pictures.

        Parameters
        ----------
        X : ImageSet, Pictures, array (n, h, w[, channels]), list of arrays, or rows
            Pictures of any sizes; rows (n, pixels) where `image_shape` is given.
        y : Ignored
            Not used.

        Returns
        -------
        object
            This one.
        """
        pictures = self._pictures(X, reset=True)
        checked_levels(self.grid)
        seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        with threads(self.n_jobs):
            parts = learn_parts(
                pictures,
                checked_patch_size(self.patch_size),
                Contrast(self.contrast, float(self.floor)),
                rank=self.n_components,
                count=self.n_patches,
                sparsity=float(self.sparsity),
                max_iter=self.max_iter,
                seed=seed,
            )
        self.components_: NDArray[np.float32] = parts.components
        self.reconstruction_err_: float = parts.error
        self.n_iter_: int = parts.passes
        return self

    def transform(self, X: Any) -> NDArray[np.float32]:
        """Encode pictures at every place, and pool.

        Parameters
        ----------
        X : as of `fit`
            Pictures of any sizes.

        Returns
        -------
        ndarray (n, cells * n_components), float32
            Non-negative; cell after cell.
        """
        pictures = self._pictures(X)
        levels, code = checked_levels(self.grid), self.code

        def take(group: Group, H: NDArray[np.float32]) -> NDArray[np.float32]:
            return pool_rows(H, group.rows.start, group.windows.grid[0], levels, self.pooling)

        features = np.zeros((len(pictures), count_cells(levels), code.rank), np.float32)
        with threads(self.n_jobs):
            pooled = encode_all(code, pictures.pictures, self.stride, take)
        for group, cells in pooled:
            join_pooled(features[group.pictures], cells, self.pooling)
        if self.root:
            np.sqrt(np.maximum(features, 0, out=features), out=features)
        return features.reshape(len(pictures), -1)

    def feature_maps(self, X: Any) -> list[NDArray[np.float32]]:
        """Encode pictures at every place.

        Parameters
        ----------
        X : as of `fit`
            Pictures of any sizes.

        Returns
        -------
        list of ndarray (rows, columns, n_components), float32
            One a picture: how much of each part is at each place. Not pooled, no roots.
        """
        pictures = self._pictures(X)
        with threads(self.n_jobs):
            taken = encode_all(self.code, pictures.pictures, self.stride, lambda _, H: H)
        maps: list[list[NDArray[np.float32]]] = [[] for _ in pictures.pictures]
        for group, H in taken:
            for i, rows in zip(range(len(maps))[group.pictures], H, strict=True):
                maps[i].append(rows)
        return [rows[0] if len(rows) == 1 else np.concatenate(rows) for rows in maps]

    @property
    def code(self) -> PatchCode:
        """The parts with what belongs to them, as `visnmf.features` has them inside."""
        check_is_fitted(self, "components_")
        W = np.ascontiguousarray(self.components_.T)
        contrast = Contrast(self.contrast, float(self.floor))
        return PatchCode(W, checked_patch_size(self.patch_size), contrast, float(self.sparsity))

    @property
    def layout_(self) -> ImageLayout:
        """How a part, shown as a patch, becomes a picture."""
        return ImageLayout(*checked_patch_size(self.patch_size), self.channels_)

    def basis_images(self) -> NDArray[np.float32]:
        """Return the parts as patches, (n_components, h, w[, channels]); of halves, ON less OFF."""
        ones = np.ones((self.code.rank, 1), np.float32)
        shown = self.code.contrast.show(Seen(self.components_, 0 * ones, ones))
        return self.layout_.to_images(shown.T)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the encoder to a safetensors file; `load` gives it back bit for bit.

        Parameters
        ----------
        path : str or path-like
            Where to; ``.safetensors`` is the usual ending. The file appears whole or not at all.
        """
        check_is_fitted(self, "components_")
        write_encoder(path, self)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> PatchEncoder:
        """Read an encoder that `save` wrote; nothing in the file is run.

        Parameters
        ----------
        path : str or path-like
            The file.

        Returns
        -------
        PatchEncoder

        Raises
        ------
        ModelNotFoundError, ModelFormatError
            As of `visnmf.Model.load`.
        """
        return read_encoder(path, cls)

    def _pictures(self, X: Any, *, reset: bool = False) -> Pictures:
        """Return X as pictures none of which is smaller than a patch."""
        if not reset:
            check_is_fitted(self, "components_")
        pictures = self._take(X, reset=reset)
        refuse_small(pictures, checked_patch_size(self.patch_size))
        return pictures

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = self.contrast == "pixels"
        return tags

    @property
    def _n_features_out(self) -> int:
        return count_cells(checked_levels(self.grid)) * len(self.components_)
