import numpy as np
import pytest
from matplotlib.colors import to_hex

from visnmf import plots
from visnmf.errors import InvalidInputError

CURVES = {
    ("JPEG", "sheets"): [(300, 33), (100, 27), (200, 30)],
    ("JPEG", "files"): [(600, 33), (500, 30)],
    ("AVIF", "sheets"): [(90, 30), (150, 34)],
    "archive": [(70, 30), (110, 34)],
}


def lines(figure):
    return {line.get_label(): line for line in figure.axes[0].get_lines()}


class TestRateDistortion:
    def test_curves_go_from_small_to_large(self):
        drawn = lines(plots.rate_distortion(CURVES))
        assert list(drawn) == ["JPEG sheets", "JPEG files", "AVIF sheets", "archive"]
        np.testing.assert_array_equal(drawn["JPEG sheets"].get_xdata(), [100, 200, 300])
        np.testing.assert_array_equal(drawn["JPEG sheets"].get_ydata(), [27, 30, 33])

    def test_a_coder_has_a_color_and_a_way_has_dashes(self):
        drawn = lines(plots.rate_distortion(CURVES, highlight="archive"))
        color = {name: to_hex(line.get_color()) for name, line in drawn.items()}
        dash = {name: line._unscaled_dash_pattern for name, line in drawn.items()}
        assert color["JPEG sheets"] == color["JPEG files"] != color["AVIF sheets"]
        assert dash["JPEG sheets"] == dash["AVIF sheets"] != dash["JPEG files"]
        assert color["archive"] not in {color["JPEG sheets"], color["AVIF sheets"]}
        assert drawn["archive"].get_linewidth() > drawn["JPEG files"].get_linewidth()
        assert drawn["archive"].get_zorder() > drawn["JPEG files"].get_zorder()

    def test_axes_are_told_and_sizes_are_plain_numbers(self):
        figure = plots.rate_distortion(CURVES, title="$faces", unit="bytes")
        axes = figure.axes[0]
        figure._repr_png_()
        assert (axes.get_xlabel(), axes.get_ylabel()) == ("bytes", "PSNR, dB")
        assert axes.get_title(loc="left") == "$faces"
        assert [label.get_text() for label in axes.get_xticklabels()] == ["100", "200", "500"]

    def test_small_and_wide_ranges(self):
        figure = plots.rate_distortion({"a": [(0.5, 20), (3, 30)]})
        assert "0.5" in [label.get_text() for label in figure.axes[0].get_xticklabels()]
        figure = plots.rate_distortion({"a": [(1, 20), (10_000_000, 30)]})
        assert "1,000,000" in [label.get_text() for label in figure.axes[0].get_xticklabels()]

    def test_more_than_there_are_colors(self):
        figure = plots.rate_distortion({str(k): [(k + 1, 30)] for k in range(9)})
        assert len(lines(figure)) == 9
        figure._repr_png_()

    @pytest.mark.parametrize(
        ("curves", "options", "message"),
        [
            ({}, {}, "no curve to draw"),
            ({"a": []}, {}, "shape"),
            ({"a": [1, 2]}, {}, "shape"),
            ({"a": [(0, 20)]}, {}, "not positive"),
            ({"a": [(1, 20)]}, {"highlight": "b"}, "no curve is named 'b'"),
        ],
    )
    def test_what_is_no_curve(self, curves, options, message):
        with pytest.raises(InvalidInputError, match=message):
            plots.rate_distortion(curves, **options)
