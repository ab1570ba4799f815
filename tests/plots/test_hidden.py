"""Sheets of parts leave out those that a model has hidden."""

import numpy as np
import pytest
from PIL import Image

from visnmf import ImageLayout, Model, plots
from visnmf.errors import InvalidInputError

LAYOUT = ImageLayout(4, 4)


def make_model(hidden):
    W = np.random.default_rng(0).random((16, 3))
    return Model(W, LAYOUT, part_names=["nose", "light", "mouth"], hidden=hidden)


def test_a_sheet_is_that_of_the_others(tmp_path):
    model = make_model([False, True, False])
    plots.save_montage(tmp_path / "a.png", model)
    plots.save_montage(tmp_path / "b.png", model.W[:, [0, 2]], LAYOUT)
    first, second = (np.asarray(Image.open(tmp_path / name)) for name in ("a.png", "b.png"))
    np.testing.assert_array_equal(first, second)


def test_names_are_those_of_the_others():
    figure = plots.basis(make_model([False, True, False]), names=True)
    assert [text.get_text() for text in figure.axes[0].texts] == ["nose", "mouth"]


def test_where_all_are_hidden_it_is_told():
    with pytest.raises(InvalidInputError, match=r"all 3 parts are hidden.*show"):
        plots.basis(make_model([True, True, True]))


def test_an_overlay_still_knows_all_parts():
    model = make_model([False, True, False])
    figure = plots.overlay(model, model.W[:, 1], H=[0, 1, 0])
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == ["light"]
