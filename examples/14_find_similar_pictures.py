"""Find similar pictures
=====================

Search pictures for those that are like a given one, and sort them into groups.

::

    python examples/14_find_similar_pictures.py

Two thirds of the bags, sneakers and trousers in datasets/fashion are learned from and searched;
what is looked for comes from the third that the model has not seen. The same from the command
line: `visnmf learn PICTURES -r -k 40 -o clothes.safetensors`, then `visnmf similar
clothes.safetensors QUERY --in PICTURES -r` and `visnmf group clothes.safetensors PICTURES -r -o
groups`.

What to expect: of ten pictures found, nine or more show what was looked for, and the failures can
be understood: a bag that has the outline of trousers, a boot of which there is no other.
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import visnmf
from visnmf import plots, tasks

FASHION = Path(__file__).resolve().parents[1] / "datasets" / "fashion"


def main() -> None:
    """Learn, search, and sort; draw what was found."""
    out, folder, rank = arguments()
    images = visnmf.load_images(str(folder), labels="folder")
    known, unseen = images.split(1 / 3, by="label", seed=0)
    model = visnmf.learn(known, rank)
    index = tasks.SimilarIndex.of(model, known)
    print(f"{len(known)} pictures to search by {rank} parts, {len(unseen)} to look for")

    found = index.search(unseen, 10)
    right = known.labels[found.indices] == unseen.labels[:, None]
    print(f"of ten found, {right.mean():.1%} show what was looked for")

    # Two of each kind, and the two for which most was found that shows something else
    kinds = np.unique(unseen.labels)
    some = [i for kind in kinds for i in np.flatnonzero(unseen.labels == kind)[:2].tolist()]
    some += np.argsort(right.sum(axis=1), kind="stable")[:2].tolist()
    figure = plots.neighbors(unseen[some], index.search(unseen[some], 10), known)
    save(figure, out / "similar.png", "pictures, and what is most like them; last, two failures")

    H = model.encode(known)
    by_part = tasks.group(H, W=model.W)
    figure = plots.groups(known, by_part, parts=model, max_groups=12)
    save(figure, out / "groups_by_part.png", "pictures that share their strongest part")
    alike = tasks.group(H, W=model.W, by="kmeans", n=8)
    save(plots.groups(known, alike), out / "groups.png", "eight groups of pictures that are alike")
    for number in range(len(alike)):
        kinds, counts = np.unique(known.labels[alike.of == number], return_counts=True)
        told = ", ".join(f"{count} {kind}" for kind, count in zip(kinds, counts, strict=True))
        print(f"  group {number + 1}: {told}")
    file = out / "largest_group.png"
    save(plots.group_sheet(known, alike, 0), file, "all of the largest, the most typical first")


def save(figure: Figure, file: Path, shows: str) -> None:
    """Write a figure, and say what it shows."""
    figure.savefig(file)
    print(f"{file}: {shows}")


def arguments() -> tuple[Path, Path, int]:
    """Read the command line; make the folder to write to."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    default = Path(__file__).parent / "output" / "14_find_similar_pictures"
    parser.add_argument("output", nargs="?", type=Path, default=default, help="folder to write to")
    parser.add_argument(
        "--pictures", type=Path, default=FASHION, help="folders of pictures, one for each kind"
    )
    parser.add_argument("--rank", type=int, default=40, help="parts to learn")
    told = parser.parse_args()
    told.output.mkdir(parents=True, exist_ok=True)
    return told.output, told.pictures, told.rank


if __name__ == "__main__":
    main()
