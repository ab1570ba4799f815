"""Small sets of pictures, and archives of every kind made of them."""

import numpy as np
import pytest

import visnmf
from visnmf.archive.assemble import draft_sheets, sheet_plan
from visnmf.archive.coders import LOSSY, decode_image
from visnmf.archive.container_write import write_container
from visnmf.archive.fidelity import fidelity_of, squared_errors
from visnmf.archive.header import Mode
from visnmf.archive.material import Material
from visnmf.archive.sheets import cut, lay
from visnmf.images.imageset import ImageSet
from visnmf.images.layout import ImageLayout


def pictures(n=20, size=(9, 7), channels=0, dtype=np.uint8, seed=0, noise=0.01):
    """Return pictures of four parts and a little noise, (n, height, width[, channels])."""
    rng = np.random.default_rng(seed)
    shape = size + ((channels,) if channels else ())
    parts = rng.random((4, *shape)) ** 3
    V = np.einsum("jk,k...->j...", rng.random((n, 4)) ** 2, parts) / 2
    V = np.clip(V + noise * rng.standard_normal(V.shape), 0, 1)
    return (V * np.iinfo(dtype).max).astype(dtype)


def masked(n=12, size=(8, 8)):
    """Return pictures of which a disk is known."""
    y, x = np.mgrid[: size[0], : size[1]]
    mask = (y - 3.5) ** 2 + (x - 3.5) ** 2 < 14
    levels = pictures(n, size)
    V = (levels[:, mask] / np.float32(255)).T.astype(np.float32)
    layout = ImageLayout(*size, 1, mask, 0.0, 255.0, "uint8")
    return ImageSet(V, layout, [f"disk/{j}.png" for j in range(n)])


KINDS = {
    "factors": (lambda: pictures(), {"rank": 3, "chunk": 8}),
    "painted": (lambda: pictures(size=(16, 16)), {"rank": 3, "quality": 60}),
    "layers": (lambda: pictures(200), {"lossless": True}),
    "lossless noise": (lambda: pictures(6, noise=1.0), {"lossless": True}),
    "bound": (lambda: pictures(30), {"max_error": 2}),
    "16 bits": (lambda: pictures(dtype=np.uint16), {"rank": 2}),
    "16 bits lossless": (lambda: pictures(5, dtype=np.uint16), {"lossless": True}),
    "color": (lambda: pictures(channels=3), {"rank": 3}),
    "color lossless": (lambda: pictures(6, channels=3), {"lossless": True}),
    "apart": (lambda: pictures(channels=4), {"rank": 2}),
    "masked": (masked, {"rank": 3}),
    "sheets": (lambda: pictures(5, (12, 12), noise=0.2), {"psnr": 25}),
}
"""Pictures, and how to compress them, by a name."""


def make(path, kind):
    """Write an archive of a kind; return its pictures."""
    images, options = KINDS[kind]
    images = images()
    visnmf.compress(images, path, compare=False, n_jobs=1, **options)
    return images


def make_sheets(path, codec):
    """Write an archive of sheets by one codec, whether or not it is smallest."""
    images = pictures(5, (12, 12), 3)
    material = Material.of(visnmf.load_images(images, mode="keep"))
    plan = sheet_plan(material)
    sheet, coder = lay(images, plan, 0), codec.coder
    data = codec.encode(sheet, (codec.worst + codec.best) // 2)
    seen = cut(decode_image(coder, data, sheet.shape, sheet.dtype), plan, 0)
    errors, most = squared_errors(images, seen)
    fidelity = fidelity_of(errors, most, images[0].size, 255)
    draft = draft_sheets(material, [(coder, data)], fidelity, "sheets")
    write_container(path, draft.header(Mode.BY_HAND, 0.0), draft.sections)
    return images


@pytest.fixture(scope="session")
def corpus(tmp_path_factory):
    """Return a folder of archives of every kind, and the pictures in each by its name."""
    folder = tmp_path_factory.mktemp("corpus")
    inside = {kind: make(folder / f"{kind}.vnmf", kind) for kind in KINDS}
    for codec in LOSSY:
        inside[codec.name] = make_sheets(folder / f"{codec.name}.vnmf", codec)
    return folder, inside


@pytest.fixture
def archive_of(corpus):
    """Return a function: kind -> opened archive, pictures."""

    def find(kind):
        folder, inside = corpus
        return visnmf.Archive.open(folder / f"{kind}.vnmf"), inside[kind]

    return find
