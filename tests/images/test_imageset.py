import numpy as np
import pytest

from visnmf.errors import InvalidInputError
from visnmf.images.imageset import ImageSet
from visnmf.images.layout import ImageLayout


@pytest.fixture
def images():
    V = np.asfortranarray(np.random.default_rng(0).random((12, 10), dtype=np.float32))
    return ImageSet(V, ImageLayout(2, 2, 3), labels=list("aabbbcccca"))


def test_indexing(images):
    assert images[3].shape == (2, 2, 3)
    np.testing.assert_array_equal(images[-1], images.to_images()[9])
    np.testing.assert_array_equal(images[np.int64(2)], images[2])
    for index in (
        slice(2, 5),
        [4, 1],
        np.array([9, 9, 0]),
        images.labels == "a",
        slice(None, None, 3),
    ):
        part = images[index]
        np.testing.assert_array_equal(part.V, images.V[:, index])
        np.testing.assert_array_equal(part.labels, images.labels[index])
        assert part.names == np.array(images.names)[index].tolist()
        assert part.V.flags.f_contiguous
    with pytest.raises(IndexError):
        images[10]
    with pytest.raises(IndexError):
        images[[True, False]]


def test_slices_share_memory(images):
    assert np.shares_memory(images[2:5].V, images.V)
    assert np.shares_memory(images[3], images.V)


def test_empty_sets_are_sets(images):
    for index in ([], slice(3, 3), np.zeros(10, bool)):
        empty = images[index]
        assert len(empty) == 0
        assert empty.to_images().shape == (0, 2, 2, 3)
        assert list(empty) == []


def test_iteration_gives_every_picture(images):
    np.testing.assert_array_equal(np.stack(list(images)), images.to_images())


def test_columns_are_not_copied_if_they_need_not_be():
    V = np.zeros((4, 3), np.float32, order="F")
    assert ImageSet(V, ImageLayout(2, 2)).V is V
    assert ImageSet(np.zeros((4, 3)), ImageLayout(2, 2)).V.dtype == np.float32


def test_repr_is_one_line(images):
    assert repr(images) == "ImageSet(10 images, 2 x 2, color, float32, 3 labels)"
    assert "\n" not in repr(images[:1])


@pytest.mark.parametrize(
    ("V", "options", "message"),
    [
        (np.zeros((4, 3), np.uint8), {}, "from_original"),
        (np.zeros((5, 3)), {}, r"need \(4, n\)"),
        (np.zeros(4), {}, r"need \(4, n\)"),
        (np.zeros((4, 3)), {"names": ["a"]}, "3 names"),
        (np.zeros((4, 3)), {"names": "abc"}, "3 names"),
        (np.zeros((4, 3)), {"labels": [1, 2]}, "3 labels"),
    ],
)
def test_misfits_are_told(V, options, message):
    with pytest.raises(InvalidInputError, match=message):
        ImageSet(V, ImageLayout(2, 2), **options)


def test_split_by_label_and_by_group(images):
    train, test = images.split(0.5, by="label", seed=1)
    assert len(train) + len(test) == 10
    assert sorted(train.names + test.names) == images.names
    assert (test.labels == "c").sum() == 2
    train, test = images.split(0.4, groups=images.labels)
    assert not set(train.labels) & set(test.labels)
    with pytest.raises(InvalidInputError, match="has none"):
        images.replace(labels=None).split(by="label")


def test_replace_refuses_what_it_does_not_know(images):
    with pytest.raises(InvalidInputError, match="colour"):
        images.replace(colour=1)
