import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from visnmf.errors import InvalidInputError
from visnmf.images.layout import ImageLayout


@st.composite
def layouts(draw):
    height, width, channels = (draw(st.integers(1, 6)) for _ in range(3))
    mask = draw(st.none() | hnp.arrays(bool, (height, width)))
    if mask is not None:
        mask.flat[draw(st.integers(0, mask.size - 1))] = True
    return ImageLayout(height, width, channels, mask=mask)


@given(layouts(), st.integers(0, 4))
def test_pictures_survive_being_columns(layout, n):
    images = np.random.default_rng(n).random((n, *layout.shape), dtype=np.float32)
    V = layout.to_columns(images)
    assert V.shape == (layout.m, n)
    assert V.flags.f_contiguous
    back = layout.to_images(V, fill=-1)
    kept = np.ones(layout.shape[:2], bool) if layout.mask is None else layout.mask
    np.testing.assert_array_equal(back[:, kept], images[:, kept])
    assert (back[:, ~kept] == -1).all()


@given(layouts())
def test_columns_survive_being_pictures(layout):
    V = np.random.default_rng(0).random((layout.m, 3))
    np.testing.assert_array_equal(layout.to_columns(layout.to_images(V)), V)
    np.testing.assert_array_equal(layout.to_images(V[:, 1]), layout.to_images(V)[1])


def test_channels_of_a_pixel_lie_together_and_masked_pixels_are_left_out():
    layout = ImageLayout(1, 3, 2, mask=[[True, False, True]])
    images = np.array([[[[1, 2], [3, 4], [5, 6]]]], dtype=np.float32)
    assert layout.to_columns(images)[:, 0].tolist() == [1, 2, 5, 6]


def test_no_copy_where_none_is_needed():
    layout = ImageLayout(4, 5, 3)
    images = np.zeros((6, 4, 5, 3), np.float32)
    V = layout.to_columns(images)
    assert np.shares_memory(V, images)
    assert np.shares_memory(layout.to_images(V), images)
    assert np.shares_memory(layout.to_images(V[:, 2]), images)


@given(layouts())
def test_json_round_trip(layout):
    assert ImageLayout.from_dict(json.loads(json.dumps(layout.to_dict()))) == layout


@pytest.mark.parametrize(
    "change",
    [
        {"height": 0},
        {"height": 2.0},
        {"height": True},
        {"width": "3"},
        {"height": 10**9, "width": 10**9},
        {"channels": None},
        {"low": math.nan},
        {"high": math.inf},
        {"high": 10**400},
        {"low": 1.0},
        {"low": "0"},
        {"dtype": "object"},
        {"dtype": "complex64"},
        {"dtype": ["uint8"]},
        {"mask": "!!!!"},
        {"mask": "AAAA"},
        {"mask": "/w=="},
        {"mask": "AA=="},
        {"mask": 7},
        {"mask": [[True]]},
        {"surprise": 1},
    ],
)
def test_hostile_dicts_are_refused(change):
    fields = {**ImageLayout(2, 3, mask=np.eye(2, 3, dtype=bool)).to_dict(), **change}
    if change == {"mask": "/w=="}:  # 8 bits for 6 pixels: the rest is padding
        assert ImageLayout.from_dict(fields).mask.all()
        return
    with pytest.raises(InvalidInputError):
        ImageLayout.from_dict(fields)


def test_a_missing_field_is_refused():
    fields = ImageLayout(2, 3).to_dict()
    del fields["low"]
    with pytest.raises(InvalidInputError, match="low"):
        ImageLayout.from_dict(fields)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "int32", "uint64", "float64"])
def test_original_values_survive(dtype):
    info = np.iinfo(dtype) if dtype[0] != "f" else np.finfo("float32")
    low, high = (0, info.max) if dtype[0] == "u" else (-1000, 1000)
    layout = ImageLayout(1, 5, low=low, high=high, dtype=dtype)
    top = np.nextafter(float(high), 0) if dtype == "uint64" else high  # 2**64 - 1 is no double
    values = np.linspace(low, high, 5).clip(low, top).astype(dtype)
    unit = layout.from_original(values)
    assert unit.dtype == np.float32
    assert unit.min() == 0
    assert unit.max() == 1
    back = layout.to_original(unit)
    assert back.dtype == values.dtype
    np.testing.assert_allclose(back.astype(float), values.astype(float), rtol=1e-6, atol=1e-3)


def test_every_value_of_8_and_16_bits_survives():
    for dtype, high in (("uint8", 255), ("uint16", 65535)):
        layout = ImageLayout(1, 1, high=high, dtype=dtype)
        values = np.arange(high + 1, dtype=dtype)
        np.testing.assert_array_equal(layout.to_original(layout.from_original(values)), values)


def test_integers_are_rounded_and_clipped_and_floats_are_not():
    assert ImageLayout(1, 1, high=255, dtype="uint8").to_original([-1, 0.5, 2]).tolist() == [
        0,
        128,
        255,
    ]
    assert ImageLayout(1, 1, high=10).to_original([-1, 0.5, 2]).tolist() == [-10, 5, 20]


def test_misfits_are_told():
    layout = ImageLayout(2, 3)
    with pytest.raises(InvalidInputError, match=r"need \(n, 2, 3\)"):
        layout.to_columns(np.zeros((4, 3, 2)))
    with pytest.raises(InvalidInputError, match=r"need \(6, k\)"):
        layout.to_images(np.zeros((5, 2)))
    with pytest.raises(InvalidInputError, match="keeps no pixel"):
        ImageLayout(2, 3, mask=np.zeros((2, 3), bool))
    with pytest.raises(InvalidInputError, match=r"shape \(2, 3\)"):
        ImageLayout(2, 3, mask=np.ones((3, 2), bool))


def test_the_mask_cannot_be_changed_from_outside():
    mask = np.ones((2, 2), bool)
    layout = ImageLayout(2, 2, mask=mask)
    mask[0, 0] = False
    assert layout.m == 4
    with pytest.raises(ValueError, match="read-only"):
        layout.mask[0, 0] = False
    assert layout == ImageLayout(2, 2, mask=np.ones((2, 2), bool))
    assert hash(layout) == hash(ImageLayout(2, 2, mask=np.ones((2, 2), bool)))
