import hashlib
import json
import pickle
import re
import stat

import numpy as np
import pytest
from safetensors.numpy import save as tensors_to_bytes

import visnmf
from visnmf.errors import InvalidInputError, ModelFormatError, ModelNotFoundError, VisnmfError
from visnmf.images.imageset import ImageSet
from visnmf.images.layout import ImageLayout
from visnmf.model import Model, learn
from visnmf.model import columns as columns_module

SIZES = {"gray": (4, 5, 1), "color": (4, 5, 3), "spectral": (3, 3, 7)}


def make_model(kind="gray", *, mask=None, rank=3, seed=0, **options):
    h, w, c = SIZES[kind]
    layout = ImageLayout(h, w, c, mask=mask, low=0, high=255, dtype="uint8")
    W = np.random.default_rng(seed).random((layout.m, rank))
    return Model(W, layout, **options)


def some_mask():
    mask = np.zeros((4, 5), dtype=bool)
    mask[1:3, 1:4] = True
    return mask


def exact_images(model, n=6, seed=1):
    """Pictures that are sums of the parts, and their true encodings."""
    H = np.random.default_rng(seed).random((model.rank, n)).astype(np.float32)
    H[H < 0.4] = 0
    V = model.W @ H
    return ImageSet(V / V.max(), model.layout), H / V.max()


def optimality_gap(V, W, H):
    """Largest violation of the conditions that make H the non-negative least-squares fit."""
    gradient = W.T.astype(float) @ (W.astype(float) @ H - V)
    return np.abs(np.where(H > 0, gradient, np.minimum(gradient, 0))).max()


# --- what a model is -----------------------------------------------------------------


@pytest.mark.parametrize("kind", SIZES)
def test_parts_are_pictures(kind):
    model = make_model(kind)
    pictures = model.basis_images()
    assert pictures.shape == (3, *model.layout.shape)
    np.testing.assert_array_equal(model.layout.to_columns(pictures), model.W)


def test_parts_have_names_that_can_be_changed():
    model = make_model()
    assert model.part_names == ["part 1", "part 2", "part 3"]
    model.rename_part(1, "Nase")
    assert model.part_names == ["part 1", "Nase", "part 3"]
    assert make_model(part_names=["a", "b", "c"]).part_names == ["a", "b", "c"]


@pytest.mark.parametrize("name", ["", "  ", "two\nlines", "\x1b[31mred", "x" * 201, 7, None])
def test_names_that_cannot_be_shown_are_refused(name):
    with pytest.raises(InvalidInputError, match="printable"):
        make_model().rename_part(0, name)


def test_a_part_that_is_not_there_cannot_be_renamed():
    for part in (-1, 3):
        with pytest.raises(InvalidInputError, match="3 parts"):
            make_model().rename_part(part, "x")


@pytest.mark.parametrize(
    ("W", "message"),
    [
        (np.ones(20), "shape"),
        (np.ones((19, 2)), r"\(20, rank\)"),
        (np.ones((20, 0)), "at least one part"),
        (-np.ones((20, 2)), "negative"),
        (np.full((20, 2), np.nan), "non-finite"),
        (np.full((20, 2), 1e300), "non-finite"),
        (np.ones((20, 2), dtype=complex), "real numbers"),
        (np.full((20, 2), "a"), "real numbers"),
    ],
)
def test_a_basis_that_is_none_is_refused(W, message):
    with pytest.raises(InvalidInputError, match=message), np.errstate(over="ignore"):
        Model(W, ImageLayout(4, 5))


@pytest.mark.parametrize(
    "options",
    [
        {"part_names": ["one"]},
        {"energy": [0.5, 0.5]},
        {"energy": [-1, 1, 1]},
        {"energy": [np.inf, 1, 1]},
        {"provenance": {"error": float("nan")}},
        {"provenance": {"W": np.ones(3)}},
    ],
)
def test_what_does_not_fit_the_parts_is_refused(options):
    with pytest.raises(InvalidInputError):
        make_model(**options)


# --- encode and rebuild --------------------------------------------------------------


@pytest.mark.parametrize("kind", SIZES)
def test_sums_of_parts_are_found_again(kind):
    model = make_model(kind)
    images, H = exact_images(model)
    np.testing.assert_allclose(model.encode(images), H, atol=2e-3)
    np.testing.assert_allclose(model.reconstruct(images).V, images.V, atol=2e-3)
    np.testing.assert_allclose(model.reconstruction_error(images), 0, atol=5e-3)


