import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visnmf.errors import InvalidInputError
from visnmf.images.imageset import ImageSet
from visnmf.images.layout import ImageLayout
from visnmf.images.patches import extract_patches, merge_patches


def make(height, width, channels=1, n=2, mask=None):
    layout = ImageLayout(height, width, channels, mask=mask)
    V = np.random.default_rng(0).random((layout.m, n), dtype=np.float32)
    return ImageSet(V, layout, labels=np.arange(n))


@given(st.data())
def test_merging_what_was_extracted_gives_the_pictures(data):
    height, width = data.draw(st.integers(1, 9)), data.draw(st.integers(1, 9))
    size = (data.draw(st.integers(1, height)), data.draw(st.integers(1, width)))
    stride = (data.draw(st.integers(1, size[0])), data.draw(st.integers(1, size[1])))
    images = make(height, width, channels=data.draw(st.sampled_from([1, 3])))
    patches = extract_patches(images, size, stride=stride)
    merged = merge_patches(patches, images.layout, stride=stride)
    np.testing.assert_allclose(merged.V, images.V, atol=1e-6)
    assert merged.names == images.names
    assert merged.labels.tolist() == images.labels.tolist()


def test_patches_are_cut_where_their_names_say():
    images = make(7, 8, channels=3)
    for patches in (
        extract_patches(images, (3, 4), stride=2),
        extract_patches(images, (3, 4), count=50),
    ):
        for name, patch in zip(patches.names, patches, strict=True):
            picture, row, column = (int(x) for x in name.replace("[", ",").strip("]").split(","))
            np.testing.assert_array_equal(
                patch, images[picture][row : row + 3, column : column + 4]
            )


def test_overlaps_are_averaged():
    layout = ImageLayout(1, 3)
    patches = ImageSet(np.array([[0.0, 0.4], [0.2, 1.0]]), ImageLayout(1, 2))
    merged = merge_patches(patches, layout, stride=1)
    np.testing.assert_allclose(merged[0], [[0.0, 0.3, 1.0]], atol=1e-6)


def test_random_patches_are_seeded():
    images = make(9, 9)
    first, again = (extract_patches(images, (3, 3), count=20, seed=5) for _ in range(2))
    np.testing.assert_array_equal(first.V, again.V)
    assert first.V.shape == (9, 20)
    assert first.names != extract_patches(images, (3, 3), count=20, seed=6).names


def test_masked_pictures_merge_into_masked_pictures():
    mask = np.ones((4, 6), bool)
    mask[0, :3] = False
    images = make(4, 6, mask=mask)
    merged = merge_patches(extract_patches(images, (2, 3)), images.layout)
    np.testing.assert_allclose(merged.V, images.V, atol=1e-6)


def test_misfits_are_told():
    images = make(4, 4)
    with pytest.raises(InvalidInputError, match="do not fit"):
        extract_patches(images, (5, 2))
    with pytest.raises(InvalidInputError, match="not both"):
        extract_patches(images, (2, 2), stride=1, count=3)
    with pytest.raises(InvalidInputError, match="stride must be"):
        extract_patches(images, (2, 2), stride=0)
    with pytest.raises(InvalidInputError, match="need 4 each"):
        merge_patches(extract_patches(images, (2, 2))[:3], images.layout)
    with pytest.raises(InvalidInputError, match="do not fit"):
        merge_patches(extract_patches(images, (3, 3)), ImageLayout(2, 2))
