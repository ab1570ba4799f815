"""Recipes: each is what its name says, runs, and can be composed further."""

import inspect

import numpy as np
import pytest

import visnmf
from visnmf import kin, recipes
from visnmf.errors import InvalidInputError
from visnmf.measure import hoyer_sparseness
from visnmf.terms import ElasticNet, Graph, Orthogonal, neighbor_graph

NAMES = list(recipes.RECIPES)


@pytest.fixture(scope="module")
def faces():
    images = visnmf.samples.load_faces()[:24]
    V = np.maximum(images.V, np.float32(1e-3))  # Itakura-Saito wants no zeros
    return visnmf.ImageSet(V, images.layout, labels=np.arange(24) % 3)


def test_every_recipe_is_in_the_table_and_in_the_module():
    functions = {name for name in recipes.__all__ if inspect.isfunction(getattr(recipes, name))}
    assert functions - {"make"} == set(NAMES)
    assert all(entry.purpose and entry.paper for entry in recipes.RECIPES.values())


@pytest.mark.parametrize("name", NAMES)
def test_every_recipe_runs_at_its_defaults(name, faces):
    recipe = recipes.make(name, 4)
    V = faces.V.T @ faces.V if name == "symmetric" else faces
    run = recipe.fit(V)
    m, n = V.shape if name == "symmetric" else V.V.shape
    assert (run.W.shape, run.H.shape) == ((m, 4), (4, n))
    assert run.W.dtype == np.float32
    assert run.H.min() >= 0
    assert (run.W.min() >= 0) == (name != "semi")
    assert repr(recipe) == f"<{name}: {recipe.call}>"


@pytest.mark.parametrize("name", [n for n in NAMES if recipes.make(n, 2).function == "factorize"])
def test_settings_are_those_of_factorize(name, faces):
    recipe = recipes.make(name, 3)
    theirs = visnmf.factorize(faces, 3, **{"max_iter": 3, **recipe.settings(faces)})
    np.testing.assert_array_equal(recipe.fit(faces, max_iter=3).W, theirs.W)


@pytest.mark.parametrize("name", ["kl", "hoyer", "onmf", "deep", "opnmf", "separable", "sparse"])
def test_the_call_is_code_that_does_the_same(name, faces):
    recipe, V = recipes.make(name, 3), faces.V
    length = float(np.linalg.norm(V.astype(float), axis=0).mean())
    known = {**vars(visnmf.terms), **vars(kin), "factorize": visnmf.factorize, "V": V}
    known |= dict(zip("mn", V.shape, strict=True))
    run = eval(recipe.call.replace("mean(|v|)", repr(length)), known)
    np.testing.assert_allclose(run.W, recipe.fit(faces).W, rtol=1e-4, atol=1e-5)


def test_hoyer_holds_its_sparseness_exactly(faces):
    run = recipes.hoyer(5, sparseness_W=0.7, sparseness_H=0.4).fit(faces)
    assert hoyer_sparseness(run.W) == pytest.approx(0.7, abs=1e-5)
    assert hoyer_sparseness(run.H.T) == pytest.approx(0.4, abs=1e-5)


@pytest.mark.parametrize("name", ["onmf", "lnmf", "opnmf", "hoyer"])
def test_local_parts_overlap_less_than_plain_ones(name, faces):
    def overlap(W):
        W = W / np.linalg.norm(W, axis=0)
        return np.triu(W.T @ W, 1).sum()

    assert overlap(recipes.make(name, 6).fit(faces).W) < 0.8 * overlap(visnmf.factorize(faces, 6).W)


def test_smooth_parts_are_smoother_and_sparse_encodings_sparser(faces):
    def roughness(W):
        pictures = faces.layout.to_images(W / np.linalg.norm(W, axis=0))
        return sum(np.square(np.diff(pictures, axis=axis)).sum() for axis in (1, 2))

    plain = visnmf.factorize(faces, 6)
    assert roughness(recipes.smooth(6).fit(faces).W) < 0.7 * roughness(plain.W)
    sparse = recipes.sparse(6).fit(faces)
    assert hoyer_sparseness(sparse.H).mean() > hoyer_sparseness(plain.H).mean() + 0.1


