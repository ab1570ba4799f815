"""An edited model: merged parts are the mean of what they bring, encodings are fitted again."""

import numpy as np
import pytest

import visnmf
from visnmf import ImageLayout, ImageSet, Model, Selection, edit_parts
from visnmf.curate.merging import merged_parts, usage_of
from visnmf.errors import InvalidInputError

LAYOUT = ImageLayout(3, 4)


@pytest.fixture(scope="module")
def fitted():
    """Pictures that are sums of five parts, exactly, and a model of them."""
    rng = np.random.default_rng(0)
    W = rng.random((12, 5)) * (rng.random((12, 5)) < 0.6)
    H = rng.random((5, 40)) * (rng.random((5, 40)) < 0.7)
    W, H = W.astype(np.float32), H.astype(np.float32)
    energy = np.square(W).sum(axis=0) * np.square(H).sum(axis=1)
    V = W @ H
    model = Model(W, LAYOUT, energy=energy / energy.sum(), provenance={"relative_error": 0.0})
    return model, ImageSet(V / V.max(), LAYOUT, source="made"), H / V.max()


def error_of(V, W, H):
    return np.linalg.norm(V - W @ H) / np.linalg.norm(V)


def test_names_marks_and_order_change_nothing_else(fitted):
    model, images, H = fitted
    selection = Selection.of(model).named({3: "three"}).hide(1).ordered([4, 0])
    edited = edit_parts(model, selection, images)
    order = [4, 0, 1, 2, 3]
    np.testing.assert_array_equal(edited.model.W, model.W[:, order])
    np.testing.assert_array_equal(edited.model.energy, model.energy[order])
    np.testing.assert_allclose(edited.H, H[order], atol=1e-3)
    assert edited.model.part_names == ["part 5", "part 1", "part 2", "part 3", "three"]
    assert edited.model.hidden.tolist() == [False, False, True, False, False]
    assert edited.error_before == edited.error_after < 1e-3
    assert edited.model.provenance["relative_error"] == 0.0
    without = edit_parts(model, selection)
    np.testing.assert_array_equal(without.model.energy, edited.model.energy)
    assert (without.H, without.error_before, without.error_after) == (None, None, None)


def test_a_merged_part_is_the_mean_of_what_its_parts_bring(fitted):
    model, images, H = fitted
    edited = edit_parts(model, Selection.of(model).merged([1, 3], name="both"), images)
    together = (model.W[:, [1, 3]] @ H[[1, 3]]).mean(axis=1)
    w = edited.model.W[:, 1]
    cosine = w @ together / np.linalg.norm(w) / np.linalg.norm(together)
    assert cosine == pytest.approx(1, abs=1e-5)
    assert edited.model.part_names == ["part 1", "both", "part 3", "part 5"]
    np.testing.assert_array_equal(edited.model.W[:, [0, 2, 3]], model.W[:, [0, 2, 4]])


def test_amounts_of_merged_parts_add_up_where_they_always_go_together():
    rng = np.random.default_rng(1)
    W = rng.random((12, 3)).astype(np.float32)
    H = rng.random((3, 20)).astype(np.float32)
    H[1] = 3 * H[0]
    images = ImageSet(W @ H / 10, LAYOUT)
    edited = edit_parts(Model(W, LAYOUT), Selection.of(Model(W, LAYOUT)).merged([0, 1]), images)
    np.testing.assert_allclose(edited.H[0], 0.4 * H[0], rtol=1e-2, atol=1e-3)
    assert edited.error_after < 1e-3


def test_encodings_are_fitted_again_to_the_parts_that_are_left(fitted):
    model, images, _ = fitted
    edited = edit_parts(model, Selection.of(model).without(2).merged([0, 4]), images)
    W, V = edited.model.W.astype(float), images.V.astype(float)
    gradient = W.T @ (W @ edited.H - V)
    gap = np.abs(np.where(edited.H > 0, gradient, np.minimum(gradient, 0)))
    assert gap.max() < 1e-3 * np.abs(W.T @ V).max()
    np.testing.assert_allclose(edited.H, edited.model.encode(images), atol=1e-6)
    assert edited.error_after == pytest.approx(error_of(V, W, edited.H), rel=1e-4)
    assert edited.error_before < 1e-3 < edited.error_after
    energy = np.square(W).sum(axis=0) * np.square(edited.H.astype(float)).sum(axis=1)
    np.testing.assert_allclose(edited.model.energy, energy / energy.sum(), rtol=1e-4)


def test_without_images_parts_are_merged_by_their_energy(fitted):
    model, images, H = fitted
    selection = Selection.of(model).merged([1, 3])
    edited = edit_parts(model, selection)
    weights = np.sqrt(np.square(H[[1, 3]], dtype=float).mean(axis=1))
    expected = model.W[:, [1, 3]] @ (weights / weights.sum())
    np.testing.assert_allclose(edited.model.W[:, 1], expected, rtol=1e-3)
    assert np.isnan(edited.model.energy).all()
    assert edited.model.provenance["relative_error"] is None
    assert edited.H is None