def test_encodings_are_the_best_non_negative_ones():
    model = make_model()
    V = np.random.default_rng(3).random((20, 50), dtype=np.float32)
    H = model.encode(V)
    assert H.dtype == np.float32
    assert H.min() >= 0
    assert optimality_gap(V, model.W, H) < 1e-2


def test_all_forms_of_the_same_pictures_are_encoded_alike():
    model = make_model("color")
    pictures = np.random.default_rng(0).integers(0, 256, (5, 4, 5, 3), dtype=np.uint8)
    floats = (pictures / 255).astype(np.float32)
    images = ImageSet(model.layout.to_columns(floats), model.layout)
    wanted = model.encode(images)
    for same in (images.V, images.V.astype(np.float64), pictures, floats):
        np.testing.assert_allclose(model.encode(same), wanted, atol=1e-5)


def test_masked_pixels_do_not_count():
    model = make_model(mask=some_mask())
    pictures = np.random.default_rng(0).random((3, 4, 5), dtype=np.float32)
    H = model.encode(pictures)
    pictures[:, ~some_mask()] = 0.7
    np.testing.assert_array_equal(model.encode(pictures), H)


def test_blocks_do_not_change_the_result(monkeypatch):
    model = make_model()
    V = np.random.default_rng(0).random((20, 200), dtype=np.float32)
    pictures = model.layout.to_images(V)
    whole = model.encode(V), model.reconstruction_error(V)
    monkeypatch.setattr(columns_module, "_BLOCK_VALUES", 1)  # blocks of 64
    assert len(list(columns_module.column_blocks(V, model.layout))) == 4
    for same in (V, pictures):
        np.testing.assert_allclose(model.encode(same), whole[0], atol=1e-3)
        np.testing.assert_allclose(model.reconstruction_error(same), whole[1], atol=1e-3)


def test_the_error_is_that_of_the_rebuilt_picture():
    model = make_model()
    V = np.random.default_rng(5).random((20, 7), dtype=np.float32)
    rest = V - model.reconstruct(V).V
    wanted = np.linalg.norm(rest, axis=0) / np.linalg.norm(V, axis=0)
    np.testing.assert_allclose(model.reconstruction_error(V), wanted, rtol=1e-5)


def test_a_black_picture_is_explained_by_nothing():
    model = make_model()
    V = np.zeros((20, 2), dtype=np.float32)
    V[0, 1] = 1
    error = model.reconstruction_error(V)
    assert error[0] == 0
    assert 0 < error[1] <= 1
    np.testing.assert_array_equal(model.encode(V)[:, 0], 0)


def test_a_rebuilt_set_keeps_what_is_known_of_the_pictures():
    model = make_model()
    deep = ImageLayout(4, 5, low=0, high=65535, dtype="uint16")
    V = np.random.default_rng(0).random((20, 3), dtype=np.float32)
    images = ImageSet(V, deep, ["a.png", "b.png", "c.png"], labels=[0, 1, 1])
    rebuilt = model.reconstruct(images)
    assert rebuilt.names == images.names
    assert rebuilt.layout == deep
    np.testing.assert_array_equal(rebuilt.labels, images.labels)
    assert len(model.reconstruct(V)) == 3


@pytest.mark.parametrize(
    ("layout", "advice"),
    [
        (ImageLayout(5, 4), r"size=\(4, 5\)"),
        (ImageLayout(4, 5, 3), 'mode="gray"'),
        (ImageLayout(4, 5, mask=some_mask()), "mask=model.layout.mask"),
    ],
)
def test_images_of_another_layout_are_refused_with_advice(layout, advice):
    images = ImageSet(np.ones((layout.m, 2), dtype=np.float32), layout)
    for use in (Model.encode, Model.reconstruct, Model.reconstruction_error):
        with pytest.raises(InvalidInputError, match=advice):
            use(make_model(), images)


def test_a_mask_that_keeps_all_is_no_mask():
    images = ImageSet(np.ones((20, 2)), ImageLayout(4, 5, mask=np.ones((4, 5), dtype=bool)))
    assert make_model().encode(images).shape == (3, 2)


@pytest.mark.parametrize("shape", [(4, 5), (20,), (2, 5, 4), (2, 4, 5, 3), (5, 20)])
def test_arrays_that_do_not_fit_are_refused(shape):
    with pytest.raises(InvalidInputError, match=r"\(n, 4, 5\).*\(20, n\)"):
        make_model().encode(np.ones(shape))


