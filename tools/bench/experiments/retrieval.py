"""Leave one out retrieval: mean average precision of encodings against pixels and PCA."""

from pathlib import Path

import numpy as np

import visnmf
from visnmf.tasks import SimilarIndex

from datasets import at_hand, shared
from timing import keep, table

FASHION = Path(__file__).parents[3] / "datasets" / "fashion"
RANKS = (16, 40, 60, 100)
SETS = ("orl", "digits", "fashion")


def run(options):
    """Print the mean average precision on each set, by rank."""
    kept = {}
    sets = {"orl": people, "digits": visnmf.samples.load_digits, "fashion": clothes}
    wanted = [name for name in sets if name in options.sets]
    for name, images in at_hand(wanted, lambda name: sets[name]()):
        X, labels = images.V.T.astype(np.float64), np.asarray(images.labels)
        centered = X - X.mean(axis=0)
        pixels, about_mean = precision(X, labels), precision(centered, labels)
        rows, kept[name] = [], {}
        for rank in RANKS:
            if rank > min(X.shape) // 2 + 10:
                continue
            model = visnmf.learn(images, rank)
            index = SimilarIndex.of(model, images)
            scores = {
                "NMF": precision(index.vectors, labels),
                "bare cosine of H": precision(index.rows, labels),
                "pixels": pixels,
                "pixels about mean": about_mean,
                "PCA": precision(leading(centered, rank), labels),
                "PCA not centered": precision(leading(X, rank), labels),
            }
            kept[name][rank] = scores
            rows.append([rank, *(f"{score:.4f}" for score in scores.values())])
        table(f"{name}: mean average precision by cosine, leave one out", ["rank", *scores], rows)
    keep("retrieval", kept)


def leading(X, rank):
    """Return the scores on the leading singular vectors."""
    U, s, _ = np.linalg.svd(X, full_matrices=False)
    return U[:, :rank] * s[:rank]


def precision(rows, labels):
    """Return the mean over all pictures of the average precision of the others, by cosine."""
    unit = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    cosines = unit @ unit.T
    np.fill_diagonal(cosines, -np.inf)
    order = np.argsort(-cosines, axis=1, kind="stable")[:, :-1]
    right = labels[order] == labels[:, None]
    precisions = right.cumsum(axis=1) / np.arange(1, right.shape[1] + 1)
    found = right.sum(axis=1)
    return float(((precisions * right).sum(axis=1)[found > 0] / found[found > 0]).mean())


def people():
    """Return ORL at half its height and width, and who each is."""
    data = np.load(shared("orl_faces.npz"))
    return visnmf.load_images(data["images"], size=(56, 46), labels=data["subject"])


def clothes():
    """Return the shipped pictures of Fashion-MNIST, and what each shows."""
    return visnmf.load_images(str(FASHION), labels="folder")
