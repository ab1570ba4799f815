"""Textures by unaligned crops of five scales: parts of patches, visual words and their topics.

A class is one photo. The crops to learn from and those to test on come from different halves of
it, left and right or upper and lower by chance, so that no pixel is in both.
"""

from functools import lru_cache

import numpy as np
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import visnmf
from visnmf.features import PatchEncoder, VisualWords
from visnmf.images.fitting import resize_values

from timing import keep, table

# Photos inside scikit-image, and how many splits. The second set is a check on other pictures:
# parts of a photo can be as flat as the sky, so that nobody could tell all crops.
PHOTOS = {
    "textures": (("brick", "grass", "gravel"), 20),
    "other photos": (("coffee", "page", "text", "moon", "camera", "rocket"), 3),
}
SCALES = (48, 64, 96, 128, 160)  # pixels of a side of a crop
SIZES = {"as they are": None, "brought to 64 x 64": 64}  # the second: five sizes of the texture
EACH = 8  # crops of a class and a scale, to learn from and to test on alike


def patches(train, test, seed):
    """Return how often parts of patches of 6 x 6 are in a crop, of all its places."""
    encoder = PatchEncoder(256, grid=1, random_state=seed)
    return encoder.fit_transform(train), encoder.transform(test)


def topics(train, test, seed):
    """Return how much of each of 30 topics of visual words a crop has."""
    return _topics(*_words(train, test, seed, "dense"), seed)


def topics_where_found(train, test, seed):
    """Return topics of words that are looked for only where SIFT finds a blob."""
    return _topics(*_words(train, test, seed, "sift"), seed)


def words(train, test, seed):
    """Return the words themselves, weighted by tf-idf."""
    return _words(train, test, seed, "dense")


def pixels(train, test, seed):
    """Return crops brought to 32 x 32."""
    return tuple(crops.to_image_set((32, 32)).V.T for crops in (train, test))


def components(train, test, seed):
    """Return 30 principal components of these."""
    train, test = pixels(train, test, seed)
    pca = PCA(30, random_state=seed).fit(train)
    return pca.transform(train), pca.transform(test)


# A feature is one function: from crops to learn from, crops to test on and a seed to rows of both
FEATURES = {
    "parts of patches": patches,
    "topics of visual words": topics,
    "the same where SIFT finds": topics_where_found,
    "visual words": words,
    "pixels": pixels,
    "PCA of pixels": components,
}


def run(options):
    """Print the accuracy of a linear classifier on each feature."""
    kept = {}
    for title, size in SIZES.items():
        rows = []
        for name, (photos, splits) in PHOTOS.items():
            found = scores(photos, size, range(2 if options.quick else splits))
            kept[f"{name}, {title}"] = found
            rows += [
                [name, feature, *(f"{value:.1%}" for value in (np.mean(s), np.std(s), min(s)))]
                for feature, s in found.items()
            ]
        table(
            f"accuracy on crops {title}, over splits",
            ["photos", "feature", "mean", "deviation", "least"],
            rows,
        )
    keep("textures", kept)


def scores(names, size, seeds, features=FEATURES):
    """Return the accuracies of each feature, one a split."""
    photos = load(names)
    found = {name: [] for name in features}
    for seed in seeds:
        train, test = crops_of(photos, size, seed)
        for name, feature in features.items():
            rows, unseen = feature(train, test, seed)
            scaled = StandardScaler(with_mean=False)  # sparse rows stay sparse
            classifier = make_pipeline(scaled, LogisticRegression(max_iter=5000))
            classifier.fit(rows, train.labels)
            found[name].append(classifier.score(unseen, test.labels))
    return found


def load(names):
    """Return photos inside scikit-image, gray in [0, 1]."""
    import skimage.color
    import skimage.data

    photos = {}
    for name in names:
        photo = getattr(skimage.data, name)()
        gray = skimage.color.rgb2gray(photo) if photo.ndim == 3 else photo / 255
        photos[name] = gray.astype(np.float32)
    return photos


def crops_of(photos, size, seed):
    """Return crops to learn from and to test on, from different halves of each photo."""
    rng = np.random.default_rng(seed)
    crops, labels = ([], []), []
    for name, photo in photos.items():
        halves = np.array_split(photo, 2, axis=int(rng.integers(2)))
        for k, which in enumerate(rng.permutation(2)):
            crops[k].extend(cut(halves[which], size, rng))
        labels += [name] * (EACH * len(SCALES))
    return tuple(visnmf.Pictures(each, labels=labels) for each in crops)


def cut(half, size, rng):
    """Yield crops of all scales at random places."""
    for scale in SCALES * EACH:
        side = min(scale, *half.shape)
        y, x = (rng.integers(end - side + 1) for end in half.shape)
        crop = half[y : y + side, x : x + side]
        yield crop if size is None else resize_values(crop, (size, size))


@lru_cache(maxsize=2)
def _words(train, test, seed, detector):
    words = VisualWords(400, detector=detector, max_descriptors=30_000, random_state=seed)
    return words.fit_transform(train), words.transform(test)


def _topics(rows, unseen, seed):
    model = visnmf.NMF(30, random_state=seed)
    return model.fit_transform(rows), model.transform(unseen)