def test_a_single_picture_gets_a_hint():
    with pytest.raises(InvalidInputError, match=r"picture\[None\]"):
        make_model().encode(np.ones((4, 5)))


def test_whole_numbers_of_an_unknown_range_are_refused():
    model = Model(np.ones((20, 2)), ImageLayout(4, 5, dtype="float32"))
    with pytest.raises(InvalidInputError, match=r"\[0, 1\]"):
        model.encode(np.ones((2, 4, 5), dtype=np.uint8))


@pytest.mark.parametrize("bad", [np.nan, -1.0])
def test_values_that_are_no_picture_are_refused(bad):
    with pytest.raises(InvalidInputError):
        make_model().encode(np.full((20, 2), bad))


# --- learn ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def faces():
    return visnmf.samples.load_faces()


def test_learning_records_where_the_parts_come_from(faces):
    model = learn(faces, 8, max_iter=30, seed=4, kernels="numpy")
    told = model.provenance
    run = model.factorization
    assert told["source"] == faces.source
    assert told["n_images"] == 100
    assert told["settings"]["rank"] == 8
    assert told["settings"]["seed"] == 4
    assert (told["n_iter"], told["reason"]) == (run.n_iter, run.reason)
    assert told["versions"]["visnmf"] == visnmf.__version__
    true_error = np.linalg.norm(run.residual(faces)) / np.linalg.norm(faces.V)
    assert told["relative_error"] == pytest.approx(true_error, rel=1e-4)
    json.dumps(told, allow_nan=False)


def test_energy_shares_add_up_and_fall(faces):
    energy = learn(faces, 8, max_iter=30, kernels="numpy").energy
    assert energy.sum() == pytest.approx(1)
    assert (np.diff(energy) <= 1e-7).all()


def test_learned_parts_explain_their_own_pictures(faces):
    model = learn(faces, 8, max_iter=30, kernels="numpy")
    rebuilt = model.W @ model.encode(faces)
    error = np.linalg.norm(faces.V - rebuilt) / np.linalg.norm(faces.V)
    assert error <= model.provenance["relative_error"] * 1.001


def test_black_pictures_can_be_learned():
    images = ImageSet(np.zeros((20, 4), dtype=np.float32), ImageLayout(4, 5))
    model = learn(images, 2, kernels="numpy")
    assert model.provenance["relative_error"] == 0
    assert np.isfinite(model.energy).all()


def test_learning_from_a_bare_array_says_what_to_do():
    with pytest.raises(InvalidInputError, match="load_images"):
        learn(np.ones((20, 4)), 2)


# --- save and load -------------------------------------------------------------------


def assert_same(first, second):
    np.testing.assert_array_equal(first.W, second.W)
    assert first.W.dtype == second.W.dtype
    assert first.layout == second.layout
    assert first.part_names == second.part_names
    np.testing.assert_array_equal(first.energy, second.energy)
    assert first.provenance == second.provenance


@pytest.mark.parametrize("kind", SIZES)
@pytest.mark.parametrize("masked", [False, True])
def test_a_saved_model_comes_back_bit_for_bit(tmp_path, kind, masked):
    h, w, _ = SIZES[kind]
    mask = np.random.default_rng(0).random((h, w)) > 0.4 if masked else None
    model = make_model(
        kind,
        mask=mask,
        part_names=["é", "part", "鼻"],
        energy=[0.1, 1 / 3, np.nan],
        provenance={"source": "a/b", "steps": [{"a": (1, 2)}], "none": None, "x": 0.1},
    )
    path = tmp_path / "model.safetensors"
    model.save(path)
    loaded = Model.load(str(path))
    assert_same(model, loaded)
    V = np.random.default_rng(0).random((model.layout.m, 9), dtype=np.float32)
    np.testing.assert_array_equal(model.encode(V), loaded.encode(V))


def test_hidden_parts_are_kept_and_told(tmp_path):
    model = make_model(hidden=[False, True, False])
    model.save(tmp_path / "m.safetensors")
    loaded = Model.load(tmp_path / "m.safetensors")
    assert loaded.hidden.tolist() == [False, True, False]
    assert repr(loaded) == "<Model: 3 parts of pictures 4 x 5, 1 hidden>"
    assert loaded.to_dict()["hidden"] == [False, True, False]


def test_a_file_that_says_nothing_of_hidden_parts_has_none(tmp_path):
    make_model().save(tmp_path / "m.safetensors")
    assert b"hidden" not in (tmp_path / "m.safetensors").read_bytes()
    assert not Model.load(tmp_path / "m.safetensors").hidden.any()


