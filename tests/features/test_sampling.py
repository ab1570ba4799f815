import numpy as np
import pytest

from visnmf import ImageSet, Pictures
from visnmf.errors import InvalidInputError
from visnmf.features import sample_patches

RNG = np.random.default_rng(3)
SIZES = [(9, 14), (30, 20), (3, 40), (6, 5)]
PICTURES = Pictures(
    [RNG.random(size, np.float32) for size in SIZES],
    ["wide", "tall", "thin", "small"],
    labels=[10, 20, 30, 40],
)


def disk(h, w, y, x, radius):
    """A bright disk on a dark ground, a blob that SIFT finds."""
    rows, columns = np.mgrid[:h, :w]
    apart = np.hypot(rows - y, columns - x)
    return np.clip(radius + 0.5 - apart, 0, 1).astype(np.float32)


def places_of(patches):
    """(picture, row, column) as the names tell."""
    for name in patches.names:
        picture, _, rest = name.partition("[")
        row, column = rest.rstrip("]").split(",")
        yield picture, int(row), int(column)


class TestRandom:
    def test_each_patch_is_what_its_name_and_label_say(self):
        patches = sample_patches(PICTURES, (5, 4), count=300)
        assert isinstance(patches, ImageSet)
        assert patches.V.shape == (20, 300)
        assert patches.V.dtype == np.float32
        for patch, label, (name, row, column) in zip(
            patches, patches.labels, places_of(patches), strict=True
        ):
            i = PICTURES.names.index(name)
            np.testing.assert_array_equal(patch, PICTURES[i][row : row + 5, column : column + 4])
            assert label == PICTURES.labels[i]
        assert "thin" not in {name for name, _, _ in places_of(patches)}

    def test_all_places_of_all_pictures_are_as_likely(self):
        patches = sample_patches(PICTURES, (5, 4), count=20_000, seed=1)
        found, often = np.unique(patches.names, return_counts=True)
        each = [(h - 4) * (w - 3) for h, w in SIZES if h >= 5]
        assert len(found) == sum(each)
        # Counts of 20,000 draws are Poisson: six deviations hold for all places at once.
        mean = 20_000 / sum(each)
        assert np.abs(often - mean).max() < 6 * np.sqrt(mean)

    def test_color_stays_and_one_number_is_a_square(self):
        color = RNG.random((7, 8, 3), np.float32)
        patches = sample_patches([color], 7, count=4)
        assert patches.layout.shape == (7, 7, 3)
        column = int(patches.names[2].split(",")[1].rstrip("]"))
        np.testing.assert_array_equal(patches[2], color[:, column : column + 7])

    def test_the_seed_decides(self):
        a, b, c = (sample_patches(PICTURES, 3, count=50, seed=s).names for s in (0, 0, 1))
        assert a == b
        assert a != c

    def test_a_large_set_is_no_trouble(self):
        pictures = Pictures(RNG.random((5000, 28, 28), np.float32))
        patches = sample_patches(pictures, 6, count=20_000)
        assert len({name.partition("[")[0] for name in patches.names}) > 4500


class TestKeypoints:
    def test_patches_are_centered_at_blobs(self):
        centers = [(20, 44), (41, 15)]
        pictures = [disk(64, 64, y, x, radius=5) for y, x in centers]
        patches = sample_patches(pictures, 17, count=2, at="keypoints")
        places = {int(name): (row + 8, column + 8) for name, row, column in places_of(patches)}
        assert sorted(places) == [0, 1], "a patch of each picture"
        for i, center in enumerate(centers):
            assert np.abs(np.subtract(places[i], center)).max() <= 1

    def test_the_strongest_come_first_and_none_leaves_the_picture(self):
        faint = 0.4 * disk(64, 64, 18, 18, 5)
        patches = sample_patches([faint + disk(64, 64, 44, 44, 5)], 15, count=1, at="keypoints")
        (_, row, column) = next(places_of(patches))
        assert abs(row + 7 - 44) <= 1
        assert abs(column + 7 - 44) <= 1
        at_the_edge = sample_patches(
            [disk(64, 64, 3, 30, 4) + disk(64, 64, 40, 30, 5)], 31, count=50, at="keypoints"
        )
        assert len(at_the_edge) >= 1
        assert all(row <= 64 - 31 for _, row, _ in places_of(at_the_edge))

    def test_what_one_picture_lacks_others_give(self):
        many = sum(disk(96, 96, y, x, 4) for y in (16, 48, 80) for x in (16, 48, 80))
        flat = np.full((96, 96), 0.5, np.float32)
        patches = sample_patches([many, flat], 13, count=8, at="keypoints")
        assert len(patches) == 8
        assert {name for name, _, _ in places_of(patches)} == {"0"}
        assert len(set(patches.names)) == 8

    def test_none_found_is_told(self):
        with pytest.raises(InvalidInputError, match='at="random" needs none'):
            sample_patches([np.ones((40, 40))], 5, count=3, at="keypoints")


@pytest.mark.parametrize(
    ("size", "options", "message"),
    [
        (31, {"count": 5}, "do not fit in any of the 4 pictures"),
        ((0, 3), {"count": 5}, "size must be"),
        (3, {"count": 0}, "count must be"),
        (3, {"count": 5, "at": "corners"}, "at must be one of"),
    ],
)
def test_bad_options(size, options, message):
    with pytest.raises(InvalidInputError, match=message):
        sample_patches(PICTURES, size, **options)
