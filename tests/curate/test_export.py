"""Parts as files, read back by the libraries that read them."""

import csv
import io
import zipfile

import numpy as np
import pytest
import roifile
import tifffile
from matplotlib.path import Path as Polygon
from PIL import Image

from visnmf import ImageLayout, Model, Selection, edit_parts, export_parts
from visnmf.curate.rois import outlines_of, roi_of, roi_set
from visnmf.curate.stack import check_stack
from visnmf.errors import InvalidInputError

NAMES = ["eyes", "a/b:c", "eyes", "nose 鼻"]


def make_model(channels=1, mask=None, **options):
    layout = ImageLayout(9, 7, channels, mask=mask)
    W = np.random.default_rng(0).random((layout.m, 4))
    return Model(W * [1, 2, 3, 4], layout, part_names=NAMES, **options)


def table_of(folder, kind):
    with (folder / f"parts-{kind}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def filled(rois, height, width):
    """The pixels whose middle is inside a region, by the even-odd rule."""
    y, x = np.mgrid[:height, :width]
    middles = np.column_stack([x.ravel() + 0.5, y.ravel() + 0.5])
    inside = np.zeros(height * width, bool)
    outlines = rois.coordinates(multi=True) if rois.composite else [rois.coordinates()]
    for outline in outlines:
        inside ^= Polygon(np.vstack([outline, outline[:1]])).contains_points(middles)
    return inside.reshape(height, width)


@pytest.mark.parametrize("scale", ["part", "common"])
def test_pictures_give_the_values_back(tmp_path, scale):
    model = make_model()
    paths = export_parts(model, tmp_path, scale=scale)
    assert len(paths) == 5
    rows = table_of(tmp_path, "png")
    assert [row["name"] for row in rows] == NAMES
    assert [row["file"] for row in rows] == ["eyes.png", "a_b_c.png", "eyes_2.png", "nose 鼻.png"]
    for k, row in enumerate(rows):
        with Image.open(tmp_path / row["file"]) as picture:
            assert picture.mode == "L"
            levels = np.asarray(picture)
        white = float(row["white"])
        part = model.basis_images()[k]
        np.testing.assert_allclose(levels / 255 * white, part, atol=0.51 * white / 255)
        top = model.W.max() if scale == "common" else part.max()
        assert white == pytest.approx(top)


def test_color_is_kept_and_many_channels_are_averaged_or_chosen(tmp_path):
    export_parts(make_model(3), tmp_path / "color")
    with Image.open(tmp_path / "color" / "eyes.png") as picture:
        assert picture.mode == "RGB"
    cube = make_model(5)
    export_parts(cube, tmp_path / "mean")
    export_parts(cube, tmp_path / "second", channels=1)
    mean, second = (
        np.asarray(Image.open(tmp_path / folder / "eyes.png")) for folder in ("mean", "second")
    )
    picture = cube.basis_images()[0]
    np.testing.assert_array_equal(mean.argmax(), picture.mean(axis=2).argmax())
    np.testing.assert_array_equal(second.argmax(), picture[..., 1].argmax())
    with pytest.raises(InvalidInputError, match="0 to 4"):
        export_parts(cube, tmp_path / "none", channels=5)
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("channels", [1, 3, 9])
def test_the_stack_is_imagejs_and_gives_the_values_back(tmp_path, channels):
    model = make_model(channels)
    export_parts(model, tmp_path, format="tiff")
    with tifffile.TiffFile(tmp_path / "parts.tif") as file:
        assert file.is_imagej
        told = file.imagej_metadata
        levels = file.asarray()
    assert levels.dtype == np.uint16
    if channels == 1:
        assert told["Labels"] == NAMES
    else:
        assert told["Labels"][:2] == ["eyes, channel 1", "eyes, channel 2"]
        assert told["channels"] == channels
        levels = np.moveaxis(levels, 1, 3)
    white = [float(row["white"]) for row in table_of(tmp_path, "tiff")]
    back = levels / 65535 * np.reshape(white, (4,) + (1,) * (levels.ndim - 1))
    np.testing.assert_allclose(back, model.basis_images(), atol=0.51 * max(white) / 65535)


def test_a_stack_too_large_for_imagej_is_refused_before_it_is_made():
    huge = np.broadcast_to(np.float32(0), (3000, 1000, 1000, 1))
    with pytest.raises(InvalidInputError, match="too large for a TIFF of ImageJ"):
        check_stack(huge)


def test_masks_are_above_a_share_of_the_largest_value(tmp_path):
    model = make_model()
    export_parts(model, tmp_path, format="masks", threshold=0.6)
    for k, row in enumerate(table_of(tmp_path, "masks")):
        mask = np.asarray(Image.open(tmp_path / row["file"]))
        part = model.basis_images()[k]
        np.testing.assert_array_equal(mask, np.where(part > 0.6 * part.max(), 255, 0))
        assert int(row["pixels"]) == (mask > 0).sum()
        assert float(row["threshold"]) == pytest.approx(0.6 * part.max())


def test_otsu_divides_two_classes_and_looks_at_kept_pixels_only(tmp_path):
    mask = np.ones((9, 7), bool)
    mask[:5] = False
    layout = ImageLayout(9, 7, mask=mask)
    W = np.full((28, 1), 5.0)
    W[3:9] = 9.0
    export_parts(Model(W, layout), tmp_path, format="masks")
    shown = np.asarray(Image.open(tmp_path / "part 1-mask.png")) > 0
    np.testing.assert_array_equal(shown, layout.to_images(W)[0] > 8)


def test_a_plain_part_is_all_of_it_and_an_empty_one_is_nothing(tmp_path):
    layout = ImageLayout(3, 4)
    W = np.column_stack([np.full(12, 2.0), np.zeros(12)])
    model = Model(W, layout, part_names=["plain", "empty"])
    export_parts(model, tmp_path, format="masks")
    assert np.asarray(Image.open(tmp_path / "plain-mask.png")).min() == 255
    assert np.asarray(Image.open(tmp_path / "empty-mask.png")).max() == 0
    export_parts(model, tmp_path, format="rois")
    assert [row["file"] for row in table_of(tmp_path, "rois")] == ["plain.roi", ""]
    (roi,) = roifile.roiread(tmp_path / "parts-rois.zip")
    assert filled(roi, 3, 4).all()


def test_regions_hold_the_pixels_of_the_masks(tmp_path):
    model = make_model()
    for kind in ("masks", "rois"):
        export_parts(model, tmp_path, format=kind, threshold=0.7)
    rois = roifile.roiread(tmp_path / "parts-rois.zip")
    assert [roi.name for roi in rois] == NAMES
    for roi, row in zip(rois, table_of(tmp_path, "masks"), strict=True):
        mask = np.asarray(Image.open(tmp_path / row["file"])) > 0
        np.testing.assert_array_equal(filled(roi, 9, 7), mask)
    with zipfile.ZipFile(tmp_path / "parts-rois.zip") as archive:
        assert archive.namelist() == [row["file"] for row in table_of(tmp_path, "rois")]


@pytest.mark.parametrize("seed", range(30))
def test_outlines_enclose_what_is_brighter_whatever_it_looks_like(seed):
    rng = np.random.default_rng(seed)
    height, width = rng.integers(1, 12, 2)
    kinds = [
        (rng.random((height, width)), 0.4),
        (rng.integers(0, 2, (height, width)) * 1e-6, 0.0),  # on or off, holes, corners that touch
        (rng.integers(0, 4, (height, width)) * 1e6, 1e6),  # many values equal to the level
    ]
    for part, level in kinds:
        outlines = outlines_of(part, level)
        if not (part > level).any():
            assert outlines == []
            continue
        data = roi_set([("x", roi_of(outlines, "x"))])
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            roi = roifile.ImagejRoi.frombytes(archive.read("x.roi"))
        np.testing.assert_array_equal(filled(roi, height, width), part > level)


def test_a_ring_is_one_region_with_a_hole():
    ring = np.ones((5, 5))
    ring[2, 2] = 0
    roi = roifile.ImagejRoi.frombytes(roi_of(outlines_of(ring, 0.5), "ring"))
    assert roi.composite
    assert (roi.left, roi.top, roi.right, roi.bottom) == (0, 0, 5, 5)
    np.testing.assert_array_equal(filled(roi, 5, 5), ring > 0)


def test_the_same_parts_give_the_same_bytes(tmp_path):
    for folder in ("a", "b"):
        export_parts(make_model(), tmp_path / folder, format="rois")
    first, second = (tmp_path / folder / "parts-rois.zip" for folder in ("a", "b"))
    assert first.read_bytes() == second.read_bytes()


def test_hidden_parts_are_written_where_asked_for(tmp_path):
    model = make_model(hidden=[False, True, True, False])
    export_parts(model, tmp_path / "shown", format="tiff")
    rows = table_of(tmp_path / "shown", "tiff")
    assert [(row["number"], row["name"]) for row in rows] == [("0", "eyes"), ("3", "nose 鼻")]
    export_parts(model, tmp_path / "all", format="tiff", hidden=True)
    assert len(table_of(tmp_path / "all", "tiff")) == 4
    with pytest.raises(InvalidInputError, match="all 4 parts are hidden"):
        export_parts(make_model(hidden=[True] * 4), tmp_path / "none")


def test_nothing_is_written_where_a_file_is_there(tmp_path):
    model = make_model()
    (tmp_path / "eyes_2.png").write_bytes(b"mine")
    with pytest.raises(InvalidInputError, match=r"eyes_2.png is there already; nothing"):
        export_parts(model, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["eyes_2.png"]
    export_parts(model, tmp_path, overwrite=True)
    assert len(list(tmp_path.iterdir())) == 5


def test_hostile_names_stay_in_the_folder(tmp_path):
    names = ["../up", "/etc/x", "con", "\N{BANANA}" * 200]
    model = Model(np.ones((63, 4)), ImageLayout(9, 7), part_names=names)
    paths = export_parts(model, tmp_path / "out")
    export_parts(model, tmp_path / "out", format="masks")
    assert {p.parent for p in (tmp_path / "out").rglob("*")} == {tmp_path / "out"}
    assert len(paths) == 5
    assert not (tmp_path / "out" / "con.png").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"format": "jpeg"}, "use one of png, tiff, masks, rois"),
        ({"format": "masks", "threshold": 1}, "below 1"),
        ({"format": "masks", "threshold": "half"}, "otsu"),
        ({"format": "masks", "threshold": True}, "otsu"),
        ({"format": "masks", "threshold": float("nan")}, "otsu"),
        ({"scale": "all"}, "scale=.all. is not known"),
    ],
)
def test_wrong_options_are_told(tmp_path, options, message):
    with pytest.raises(InvalidInputError, match=message):
        export_parts(make_model(), tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_a_file_is_no_folder_and_an_array_no_model(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InvalidInputError, match="not a folder"):
        export_parts(make_model(), tmp_path / "file")
    with pytest.raises(InvalidInputError, match="takes a Model, got ndarray"):
        export_parts(np.ones((3, 3)), tmp_path)


def test_edited_parts_are_exported_under_their_names(tmp_path):
    model = make_model()
    edited = edit_parts(model, Selection.of(model).merged([0, 2], name="both").hide(1)).model
    paths = export_parts(edited, tmp_path)
    assert [path.rsplit("/", 1)[1] for path in paths] == [
        "both.png",
        "nose 鼻.png",
        "parts-png.csv",
    ]
