import json

import numpy as np
import pytest
from PIL import Image
from sklearn.base import clone

import visnmf
from visnmf.errors import ImageReadError, InvalidInputError, ModelFormatError, SkippedImagesWarning
from visnmf.model.modelfile import read_model_file, write_model_file
from visnmf.tasks import PatchFeatures, SimilarIndex, group, refresh
from visnmf.tasks.encoders import encoder_of, open_encoder
from visnmf.tasks.patch_features import KIND

SIZES = [(20, 24), (33, 18), (26, 26), (40, 30), (19, 21)]


def striped(k, size, across):
    """Stripes in one direction, of a color of their own, with some noise."""
    rng = np.random.default_rng(k)
    place = np.indices(size)[across]
    gray = 0.5 + 0.3 * np.sin(2 * np.pi * (place + rng.integers(6)) / 6)
    color = gray[:, :, None] * [1.0, 0.6, 0.3] + 0.05 * rng.random((*size, 3))
    return np.rint(255 * color.clip(0, 1)).astype(np.uint8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Pictures of several sizes: of even number, stripes run across, of odd ones down."""
    folder = tmp_path_factory.mktemp("stripes")
    for k in range(10):
        Image.fromarray(striped(k, SIZES[k % 5], k % 2)).save(folder / f"{k}.png")
    return folder


@pytest.fixture(scope="module")
def encoder(folder):
    return made(folder)


def made(folder, mode="gray", **settings):
    chosen = {"n_components": 6, "patch_size": 5, "grid": 2, "max_iter": 1, **settings}
    return visnmf.PatchEncoder(**chosen).fit(visnmf.load_pictures(folder, mode=mode))


@pytest.fixture
def spoiled(folder, tmp_path):
    """The same pictures, one smaller than a patch and one broken."""
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    Image.new("L", (30, 3)).save(tmp_path / "small.png")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    return tmp_path


@pytest.mark.parametrize("mode", ["gray", "rgb"])
@pytest.mark.parametrize("reading", [{}, {"max_side": 16}, {"size": (12, 10)}])
def test_a_file_gives_the_same_features(folder, tmp_path, mode, reading):
    features = PatchFeatures(made(folder, mode), **reading)
    features.save(tmp_path / "e.safetensors")
    again = open_encoder(tmp_path / "e.safetensors")
    assert (again.max_side, again.size) == (features.max_side, features.size)
    assert again.digest == features.digest
    pictures = again.load(folder)
    assert pictures.channels == (3 if mode == "rgb" else 1)
    if reading:
        assert max(max(size) for size in pictures.sizes) == (16 if "max_side" in reading else 12)
    rows = again.encode(pictures)
    np.testing.assert_array_equal(rows, features.encoder.transform(pictures))
    assert rows.shape == (10, again.n_features) == (10, len(again.feature_names))
    plain = visnmf.PatchEncoder.load(tmp_path / "e.safetensors")
    np.testing.assert_array_equal(plain.components_, features.encoder.components_)


def test_an_encoder_or_its_file_will_do(encoder, folder, tmp_path):
    encoder.save(tmp_path / "e.safetensors")
    pictures = visnmf.load_pictures(folder)
    given = [encoder, PatchFeatures(encoder), tmp_path / "e.safetensors"]
    for source in given:
        np.testing.assert_array_equal(
            encoder_of(source).encode(pictures), encoder.transform(pictures)
        )
    digests = {encoder_of(source).digest for source in given}
    assert len(digests) == 1


def test_the_digest_tells_what_features_depend_on(encoder):
    plain = PatchFeatures(encoder).digest
    others = [
        {"stride": 2}, {"grid": 3}, {"pooling": "max"}, {"root": False}, {"contrast": "pixels"},
        {"floor": 0.1}, {"sparsity": 0.2}, {"patch_size": (5, 4)},
    ]  # fmt: skip
    digests = [plain, PatchFeatures(encoder, 99).digest, PatchFeatures(encoder, size=(9, 9)).digest]
    for settings in [*others, {"n_jobs": 2}, {"patch_size": [5, 5]}, {"grid": (2,)}]:
        other = clone(encoder).set_params(**settings)
        other.components_, other.channels_ = encoder.components_, encoder.channels_
        digests.append(PatchFeatures(other).digest)
    assert digests[-3:] == [plain] * 3, "threads and spellings do not matter"
    assert len(set(digests)) == len(digests) - 3
    moved = clone(encoder)
    moved.components_, moved.channels_ = encoder.components_[::-1], encoder.channels_
    assert PatchFeatures(moved).digest != plain


def test_pictures_too_small_are_as_ones_that_cannot_be_read(encoder, folder, spoiled):
    features = PatchFeatures(encoder)
    (spoiled / "broken.png").unlink()
    with pytest.raises(ImageReadError, match=r"small\.png.*3 x 30 pixels, less than a patch of 5"):
        features.load(spoiled)
    pictures = features.load(spoiled, on_error="skip")
    assert pictures.names == visnmf.load_pictures(folder).names
    (spoiled / "broken.png").write_bytes(b"no picture")
    with pytest.warns(SkippedImagesWarning, match=r"2 file\(s\).*broken.*small"):
        pictures = features.load(spoiled, on_error="warn")
    assert {error.path for error in pictures.skipped} == {
        str(spoiled / name) for name in ("small.png", "broken.png")
    }
    only = [str(spoiled / "small.png")]
    with pytest.raises(ImageReadError, match="none of the 1"):
        features.load(only, on_error="skip")


def test_names_and_labels_stay_with_their_pictures(encoder, spoiled):
    for path in list(spoiled.glob("*.png")):
        kind = spoiled / ("odd" if path.stem[0] in "13579s" else "even")
        kind.mkdir(exist_ok=True)
        path.rename(kind / path.name)
    pictures = PatchFeatures(encoder).load(spoiled, labels="folder", on_error="skip")
    assert len(pictures) == 10
    for name, label in zip(pictures.names, pictures.labels, strict=True):
        assert name.startswith(f"{label}/")


def test_like_pictures_are_found_whatever_their_size(encoder, folder):
    pictures = visnmf.load_pictures(folder)
    index = SimilarIndex.of(encoder, pictures)
    found = index.search(pictures, 4, leave_out=range(10))
    assert (found.indices % 2 == np.arange(10)[:, None] % 2).all()
    groups = group(index.rows.T, by="kmeans", n=2)
    assert (groups.of[::2] == groups.of[0]).all()
    assert (groups.of[1::2] == 1 - groups.of[0]).all()


@pytest.mark.parametrize("most", [1, 3000, 2**23])
def test_files_are_read_some_at_a_time(encoder, folder, spoiled, tmp_path, monkeypatch, most):
    monkeypatch.setattr(refresh, "_CHUNK_BYTES", most)
    file = tmp_path / "e.safetensors"
    encoder.save(file)
    counts = []
    real = PatchFeatures.load

    def load(self, source, **options):
        counts.append(len(source))
        return real(self, source, **options)

    monkeypatch.setattr(PatchFeatures, "load", load)
    told = []
    index = SimilarIndex.open(
        file, spoiled, on_error="skip", progress=lambda done, total: told.append((done, total))
    )
    assert (max(counts) == 1) == (most == 1)
    assert (max(counts) == 12) == (most == 2**23)
    assert sorted(told) == told
    assert told[-1] == (12, 12)
    names = visnmf.load_pictures(folder).names
    assert index.names == names
    rows = encoder.transform(visnmf.load_pictures(folder))
    np.testing.assert_allclose(index.rows, rows, atol=1e-6)
    counts.clear()
    SimilarIndex.open(file, spoiled, on_error="skip")
    assert sum(counts) <= 4, "only those that could not be read are tried again"


def test_each_file_that_cannot_be_read_is_told(encoder, spoiled, tmp_path):
    encoder.save(tmp_path / "e.safetensors")
    for path in spoiled.glob("?.png"):
        path.unlink()
    with pytest.raises(ImageReadError, match=r"none of the 2 file.*broken\.png: not a picture"):
        SimilarIndex.open(tmp_path / "e.safetensors", spoiled, on_error="skip")


@pytest.mark.parametrize(
    "reading",
    [5, {"speed": 1}, {"max_side": 0}, {"max_side": "big"}, {"max_side": True}, {"size": 7},
     {"size": [3]}, {"size": [3, -1]}, {"size": [3, 10**9]}, {"max_side": [4]}],
    ids=json.dumps,
)  # fmt: skip
def test_hostile_files_are_refused(encoder, tmp_path, reading):
    file = tmp_path / "e.safetensors"
    encoder.save(file)
    arrays, document = read_model_file(file, KIND)
    write_model_file(file, arrays, document | {"reading": reading}, KIND)
    with pytest.raises(ModelFormatError, match=r"e\.safetensors: (does not tell how|its pictures)"):
        PatchFeatures.open(file)


def test_what_is_neither_says_so(folder, encoder, tmp_path):
    encoder.save(tmp_path / "e.safetensors")
    SimilarIndex.open(tmp_path / "e.safetensors", folder)
    (kept,) = tmp_path.glob("*.index.safetensors")
    with pytest.raises(ModelFormatError, match="neither a model of visnmf nor a patch encoder"):
        encoder_of(kept)
    with pytest.raises(InvalidInputError, match="need a Model or a PatchEncoder"):
        encoder_of(visnmf.features.HOG())
    with pytest.raises(ModelFormatError, match="visnmf-patch-encoder"):
        visnmf.Model.load(tmp_path / "e.safetensors")
