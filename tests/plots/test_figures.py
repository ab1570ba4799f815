import subprocess
import sys

import numpy as np
import pytest
from matplotlib.figure import Figure

from visnmf import NMF, ImageLayout, ImageSet, Model, plots
from visnmf.errors import InvalidInputError
from visnmf.plots.pictures import _percent
from visnmf.plots.tones import DIVERGING
from visnmf.solve.result import Record

RNG = np.random.default_rng(1)
LAYOUT = ImageLayout(6, 5)
W = RNG.random((30, 4))
H = RNG.random((4, 9)) + 0.1
IMAGES = ImageSet((W @ H / 4).astype(np.float32), LAYOUT, labels=list("abcabcabc"))


@pytest.fixture
def model():
    return Model(W, LAYOUT, part_names=["nose", "left eye", "$100", "mouth"])


def texts(figure):
    found = [text.get_text() for axes in figure.axes for text in axes.texts]
    for axes in figure.axes:
        if axes.get_legend():
            found += [text.get_text() for text in axes.get_legend().get_texts()]
    return found


def sheet_of(figure):
    return np.asarray(figure.axes[0].images[0].get_array())


def draw(figure):
    """Draw for good: errors in texts and layouts come up only then."""
    assert isinstance(figure, Figure)
    png = figure._repr_png_()
    assert png.startswith(b"\x89PNG")
    return figure


