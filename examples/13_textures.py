"""Tell textures
=============

What NMF learns where nothing is aligned, by patches and by visual words.

::

    python examples/13_textures.py
    python examples/13_textures.py OUTPUT --photos FOLDER      # your own: a photo a texture

Crops of brick, grass and gravel lie anywhere and are of five sizes, so that a pixel means nothing
by itself. Two things do. Parts of patches: how often each is in a crop, of all its places. And
visual words: small squares, described by OpenCV's SIFT, sorted into kinds by k-means.
A crop is then a document, told by how often it has each word; V = W H + U of these counts gives
visual topics. A linear classifier tells the textures apart, beside raw pixels.

Crops to learn from and crops to test on come from different halves of each photo.
"""

import argparse
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import visnmf
from visnmf.features import VisualWords

SIDES = (48, 64, 96, 128, 160)  # of crops, in pixels
EACH = 4  # crops of each side and half


def main() -> None:
    """Cut crops; compare features; draw words and topics."""
    options = parse_arguments()
    photos = load_photos(options.photos)
    rng = np.random.default_rng(0)
    halves = [np.array_split(photo, 2, axis=1) for photo in photos]
    train, test = (
        visnmf.Pictures(
            [crop for half in halves for crop in cut(half[k], rng)],
            labels=np.repeat(photos.names, EACH * len(SIDES)),
        )
        for k in (0, 1)
    )
    print(f"to learn from: {train}\nto test on:    {test}\n")

    encoder = visnmf.PatchEncoder(64, patch_size=8, stride=2, grid=1, n_patches=20_000)
    parts = encoder.fit_transform(train), encoder.transform(test)
    words = VisualWords(200, max_keypoints=800, max_descriptors=15_000, random_state=0)
    V = words.fit_transform(train)  # sparse; a row a picture, as scikit-learn has it
    unseen = words.transform(test)
    topics = visnmf.NMF(4 * len(photos), random_state=0).fit(V)
    features = {
        "pixels": [crops.to_image_set((32, 32)).V.T for crops in (train, test)],
        "parts of patches": parts,
        "visual words": (V, unseen),
        "topics of words": (topics.transform(V), topics.transform(unseen)),
    }
    print("accuracy of a linear classifier on")
    for name, (rows, others) in features.items():
        scaled = StandardScaler(with_mean=False)
        classifier = make_pipeline(scaled, LogisticRegression(max_iter=2000))
        classifier.fit(rows, train.labels)
        print(f"  {name:16}  {classifier.score(others, test.labels):.1%}")
    print()

    options.output.mkdir(parents=True, exist_ok=True)
    file = options.output / "parts.png"
    visnmf.plots.basis(encoder).savefig(file)
    print(f"{file}: the parts of patches, what is lighter and what is darker")
    file = options.output / "words.png"
    visnmf.plots.visual_words(words, train).savefig(file)
    print(f"{file}: the commonest words, each by squares that are of it")
    file = options.output / "topics.png"
    visnmf.plots.topics(topics, words, train).savefig(file)
    print(f"{file}: which words go together, and in which crops")


def load_photos(folder: Path | None) -> visnmf.Pictures:
    """Return photos in gray: of a folder, or three of scikit-image."""
    if folder is not None:
        return visnmf.load_pictures(folder, mode="gray")
    from skimage import data

    names = ["brick", "grass", "gravel"]
    return visnmf.Pictures([getattr(data, name)() for name in names], names=names)


def cut(half: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
    """Cut squares of all sides out at random places."""
    crops = []
    for side in SIDES * EACH:
        side = min(side, *half.shape)
        y, x = (rng.integers(end - side + 1) for end in half.shape)
        crops.append(half[y : y + side, x : x + side])
    return crops


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    default = Path(__file__).parent / "output" / "13_textures"
    parser.add_argument("output", nargs="?", type=Path, default=default, help="folder to write to")
    parser.add_argument("--photos", type=Path, help="a folder of photos, one a texture")
    return parser.parse_args()


if __name__ == "__main__":
    main()
