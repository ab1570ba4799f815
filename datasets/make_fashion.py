"""Make datasets/fashion: the first pictures of three classes of Fashion-MNIST, as PNG files.

    python datasets/make_fashion.py /usr/share/datasets/fashion-mnist

The folder is that of Debian's package dataset-fashion-mnist; a file's name holds
the number of the picture in the original training set.
"""

from __future__ import annotations

import argparse
import gzip
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

CLASSES = {"trouser": 1, "sneaker": 7, "bag": 8}
PER_CLASS = 334


def read_idx(path: Path) -> NDArray[np.uint8]:
    """Read an array of bytes in the IDX format of MNIST, gzipped."""
    with gzip.open(path) as file:
        data = file.read()
    if data[:3] != b"\0\0\x08":
        raise SystemExit(f"{path} is not a gzipped IDX file of bytes")
    ndim = data[3]
    shape = np.frombuffer(data, dtype=">u4", count=ndim, offset=4)
    return np.frombuffer(data, dtype=np.uint8, offset=4 + 4 * ndim).reshape(shape)


def main() -> None:
    """Write the pictures, in a folder for each class."""
    parser = argparse.ArgumentParser(description="Make datasets/fashion from the IDX files.")
    parser.add_argument("source", type=Path, help="folder of train-images-idx3-ubyte.gz")
    parser.add_argument("-o", "--output", type=Path, default=Path(__file__).parent / "fashion")
    options = parser.parse_args()
    images = read_idx(options.source / "train-images-idx3-ubyte.gz")
    labels = read_idx(options.source / "train-labels-idx1-ubyte.gz")
    for name, label in CLASSES.items():
        folder = options.output / name
        folder.mkdir(parents=True, exist_ok=True)
        for index in np.flatnonzero(labels == label)[:PER_CLASS]:
            picture = Image.fromarray(images[index])
            picture.save(folder / f"{name}_{index:05d}.png", optimize=True)
        print(f"{folder}: {PER_CLASS} pictures")


if __name__ == "__main__":
    main()
