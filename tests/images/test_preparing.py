import json

import numpy as np
import pytest

from visnmf.errors import InvalidInputError
from visnmf.images import preparing
from visnmf.images.imageset import ImageSet
from visnmf.images.layout import ImageLayout
from visnmf.images.load import load_images


@pytest.fixture
def color():
    return load_images(
        np.random.default_rng(0).random((5, 12, 10, 3), dtype=np.float32), mode="rgb"
    )


@pytest.fixture
def gray(color):
    return preparing.to_gray(color)


def test_gray_is_what_loading_as_gray_gives(color, gray):
    np.testing.assert_allclose(gray.V, load_images(color.to_images()).V, rtol=1e-6)
    assert gray.layout.channels == 1
    assert preparing.to_gray(gray) is gray
    with pytest.raises(InvalidInputError, match="these pictures have 7"):
        preparing.to_gray(ImageSet(np.zeros((7, 1)), ImageLayout(1, 1, 7)))


def test_gray_keeps_the_mask(color):
    mask = np.random.default_rng(1).random((12, 10)) > 0.3
    masked = load_images(color.to_images(), mode="rgb", mask=mask)
    np.testing.assert_allclose(
        preparing.to_gray(masked).V, load_images(color.to_images(), mask=mask).V, rtol=1e-6
    )


def test_resize_is_what_loading_with_a_size_gives(color):
    for fit in ("resize", "crop"):
        expected = load_images(color.to_images(), mode="rgb", size=(5, 7), fit=fit).V
        np.testing.assert_allclose(preparing.resize(color, (5, 7), fit=fit).V, expected, atol=1e-6)
    with pytest.raises(InvalidInputError, match="resize first"):
        preparing.resize(load_images(color.to_images(), mask=np.eye(12, 10, dtype=bool)), (3, 3))


def test_crop_cuts_picture_and_mask(gray):
    cut = preparing.crop(gray, (4, 5), corner=(2, 3))
    np.testing.assert_array_equal(cut.to_images(), gray.to_images()[:, 2:6, 3:8])
    np.testing.assert_array_equal(
        preparing.crop(gray, (4, 4)).to_images(), gray.to_images()[:, 4:8, 3:7]
    )
    mask = np.random.default_rng(1).random((12, 10)) > 0.3
    masked = preparing.crop(load_images(gray.to_images(), mask=mask), (4, 5), corner=(2, 3))
    np.testing.assert_array_equal(masked.layout.mask, mask[2:6, 3:8])
    np.testing.assert_array_equal(masked.to_images(), cut.to_images() * mask[2:6, 3:8])
    with pytest.raises(InvalidInputError, match="leaves pictures of 12 x 10"):
        preparing.crop(gray, (4, 5), corner=(9, 0))
    with pytest.raises(InvalidInputError, match="leaves pictures"):
        preparing.crop(gray, (13, 5))


def test_contrast_fills_the_range(gray):
    dim = gray.replace(V=gray.V * 0.25 + 0.5)
    stretched = preparing.stretch_contrast(dim)
    np.testing.assert_allclose(stretched.V.min(axis=0), 0)
    np.testing.assert_allclose(stretched.V.max(axis=0), 1)
    clipped = preparing.stretch_contrast(dim, percentiles=(10, 90)).V
    assert (clipped == 0).mean() == pytest.approx(0.1, abs=0.02)
    flat = preparing.stretch_contrast(gray.replace(V=np.full_like(gray.V, 0.3)))
    assert (flat.V == 0).all()
    with pytest.raises(InvalidInputError, match="low < high"):
        preparing.stretch_contrast(gray, percentiles=(90, 10))


def test_hoyers_normalization(gray):
    z = (gray.V - gray.V.mean()) / gray.V.std()
    normalized = preparing.normalize_set(gray)
    np.testing.assert_allclose(normalized.V, np.clip((z + 0.25) * 0.25, 0, 1), atol=1e-6)


def test_lee_and_seungs_normalization(gray):
    z = (gray.V - gray.V.mean(axis=0)) / gray.V.std(axis=0)
    normalized = preparing.normalize_each(gray)
    np.testing.assert_allclose(normalized.V, np.clip(0.25 * z + 0.25, 0, 1), atol=1e-6)
    flat = preparing.normalize_each(gray.replace(V=np.full_like(gray.V, 0.3)))
    np.testing.assert_allclose(flat.V, 0.25, atol=1e-6)


def test_what_was_done_can_be_done_again(color):
    prepared = preparing.normalize_set(
        preparing.stretch_contrast(
            preparing.crop(preparing.resize(preparing.to_gray(color), (9, 9)), (6, 7)),
            percentiles=(1, 99),
        )
    )
    steps = json.loads(json.dumps(prepared.preparation))
    assert [step["step"] for step in steps] == [
        "load",
        "to_gray",
        "resize",
        "crop",
        "stretch_contrast",
        "normalize_set",
    ]
    again = preparing.apply_preparation(color, steps)
    np.testing.assert_array_equal(again.V, prepared.V)
    assert again.layout == prepared.layout
    # One picture alone is normalized by the numbers of the set that it came from.
    np.testing.assert_allclose(preparing.apply_preparation(color[2:3], steps).V, prepared.V[:, 2:3])


@pytest.mark.parametrize(
    "step", [{"step": "melt"}, {}, {"step": "crop", "shape": 3}, {"step": "crop"}]
)
def test_unknown_steps_are_refused(color, step):
    with pytest.raises(InvalidInputError):
        preparing.apply_preparation(color, [step])


def test_pictures_are_left_as_they_were(color):
    before = color.V.copy()
    for step in (
        preparing.to_gray,
        preparing.stretch_contrast,
        preparing.normalize_set,
        preparing.normalize_each,
    ):
        step(color)
    np.testing.assert_array_equal(color.V, before)
