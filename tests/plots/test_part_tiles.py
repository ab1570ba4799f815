import numpy as np
import pytest
from PIL import Image

from visnmf import ImageLayout, Model, plots
from visnmf.errors import InvalidInputError
from visnmf.plots.inputs import parts_from
from visnmf.plots.named_sheets import LARGEST, named_sheet
from visnmf.plots.part_tiles import LEAST_TILE, LONGEST_SIDE, part_tiles, tile_size
from visnmf.plots.sheet import contact_sheet

RNG = np.random.default_rng(4)
LAYOUT = ImageLayout(6, 5)


def texts(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def overlaps(figure):
    """Whether any two texts lie on each other, or any on a tile below it."""
    renderer = figure.canvas.get_renderer()
    boxes = [text.get_window_extent(renderer) for text in figure.axes[0].texts]
    edges = np.array([[box.x0, box.y0, box.x1, box.y1] for box in boxes])
    low = np.maximum(edges[:, None, :2], edges[None, :, :2])
    high = np.minimum(edges[:, None, 2:], edges[None, :, 2:])
    both = (high - low > 0.5).all(axis=2)
    np.fill_diagonal(both, False)
    return both.any()


class TestTileSize:
    def test_few_are_as_they_are(self):
        assert tile_size(400, 112, 92, None) == (112, 92)

    @pytest.mark.parametrize(
        ("count", "size"), [(9, (3000, 4000)), (9000, (2, 900)), (700, (9, 9))]
    )
    def test_a_sheet_of_them_is_bounded(self, count, size):
        tile = tile_size(count, *size, None)
        sheet = contact_sheet(np.zeros((count, *tile, 3), np.uint8))
        assert max(sheet.pixels.shape) <= LONGEST_SIDE
        assert (tile == size) == (count == 700)

    def test_five_thousand_parts_at_once(self, tmp_path):
        W = np.zeros((112 * 92, 5000), np.float32)
        W[:, ::2] = 1
        path = tmp_path / "many.png"
        plots.save_montage(path, W, ImageLayout(112, 92), columns=50)
        with Image.open(path) as sheet:
            assert max(sheet.size) <= LONGEST_SIDE
            height, width = tile_size(5000, 112, 92, 50)
            pixels = np.asarray(sheet)[:, :, 0]
        step = max(1, min(height, width) // 24)
        middles = pixels[height // 2 :: height + step, width // 2 :: width + step]
        np.testing.assert_array_equal(middles, np.tile([255, 0], (100, 25)))

    def test_more_than_can_be_seen_are_refused(self):
        assert LEAST_TILE <= max(tile_size(150_000, 50, 50, None)) < LEAST_TILE + 2
        with pytest.raises(InvalidInputError, match=r"250,000 tiles.*per_page=1000"):
            tile_size(250_000, 50, 50, None)
        with pytest.raises(InvalidInputError, match="more than 100,000,000 pixels"):
            tile_size(5000, 112, 92, None, 2)
        assert tile_size(5000, 112, 92, None, 1) == (112, 92)

    def test_shrunk_pixels_are_means(self):
        W = np.tile([0.0, 1.0], 500_000)[:, None]  # a fine grating
        tiles = next(part_tiles(parts_from(W, ImageLayout(100, 10_000))))
        assert max(tiles.shape[1:3]) <= LONGEST_SIDE
        assert abs(tiles.mean() - 127.5) < 1

    def test_blocks_change_nothing(self, monkeypatch):
        parts = parts_from(RNG.standard_normal((30, 11)), LAYOUT)
        for scale in ("part", "common"):
            whole = next(part_tiles(parts, scale=scale))
            monkeypatch.setattr("visnmf.plots.part_tiles._BLOCK", 70)
            np.testing.assert_array_equal(next(part_tiles(parts, scale=scale)), whole)
            monkeypatch.undo()


class TestPages:
    def test_pages_hold_all_parts_in_order_on_one_scale(self, tmp_path):
        W = np.eye(30)[:, :7] * np.arange(1, 8)
        paths = plots.save_montage(
            tmp_path / "p.png", W, LAYOUT, per_page=3, scale="common", zoom=1, columns=3
        )
        assert [path.name for path in paths] == ["p-1.png", "p-2.png", "p-3.png"]
        peaks = []
        for path in paths:
            with Image.open(path) as sheet:
                pixels = np.asarray(sheet)[..., 0].astype(int)
            for start in range(0, pixels.shape[1], 6):
                tile = pixels[:, start : start + 5]
                if (tile < 255).all() or tile.sum() == 255:
                    peaks.append(tile.max())
        np.testing.assert_array_equal(peaks, np.rint(255 * np.arange(1, 8) / 7))

    def test_one_page_keeps_its_name(self, tmp_path):
        paths = plots.save_montage(tmp_path / "p.png", np.eye(30), LAYOUT, per_page=30)
        assert paths == [tmp_path / "p.png"]
        assert paths[0].is_file()

    def test_columns_are_checked_with_a_zoom_too(self, tmp_path):
        with pytest.raises(InvalidInputError, match="columns must be .* at least 1, not 0"):
            plots.save_montage(tmp_path / "p.png", np.eye(30), LAYOUT, columns=0, zoom=1)

    def test_no_page_of_nothing(self, tmp_path):
        with pytest.raises(InvalidInputError, match="per_page must be .* at least 1, not 0"):
            plots.save_montage(tmp_path / "p.png", np.eye(30), LAYOUT, per_page=0)


class TestNumbers:
    def test_numbers_stand_under_names(self):
        model = Model(np.eye(30)[:, :3], LAYOUT, part_names=["a", "b", "c"])
        figure = plots.basis(model, names=True, values=[0.5, 0.25, 1], value_format="{:.0%}")
        assert texts(figure) == ["a", "b", "c", "50%", "25%", "100%"]
        assert not overlaps(figure)
        assert texts(plots.basis(model, values=[1, 2, 3], max_parts=2)) == ["1", "2"]

    def test_hidden_parts_have_no_number(self, tmp_path):
        model = Model(np.eye(30)[:, :3], LAYOUT, part_names=["a", "b", "c"])
        model.hidden = np.array([False, True, False])
        for values in ([1, 2, 3], [1, 3]):
            assert texts(plots.basis(model, names=True, values=values)) == ["a", "c", "1", "3"]
        paths = plots.save_montage(tmp_path / "a.png", model, per_page=1)
        assert len(paths) == 2

    def test_of_hundreds_too(self):
        figure = plots.basis(RNG.random((30, 500)), LAYOUT, names=True, values=RNG.random(500))
        assert len(texts(figure)) == 1000
        assert max(figure.get_size_inches()) <= LARGEST + 1
        assert not overlaps(figure)

    def test_what_cannot_be_read_is_not_written(self):
        tiles = np.zeros((40_000, 2, 2, 3), np.uint8)
        assert texts(named_sheet(tiles, [str(k) for k in range(40_000)])) == []
        assert texts(named_sheet(tiles[:3], ["a", "b", "c"], ["9" * 90] * 3)) == ["a", "b", "c"]
        cut = texts(named_sheet(tiles[:3], [f"{k} {'n' * 90} end" for k in range(3)]))
        assert all("…" in text and text.endswith("end") for text in cut)

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"values": [1, 2]}, "one for each of the 3 parts"),
            ({"values": ["a", "b", "c"]}, "must be numbers"),
            ({"values": [0.5, 2, 3], "value_format": "{:d}"}, "value_format must be such as"),
            ({"values": [1, 2, 3], "value_format": "{x}"}, "value_format must be such as"),
        ],
    )
    def test_what_does_not_fit(self, options, message):
        with pytest.raises(InvalidInputError, match=message):
            plots.basis(RNG.random((30, 3)), LAYOUT, **options)
