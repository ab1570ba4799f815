"""Two models beside each other: errors by their definition, parts paired, misfits refused."""

import numpy as np
import pytest

from visnmf import ImageLayout, ImageSet, Model, compare_models, learn
from visnmf.errors import InvalidInputError
from visnmf.measure import psnr, relative_error
from visnmf.samples import load_faces


@pytest.fixture(scope="module")
def faces():
    return load_faces()


@pytest.fixture(scope="module")
def models(faces):
    return learn(faces, 4, max_iter=10), learn(faces, 7, max_iter=10, init="random", seed=1)


def test_errors_are_those_of_the_models(faces, models):
    found = compare_models(*models, faces)
    assert found.n_images == len(faces)
    per_image = []
    for model, told in zip(models, found.closeness, strict=True):
        rebuilt = model.reconstruct(faces)
        H = model.encode(faces)
        assert told.relative_error == pytest.approx(relative_error(faces, model.W, H), rel=1e-5)
        raw = ImageSet(model.W @ H, faces.layout)
        assert told.psnr == pytest.approx(psnr(faces, raw), abs=1e-3)
        assert len(rebuilt) == len(faces)
        per_image.append(((faces.V - model.W @ H) ** 2).sum(axis=0))
    assert found.nearer == pytest.approx((per_image[0] < per_image[1]).mean(), abs=0.02)


def test_a_model_is_like_itself_in_any_order(models):
    model = models[0]
    order = [2, 0, 3, 1]
    turned = Model(3 * model.W[:, order], model.layout)
    found = compare_models(model, turned)
    np.testing.assert_allclose(found.matching.cosine, 1, atol=1e-6)
    assert [order[k] for k in found.matching.second] == list(found.matching.first)
    assert found.closeness is None
    assert np.isnan(found.nearer)
    assert found.sparseness[0] == pytest.approx(found.sparseness[1])


def test_parts_without_a_partner_are_named(faces, models):
    found = compare_models(*models, faces)
    assert found.ranks == (4, 7)
    assert len(found.unmatched[0]) == 0
    assert len(found.unmatched[1]) == 3
    assert not set(found.unmatched[1]) & set(found.matching.second)
    text = found.summary(("few", "many"))
    for k in found.unmatched[1]:
        assert models[1].part_names[k] in text
    assert "4 and 7 parts" in repr(found)
    cosines = [line.split()[0] for line in text.splitlines() if line.startswith("0.")]
    assert cosines == sorted(cosines, reverse=True)


def test_each_model_encodes_by_its_own_loss(faces):
    squared = Model(learn(faces, 4, max_iter=10).W, faces.layout)
    robust = Model(squared.W, faces.layout, provenance={"settings": {"loss": "huber:0.02"}})
    found = compare_models(squared, robust, faces)
    assert found.closeness[0].relative_error < found.closeness[1].relative_error


def test_masks_may_differ():
    mask = np.array([[True, True], [True, False]])
    whole = Model(np.eye(4), ImageLayout(2, 2))
    some = Model(np.eye(3), ImageLayout(2, 2, mask=mask))
    found = compare_models(whole, some)
    np.testing.assert_allclose(found.matching.cosine, 1)
    assert found.unmatched[0].tolist() == [3]


@pytest.mark.parametrize("layout", [ImageLayout(4, 1), ImageLayout(2, 2, 3)])
def test_other_sizes_are_refused(layout):
    with pytest.raises(InvalidInputError, match="pictures of shape"):
        compare_models(Model(np.eye(4), ImageLayout(2, 2)), Model(np.eye(layout.m), layout))


def test_no_pictures_and_no_models_are_refused(models):
    with pytest.raises(InvalidInputError, match="the set is empty"):
        compare_models(*models, np.zeros((models[0].layout.m, 0)))
    with pytest.raises(InvalidInputError, match="the second must be a Model"):
        compare_models(models[0], models[1].W)


def test_black_pictures_have_no_error(models):
    found = compare_models(*models, np.zeros((models[0].layout.m, 3)))
    assert found.closeness[0].relative_error == 0
    assert found.closeness[0].psnr == np.inf
    assert found.nearer == 0.5