class TestBasis:
    def test_the_figure_shows_the_montage_pixel_by_pixel(self):
        figure = draw(plots.basis(W, LAYOUT, columns=2))
        sheet = sheet_of(figure)
        zoom = (sheet.shape[1] * 24 // 49) // 5
        first = np.rint(255 * W[:, 0] / W[:, 0].max()).reshape(6, 5)
        middles = sheet[zoom // 2 : 6 * zoom : zoom, zoom // 2 : 5 * zoom : zoom]
        np.testing.assert_array_equal(middles[..., 0], first)
        box = figure.axes[0].get_window_extent()
        assert (round(box.width), round(box.height)) == (sheet.shape[1], sheet.shape[0])

    def test_a_negative_value_makes_it_diverging(self):
        signed = W.copy()
        signed[0, 0] = -2
        colors = sheet_of(plots.basis(signed, LAYOUT))
        assert (colors[0, 0] == DIVERGING[0]).all()
        unsigned = sheet_of(plots.basis(W, LAYOUT))
        assert (unsigned[..., 0] == unsigned[..., 2]).all()

    def test_common_scale_dims_weak_parts(self):
        weak = W * [1, 0.1, 1, 1]
        each = sheet_of(plots.basis(weak, LAYOUT, columns=4))
        common = sheet_of(plots.basis(weak, LAYOUT, columns=4, scale="common"))
        second = np.s_[:, each.shape[1] // 4 + 10 : each.shape[1] // 2 - 10]
        assert each[second].max() == 255
        assert common[second].max() < 30

    def test_names_of_the_model_or_given(self, model):
        assert texts(draw(plots.basis(model, names=True))) == model.part_names
        assert texts(draw(plots.basis(model, names=["x", "y"], max_parts=2))) == ["x", "y"]
        assert texts(plots.basis(model)) == []
        assert texts(plots.basis(W, LAYOUT, names=True))[0] == "part 1"

    def test_components_of_an_estimator(self):
        fitted = NMF(3, max_iter=2, tol=0).fit(IMAGES)
        same = plots.basis(fitted.components_.T, LAYOUT)
        np.testing.assert_array_equal(sheet_of(plots.basis(fitted)), sheet_of(same))

    def test_pictures_of_a_set(self):
        assert texts(draw(plots.basis(IMAGES, names=True))) == IMAGES.names

    def test_thousands_of_parts_are_one_image(self):
        figure = draw(plots.basis(RNG.random((30, 3000)), LAYOUT))
        assert len(figure.axes) == 1
        assert max(figure.get_size_inches()) < 9

    def test_masks_and_spectra_can_be_drawn(self):
        mask = RNG.random((6, 5)) > 0.4
        layout = ImageLayout(6, 5, 7, mask=mask)
        draw(plots.basis(RNG.random((layout.m, 3)), layout, channels=(6, 3, 0)))

    @pytest.mark.parametrize(
        ("arguments", "options", "message"),
        [
            ((W,), {}, "layout=ImageLayout"),
            ((W[:7], LAYOUT), {}, r"\(30, rank\) is needed"),
            ((W[:, 0], LAYOUT), {}, r"\(30, rank\) is needed"),
            ((W * np.nan, LAYOUT), {}, "NaN"),
            ((W, LAYOUT), {"scale": "all"}, "scale"),
            ((W, LAYOUT), {"columns": 0}, "columns"),
            ((W, LAYOUT), {"columns": 0, "names": True}, "columns"),
            ((W, LAYOUT), {"max_parts": 0}, "max_parts"),
            ((W, LAYOUT), {"names": ["a"]}, "1 names for the 4 parts"),
        ],
    )
    def test_bad_input_is_refused(self, arguments, options, message):
        with pytest.raises(InvalidInputError, match=message):
            plots.basis(*arguments, **options)


class TestReconstruction:
    def test_errors_stand_over_the_pictures(self, model):
        used = np.eye(4)[:, :3]
        V = ImageSet((W[:, :3] + 0.3 * RNG.random((30, 3))).astype(np.float32), LAYOUT)
        figure = draw(plots.reconstruction(W, V, LAYOUT, H=used))
        errors = np.linalg.norm(V.V - W[:, :3], axis=0) / np.linalg.norm(V.V, axis=0)
        assert {_percent(error) for error in errors} <= set(texts(figure))
        assert {"original", "rebuilt", "residual", "error"} <= set(texts(figure))

    def test_a_perfect_fit_leaves_a_white_residual(self):
        figure = plots.reconstruction(IMAGES, IMAGES, which=[0])
        sheet = sheet_of(figure)
        height = sheet.shape[1] // 5 * 6
        pitch = (len(sheet) - height) // 2
        np.testing.assert_array_equal(sheet[:height], sheet[pitch : pitch + height])
        assert (sheet[-1, 0] == DIVERGING[127]).all()

    def test_brighter_originals_are_red(self):
        figure = plots.reconstruction(IMAGES.replace(V=IMAGES.V / 2), IMAGES, which=[2])
        residual = sheet_of(figure)[-5:].astype(int)
        assert (residual[..., 0] >= residual[..., 2]).all()
        bar = figure.axes[1]
        low, high = bar.get_ylim()
        assert low == -high

    def test_a_model_encodes(self, model):
        figure = draw(plots.reconstruction(model, IMAGES, which=[1, 3], titles=["one", "$three"]))
        assert sum("one" in t or "$three" in t for t in texts(figure)) == 2
        draw(plots.reconstruction(model, IMAGES, which=[0, 1], titles=IMAGES.labels[:2]))
        draw(plots.reconstruction(model, IMAGES.to_images()))
        draw(plots.reconstruction(model, IMAGES.V[:, 0]))

    def test_bad_input_is_refused(self, model):
        for options, message in (
            ({"which": [9]}, "there are 9"),
            ({"which": []}, "list of picture numbers"),
            ({"H": H[:, :3]}, r"need \(4, 9\)"),
            ({"titles": ["one"]}, "1 titles"),
            ({"max_images": 0}, "max_images"),
        ):
            with pytest.raises(InvalidInputError, match=message):
                plots.reconstruction(model, IMAGES, **options)
        with pytest.raises(InvalidInputError, match="3 rebuilt pictures for 9"):
            plots.reconstruction(IMAGES[:3], IMAGES)
        with pytest.raises(InvalidInputError, match="is empty"):
            plots.reconstruction(model, IMAGES[:0])


class TestBuildUp:
    def test_doublings_and_all(self):
        parts = RNG.random((30, 11))
        figure = draw(plots.build_up(parts, parts.sum(axis=1) / 11, LAYOUT, H=np.full(11, 1 / 11)))
        counts = [t.split("\n")[0] for t in texts(figure) if "part" in t]
        assert counts == ["1 part", "2 parts", "4 parts", "11 parts"]
        assert "11 parts\n0.0 %" in texts(figure)

    def test_the_strongest_comes_first(self):
        parts = np.zeros((30, 2))
        parts[0, 0], parts[29, 1] = 1, 10
        v = parts @ [1.0, 0.5]
        sheet = sheet_of(plots.build_up(parts, v, LAYOUT, H=[1.0, 0.5]))
        assert sheet[0, 0].max() == 0, "the weak part is not in the first sum"
        assert "1 part\n20 %" in texts(plots.build_up(parts, v, LAYOUT, H=[1.0, 0.5]))

    def test_a_model_and_one_picture(self, model):
        draw(plots.build_up(model, IMAGES[3]))
        draw(plots.build_up(model, IMAGES[3:4]))

    def test_bad_input_is_refused(self, model):
        with pytest.raises(InvalidInputError, match="one picture, got 9"):
            plots.build_up(model, IMAGES)
        with pytest.raises(InvalidInputError, match="uses none of the parts"):
            plots.build_up(model, IMAGES[0], H=np.zeros(4))


class TestOverlay:
    def test_the_legend_names_the_strongest_parts(self, model):
        h = np.array([0.1, 3.0, 0.0, 1.0])
        figure = draw(plots.overlay(model, IMAGES[0], H=h, max_parts=3))
        assert texts(figure) == ["left eye", "mouth", "nose"]

    def test_color_only_where_a_part_is(self):
        part = np.zeros((30, 1))
        part[:15] = 1
        sheet = sheet_of(plots.overlay(part, np.full(30, 0.5), LAYOUT, H=[0.5])).astype(int)
        hue = np.ptp(sheet, axis=-1)
        across = sheet.shape[1]
        assert (hue[:, : across // 2 - 20] == 0).all(), "the picture itself keeps its colors"
        tinted = hue[:, across // 2 + 20 :]
        assert (tinted[: len(sheet) // 2 - 1] > 50).all()
        assert (tinted[len(sheet) // 2 + 1 :] == 0).all()

    def test_color_pictures_and_masks(self):
        layout = ImageLayout(6, 5, 3, mask=RNG.random((6, 5)) > 0.3)
        parts = RNG.random((layout.m, 6))
        draw(plots.overlay(parts, parts[:, 0], layout, H=np.ones(6)))

    def test_bad_input_is_refused(self, model):
        for options, message in (
            ({"max_parts": 8}, "1 to 7"),
            ({"names": ["a"]}, "1 names for 4"),
            ({"H": np.zeros(4)}, "uses none"),
        ):
            with pytest.raises(InvalidInputError, match=message):
                plots.overlay(model, IMAGES[0], **options)


def test_pyplot_and_its_settings_are_left_alone():
    code = (
        "import sys, numpy as np, matplotlib\n"
        "before = matplotlib.rcParams.copy()\n"
        "import visnmf\n"
        "visnmf.plots.basis(np.eye(4), visnmf.ImageLayout(2, 2), names=True)\n"
        "visnmf.plots.encodings(np.eye(4))\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
        "assert matplotlib.rcParams.copy() == before\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_public_name_can_be_had():
    assert all(callable(getattr(plots, name)) for name in plots.__all__)
    assert set(plots.__all__) <= set(dir(plots))
    with pytest.raises(AttributeError, match="no attribute 'pie'"):
        plots.pie  # noqa: B018


class TestEncodings:
    def image(self, figure):
        return np.asarray(figure.axes[0].images[0].get_array())

    def test_rows_to_their_own_largest_or_to_one(self):
        each = draw(plots.encodings(H))
        np.testing.assert_allclose(self.image(each), H / H.max(axis=1, keepdims=True))
        common = plots.encodings(H, scale="common")
        np.testing.assert_allclose(self.image(common), H / H.max())

    def test_columns_are_grouped_by_label(self, model):
        figure = draw(plots.encodings(H, labels=list("bababcabc")))
        order = [1, 3, 6, 0, 2, 4, 7, 5, 8]
        np.testing.assert_allclose(self.image(figure), (H / H.max(axis=1, keepdims=True))[:, order])
        ticks = [tick.get_text() for tick in figure.axes[0].get_xticklabels()]
        assert ticks == ["a", "b", "c"]
        np.testing.assert_allclose(figure.axes[0].get_xticks(), [1, 4.5, 7.5])

    def test_a_model_encodes_and_names(self, model):
        figure = draw(plots.encodings(model, IMAGES, max_parts=3))
        rows = [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
        assert rows == ["nose", "left eye", "$100"]
        assert [tick.get_text() for tick in figure.axes[0].get_xticklabels()] == ["a", "b", "c"]

    def test_many_pictures_are_averaged(self):
        many = RNG.random((2, 5000))
        shown = self.image(plots.encodings(many, scale="common"))
        assert shown.shape == (2, 700)
        weights = np.diff(np.arange(701) * 5000 // 700)
        np.testing.assert_allclose(
            (shown * weights).sum(axis=1), many.sum(axis=1) / many.max(), rtol=1e-9
        )

    def test_bad_input_is_refused(self, model):
        for arguments, options, message in (
            ((model,), {}, "together with images"),
            ((H[0],), {}, r"H \(rank, n\)"),
            ((H,), {"labels": [1, 2]}, "for 9 pictures"),
            ((H,), {"names": ["a"]}, "1 names for the 4 rows"),
            ((H,), {"max_parts": 0}, "max_parts"),
        ):
            with pytest.raises(InvalidInputError, match=message):
                plots.encodings(*arguments, **options)


class TestConvergence:
    HISTORY = (
        *(Record("low rank", i, 0.1 * i, 100.0 / (i + 1), float("nan")) for i in range(4)),
        *(Record("V", i, 0.4 + 0.1 * i, 30.0 / (i + 1), 5.0 / (i + 1)) for i in range(5)),
    )

    def test_a_line_for_each_phase(self):
        figure = draw(plots.convergence(list(self.HISTORY)))
        objective, kkt = figure.axes
        assert texts(figure) == ["low rank", "V"]
        stand_in, exact = objective.get_lines()
        np.testing.assert_allclose(stand_in.get_ydata(), [100, 50, 100 / 3, 25])
        np.testing.assert_allclose(exact.get_xdata(), [0.4, 0.5, 0.6, 0.7, 0.8])
        assert (stand_in.get_linestyle(), exact.get_linestyle()) == ("--", "-")
        assert stand_in.get_color() != exact.get_color()
        assert [len(line.get_xdata()) for line in kkt.get_lines()] == [0, 5]
        assert objective.get_yscale() == "log"

    def test_iterations_count_on(self):
        figure = plots.convergence(list(self.HISTORY), against="iterations")
        _, exact = figure.axes[0].get_lines()
        np.testing.assert_allclose(exact.get_xdata(), [3, 4, 5, 6, 7])

    def test_within_one_decade_ticks_are_plain_numbers(self):
        flat = [Record("V", i, float(i), 900.0 - i, 1.0) for i in range(10)]
        figure = draw(plots.convergence(flat))
        labels = [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
        assert len(labels) >= 3
        assert all(float(label) for label in labels)
        assert texts(figure) == []

    def test_a_run_that_never_measured_kkt(self):
        draw(plots.convergence(list(self.HISTORY[:4])))

    def test_bad_input_is_refused(self, model):
        with pytest.raises(InvalidInputError, match="against"):
            plots.convergence(list(self.HISTORY), against="days")
        for source in ([], model):
            with pytest.raises(InvalidInputError, match="no history"):
                plots.convergence(source)