@pytest.mark.parametrize("hidden", [[True], [1, 0, 0], "yes", [[True, False, False]]])
def test_hidden_is_a_boolean_a_part(hidden):
    with pytest.raises(InvalidInputError, match="3 booleans, one a part"):
        make_model(hidden=hidden)


def test_the_digest_is_of_the_parts_alone():
    model = make_model()
    rows = np.ascontiguousarray(model.W.T, dtype="<f4")
    assert model.digest == hashlib.sha256(rows.tobytes()).hexdigest()
    assert model.digest == make_model(part_names=list("abc"), hidden=[True] * 3).digest
    assert model.digest != make_model(seed=1).digest


def test_a_learned_model_comes_back(tmp_path, faces):
    model = learn(faces, 5, max_iter=5, kernels="numpy")
    model.save(tmp_path / "m.safetensors")
    loaded = Model.load(tmp_path / "m.safetensors")
    assert_same(model, loaded)
    assert loaded.factorization is None


def test_saving_replaces_and_leaves_nothing_else(tmp_path):
    path = tmp_path / "m.safetensors"
    path.write_bytes(b"older")
    make_model().save(path)
    Model.load(path)
    assert [p.name for p in tmp_path.iterdir()] == ["m.safetensors"]
    (tmp_path / "plain").touch()
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)


def test_a_failed_save_leaves_the_older_file(tmp_path, monkeypatch):
    path = tmp_path / "m.safetensors"
    make_model().save(path)
    before = path.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        make_model(seed=9).save(path)
    assert path.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


def test_saving_into_no_folder_is_a_clear_error(tmp_path):
    with pytest.raises(InvalidInputError, match="no folder"):
        make_model().save(tmp_path / "nowhere" / "m.safetensors")
    with pytest.raises(InvalidInputError, match="it is a folder"):
        make_model().save(tmp_path)


def test_a_missing_file_is_a_file_not_found_error(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.safetensors") as caught:
        Model.load(tmp_path / "none.safetensors")
    assert isinstance(caught.value, VisnmfError)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(again), str(again)) == (ModelNotFoundError, str(caught.value))


# --- files that are not what they say -------------------------------------------------


def document():
    return make_model(energy=[0.5, 0.25, 0.25], provenance={"source": "x"}).to_dict()


def write(path, *, tensors=None, metadata=None, **changes):
    """Write a model file of which something is changed."""
    W = make_model().W
    told = {"format": "visnmf-model", "version": "1", "model": json.dumps(document() | changes)}
    tensors = {"W": np.ascontiguousarray(W)} if tensors is None else tensors
    path.write_bytes(tensors_to_bytes(tensors, metadata={**told, **(metadata or {})}))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "odd.safetensors"


def refusal(path):
    with pytest.raises(ModelFormatError) as caught:
        Model.load(path)
    assert str(caught.value).startswith(str(path))
    assert len(str(caught.value)) < len(str(path)) + 400
    return str(caught.value)


def test_the_unchanged_file_loads(path):
    write(path)
    assert Model.load(path).rank == 3


W_OK = make_model().W


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({}, "one array W"),
        ({"V": W_OK}, "one array W"),
        ({"W": W_OK, "H": W_OK}, "one array W"),
        ({"W": W_OK.astype(np.float64)}, "F64"),
        ({"W": W_OK.astype(np.int8)}, "I8"),
        ({"W": W_OK[:-1]}, r"shape \(19, 3\)"),
        ({"W": W_OK[:, :2]}, "3 part names"),
        ({"W": W_OK.ravel()}, "shape"),
        ({"W": W_OK[:, :0]}, "shape"),
        ({"W": -W_OK}, "negative"),
        ({"W": W_OK * np.float32(np.nan)}, "non-finite"),
        ({"W": W_OK * np.float32(np.inf)}, "non-finite"),
    ],
)
def test_wrong_arrays_are_refused(path, tensors, message):
    write(path, tensors={k: np.ascontiguousarray(v) for k, v in tensors.items()})
    assert re.search(message, refusal(path))


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"format": "other"}, "not a model of visnmf"),
        ({"version": "2"}, "upgrade visnmf"),
        ({"version": "9" * 5000}, "upgrade visnmf"),
        ({"version": "0"}, "no version"),
        ({"version": "²"}, "no version"),
        ({"version": ""}, "no version"),
        ({"model": ""}, "JSON"),
        ({"model": "[]"}, "JSON object"),
        ({"model": "{"}, "JSON"),
        ({"model": "[" * 100_000}, "JSON"),
        ({"model": '{"energy": NaN}'}, "JSON"),
        ({"model": "1" * 5000}, "JSON"),
        ({"model": "{}"}, "lacks energy, layout, part_names, provenance"),
    ],
)
def test_wrong_headers_are_refused(path, metadata, message):
    write(path, metadata=metadata)
    assert message in refusal(path)


