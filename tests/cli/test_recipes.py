import pytest

import visnmf
from visnmf.cli import fitting
from visnmf.measure import hoyer_sparseness
from visnmf.recipes import RECIPES
from visnmf.solve.compose import UPDATES
from visnmf.solve.naming import LOSSES, ROBUST
from visnmf.solve.plan import INITS


@pytest.fixture
def learn(run, faces_folder, tmp_path):
    """Learn from faces; return the result, and the provenance of the model if there is one."""

    def learn(*options, source=faces_folder):
        words = ["-k", 3, "-o", "m.safetensors", "--no-montage", *options]
        result = run("learn", source, *words)
        if result.exit_code:
            return result, {}
        return result, visnmf.Model.load(tmp_path / "m.safetensors").provenance

    return learn


def test_recipes_are_listed_with_what_they_are_for(run):
    lines = run("recipes").stdout.splitlines()
    for line, (name, entry) in zip(lines, RECIPES.items(), strict=True):
        assert line.split()[0] == name
        assert entry.purpose in line
        assert entry.paper in line


def test_one_recipe_is_told_in_full(run):
    told = run("recipes", "gnmf").stdout
    assert "neighbors" in told
    assert "It calls factorize(V, 49, terms_H=Graph(" in told


def test_a_recipe_is_learned_and_told(learn):
    result, told = learn("--recipe", "lnmf", "--max-iter", 30)
    assert "lnmf (Li, Hou, Zhang & Cheng 2001)" in result.stdout
    assert told["recipe"]["name"] == "lnmf"
    assert told["settings"]["max_iter"] == 30


def test_a_recipe_keeps_its_own_settings_where_none_are_given(learn):
    settings = learn("--recipe", "lee-seung")[1]["settings"]
    assert (settings["init"], settings["update"]) == ("random", "mu")
    settings = learn("--recipe", "lee_seung", "--init", "nndsvda", "--loss", "kl")[1]["settings"]
    assert (settings["init"], settings["update"], settings["loss"]) == ("nndsvda", "mu", "kl")


def test_a_recipe_that_takes_no_callback_runs(learn):
    assert learn("--recipe", "separable")[0].exit_code == 0


def test_labels_are_the_folders(learn, color_folder):
    options = ["-r", "--size", "5x4", "--recipe", "discriminant"]
    result, told = learn(*options, source=color_folder)
    assert result.exit_code == 0, result.stderr
    assert told["settings"]["terms_H"][0].startswith("Discriminant")


def test_terms_reach_the_fit(learn, tmp_path):
    settings = learn(
        "--sparseness-w", 0.6, "--l1-h", 0.1, "--l2-h", 0.2, "--l2-w", 0.3
    )[1]["settings"]  # fmt: skip
    W = visnmf.Model.load(tmp_path / "m.safetensors").W
    assert hoyer_sparseness(W) == pytest.approx(0.6, abs=1e-4)
    assert settings["terms_W"][0] == "ElasticNet(l1=0.0, l2=0.3)"
    assert settings["terms_W"][1].startswith("Sparseness(target=0.6")
    assert settings["terms_H"] == ["ElasticNet(l1=0.1, l2=0.2)"]


@pytest.mark.parametrize(("given", "kept"), [("kl", "kl"), ("1.5", 1.5)])
def test_losses(learn, given, kept):
    assert learn("--loss", given, "--max-iter", 5)[1]["settings"]["loss"] == kept


@pytest.mark.parametrize("init", ["spherical-kmeans", "snpa", "frobenius"])
def test_starts(learn, init):
    settings = learn("--init", init, "--update", "fast-gradient")[1]["settings"]
    assert settings["init"] == init.replace("-", " ")
    assert settings["update"] == "fast gradient"


def test_a_recipe_and_terms_compose(learn):
    terms = learn("--recipe", "gnmf", "--l1-h", 0.1)[1]["settings"]["terms_H"]
    assert [term.partition("(")[0] for term in terms] == ["Graph", "ElasticNet"]


def test_the_names_are_those_of_the_library():
    assert fitting.UPDATES == UPDATES
    assert set(fitting.INITS) == set(INITS)
    assert set(fitting.LOSSES) == {*LOSSES, *ROBUST}


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        (["--recipe", "lnfm"], "did you mean 'lnmf'"),
        (["--update", "hels"], "did you mean 'hals'"),
        (["--init", "kmean"], "did you mean 'kmeans'"),
        (["--loss", "kullback"], "kullback-leibler"),
        (["--sparseness-w", "1"], "0<=x<1"),
        (["--l1-w", "-1"], "x>=0"),
    ],
)
def test_mistypes_are_told(learn, options, hint):
    result, _ = learn(*options)
    assert result.exit_code == 2
    assert hint in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        (["--recipe", "kl", "--sparseness-w", 0.8], "loss='frobenius'"),
        (["--recipe", "lnmf", "--init", "random"], "no setting init"),
        (["--recipe", "semi"], "either sign"),
    ],
)
def test_what_does_not_go_together_is_told_in_one_line(learn, options, hint):
    result, _ = learn(*options)
    assert result.exit_code == 1
    assert hint in result.stderr
    assert result.stderr.count("\n") == 1
