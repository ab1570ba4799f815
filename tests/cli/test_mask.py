"""`visnmf reconstruct --mask`: pictures rebuilt from what is known of them."""

import numpy as np
import pytest
from PIL import Image

import visnmf


@pytest.fixture
def stained(faces, tmp_path):
    """Faces with a black bar, and the mask that tells where it is; (folder, mask, array)."""
    known = np.ones(faces.layout.shape, bool)
    known[5:12] = False
    pictures = np.where(known, faces.to_images(), 0)
    spoiled = visnmf.ImageSet(faces.layout.to_columns(pictures), faces.layout, faces.names)
    spoiled.save(tmp_path / "stained")
    Image.fromarray(known.astype(np.uint8) * 255).save(tmp_path / "mask.png")
    return "stained", "mask.png", known


def test_what_the_mask_hides_has_no_influence(run, model_file, stained, tmp_path):
    folder, mask, known = stained
    result = run("reconstruct", model_file, folder, "-o", "mended", "--mask", mask)
    assert result.exit_code == 0, result.stderr
    images, model = visnmf.load_images(folder), visnmf.Model.load(model_file)
    wanted = model.reconstruct(images, observed=known)
    found = visnmf.load_images("mended")
    np.testing.assert_allclose(found.V, wanted.V.clip(0, 1), atol=1 / 255)
    errors = model.reconstruction_error(images, observed=known)
    assert f"{np.median(errors):.4f} (median)" in result.stdout
    assert errors.max() < 0.5 * model.reconstruction_error(images).max()


def test_what_is_known_can_be_kept(run, model_file, stained, faces, tmp_path):
    folder, mask, known = stained
    run("reconstruct", model_file, folder, "-o", "mended", "--mask", mask, "--fill")
    found = visnmf.load_images("mended").to_images()
    given = visnmf.load_images(folder).to_images()
    np.testing.assert_allclose(found[:, known], given[:, known], atol=1e-6)
    hidden = np.abs(found - faces.to_images())[:, ~known].mean()
    assert hidden < 0.3 * faces.to_images()[:, ~known].mean()


def test_a_mask_of_zeros_and_ones_serves_as_well(run, model_file, stained, tmp_path):
    folder, mask, known = stained
    Image.fromarray(known.astype(np.uint8)).save(tmp_path / "ones.png")
    for file, out in ((mask, "a"), ("ones.png", "b")):
        assert run("reconstruct", model_file, folder, "-o", out, "--mask", file).exit_code == 0
    np.testing.assert_array_equal(visnmf.load_images("a").V, visnmf.load_images("b").V)


def test_masks_that_cannot_be_used_are_refused(run, model_file, stained, tmp_path):
    folder = stained[0]
    Image.new("L", (25, 25)).save(tmp_path / "black.png")
    for words, message in (
        (("--mask", "black.png"), "is black"),
        (("--mask", "none.png"), "no such file"),
        (("--fill",), "--fill needs --mask"),
    ):
        result = run("reconstruct", model_file, folder, "-o", "x", *words)
        assert result.exit_code != 0
        assert message in result.stderr
    assert not (tmp_path / "x").exists()
