"""The file of a PatchEncoder: what was saved comes back, and nothing else is believed."""

import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from visnmf import Model
from visnmf.errors import InvalidInputError, ModelFormatError, ModelNotFoundError
from visnmf.features import PatchEncoder
from visnmf.features.patch_file import KIND


def noise(*shape, seed=0):
    return np.random.default_rng(seed).random(shape, np.float32)


@pytest.fixture
def encoder():
    return PatchEncoder(5, patch_size=(3, 4), grid=(1, 2), n_patches=300).fit(noise(3, 9, 11))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"contrast": "pixels", "sparsity": 0, "pooling": "max", "root": False},
        {"patch_size": np.array([4, 3]), "grid": np.int64(2), "floor": np.float32(0.25)},
        {"image_shape": (9, -1), "n_jobs": 2, "random_state": None, "stride": 2},
    ],
    ids=str,
)
def test_an_encoder_comes_back_bit_for_bit(tmp_path, options):
    path = tmp_path / "parts.safetensors"
    encoder = PatchEncoder(5, **({"patch_size": 3, "n_patches": 300} | options))
    encoder.fit(noise(3, 9, 11, 3))
    encoder.save(path)
    loaded = PatchEncoder.load(path)
    assert loaded.components_.tobytes() == encoder.components_.tobytes()
    unseen = noise(2, 14, 10, 3, seed=1)
    np.testing.assert_array_equal(loaded.transform(unseen), encoder.transform(unseen))
    for name in ("channels_", "n_iter_", "reconstruction_err_", "layout_"):
        assert getattr(loaded, name) == getattr(encoder, name)
    for name, value in encoder.get_params().items():
        np.testing.assert_array_equal(getattr(loaded, name), value)


def test_a_generator_is_not_kept(tmp_path):
    rng = np.random.RandomState(0)
    encoder = PatchEncoder(2, patch_size=3, n_patches=99, random_state=rng).fit(noise(2, 6, 6))
    encoder.save(tmp_path / "parts")
    assert PatchEncoder.load(tmp_path / "parts").random_state is None


def forged(path, encoder, *, components=None, settings=(), fitted=(), drop=None, **metadata):
    """Write what `save` writes, changed here and there."""
    encoder.save(path)
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        told = file.metadata()
    document = json.loads(told["model"])
    document["settings"].update(settings)
    document["fitted"].update(fitted)
    for field in (document, document["settings"], document["fitted"]):
        field.pop(drop, None)
    arrays = {"components": encoder.components_ if components is None else components}
    save_file(arrays, path, metadata=told | {"model": json.dumps(document)} | metadata)


UNIT = np.full((5, 24), 24**-0.5, np.float32)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"format": "visnmf-model"}, f"not a {KIND}"),
        ({"version": "9"}, "upgrade visnmf"),
        ({"model": "[]"}, "not a JSON object"),
        ({"model": "{"}, "no readable JSON"),
        ({"drop": "settings"}, "should hold components and settings"),
        ({"drop": "fitted"}, "what pictures"),
        ({"drop": "grid"}, "settings are not those"),
        ({"settings": {"evil": 1}}, "settings are not those"),
        ({"settings": {"patch_size": [3, 10**12]}}, "components have shape"),
        ({"settings": {"patch_size": "big"}}, "patch_size"),
        ({"settings": {"patch_size": [[3], [4]]}}, "patch_size"),
        ({"settings": {"n_components": 6}}, "components have shape"),
        ({"settings": {"n_components": True}}, "components have shape"),
        ({"settings": {"grid": [0]}}, "grid"),
        ({"settings": {"grid": {"a": 1}}}, "grid"),
        ({"settings": {"sparsity": -1}}, "sparsity"),
        ({"settings": {"contrast": "x" * 99}}, "contrast"),
        ({"settings": {"random_state": "os.system"}}, "random_state"),
        ({"settings": {"n_jobs": 1.5}}, "n_jobs"),
        ({"fitted": {"channels_": 0}}, "what pictures"),
        ({"fitted": {"channels_": 10**30}}, "components have shape"),
        ({"fitted": {"channels_": True}}, "what pictures"),
        ({"fitted": {"n_iter_": "3"}}, "what pictures"),
        ({"fitted": {"reconstruction_err_": None}}, "what pictures"),
        ({"components": UNIT.astype(np.float64)}, "not float32"),
        ({"components": UNIT[:, :-1]}, "components have shape"),
        ({"components": UNIT[0]}, "components have shape"),
        ({"components": -UNIT}, "negative or not finite"),
        ({"components": UNIT * np.float32(np.nan)}, "negative or not finite"),
        ({"components": 2 * UNIT}, "unit length"),
    ],
    ids=str,
)
def test_a_forged_file_is_refused(tmp_path, encoder, change, told):
    path = tmp_path / "parts.safetensors"
    forged(path, encoder, **change)
    with pytest.raises(ModelFormatError, match=told):
        PatchEncoder.load(path)


def test_forging_nothing_is_no_forgery(tmp_path, encoder):
    forged(tmp_path / "parts", encoder)
    assert PatchEncoder.load(tmp_path / "parts").grid == [1, 2]


def test_other_arrays_beside_the_components_are_refused(tmp_path, encoder):
    path = tmp_path / "parts"
    encoder.save(path)
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        told = file.metadata()
    save_file({"components": UNIT, "other": UNIT}, path, metadata=told)
    with pytest.raises(ModelFormatError, match="should hold components"):
        PatchEncoder.load(path)


@pytest.mark.parametrize("keep", [0, 5, 100, -1, -40])
def test_a_file_cut_short_is_refused(tmp_path, encoder, keep):
    path = tmp_path / "parts"
    encoder.save(path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ModelFormatError):
        PatchEncoder.load(path)


def test_flipped_bytes_are_refused_or_harmless(tmp_path, encoder):
    path, unseen = tmp_path / "parts", noise(1, 9, 9)
    encoder.save(path)
    content = path.read_bytes()
    rng = np.random.default_rng(0)
    read = 0
    for _ in range(150):
        damaged = bytearray(content)
        damaged[rng.integers(len(content))] ^= 1 << rng.integers(8)
        path.write_bytes(damaged)
        try:
            loaded = PatchEncoder.load(path)
        except ModelFormatError:
            continue
        assert np.isfinite(loaded.transform(unseen)).all()
        read += 1
    assert 0 < read < 100


def test_a_model_is_no_encoder_and_an_encoder_no_model(tmp_path, encoder):
    path = tmp_path / "parts"
    encoder.save(path)
    with pytest.raises(ModelFormatError, match="not a model"):
        Model.load(path)
    with pytest.raises(ModelNotFoundError, match="absent"):
        PatchEncoder.load(tmp_path / "absent")
    with pytest.raises(ModelFormatError, match="not a file"):
        PatchEncoder.load(tmp_path)


def test_what_is_not_fitted_is_not_written(tmp_path):
    with pytest.raises(ValueError, match="not fitted"):
        PatchEncoder().save(tmp_path / "parts")
    assert not list(tmp_path.iterdir())


def test_settings_changed_after_the_fit_make_no_file_that_cannot_be_read(tmp_path, encoder):
    changed = PatchEncoder.load(_saved(encoder, tmp_path)).set_params(n_components=99)
    same = PatchEncoder.load(_saved(changed, tmp_path))
    np.testing.assert_array_equal(same.components_, encoder.components_)
    with pytest.raises(InvalidInputError, match="not those of the fit"):
        _saved(changed.set_params(patch_size=9), tmp_path)


def _saved(encoder, folder):
    encoder.save(folder / "changed.safetensors")
    return folder / "changed.safetensors"
