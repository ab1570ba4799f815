"""Beyond pictures: topics in documents
====================================

NMF of words by documents finds what they are about.

::

    python examples/18_topics_in_documents.py
    python examples/18_topics_in_documents.py OUTPUT --documents FOLDER --topics 10     # .txt files

V is a sparse array of words x documents, by tf-idf: what a document says often, and others seldom.
V = W H + U: a column of W holds the words of a topic, a column of H how much of each topic a
document has. Nothing here is a picture, and the same core does it: V is never made dense.

Without a folder, documents are made up: sentences on four topics, one or two a document.
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from scipy.sparse import csc_array
from sklearn.feature_extraction.text import TfidfVectorizer

import visnmf

TOPICS = {
    "sea": "ship harbor sailor wave anchor tide captain island storm deck mast fish coast rope",
    "kitchen": "bread butter oven flour onion soup pepper knife plate cheese salt garlic bake pan",
    "sky": "star planet telescope moon orbit comet galaxy light gravity dust night lens sun ring",
    "music": "violin chord melody drum singer concert rhythm piano tune choir string stage song",
}
COMMON = "day people time old small long found many people came good year place part way"


def main() -> None:
    """Read or make documents; factorize; print words and documents by topic."""
    options = parse_arguments()
    if options.documents is None:
        names, texts = plant_documents(60, seed=0)
    else:
        files = sorted(options.documents.rglob("*.txt"))
        if not files:
            raise SystemExit(f"there are no .txt files in {options.documents}")
        names = [str(file.relative_to(options.documents)) for file in files]
        texts = [file.read_text(errors="replace") for file in files]

    vectorizer = TfidfVectorizer(stop_words="english", max_df=0.9, min_df=2, sublinear_tf=True)
    V = csc_array(vectorizer.fit_transform(texts).T)
    words = vectorizer.get_feature_names_out()
    print(f"{V.shape[1]} documents of {V.shape[0]} words; {V.nnz / np.prod(V.shape):.1%} not zero")

    run = visnmf.factorize(V, options.topics, loss=options.loss)
    print(f"{run}\n\nwords by topic")
    for k, topic in enumerate(run.W.T):
        print(f"  {k + 1:2}  {', '.join(words[np.argsort(-topic)[:8]])}")
    shares = run.H * run.W.sum(axis=0)[:, None]
    shares = shares / np.maximum(shares.sum(axis=0), 1e-12)
    print("\ndocuments by topic")
    for k, topic in enumerate(shares):
        best = np.argsort(-topic)[:4]
        print(f"  {k + 1:2}  {', '.join(f'{names[j]} ({topic[j]:.0%})' for j in best)}")

    options.output.mkdir(parents=True, exist_ok=True)
    file = options.output / "topics.png"
    draw(run.W, words).savefig(file, dpi=120)
    print(f"\n{file}: the strongest words of each topic")


def plant_documents(count: int, *, seed: int) -> tuple[list[str], list[str]]:
    """Return names that tell the topics, and texts."""
    rng = np.random.default_rng(seed)
    names, texts = [], []
    for number in range(count):
        chosen = rng.choice(list(TOPICS), size=rng.integers(1, 3), replace=False)
        vocabulary = " ".join(TOPICS[topic] for topic in chosen).split()
        said = [*rng.choice(vocabulary, 40), *rng.choice(COMMON.split(), 20)]
        names.append(f"{'+'.join(sorted(chosen))}-{number}")
        texts.append(" ".join(rng.permutation(said)))
    return names, texts


def draw(W: np.ndarray, words: np.ndarray, shown: int = 8) -> Figure:
    """Draw the strongest words of each topic as bars."""
    across = min(4, W.shape[1])
    down = -(-W.shape[1] // across)
    figure = Figure(figsize=(2.4 * across, 2.3 * down), layout="constrained")
    panels = figure.subplots(down, across, squeeze=False).ravel()
    for k, axes in enumerate(panels):
        if k >= W.shape[1]:
            axes.set_axis_off()
            continue
        best = np.argsort(-W[:, k])[:shown][::-1]
        axes.barh(words[best], W[best, k], color="#56B4E9")
        axes.set(title=f"topic {k + 1}", xticks=[])
        axes.spines[["top", "right", "bottom"]].set_visible(False)
    return figure


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    default = Path(__file__).parent / "output" / "18_topics_in_documents"
    parser.add_argument("output", nargs="?", type=Path, default=default, help="folder to write to")
    parser.add_argument("--documents", type=Path, help="a folder of .txt files, read recursively")
    parser.add_argument("--topics", type=int, default=len(TOPICS), help="how many (4)")
    parser.add_argument(
        "--loss", choices=("kl", "frobenius"), default="kl", help="of the factorization (kl)"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
