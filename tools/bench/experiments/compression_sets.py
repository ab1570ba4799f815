"""Sets of pictures that a walk over all modes of `visnmf compress` goes through.

Beside the sets of `datasets`: sets of few pictures, of one level, of colors, of 16 bits, with
alpha, and faces that no setting was chosen on. Those of more than `MOST` values are taken in part,
pictures in runs of neighbors, so that a walk ends.
"""

from functools import partial

import numpy as np

from datasets import shared
from experiments.compression_peers import pictures

MOST = 70_000  # values of a set; `--whole` takes all
_RUN = 25  # neighbors that stay together


def some(levels, most=MOST):
    """Return pictures of at most so many values, in runs spread over the set."""
    count = max(1, most // levels[0].size)
    if count >= len(levels):
        return levels
    run = min(_RUN, count)
    starts = np.linspace(0, len(levels) - run, max(1, count // run)).astype(int)
    return levels[(starts[:, None] + np.arange(run)).ravel()]


def _plain(name):
    return pictures(name)


def _few(name, count):
    levels = pictures(name)
    return levels[np.linspace(0, len(levels) - 1, count).astype(int)]


def _flat(level, shape, dtype=np.uint8):
    return np.full(shape, level, dtype)


def _photos():
    """Return tiles of 64 x 64 of scikit-image's color photos, uint8 (n, 64, 64, 3)."""
    from skimage import data

    photos = (data.astronaut(), data.chelsea(), data.coffee(), data.rocket())
    return np.concatenate([_tiles(photo, 64)[::2] for photo in photos])


def _tiles(photo, side):
    down, across = photo.shape[0] // side, photo.shape[1] // side
    cut = photo[: down * side, : across * side]
    grid = cut.reshape(down, side, across, side, -1).transpose(0, 2, 1, 3, 4)
    return np.ascontiguousarray(grid.reshape(-1, side, side, grid.shape[-1]).squeeze())


def _alpha():
    """Return color tiles with an alpha channel: a disk, a level less in every picture."""
    tiles = _photos()[:60]
    y, x = np.mgrid[:64, :64] - 31.5
    disk = np.where(x * x + y * y < 900, 255, 0)
    alpha = np.stack([np.maximum(disk - i, 0) for i in range(len(tiles))]).astype(np.uint8)
    return np.concatenate([tiles, alpha[..., None]], axis=3)


def _bands16():
    cube = np.load(shared("samson_cube.npz"))["cube"].astype(np.float64).transpose(2, 0, 1)
    return np.rint(np.clip(cube / cube.max(), 0, 1) * 65535).astype(np.uint16)


def _bands16_color():
    """Return Samson as 52 pictures of three neighboring bands each, 16 bits."""
    bands = _bands16()
    return np.ascontiguousarray(bands.reshape(-1, 3, *bands.shape[1:]).transpose(0, 2, 3, 1))


def _photos16():
    """Return color tiles of 16 bits: light taken linear, as raw developers give it."""
    linear = (_photos()[::2] / 255.0) ** 2.2
    noise = np.random.default_rng(0).normal(0, 40, linear.shape)
    return np.clip(np.rint(linear * 65535 + noise), 0, 65535).astype(np.uint16)


def _moved_faces():
    """Return every second face of CBCL, mirrored and moved by parts of a pixel, lit anew."""
    from scipy.ndimage import shift

    rng = np.random.default_rng(0)
    faces = pictures("cbcl")[1::2, :, ::-1].astype(np.float64)
    moved = [shift(f, rng.uniform(-1, 1, 2), order=3, mode="nearest") for f in faces]
    gain = rng.uniform(0.8, 1.1, (len(faces), 1, 1))
    return np.clip(np.rint(np.stack(moved) * gain), 0, 255).astype(np.uint8)


def _half_faces():
    """Return the 400 faces of ORL at half their size, 56 x 46."""
    faces = pictures("orl").astype(np.float64)
    halves = faces.reshape(len(faces), 56, 2, 46, 2).mean(axis=(2, 4))
    return np.rint(halves).astype(np.uint8)


def _small_faces():
    """Return the 400 faces of ORL at a quarter of their size, 28 x 23."""
    faces = pictures("orl").astype(np.float64)
    quarters = faces.reshape(len(faces), 28, 4, 23, 4).mean(axis=(2, 4))
    return np.rint(quarters).astype(np.uint8)


def _sprites():
    """Return 800 figures of parts in nine gray levels, drawn without smoothing, 32 x 32."""
    rng = np.random.default_rng(0)
    sheet = np.zeros((800, 32, 32), np.uint8)
    shapes = []
    for _ in range(60):
        top, left = rng.integers(0, 20, 2)
        tall, wide = rng.integers(4, 12, 2)
        body = np.zeros((32, 32), np.uint8)
        body[top : top + tall, left : left + wide] = 28 * rng.integers(1, 10, (tall, wide))
        shapes.append((body, slice(None, None, rng.choice((-1, 1)))))
    for picture in sheet:
        for k in rng.choice(len(shapes), 5, replace=False):
            body, way = shapes[k]
            picture[:] = np.where(body[:, way] > 0, body[:, way], picture)
    return sheet


def _noise(dtype):
    most = np.iinfo(dtype).max
    return np.random.default_rng(0).integers(0, most + 1, (20, 24, 24)).astype(dtype)


SETS = {
    **{name: partial(_plain, name) for name in (
        "cbcl", "frey", "orl", "bands", "street", "lfw", "digits", "swimmer", "fashion"
    )},
    "sprites": _sprites,
    "moved_faces": _moved_faces,
    "small_faces": _small_faces,
    "half_faces": _half_faces,
    "photos": _photos,
    "alpha": _alpha,
    "bands16": _bands16,
    "bands16_color": _bands16_color,
    "photos16": _photos16,
    "one": partial(_few, "orl", 1),
    "two": partial(_few, "cbcl", 2),
    "five": partial(_few, "cbcl", 5),
    "five_color": partial(_few, "street", 5),
    "one_dot": partial(_flat, 7, (1, 1, 1)),
    "black": partial(_flat, 0, (50, 20, 20)),
    "gray": partial(_flat, 93, (200, 32, 32)),
    "white_color": partial(_flat, 255, (30, 16, 16, 3)),
    "gray16": partial(_flat, 40000, (50, 20, 20), np.uint16),
    "noise": partial(_noise, np.uint8),
    "noise16": partial(_noise, np.uint16),
}  # fmt: skip