def test_where_nothing_is_known_parts_count_alike():
    model = Model(np.diag([1.0, 2.0, 0.0]), ImageLayout(1, 3))
    np.testing.assert_allclose(usage_of(model), [1, 0.5, 0])
    merged = merged_parts(model.W, usage_of(model), [[0, 1], [2]])
    np.testing.assert_allclose(merged, [[2 / 3, 0], [2 / 3, 0], [0, 0]], rtol=1e-6)
    unused = merged_parts(model.W, np.zeros(3), [[0, 1], [2]])
    np.testing.assert_allclose(unused[:, 0], [0.5, 1, 0])


def test_parts_of_which_each_excludes_the_other_both_show():
    """The best rank-1 factor of what they bring would be the stronger one alone."""
    H = np.zeros((2, 10), np.float32)
    H[0, :7], H[1, 7:] = 1, 1
    W = np.eye(4, 2, dtype=np.float32)
    model = Model(W, ImageLayout(2, 2))
    edited = edit_parts(model, Selection.of(model).merged([0, 1]), W @ H)
    np.testing.assert_allclose(edited.model.W[:, 0], [0.7, 0.3, 0, 0], atol=1e-5)
    left = np.linalg.svd(W @ H)[0][:, 0]
    assert np.abs(left).min() < 1e-6


def test_the_loss_of_the_model_is_that_of_the_fit():
    faces = visnmf.samples.load_faces()[:40]
    model = visnmf.learn(faces, 6, max_iter=20, loss="kullback-leibler", kernels="numpy")
    edited = edit_parts(model, Selection.of(model).merged([1, 2]), faces, kernels="numpy")
    assert edited.model.loss == "kullback-leibler"
    np.testing.assert_allclose(edited.H, edited.model.encode(faces, kernels="numpy"), atol=1e-6)


def test_pictures_read_block_by_block_give_the_same(tmp_path):
    faces = visnmf.samples.load_faces()[:40]
    faces.save(tmp_path / "faces")
    lazy = visnmf.load_images(str(tmp_path / "faces"), lazy=True)
    held = visnmf.load_images(str(tmp_path / "faces"))
    model = visnmf.learn(held, 6, max_iter=20, kernels="numpy")
    selection = Selection.of(model).merged([1, 2]).without(5)
    first, second = (edit_parts(model, selection, images) for images in (held, lazy))
    np.testing.assert_allclose(first.model.W, second.model.W, rtol=1e-4, atol=1e-6)
    assert first.error_after == pytest.approx(second.error_after, rel=1e-4)
    assert second.model.provenance["edits"][0]["n_images"] == 40


def test_pictures_that_cannot_be_read_weigh_nothing(tmp_path):
    faces = visnmf.samples.load_faces()[:20]
    faces.save(tmp_path / "faces")
    model = visnmf.learn(faces, 4, max_iter=20, kernels="numpy")
    selection = Selection.of(model).merged([1, 2])
    lost = sorted((tmp_path / "faces").iterdir())[7]
    whole = edit_parts(model, selection, faces[[i for i in range(20) if i != 7]])
    lost.write_bytes(lost.read_bytes()[:200])
    lazy = visnmf.load_images(str(tmp_path / "faces"), lazy=True, on_error="skip")
    edited = edit_parts(model, selection, lazy)
    assert edited.H.shape == (3, 20)
    assert not edited.H[:, 7].any()
    assert edited.error_after == pytest.approx(whole.error_after, rel=1e-3)
    np.testing.assert_allclose(edited.model.W, whole.model.W, rtol=1e-2, atol=1e-3)
    assert edited.model.provenance["edits"][0]["n_images"] == 19


def test_edits_are_told_one_after_the_other_and_kept(fitted, tmp_path):
    model, images, _ = fitted
    first = edit_parts(model, Selection.of(model).merged([1, 3]), images).model
    second = edit_parts(first, Selection.of(first).without(0).hide(1)).model
    second.save(tmp_path / "m.safetensors")
    loaded = Model.load(tmp_path / "m.safetensors")
    one, two = loaded.provenance["edits"]
    assert (one["rank_before"], one["digest_before"]) == (5, model.digest)
    assert (one["merged"], one["deleted"], one["images"]) == ([[1, 3]], [], "made")
    assert one["relative_error_before"] < one["relative_error"]
    assert (two["deleted"], two["images"], two["relative_error"]) == ([0], None, None)
    assert loaded.hidden.tolist() == [True, False, False]
    assert model.provenance == {"relative_error": 0.0}


def test_what_does_not_fit_is_refused(fitted):
    model, images, _ = fitted
    other = Model(model.W + 1, LAYOUT)
    with pytest.raises(InvalidInputError, match="another model"):
        edit_parts(other, Selection.of(model), images)
    with pytest.raises(InvalidInputError, match="Model and a Selection, got Model and dict"):
        edit_parts(model, {}, images)
    with pytest.raises(InvalidInputError, match="the set is empty"):
        edit_parts(model, Selection.of(model), images.V[:, :0])
    with pytest.raises(InvalidInputError, match="does not fit the model"):
        edit_parts(model, Selection.of(model), np.ones((3, 3)))


def test_what_came_of_an_edit_is_told_in_a_line(fitted):
    model, images, _ = fitted
    told = repr(edit_parts(model, Selection.of(model).without(1), images))
    assert "array(" not in told
    assert "error_after=" in told
