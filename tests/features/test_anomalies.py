"""What is unlike the usual stands out; what is as usual does not."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

import visnmf


@pytest.fixture(scope="module")
def texture():
    """Waves of two directions under noise."""
    y, x = np.mgrid[:160, :200]
    waves = np.sin(x / 2.5) + np.sin((x + 2 * y) / 4.0)
    noise = np.random.default_rng(0).standard_normal(waves.shape)
    return (0.5 + 0.12 * waves + 0.04 * noise).astype(np.float32)


@pytest.fixture(scope="module")
def encoder(texture):
    return visnmf.PatchEncoder(32, patch_size=8, n_patches=8000).fit([texture[:, :100]])


def defects(texture):
    where = np.zeros(texture.shape, bool)
    where[60:90, 130:160] = True
    yield "dark", np.where(where, texture * 0.5, texture), where
    yield "flat", np.where(where, texture[where].mean(), texture), where
    yield "turned", np.where(where, texture.T[:160, :160].repeat(2, 1)[:, :200], texture), where
    noise = np.random.default_rng(1).random(texture.shape)
    yield "noise", np.where(where, 0.3 + 0.4 * noise, texture), where


def test_planted_defects_stand_out(texture, encoder):
    for name, picture, where in defects(texture):
        found = encoder.anomaly_maps([picture], normal=[texture[:, :100]])[0]
        assert found.shape == picture.shape
        assert found.min() >= 0
        assert roc_auc_score(where.ravel(), found.ravel()) > 0.95, name
        alone = encoder.anomaly_maps([picture])[0]  # the most of it is as usual
        assert roc_auc_score(where.ravel(), alone.ravel()) > 0.9, name


def test_what_is_usual_does_not(texture, encoder):
    usual, other = encoder.anomaly_maps([texture[:, 100:], texture[:70]], normal=[texture])
    assert np.median(usual) == pytest.approx(np.median(other), rel=0.1)
    assert 1 < np.median(usual) < 3


def test_flat_pictures_and_strides_are_no_trouble(encoder, texture):
    flat = np.full((20, 30), 0.5, np.float32)
    for found in encoder.anomaly_maps([flat, texture[:8, :8]]):
        assert np.isfinite(found).all()
    stepped = visnmf.PatchEncoder(8, patch_size=8, stride=20, n_patches=500).fit([texture])
    assert (stepped.anomaly_maps([texture], normal=[texture[:, :90]])[0] > 0).mean() > 0.9


def test_bands_of_a_large_picture_make_one_map(encoder, texture, monkeypatch):
    whole = encoder.anomaly_maps([texture])[0]
    monkeypatch.setattr("visnmf.features.anomalies._BAND", 900)
    np.testing.assert_allclose(encoder.anomaly_maps([texture])[0], whole, rtol=1e-5)
