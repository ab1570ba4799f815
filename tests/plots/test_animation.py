import numpy as np
import pytest
from PIL import Image

from visnmf import ImageLayout, Model, plots
from visnmf.errors import InvalidInputError
from visnmf.plots.animation import _counts

RNG = np.random.default_rng(7)
LAYOUT = ImageLayout(6, 5)
W = RNG.random((30, 4))
h = np.array([0.1, 1.0, 0.0, 0.4])


def frames_of(path):
    with Image.open(path) as movie:
        found = []
        for number in range(movie.n_frames):
            movie.seek(number)
            found.append((np.asarray(movie.convert("RGB")), movie.info["duration"]))
    return found


def panels_of(frame, layout=LAYOUT, zoom=4):
    """Return the sum, what was added and the original, a pixel for each of theirs."""
    top = frame.shape[0] - 8 - zoom * layout.height
    step = zoom * layout.width + 8
    return [
        frame[top + zoom // 2 : -8 : zoom, 8 + k * step + zoom // 2 : k * step + step : zoom]
        for k in range(3)
    ]


def write(path, **options):
    return plots.save_build_up(path, W, W @ h, layout=LAYOUT, H=h, side=24, **options)


class TestSaveBuildUp:
    @pytest.mark.parametrize("ending", [".gif", ".webp"])
    def test_frames_are_the_sums_of_the_strongest_parts(self, tmp_path, ending):
        path = tmp_path / f"a{ending}"
        assert write(path) == 3  # one of the four parts is not used
        frames = frames_of(path)
        assert len(frames) == 3
        v = W @ h
        strongest = np.argsort(-h * np.linalg.norm(W, axis=0))[:3]
        for count, (frame, _) in enumerate(frames, 1):
            total = W[:, strongest[:count]] @ h[strongest[:count]]
            added = W[:, strongest[count - 1]]
            shown = panels_of(frame)
            for panel, values, peak in (
                (shown[0], total, v.max()),
                (shown[1], added, added.max()),
                (shown[2], v, v.max()),
            ):
                expected = np.rint(255 * values / peak).reshape(6, 5)
                assert panel.shape == (6, 5, 3)
                np.testing.assert_allclose(panel[..., 0], expected, atol=1)
                assert (panel == panel[..., :1]).all()

    def test_the_words_change_and_the_end_stays(self, tmp_path):
        write(tmp_path / "a.gif", seconds=1.5)
        frames = frames_of(tmp_path / "a.gif")
        assert [duration for _, duration in frames] == [500, 500, 2500]
        words = [frame[:40] for frame, _ in frames]
        assert all((each < 128).any() for each in words)
        assert (words[0] != words[1]).any()

    def test_colors_are_exact_in_webp_and_near_in_gif(self, tmp_path):
        layout = ImageLayout(6, 5, 3)
        parts = RNG.random((90, 3))
        v = parts.sum(axis=1)
        expected = np.rint(255 * v / v.max()).reshape(6, 5, 3)
        for ending, tolerance in ((".webp", 1), (".gif", 25)):
            path = tmp_path / f"a{ending}"
            plots.save_build_up(path, parts, v, layout=layout, H=np.ones(3), side=24)
            last = frames_of(path)[-1][0].astype(int)
            np.testing.assert_allclose(panels_of(last, layout)[2], expected, atol=tolerance)

    @pytest.mark.parametrize("ending", [".gif", ".webp"])
    def test_gray_frames_among_colored_ones(self, tmp_path, ending):
        layout = ImageLayout(4, 4, 3)
        parts = np.ones((48, 2))
        parts[::3, 1] = 0.2  # together with the first one in color
        path = tmp_path / f"a{ending}"
        v = 2 * parts[:, 0]
        plots.save_build_up(path, parts, v, layout=layout, H=[1.5, 0.5], side=16)
        first, last = (frame for frame, _ in frames_of(path))
        assert (first == first[..., :1]).all()
        assert (last != last[..., :1]).any()

    def test_large_pictures_are_shrunk(self, tmp_path):
        layout = ImageLayout(100, 300)
        parts = np.ones((30_000, 1))
        plots.save_build_up(tmp_path / "a.gif", parts, parts[:, 0], layout=layout, side=60)
        with Image.open(tmp_path / "a.gif") as movie:
            assert movie.width == 3 * 60 + 4 * 8

    def test_of_many_parts_later_ones_come_together(self):
        assert _counts(5, 60) == [1, 2, 3, 4, 5]
        for used, most in ((61, 60), (500, 40), (5000, 2), (3, 2)):
            counts = _counts(used, most)
            assert len(counts) <= most
            assert counts[-1] == used
            assert all(a < b for a, b in zip(counts, counts[1:], strict=False))
        assert _counts(500, 40)[:4] == [1, 2, 3, 4]

    def test_a_model_encodes_the_picture(self, tmp_path):
        model = Model(W, LAYOUT)
        plots.save_build_up(tmp_path / "a.webp", model, (W @ h).reshape(6, 5), side=24)
        last = panels_of(frames_of(tmp_path / "a.webp")[-1][0])
        np.testing.assert_allclose(last[0].astype(int), last[2], atol=2)

    @pytest.mark.parametrize(
        ("name", "options", "message"),
        [
            ("a.png", {}, "should end in .gif or .webp"),
            ("a.gif", {"max_frames": 1}, "max_frames must be .* at least 2"),
            ("a.gif", {"seconds": float("nan")}, "seconds must be"),
            ("none/a.gif", {}, "there is no folder"),
        ],
    )
    def test_what_cannot_be_written(self, tmp_path, name, options, message):
        with pytest.raises(InvalidInputError, match=message):
            write(tmp_path / name, **options)
        assert not list(tmp_path.iterdir())

    def test_what_would_not_fit_in_memory(self, tmp_path):
        with pytest.raises(InvalidInputError, match=r"3 frames .* a smaller side"):
            plots.save_build_up(tmp_path / "a.gif", W, W @ h, layout=LAYOUT, H=h, side=6000)
        assert not list(tmp_path.iterdir())

    def test_a_side_too_small(self, tmp_path):
        with pytest.raises(InvalidInputError, match="side must be .* at least 16"):
            plots.save_build_up(tmp_path / "a.gif", W, W @ h, layout=LAYOUT, side=5)
