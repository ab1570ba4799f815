"""Parts of faces
==============

What are faces made of? Learn 49 parts from 100 faces, and see why they are parts.

::

    python examples/01_parts_of_faces.py
    python examples/01_parts_of_faces.py OUTPUT --pictures FOLDER --size 32x32   # your own

A picture is a column of V (pixels x pictures). NMF finds W (pixels x rank) and H (rank x pictures),
neither with a value below zero, so that W H is near V. A column of W is a picture too: a part.
A column of H tells how much of each part one picture takes. What one part adds, no other can take
away, so a part holds only what is there: a lit cheek, a forehead, a corner of the background. PCA
fits closer with as many columns, but by eigenfaces that cancel each other out.

Do not expect noses and ears one by one: these faces differ in pose and light, and with a part for
every two pictures many a part is still a thin face. Pictures that lie alike give more local parts.
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from sklearn.decomposition import PCA

import visnmf
from visnmf import measure, plots


def main() -> None:
    """Learn, measure, draw."""
    options = parse_arguments()
    if options.pictures is None:
        faces = visnmf.samples.load_faces()
    else:
        size = tuple(map(int, options.size.split("x"))) if options.size else None
        faces = visnmf.load_images(options.pictures, size=size)
    rank = min(options.rank, *faces.V.shape)  # PCA finds no more
    print(faces)

    # Learn. The model keeps the run that found it: H, and how it went.
    model = visnmf.learn(faces, rank, seed=0)
    run = model.factorization
    print(f"{rank} parts in {run.n_iter} iterations; ended by: {run.reason}")

    # As many eigenfaces; to rebuild a face, PCA has its mean face besides.
    pca = PCA(rank, random_state=0).fit(faces.V.T)
    eigenfaces = pca.components_.T
    pca_rebuilt = pca.inverse_transform(pca.transform(faces.V.T)).T
    pca_error = np.linalg.norm(faces.V - pca_rebuilt) / np.linalg.norm(faces.V)

    # Sparseness is 0 where all pixels are equal and 1 where all but one are zero.
    for name, columns in (("pictures", faces.V), ("parts", run.W), ("eigenfaces", eigenfaces)):
        sparseness, below = measure.hoyer_sparseness(columns).mean(), (columns < 0).mean()
        print(f"  {name:10}  sparseness {sparseness:.2f}, {below:3.0%} of values below zero")
    print(f"error: NMF {measure.relative_error(faces, run.W, run.H):.1%}, PCA {pca_error:.1%}")
    print(f"parts that a picture takes: {np.count_nonzero(run.H, axis=0).mean():.0f} of {rank}")

    face = faces[options.face % len(faces)]
    both = side_by_side(model.basis_images(), faces.layout.to_images(eigenfaces))
    figures = {
        "parts": (plots.basis(model), "all parts, those that explain most first"),
        "parts_and_eigenfaces": (both, "as many columns of W and of PCA"),
        "build_up": (plots.build_up(model, face), "one picture as a sum of its parts"),
        "overlay": (plots.overlay(model, face), "where its five strongest parts lie"),
        "convergence": (plots.convergence(run, against="iterations"), "how the fit went"),
    }
    options.output.mkdir(parents=True, exist_ok=True)
    for name, (figure, told) in figures.items():
        figure.savefig(options.output / f"{name}.png", dpi=120)
        print(f"{options.output / name}.png: {told}")


def side_by_side(parts: np.ndarray, eigenfaces: np.ndarray) -> Figure:
    """Show two stacks of pictures (k, h, w) as sheets, each picture to its own largest value."""
    figure = Figure(figsize=(10, 5.2), layout="compressed")
    left, right = figure.subplots(1, 2)
    parts = parts / parts.max(axis=(1, 2), keepdims=True)
    left.imshow(plots.montage(parts, background=1), cmap="gray", vmin=0)
    left.set_title("parts: zero is black")
    eigenfaces = eigenfaces / np.abs(eigenfaces).max(axis=(1, 2), keepdims=True)
    right.imshow(plots.montage(eigenfaces), cmap="RdBu_r", vmin=-1, vmax=1)
    right.set_title("eigenfaces: zero is white, blue below, red above")
    for axes in (left, right):
        axes.set_axis_off()
    return figure


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    default = Path(__file__).parent / "output" / "01_parts_of_faces"
    parser.add_argument("output", nargs="?", type=Path, default=default, help="folder to write to")
    parser.add_argument("--pictures", type=Path, help="a folder of pictures instead of the faces")
    parser.add_argument("--size", metavar="HxW", help="size to bring those pictures to")
    parser.add_argument("--rank", type=int, default=49, help="how many parts (49)")
    parser.add_argument("--face", type=int, default=41, help="which picture to build up (41)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
