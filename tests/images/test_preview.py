import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from visnmf import ImageLayout, ImageSet, Model, Pictures, load_images
from visnmf.images.preview import MOST, MOST_BYTES, preview_html, spread

RNG = np.random.default_rng(3)


def image_of(page):
    """Return the one picture inside a page, and how many bytes it takes."""
    (data,) = re.findall(r'src="data:image/png;base64,([A-Za-z0-9+/=]+)"', page)
    content = base64.b64decode(data)
    return np.asarray(Image.open(io.BytesIO(content))), len(content)


def plain_of(page):
    return re.sub(r"<[^>]+>", " ", page)


class TestPreview:
    def test_small_pictures_are_enlarged_pixel_by_pixel(self):
        pictures = RNG.random((3, 4, 5)).astype(np.float32)
        sheet, _ = image_of(preview_html(list(pictures), "facts", "three"))
        assert sheet.shape == (48, 3 * 60 + 4)  # twelve times as large, gaps of two
        for k in range(3):
            tile = sheet[6::12, 62 * k + 6 : 62 * k + 60 : 12]
            np.testing.assert_array_equal(tile, np.rint(255 * pictures[k]))

    def test_colors_stay_and_bands_are_averaged(self):
        color = np.zeros((2, 2, 3))
        color[..., 1] = 1
        sheet, _ = image_of(preview_html([color], "", ""))
        assert (sheet == [0, 255, 0]).all()
        bands = np.zeros((2, 2, 4))
        bands[..., 1] = 1
        sheet, _ = image_of(preview_html([bands], "", ""))
        assert (sheet == 64).all()

    @pytest.mark.parametrize("shape", [(64, 64, 3), (500, 300), (1, 3000)])
    def test_noise_too_stays_below_a_hundred_kilobytes(self, shape):
        pictures = [RNG.random(shape) for _ in range(MOST)]
        _, size = image_of(preview_html(pictures, "", ""))
        assert size <= MOST_BYTES

    def test_pictures_of_any_sizes_stand_in_the_middle(self):
        sheet, _ = image_of(preview_html([np.zeros((2, 1)), np.zeros((1, 2))], "", ""))
        black = (sheet == 0).sum(axis=0)
        np.testing.assert_array_equal(black[[0, 16, 47, 64, 66, 129]], [0, 64, 64, 0, 32, 32])

    def test_what_stands_in_it_is_text(self):
        page = preview_html([np.zeros((2, 2))], "<script>alert(1)</script>", '"><img src=x>')
        assert "<script" not in page
        assert page.count("<img") == 1
        assert "&lt;script&gt;" in page

    def test_values_that_are_none(self):
        sheet, _ = image_of(preview_html([np.array([[np.nan, np.inf, -7.0, 3]])], "", ""))
        np.testing.assert_array_equal(sheet[8, 8::16], [0, 255, 0, 255])

    def test_of_very_large_pictures_little_is_looked_at(self):
        large = np.zeros((9000, 3000), np.float32)
        large[:4500] = 1
        sheet, _ = image_of(preview_html([large], "", ""))
        assert sheet.shape == (64, 21)
        np.testing.assert_array_equal(sheet[[0, 30, 33, 63], 10], [255, 255, 0, 0])

    def test_spread(self):
        assert spread(3) == [0, 1, 2]
        assert spread(1000, 3) == [0, 500, 999]
        assert spread(0) == []


class TestWhatANotebookShows:
    def test_a_set(self):
        V = RNG.random((4, 200)).astype(np.float32)
        images = ImageSet(V, ImageLayout(2, 2), source="a <b> & c")
        page = images._repr_html_()
        assert "ImageSet(200 images, 2 x 2, gray, float32, from a <b> & c)" in (
            plain_of(page).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
        )
        assert "<b>" not in page
        assert f"{MOST} of the 200 pictures" in page
        sheet, _ = image_of(page)
        np.testing.assert_array_equal(sheet[16:64:32, 16:64:32].ravel(), np.rint(255 * V[:, 0]))
        np.testing.assert_array_equal(sheet[-48::32, -48::32].ravel(), np.rint(255 * V[:, -1]))

    def test_an_empty_set_and_one_that_was_broken(self):
        empty = ImageSet(np.zeros((4, 0), np.float32), ImageLayout(2, 2))
        assert plain_of(empty._repr_html_()).strip() == repr(empty)
        empty.V = "nothing"
        assert empty._repr_html_() is None

    def test_pictures_of_their_own_sizes(self):
        page = Pictures([np.zeros((3, 5)), np.ones((40, 2))])._repr_html_()
        assert "Pictures(2 pictures" in page
        assert "all 2 pictures" in page

    def test_a_model(self):
        W = np.eye(4)[:, :3] * [1, 5, 0]
        model = Model(W, ImageLayout(2, 2), provenance={
            "n_images": 1200, "source": "x & y", "relative_error": 0.25,
            "recipe": {"name": "lnmf"}})  # fmt: skip
        page = model._repr_html_()
        told = "learned from 1,200 pictures (x &amp; y), recipe lnmf, relative error 0.2500"
        assert told in page
        sheet, _ = image_of(page)
        first = sheet[16:64:32, 16:64:32]
        second, third = (sheet[16:64:32, at + 16 : at + 64 : 32] for at in (66, 132))
        np.testing.assert_array_equal(first, [[255, 0], [0, 0]])
        np.testing.assert_array_equal(second, [[0, 255], [0, 0]])  # each on its own scale
        assert not third.any()

    def test_a_model_of_many_parts_and_of_nobody_knows_what(self):
        model = Model(np.ones((4, 100)), ImageLayout(2, 2), provenance={"n_images": "many"})
        page = model._repr_html_()
        assert f"the first {MOST} of 100 parts" in page
        assert "learned from" not in page

    def test_lazy_pictures_are_not_read(self, tmp_path):
        np.save(tmp_path / "a.npy", np.zeros((5, 1000, 6), np.uint8))
        images = load_images(tmp_path / "a.npy", lazy=True)
        (tmp_path / "a.npy").unlink()
        page = images._repr_html_()
        assert "<img" not in page
        assert "LazyImages(5 images" in page
        assert "0.12 MB" in page