def test_sparse_means_the_same_at_any_scale(faces):
    weight = recipes.sparse(4, l1=0.1).settings(faces)["terms_H"].l1
    assert weight == pytest.approx(0.1 * np.linalg.norm(faces.V, axis=0).mean(), rel=1e-5)
    dark = recipes.sparse(4, l1=0.1).settings(0.25 * faces.V)["terms_H"].l1
    assert dark == pytest.approx(0.25 * weight, rel=1e-5)


def test_gnmf_draws_neighbors_together(faces):
    graph = Graph(neighbor_graph(faces, neighbors=5))

    def apart(H):
        return graph.value(np.ascontiguousarray(H / np.linalg.norm(H)))

    assert apart(recipes.gnmf(4).fit(faces).H) < 0.5 * apart(visnmf.factorize(faces, 4).H)


def test_discriminant_takes_labels_of_the_set_or_given(faces):
    own = recipes.discriminant(3).fit(faces)
    given = recipes.discriminant(3, labels=faces.labels).fit(faces.V)
    np.testing.assert_array_equal(own.H, given.H)
    with pytest.raises(InvalidInputError, match="labels='folder'"):
        recipes.discriminant(3).fit(faces.V)


@pytest.mark.parametrize("side", ["W", "H"])
def test_unmixing_shares_sum_to_one(faces, side):
    run = recipes.unmixing(3, abundances=side).fit(faces.V)
    shares = run.W.T if side == "W" else run.H
    np.testing.assert_allclose(shares.sum(axis=0), 1, rtol=1e-5)


def test_terms_are_added_and_other_settings_replaced(faces):
    run = recipes.onmf(4).fit(faces, terms_W=ElasticNet(l1=0.5), init="random", max_iter=5)
    terms = [Orthogonal(0.03), ElasticNet(l1=0.5)]
    wanted = visnmf.factorize(faces, 4, terms_W=terms, init="random", max_iter=5)
    np.testing.assert_array_equal(run.W, wanted.W)
    assert recipes.nsnmf(4).fit(faces, smoothing=0.2).settings["smoothing"] == 0.2


def test_what_is_not_known_is_refused(faces):
    with pytest.raises(InvalidInputError, match="did you mean 'lnmf'"):
        recipes.make("lnfm", 4)
    assert recipes.make("Lee-Seung", 4).name == "lee_seung"
    with pytest.raises(InvalidInputError, match="local_nmf, which takes max_iter"):
        recipes.lnmf(4).fit(faces, init="random")
    with pytest.raises(InvalidInputError, match="ImageSet"):
        recipes.smooth(3).fit(faces.V)


def test_a_model_tells_its_recipe_and_the_error_that_it_rebuilds_with(faces):
    model = visnmf.learn(faces, 4, recipe="lnmf")
    told = model.provenance["recipe"]
    assert (told["name"], told["call"]) == ("lnmf", "local_nmf(V, 4)")
    assert told["paper"] == recipes.RECIPES["lnmf"].paper
    rebuilt = visnmf.measure.relative_error(faces, model.W, model.encode(faces))
    assert model.provenance["relative_error"] == pytest.approx(rebuilt, rel=1e-3)
    assert "recipe" not in visnmf.learn(faces, 4, max_iter=5).provenance


def test_a_model_takes_a_recipe_with_options_and_checks_its_rank(faces):
    model = visnmf.learn(faces, 4, recipe=recipes.hoyer(4, sparseness_W=0.6), max_iter=5)
    assert hoyer_sparseness(model.W) == pytest.approx(0.6, abs=1e-4)
    with pytest.raises(InvalidInputError, match="that of the recipe is 4"):
        visnmf.learn(faces, 5, recipe=recipes.hoyer(4))
    with pytest.raises(InvalidInputError, match="name such as 'lnmf'"):
        visnmf.learn(faces, 5, recipe=7)


@pytest.mark.parametrize("name", ["semi", "symmetric"])
def test_what_is_no_model_of_pictures_says_so(faces, name):
    with pytest.raises(InvalidInputError, match=f"recipe {name} .* no model"):
        visnmf.learn(faces, 4, recipe=name)


def test_the_relative_error_is_that_of_the_pictures_whatever_the_loss(faces):
    model = visnmf.learn(faces, 4, loss="kl", max_iter=5)
    error = np.linalg.norm(model.factorization.residual(faces)) / np.linalg.norm(faces.V)
    assert model.provenance["relative_error"] == pytest.approx(error, rel=1e-4)
