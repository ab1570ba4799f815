"""Recognition of people by encodings and by PCA, whole pictures and pictures hidden in part.

Five pictures of each person to learn from, five to be told, over random splits. Then a black
square, where it is being known, lies over a quarter of each picture to be told.
"""

import numpy as np
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression

import visnmf
from visnmf.tasks.likeness import Likeness

from datasets import at_hand, shared
from timing import keep, table

SETS = ("orl",)
RANKS, SPLITS, LEARN = (20, 40, 60, 100), 20, 5
LOSSES = {"NMF": "frobenius", "NMF, Kullback-Leibler": "kullback-leibler"}
CASES = ("whole", "hidden, taken for black", "hidden, left out")


def run(options):
    """Print how many are told right, and what the square costs."""
    sets = {"orl": people, "digits": digits}
    wanted = [name for name in options.sets if name in sets]
    ranks, splits = ((20,), 2) if options.quick else (RANKS, SPLITS)
    kept = {}
    for name, (images, labels) in at_hand(wanted, lambda name: sets[name]()):
        scores = {}
        for rank in ranks:
            for split in range(splits):
                for key, shares in compare(images, labels, rank, split).items():
                    scores.setdefault((rank, *key), []).append(shares)
        kept[name] = tell(name, scores)
    keep("recognition", kept)


def compare(images, labels, rank, split):
    """Return the shares told right in each case, by features and classifier."""
    rng = np.random.default_rng(split)
    first, second = divided(labels, rng)
    V = images.reshape(len(images), -1)
    learned, told = V[first], V[second]
    observed = squares(images.shape[1:], len(second), rng)
    black = np.where(observed, told, 0)
    names = labels[first], labels[second]
    shares = {}

    def judge(name, features, cases):
        for classifier, method in CLASSIFIERS.items():
            if method is linear and features.shape[1] > 1000:
                continue  # raw pixels take minutes
            predicted = method(features, names[0])
            shares[name, classifier] = [float(np.mean(predicted(c) == names[1])) for c in cases]

    judge("pixels less mean", *centered(learned, (told, black)))
    pca = PCA(rank, random_state=0).fit(learned)
    cases = pca.transform(told), pca.transform(black), by_known(pca, black, observed)
    judge("PCA", pca.transform(learned), cases)
    for name, loss in LOSSES.items():
        W = visnmf.factorize(np.asfortranarray(learned.T), rank, loss=loss).W
        known, encode = np.asfortranarray(observed.T), encoder(W, loss)
        H = encode(learned)
        likeness = Likeness(H, W.T @ W)
        cases = encode(told), encode(black), encode(black, observed=known)
        judge(name, likeness.vectors(H), [likeness.vectors(case) for case in cases])
        judge(f"{name}, bare", H, cases)
    return shares


def tell(name, scores):
    """Print the means over the splits; return them."""
    rows, kept = [], {}
    for (rank, features, classifier), shares in sorted(scores.items(), key=lambda item: item[0][0]):
        shares = 100 * np.array(shares)
        gained = shares[:, 0] - 100 * np.array(scores[rank, "PCA", classifier])[:, 0]
        means = shares.mean(axis=0)
        told = {"whole": means[0], "spread": shares[:, 0].std(), "over PCA": gained.mean()}
        told["error of that"] = gained.std(ddof=1) / np.sqrt(len(gained))
        cells = [
            f"{told['whole']:.2f} +- {told['spread']:.1f}",
            f"{told['over PCA']:+.2f} +- {told['error of that']:.2f}",
        ]
        for case, mean in zip(CASES[1:], means[1:], strict=False):
            told[case] = mean
            cells.append(f"{mean:.1f}")
        if len(means) == len(CASES):
            told["loss over loss"] = (means[0] - means[2]) / (means[0] - means[1])
            cells.append(f"{told['loss over loss']:.2f}")
        kept[f"{rank} {features}, {classifier}"] = {key: float(v) for key, v in told.items()}
        rows.append([rank, features, classifier, *cells, *[""] * (5 - len(cells))])
    header = ["rank", "features", "classifier", CASES[0], "over PCA", *CASES[1:], "loss / loss"]
    table(f"{name}: % told right, mean and spread of {len(shares)} splits", header, rows)
    return kept


def divided(labels, rng):
    """Return the pictures to learn from and those to be told, as many of each class."""
    pairs = [np.split(rng.permutation(np.flatnonzero(labels == k)), [LEARN]) for k in set(labels)]
    return np.concatenate([p[0] for p in pairs]), np.concatenate([p[1][:LEARN] for p in pairs])


def squares(shape, n, rng):
    """Return which pixels are seen: all but a square of a quarter of the area, anywhere."""
    side = round(np.sqrt(shape[0] * shape[1] / 4))
    seen = np.ones((n, *shape), bool)
    for picture in seen:
        top, left = (rng.integers(length - side + 1) for length in shape)
        picture[top : top + side, left : left + side] = False
    return seen.reshape(n, -1)


def encoder(W, loss):
    """Return what encodes rows of pictures by these parts."""

    def encode(rows, **observed):
        return visnmf.encode(np.asfortranarray(rows.T), W, loss=loss, **observed).T

    return encode


def by_known(pca, rows, observed):
    """Return the components of each picture by least squares over its known pixels."""
    found = []
    for row, known in zip(rows, observed, strict=True):
        C = pca.components_[:, known].astype(float)
        found.append(np.linalg.lstsq(C @ C.T, C @ (row - pca.mean_)[known], rcond=None)[0])
    return np.array(found)


def centered(rows, cases):
    """Take the mean of the first away from all."""
    mean = rows.mean(axis=0)
    return rows - mean, [case - mean for case in cases]


def nearest_by_cosine(features, labels):
    """Return what tells a class by the learned picture of the least angle."""
    units = unit(features)
    return lambda rows: labels[(unit(rows) @ units.T).argmax(axis=1)]


def nearest_by_distance(features, labels):
    """Return what tells a class by the learned picture of the least distance."""
    squared = np.square(features).sum(axis=1)
    return lambda rows: labels[(squared - 2 * rows @ features.T).argmin(axis=1)]


def linear(features, labels):
    """Return a logistic regression on features of one overall scale, so that C means the same."""
    scale = features.std()
    fitted = LogisticRegression(max_iter=300).fit(features / scale, labels)
    return lambda rows: fitted.predict(rows / scale)


def unit(rows):
    """Return rows of length 1."""
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)


def people():
    """Return ORL, and who each is."""
    data = np.load(shared("orl_faces.npz"))
    return data["images"].astype(np.float32) / 255, data["subject"]


def digits():
    """Return the digits inside scikit-learn, and which they are."""
    digits = visnmf.samples.load_digits()
    return digits.to_images(), digits.labels


CLASSIFIERS = {
    "nearest by cosine": nearest_by_cosine,
    "nearest by distance": nearest_by_distance,
    "logistic regression": linear,
}
