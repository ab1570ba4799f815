"""Pictures rebuilt from patches: what parts can say comes back, noise goes, holes are filled."""

import numpy as np
import pytest
from skimage import data
from skimage.metrics import peak_signal_noise_ratio

import visnmf
from visnmf.errors import InvalidInputError
from visnmf.features.rebuilding import _noise_of
from visnmf.features.signed_parts import SignedParts


def psnr(truth, found):
    return peak_signal_noise_ratio(truth, found, data_range=1)


@pytest.fixture(scope="module")
def photo():
    return data.camera()[::4, ::4].astype(np.float32) / 255


@pytest.fixture(scope="module")
def encoder(photo):
    return visnmf.PatchEncoder(48, patch_size=6, n_patches=8000).fit([photo])


def test_rebuilt_pictures_are_near_and_keep_size_and_name(photo, encoder):
    pictures = visnmf.Pictures([photo, photo[:50, :33]], names=["whole", "part"])
    rebuilt = encoder.rebuild(pictures)
    assert rebuilt.names == pictures.names
    assert rebuilt.sizes == pictures.sizes
    assert psnr(photo, rebuilt[0]) > 27
    brighter = encoder.rebuild([photo + 0.5])[0]
    assert np.allclose(brighter, rebuilt[0] + 0.5, atol=1e-3)


def test_a_picture_of_the_parts_themselves_comes_back(encoder):
    parts = SignedParts.of(encoder.code)
    strongest = parts.D[:, 3].reshape(6, 6)
    assert np.allclose(encoder.rebuild([0.5 + strongest])[0], 0.5 + strongest, atol=0.02)


@pytest.mark.parametrize("stride", [1, 3, 6, 9])
def test_flat_pictures_stay_flat_at_any_stride(encoder, stride):
    stepped = visnmf.PatchEncoder(**{**encoder.get_params(), "stride": stride})
    stepped.components_, stepped.channels_ = encoder.components_, encoder.channels_
    flat = np.full((23, 17), 0.3, np.float32)
    assert np.allclose(stepped.rebuild([flat])[0], flat, atol=1e-6)


def test_noise_goes(photo):
    sigma = 0.1
    noisy = photo + sigma * np.random.default_rng(0).standard_normal(photo.shape).astype("f")
    encoder = visnmf.PatchEncoder(64, patch_size=8, floor=2 * sigma, n_patches=20_000).fit([noisy])
    found = psnr(photo, encoder.denoise([noisy], sigma)[0])
    assert found > psnr(photo, noisy) + 4
    assert psnr(photo, encoder.denoise([noisy])[0]) > found - 0.5  # sigma estimated
    kept = encoder.denoise([noisy], 0.0)[0]
    assert psnr(noisy, kept) > psnr(noisy, encoder.denoise([noisy], sigma)[0])
    with pytest.raises(InvalidInputError, match="sigma"):
        encoder.denoise([noisy], -1)


@pytest.mark.parametrize("sigma", [0.0, 0.02, 0.2])
def test_noise_is_estimated(sigma):
    noise = np.random.default_rng(1).standard_normal((200, 201, 1)).astype(np.float32)
    ramp = np.linspace(0, 1, 201, dtype=np.float32)[None, :, None]
    assert _noise_of(ramp + np.float32(sigma) * noise) == pytest.approx(sigma, rel=0.05, abs=1e-6)


def test_holes_are_filled_and_the_rest_is_not_touched(photo, encoder):
    rng = np.random.default_rng(0)
    known = rng.random(photo.shape) > 0.5
    holed = np.where(known, photo, rng.random(photo.shape).astype(np.float32))
    filled = encoder.inpaint([holed], known)[0]
    assert np.array_equal(filled[known], photo[known])
    mean = np.where(known, photo, photo[known].mean())
    assert psnr(photo, filled) > psnr(photo, mean) + 8
    again = encoder.inpaint([np.where(known, photo, 0)], known)[0]
    assert np.array_equal(filled, again)  # what is not known is not looked at
    assert np.array_equal(encoder.inpaint([photo], np.ones(photo.shape, bool))[0], photo)


def test_masks_that_do_not_fit_are_refused(photo, encoder):
    for mask in (np.ones((3, 3), bool), np.ones(photo.shape), np.zeros(photo.shape, bool)):
        with pytest.raises(InvalidInputError, match="known"):
            encoder.inpaint([photo], mask)
    with pytest.raises(InvalidInputError, match="2 masks"):
        encoder.inpaint([photo], [np.ones(photo.shape, bool)] * 2)


def test_bands_do_not_show(photo, encoder, monkeypatch):
    whole = encoder.rebuild([photo])[0]
    monkeypatch.setattr("visnmf.features.signed_parts._BAND", 500)
    assert np.allclose(encoder.rebuild([photo])[0], whole, atol=1e-5)


def test_colors_and_plain_pixels(photo):
    color = np.stack([photo, photo[::-1], photo[:, ::-1]], axis=-1)[:40, :40]
    encoder = visnmf.PatchEncoder(24, patch_size=4, n_patches=2000).fit([color])
    assert encoder.rebuild([color])[0].shape == (40, 40, 3)
    pixels = visnmf.PatchEncoder(24, patch_size=4, n_patches=2000, contrast="pixels").fit([photo])
    assert psnr(photo, pixels.rebuild([photo])[0]) > 20