LAYOUT = document()["layout"]


@pytest.mark.parametrize(
    "changes",
    [
        {"layout": None},
        {"layout": LAYOUT | {"height": 5}},
        {"layout": LAYOUT | {"height": -4, "width": -5}},
        {"layout": LAYOUT | {"height": 10**18}},
        {"layout": LAYOUT | {"channels": 2.5}},
        {"layout": LAYOUT | {"mask": "x"}},
        {"layout": LAYOUT | {"low": 3, "high": 1}},
        {"layout": LAYOUT | {"dtype": "object"}},
        {"layout": {**LAYOUT, "more": 1}},
        {"part_names": "abc"},
        {"part_names": [1, 2, 3]},
        {"part_names": ["a", "b"]},
        {"part_names": ["a", "b", "\x1b[2J"]},
        {"energy": [1, 2]},
        {"energy": [1, 2, "3"]},
        {"energy": [1, 2, -3]},
        {"energy": [1, 2, 10**400]},
        {"energy": [[1], [2], [3]]},
        {"energy": {"a": 1}},
        {"hidden": 1},
        {"hidden": [0, 1, 0]},
        {"hidden": [True]},
        {"provenance": []},
        {"provenance": {"preparation": 3}},
        {"provenance": {"preparation": ["load"]}},
    ],
)
def test_wrong_descriptions_are_refused(path, changes):
    write(path, **changes)
    refusal(path)


def test_a_safetensors_file_of_another_program_is_refused(path):
    path.write_bytes(tensors_to_bytes({"W": np.ascontiguousarray(W_OK)}))
    assert "not a model of visnmf" in refusal(path)


@pytest.mark.parametrize("content", [b"", b"\x01", b"\0" * 8, b"\xff" * 100, b"PK\x03\x04" * 9])
def test_files_of_another_kind_are_refused(path, content):
    path.write_bytes(content)
    refusal(path)


def test_an_absurd_header_is_refused_before_it_is_read(path):
    length = 80 * 2**20
    with path.open("wb") as file:
        file.write(length.to_bytes(8, "little"))
        file.truncate(length + 100)  # sparse: takes no room
    assert "absurd" in refusal(path)


def test_a_folder_is_refused(tmp_path):
    assert "not a file" in refusal(tmp_path)


def test_every_cut_is_refused(path):
    write(path)
    content = path.read_bytes()
    for size in range(0, len(content), 7):
        path.write_bytes(content[:size])
        refusal(path)


def test_mutations_load_or_are_refused(path):
    write(path)
    content = np.frombuffer(path.read_bytes(), dtype=np.uint8)
    rng = np.random.default_rng(0)
    refusals = []
    for _ in range(300):
        mutated = content.copy()
        places = rng.integers(0, len(content), rng.integers(1, 5))
        mutated[places] = rng.integers(0, 256, len(places))
        path.write_bytes(mutated.tobytes())
        try:
            model = Model.load(path)
        except ModelFormatError as error:
            refusals.append(str(error))
        else:
            assert model.W.min() >= 0
    assert all(text.startswith(str(path)) for text in refusals)
    assert 30 < len(refusals) < 300


def test_stability_is_kept(tmp_path):
    model = Model(np.eye(4)[:, :2], ImageLayout(2, 2))
    assert np.isnan(model.stability).all()
    model.stability = [0.5, 1]
    model.save(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(Model.load(tmp_path / "m.safetensors").stability, [0.5, 1.0])
    for wrong in ([0.5], [0.5, 1.5], [0.5, np.nan]):
        with pytest.raises(InvalidInputError, match="from 0 to 1"):
            model.stability = wrong


@pytest.mark.parametrize("told", ["abc", [1], [10**400, 1], {"stability": "high"}, [0.5, 2]])
def test_a_provenance_that_says_nothing_of_use_says_nothing(told):
    model = Model(
        np.eye(4)[:, :2], ImageLayout(2, 2), provenance={"settings": told, "stability": told}
    )
    assert model.loss == "frobenius"
    assert np.isnan(model.stability).all()
