import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from visnmf import ImageLayout, ImageSet, plots
from visnmf.errors import InvalidInputError
from visnmf.images.tiling import sheet_columns
from visnmf.plots.sheet import contact_sheet
from visnmf.plots.tones import DIVERGING, MASKED, colored, largest, visible


def pixels(columns, layout, scale="part", *, channels=None, **options):
    shown = visible(columns, layout, channels)
    return colored(shown, largest(shown, scale), layout.mask, **options)


class TestMontage:
    def test_every_pixel(self):
        sheet = plots.montage([[[1, 2], [3, 4]], [[5, 6], [7, 8]], [[9, 9], [9, 9]]], columns=2)
        np.testing.assert_array_equal(
            sheet,
            [
                [1, 2, 0, 5, 6],
                [3, 4, 0, 7, 8],
                [0, 0, 0, 0, 0],
                [9, 9, 0, 0, 0],
                [9, 9, 0, 0, 0],
            ],
        )

    def test_gaps_and_background_of_color(self):
        tiles = np.zeros((2, 1, 1, 3), dtype=np.uint8)
        sheet = plots.montage(tiles, columns=1, gap=(2, 0), background=(7, 8, 9))
        assert sheet.shape == (4, 1, 3)
        assert sheet.dtype == np.uint8
        np.testing.assert_array_equal(sheet[:, 0, 1], [0, 8, 8, 0])

    @given(
        count=st.integers(1, 12),
        height=st.integers(1, 4),
        width=st.integers(1, 4),
        columns=st.integers(1, 13) | st.none(),
        gap=st.integers(0, 3),
    )
    def test_tiles_come_back_in_order(self, count, height, width, columns, gap):
        tiles = np.arange(1, count * height * width + 1).reshape(count, height, width)
        sheet = plots.montage(tiles, columns=columns, gap=gap, background=0)
        across = columns or sheet_columns(count, height, width)
        down = -(-count // across)
        assert sheet.shape == (down * (height + gap) - gap, across * (width + gap) - gap)
        for k, tile in enumerate(tiles):
            y, x = k // across * (height + gap), k % across * (width + gap)
            np.testing.assert_array_equal(sheet[y : y + height, x : x + width], tile)
        assert np.count_nonzero(sheet) == tiles.size

    @pytest.mark.parametrize(
        ("count", "columns"), [(1, 1), (12, 4), (40, 8), (49, 7), (50, 10), (100, 10), (7, 3)]
    )
    def test_sheets_are_about_square_and_full_where_they_can_be(self, count, columns):
        assert sheet_columns(count, 20, 20) == columns

    @pytest.mark.parametrize("options", [{"columns": 0}, {"gap": -1}])
    def test_options_out_of_range(self, options):
        with pytest.raises(InvalidInputError, match=" must be .* at least "):
            plots.montage(np.ones((2, 3, 3)), **options)

    @pytest.mark.parametrize("shape", [(3, 3), (0, 3, 3), (1, 1, 1, 1, 1)])
    def test_what_is_no_stack(self, shape):
        with pytest.raises(InvalidInputError, match="a montage needs pictures"):
            plots.montage(np.ones(shape))


class TestTones:
    LAYOUT = ImageLayout(2, 2)
    W = np.array([[0, 1.0], [1, 0], [2, 0], [4, 0]])

    def test_each_part_or_all_to_one(self):
        each = pixels(self.W, self.LAYOUT)
        common = pixels(self.W, self.LAYOUT, "common")
        np.testing.assert_array_equal(each[..., 0], [[[0, 64], [128, 255]], [[255, 0], [0, 0]]])
        np.testing.assert_array_equal(common[..., 0], [[[0, 64], [128, 255]], [[64, 0], [0, 0]]])
        assert (each[..., 0] == each[..., 1]).all()

    def test_a_zero_part_is_black(self):
        W = np.zeros((4, 1))
        assert (pixels(W, self.LAYOUT) == 0).all()

    def test_signs_get_diverging_colors(self):
        W = np.array([[-2.0], [0.0], [1.0], [2.0]])
        colors = pixels(W, self.LAYOUT, signed=True).reshape(4, 3)
        np.testing.assert_array_equal(colors, DIVERGING[[0, 127, 127 + 64, 254]])
        assert len(set(DIVERGING[127])) == 1, "zero has no hue"
        assert colors[0, 2] > colors[0, 0], "below zero is blue"
        assert colors[3, 0] > colors[3, 2], "above zero is red"

    def test_masked_pixels_are_neutral(self):
        mask = np.array([[True, False], [True, True]])
        colors = pixels(np.ones((3, 1)), ImageLayout(2, 2, mask=mask))
        assert tuple(colors[0, 0, 1]) == MASKED
        assert (colors[0][mask] == 255).all()

    def test_three_channels_are_color(self):
        color = pixels(np.array([[1.0], [0.5], [0.0]]), ImageLayout(1, 1, 3))
        np.testing.assert_array_equal(color[0, 0, 0], [255, 128, 0])

    def test_many_channels_are_averaged_or_chosen(self):
        layout = ImageLayout(1, 2, 4)
        spectra = np.array([[0, 0.2, 0.5, 0.9], [0.4, 0.4, 1, 1.4]]).reshape(8, 1)
        assert pixels(spectra, layout)[0, 0, :, 0].tolist() == [128, 255]
        assert pixels(spectra, layout, channels=1)[0, 0, :, 0].tolist() == [128, 255]
        chosen = pixels(spectra, layout, channels=(2, 0, 1))[0, 0]
        assert chosen.tolist() == [[128, 0, 51], [255, 102, 102]]
        for wrong in (4, -1, (0, 1)):
            with pytest.raises(InvalidInputError, match="one or three of 0 to 3"):
                pixels(spectra, layout, channels=wrong)

    def test_a_colormap_by_name(self):
        W = np.array([[0.0], [1.0], [0.0], [1.0]])
        low, high = pixels(W, self.LAYOUT, cmap="gray_r")[0, 0]
        assert low.tolist() == [255] * 3
        assert high.tolist() == [0] * 3
        with pytest.raises(InvalidInputError, match="no colormap named 'pink elephants'"):
            pixels(W, self.LAYOUT, cmap="pink elephants")


class TestContactSheet:
    def test_whole_enlargement_up_to_the_side(self):
        tiles = np.arange(4, dtype=np.uint8).reshape(4, 1, 1, 1) + np.zeros(
            (4, 25, 25, 3), np.uint8
        )
        sheet = contact_sheet(tiles, columns=2, side=300)
        assert sheet.tile == (125, 125)
        assert sheet.pixels.shape == (255, 255, 3)
        for k in range(4):
            x, y = sheet.middle(*divmod(k, 2))
            assert (sheet.pixels[int(y), int(x)] == k).all()

    def test_room_for_text_below_each_row(self):
        sheet = contact_sheet(np.zeros((2, 4, 4, 3), np.uint8), columns=1, zoom=1, strip=9)
        assert sheet.pixels.shape[0] == 4 + 9 + 4


class TestSaveMontage:
    LAYOUT = ImageLayout(3, 2)

    def test_the_file_holds_the_sheet(self, tmp_path):
        W = np.eye(6)
        path = tmp_path / "parts.png"
        plots.save_montage(path, W, self.LAYOUT, columns=3, zoom=2)
        shown = np.asarray(Image.open(path))
        tiles = pixels(W, self.LAYOUT).repeat(2, axis=1).repeat(2, axis=2)
        np.testing.assert_array_equal(
            shown, plots.montage(tiles, columns=3, gap=1, background=(255, 255, 255))
        )
        assert [p.name for p in tmp_path.iterdir()] == ["parts.png"]

    def test_an_image_set_shows_its_pictures(self, tmp_path):
        images = ImageSet(np.eye(6, 2, dtype=np.float32), self.LAYOUT)
        plots.save_montage(tmp_path / "set.png", images, zoom=1, columns=2)
        assert Image.open(tmp_path / "set.png").size == (5, 3)

    def test_a_failed_write_leaves_the_old_file(self, tmp_path, monkeypatch):
        path = tmp_path / "parts.png"
        path.write_bytes(b"old")

        def fail(*_):
            raise OSError("disk full")

        monkeypatch.setattr("os.replace", fail)
        with pytest.raises(OSError, match="disk full"):
            plots.save_montage(path, np.eye(6), self.LAYOUT)
        assert path.read_bytes() == b"old"
        assert [p.name for p in tmp_path.iterdir()] == ["parts.png"]

    def test_bad_input_is_refused(self, tmp_path):
        with pytest.raises(InvalidInputError, match="zoom"):
            plots.save_montage(tmp_path / "a.png", np.eye(6), self.LAYOUT, zoom=0)
        with pytest.raises(InvalidInputError, match="no folder"):
            plots.save_montage(tmp_path / "none" / "a.png", np.eye(6), self.LAYOUT)

    def test_it_does_without_matplotlib(self, tmp_path):
        code = (
            "import sys, numpy as np, visnmf\n"
            "visnmf.plots.save_montage(sys.argv[1], np.eye(4), visnmf.ImageLayout(2, 2))\n"
            "assert 'matplotlib' not in sys.modules\n"
        )
        subprocess.run([sys.executable, "-c", code, str(tmp_path / "a.png")], check=True)
