"""Visual words: pictures as documents, so that the parts of V = W H + U are visual topics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import MiniBatchKMeans
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from visnmf.errors import InvalidInputError
from visnmf.features.base import PictureTransformer
from visnmf.features.keypoints import DETECTORS, LEAST_KEYPOINTS, value_range
from visnmf.features.vocabulary import cut_examples, sample_descriptors, spell
from visnmf.images.pictures import Pictures
from visnmf.images.settings import check_choice

if TYPE_CHECKING:
    import scipy.sparse as sp

__all__ = ["VisualWords"]

_WEIGHTINGS = ("tfidf", "frequency", "counts")


class VisualWords(PictureTransformer):
    """Counts visual words in pictures of any sizes: kinds of small squares, found by k-means.

    OpenCV describes squares of a picture by SIFT or ORB; k-means on the descriptors of many
    pictures gives the vocabulary; a picture is then told by how often it has each word, wherever
    that is. The counts are sparse. Their transpose is a V of words x pictures, as words x documents
    are for text: with V = W H + U, a column of W is a visual topic (which words go together), a
    column of H how much of each topic a picture has.

    Parameters
    ----------
    n_words : int
        Size of the vocabulary; fewer where the pictures give fewer descriptors.
    detector : {"dense", "sift", "orb"}
        What is described. "dense": upright SIFT on a grid, in squares of 8 to 32 pixels; best for
        textures and scenes. A smaller picture grows by its edge pixels; flat squares (less than
        one gray level of 255) are left out. "sift": blobs where SIFT finds them, whichever
        way they are turned. "orb": corners, fast, in pictures of at least about 32 x 32.
        SIFT is taken as RootSIFT. ORB's 256 bits go to k-means as numbers 0 and 1, whose squared
        Euclidean distance is Hamming's: a word is then the share of squares that have each bit.
    weighting : {"tfidf", "frequency", "counts"}
        "tfidf": scikit-learn's, rows of length 1 and words weighted down that most pictures have.
        "frequency": rows sum to 1. "counts": as they are, right for a Kullback-Leibler loss; they
        grow with a picture's size.
    max_keypoints : int
        At most so many of a picture, 5 or more: the strongest, or a wider grid.
    max_descriptors : int
        K-means sees at most so many, an equal share of each picture (of some pictures, if there
        are more than that). Memory: 0.5 KB each (ORB 1 KB). Counts are made of a few pictures at
        a time.
    random_state : int, RandomState instance or None
        For the sample and k-means; an int gives the same words again.
    image_shape : tuple, optional
        (h, w) or (h, w, channels) of the pictures, where X has a row a picture.

    Attributes
    ----------
    vocabulary_ : ndarray (words, 128 or 256), float32
        Means of descriptors.
    weights_ : TfidfTransformer
        Of the pictures of the fit; only where `weighting` is "tfidf".
    value_range_ : (float, float)
        What is black and what is white: 0 and 1, or beyond if values of the fit are.
    channels_ : int
        Of the pictures of the fit; color is described by its gray.

    References
    ----------
    J. Sivic and A. Zisserman, "Video Google: a text retrieval approach to object matching in
    videos", ICCV 2003.

    G. Csurka et al., "Visual categorization with bags of keypoints", ECCV Workshops 2004.

    Examples
    --------
    >>> import numpy as np
    >>> from visnmf import NMF
    >>> rng = np.random.default_rng(0)
    >>> stripes = [np.tile(rng.random(24), (20 + i, 1)) for i in range(6)]
    >>> noise = [rng.random((20 + i, 24)) for i in range(6)]
    >>> words = VisualWords(12, random_state=0)
    >>> X = words.fit_transform(stripes + noise)
    >>> X.shape
    (12, 12)
    >>> topics = NMF(2, random_state=0).fit_transform(X).argmax(axis=1)
    >>> set(topics[:6]).isdisjoint(topics[6:])
    True
    """

    def __init__(
        self,
        n_words: int = 400,
        *,
        detector: str = "dense",
        weighting: str = "tfidf",
        max_keypoints: int = 2000,
        max_descriptors: int = 100_000,
        random_state: Any = None,
        image_shape: Sequence[int] | None = None,
    ) -> None:
        self.n_words = n_words
        self.detector = detector
        self.weighting = weighting
        self.max_keypoints = max_keypoints
        self.max_descriptors = max_descriptors
        self.random_state = random_state
        self.image_shape = image_shape

    def fit(self, X: Any, y: Any = None) -> Self:
        """Find the words of pictures.

        Parameters
        ----------
        X : ImageSet, Pictures, array (n, h, w[, channels]), list of arrays, or rows
            Pictures; rows (n, pixels) where `image_shape` is given.
        y : Ignored
            Not used.

        Returns
        -------
        VisualWords
            This one.

        Raises
        ------
        InvalidInputError
            If an option is out of range, or no picture has a keypoint.
        """
        self._learn(X)
        return self

    def fit_transform(self, X: Any, y: Any = None) -> sp.csr_array:
        """Find the words of pictures and count them, sooner than by `fit` and `transform`.

        Parameters
        ----------
        X : as of `fit`
            Pictures.
        y : Ignored
            Not used.

        Returns
        -------
        csr_array (n, words), float32
        """
        pictures, counts = self._learn(X)
        return self._weighted(self._count(pictures) if counts is None else counts)

    def transform(self, X: Any) -> sp.csr_array:
        """Count the words of pictures.

        Parameters
        ----------
        X : as of `fit`
            Pictures.

        Returns
        -------
        csr_array (n, words), float32
            Weighted. A picture without a keypoint has an empty row.
        """
        check_is_fitted(self)
        return self._weighted(self._count(self._take(X, reset=False)))

    def examples(
        self,
        X: Any,
        words: int | Sequence[int],
        *,
        count: int = 8,
        size: int = 32,
        max_pictures: int = 500,
    ) -> list[NDArray[np.float32]]:
        """Cut out of pictures what words look like: the squares that are nearest to each.

        Parameters
        ----------
        X : as of `fit`
            Pictures to look in.
        words : int or sequence of int
            Columns of `transform`.
        count : int
            Squares for each word: from different pictures, as long as there are some.
        size : int
            Height and width in pixels that the squares are brought to.
        max_pictures : int
            Look in so many pictures at most, spread over all.

        Returns
        -------
        patches : list of ndarray (found, size, size) or (found, size, size, channels)
            One array for each word, nearest first; shorter than `count` where there are no more.
            Squares of "sift" and "orb" are turned back upright.
        """
        check_is_fitted(self)
        pictures = self._take(X, reset=False)
        wanted = np.atleast_1d(np.asarray(words))
        if (
            wanted.ndim != 1
            or wanted.dtype.kind not in "iu"
            or not np.isin(wanted, np.arange(len(self.vocabulary_))).all()
        ):
            raise InvalidInputError(
                f"words must be numbers from 0 to {len(self.vocabulary_) - 1}, got {words!r}"
            )
        for name, value in (("count", count), ("size", size), ("max_pictures", max_pictures)):
            _check_number(name, value, 1)
        if len(pictures) > max_pictures:
            spread = np.linspace(0, len(pictures) - 1, max_pictures).round().astype(np.intp)
            pictures = pictures[spread]
        found = cut_examples(pictures, wanted, self._spelled(pictures), count=count, size=size)
        return [cut[..., 0] if pictures.channels == 1 else cut for cut in found]

    def _learn(self, X: Any) -> tuple[Pictures, sp.csr_array | None]:
        """Fit; return the pictures, and their counts where these were needed."""
        least = {"n_words": 1, "max_keypoints": LEAST_KEYPOINTS, "max_descriptors": 1}
        for name, bound in least.items():
            _check_number(name, getattr(self, name), bound)
        check_choice("detector", self.detector, DETECTORS)
        check_choice("weighting", self.weighting, _WEIGHTINGS)
        random = check_random_state(self.random_state)
        pictures = self._take(X, reset=True)
        self.value_range_ = value_range(pictures)
        sample = sample_descriptors(
            pictures,
            self.value_range_,
            self.detector,
            self.max_keypoints,
            self.max_descriptors,
            np.random.default_rng(random.randint(2**31)),
        )
        words = self.n_words
        # Equal descriptors would leave words that nothing is nearest to.
        if len(sample) < 20 * words:
            words = min(words, len(np.unique(sample, axis=0)))
        means = MiniBatchKMeans(
            words,
            batch_size=4096,
            n_init=1,
            compute_labels=False,
            random_state=random.randint(2**31),
        )
        self.vocabulary_: NDArray[np.float32] = means.fit(sample).cluster_centers_
        if self.weighting != "tfidf":
            return pictures, None
        counts = self._count(pictures)
        self.weights_ = TfidfTransformer().fit(counts)
        return pictures, counts

    def _spelled(self, pictures: Pictures) -> Any:
        return spell(
            pictures, self.value_range_, self.detector, self.max_keypoints, self.vocabulary_
        )

    def _count(self, pictures: Pictures) -> sp.csr_array:
        from scipy.sparse import csr_array

        width = len(self.vocabulary_)
        ends, columns, counts = [0], [], []
        for _, words, _ in self._spelled(pictures):
            found, often = np.unique(words, return_counts=True)
            columns.append(found)
            counts.append(often)
            ends.append(ends[-1] + len(found))
        data = np.concatenate(counts).astype(np.float32)
        return csr_array((data, np.concatenate(columns), ends), shape=(len(pictures), width))

    def _weighted(self, counts: sp.csr_array) -> sp.csr_array:
        if self.weighting == "tfidf":
            return type(counts)(self.weights_.transform(counts))
        if self.weighting == "frequency":
            totals = np.maximum(counts.sum(axis=1), 1)
            counts.data /= np.repeat(totals, np.diff(counts.indptr)).astype(np.float32)
        return counts

    @property
    def _n_features_out(self) -> int:
        return len(self.vocabulary_)


def _check_number(name: str, value: Any, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise InvalidInputError(f"{name} must be a whole number of at least {least}, got {value!r}")
