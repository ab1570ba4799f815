"""Colors that stand for something are told apart by color-blind eyes too."""

from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from skimage.color import deltaE_ciede2000, rgb2lab

from visnmf.plots.tones import DIVERGING, HUES, INK, LINES

# What is seen of linear RGB without one kind of cone (Machado, Oliveira & Fernandes 2009, table 1,
# severity 1.0).
EYES = {
    "usual": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
every_eye = pytest.mark.parametrize("eye", EYES)


def seen(colors, eye):
    """Return what an eye sees of sRGB colors, in CIELAB."""
    rgb = np.asarray(colors, dtype=float)
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    linear = np.clip(linear @ np.transpose(EYES[eye]), 0, 1)
    gamma = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return rgb2lab(gamma[None])[0]


def least_difference(colors, eye):
    lab = seen([to_rgb(color) for color in colors], eye)
    return min(deltaE_ciede2000(a, b) for a, b in combinations(lab, 2))


@every_eye
@pytest.mark.parametrize("palette", [HUES, LINES], ids=["hues", "lines"])
def test_palettes_are_told_apart(palette, eye):
    # Two is what a trained eye just sees side by side; eight is told apart across a figure.
    assert least_difference(palette, eye) > 8


def test_the_measure_knows_red_from_green():
    red_and_green = ("#d00000", "#706000")
    assert least_difference(red_and_green, "usual") > 30
    assert least_difference(red_and_green, "deuteranopia") < 8


@every_eye
def test_the_two_sides_of_zero_differ(eye):
    lab = seen(DIVERGING / 255, eye)
    below, above = lab[:96], lab[:-97:-1]  # as far from zero
    assert deltaE_ciede2000(below, above).min() > 8


@every_eye
def test_lightness_falls_away_from_zero(eye):
    light = seen(DIVERGING / 255, eye)[:, 0]
    middle = len(light) // 2
    assert (np.diff(light[middle:]) <= 0.3).all()
    assert (np.diff(light[: middle + 1]) >= -0.3).all()


def test_lines_stand_out_on_white():
    lab = seen([to_rgb(color) for color in (*LINES, INK)], "usual")
    assert lab[:, 0].max() < 75
