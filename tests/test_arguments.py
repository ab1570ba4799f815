"""Whatever is given for an option, what comes out is a result or an error of ours, and at once."""

import inspect
import sys
from types import SimpleNamespace

import numpy as np
import pytest

import visnmf
from visnmf import plots
from visnmf.arguments import check_callable, check_integer, check_number
from visnmf.errors import InvalidInputError, VisnmfError

V = np.random.default_rng(0).random((16, 12))
BAD = [
    None, "", "x", 3, -1, 1.5, np.nan, np.inf, [1, 2], (1, 2, 3), {}, b"x", object(), True, 10**400,
    np.array([1.0, 2.0]), lambda *_: 0,
]  # fmt: skip


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """Return a folder with pictures, a model and an archive of them."""
    home = tmp_path_factory.mktemp("arguments")
    faces = visnmf.samples.load_faces()[:12]
    faces.save(home / "faces")
    model = visnmf.learn(faces, 3, max_iter=4)
    model.save(home / "m.safetensors")
    visnmf.compress(faces, home / "a.vnmf", lossless=True, compare=False)
    return home, faces, model


CALLS = {
    "factorize": (visnmf.factorize, lambda at: {"V": V, "rank": 2, "max_iter": 2}),
    "restarts": (visnmf.restarts, lambda at: {"V": V, "rank": 2, "n_init": 2, "max_iter": 2}),
    "factorize_online": (visnmf.factorize_online, lambda at: {"V": V, "rank": 2, "batch_size": 6}),
    "factorize_compressed": (
        visnmf.factorize_compressed,
        lambda at: {"V": V, "rank": 2, "max_iter": 2},
    ),
    "encode": (visnmf.encode, lambda at: {"V": V, "W": V[:, :2]}),
    "choose_rank": (visnmf.choose_rank, lambda at: {"V": V, "ranks": (2, 3), "max_iter": 2}),
    "part_stability": (
        visnmf.part_stability,
        lambda at: {"images": at.faces, "model": at.model, "n_boot": 1},
    ),
    "learn": (visnmf.learn, lambda at: {"images": at.faces, "rank": 2}),
    "load_images": (visnmf.load_images, lambda at: {"source": at.home / "faces"}),
    "load_pictures": (visnmf.load_pictures, lambda at: {"source": at.home / "faces"}),
    "extract_patches": (visnmf.extract_patches, lambda at: {"images": at.faces, "size": 5}),
    "compress": (
        visnmf.compress,
        lambda at: {"images": V[:3, :9].reshape(3, 3, 3), "path": at.new / "b.vnmf", "psnr": 30},
    ),
    "Archive.open": (visnmf.Archive.open, lambda at: {"path": at.home / "a.vnmf"}),
    "save_report": (visnmf.save_report, lambda at: {"path": at.new / "r.html", "model": at.model}),
    "export_parts": (
        visnmf.export_parts,
        lambda at: {"model": at.model, "folder": at.new / "parts"},
    ),
    "Model": (visnmf.Model, lambda at: {"W": at.model.W, "layout": at.model.layout}),
    "ImageSet": (visnmf.ImageSet, lambda at: {"V": at.faces.V, "layout": at.faces.layout}),
    "split": (visnmf.ImageSet.split, lambda at: {"self": at.faces}),
    "Progress": (visnmf.Progress, lambda at: {}),
    "semi_nmf": (visnmf.kin.semi_nmf, lambda at: {"V": V, "rank": 2, "max_iter": 2}),
    "gnmf": (visnmf.recipes.gnmf, lambda at: {"rank": 2}),
    "deep": (visnmf.recipes.deep, lambda at: {"rank": 2}),
    "crop": (visnmf.preparing.crop, lambda at: {"images": at.faces, "size": (9, 9)}),
    "stretch_contrast": (visnmf.preparing.stretch_contrast, lambda at: {"images": at.faces}),
    "normalize_set": (visnmf.preparing.normalize_set, lambda at: {"images": at.faces}),
    "apply_preparation": (
        visnmf.preparing.apply_preparation,
        lambda at: {"images": at.faces, "steps": []},
    ),
    "group": (visnmf.tasks.group, lambda at: {"H": V}),
    "map_scores": (visnmf.tasks.map_scores, lambda at: {"maps": [V]}),
    "write_table": (
        visnmf.tasks.write_table,
        lambda at: {"path": at.new / "t.csv", "names": at.faces.names, "features": at.faces.V.T}
    ),
    "psnr": (visnmf.measure.psnr, lambda at: {"original": V, "rebuilt": V}),
    "hoyer_sparseness": (visnmf.measure.hoyer_sparseness, lambda at: {"A": V}),
    "ElasticNet": (visnmf.terms.ElasticNet, lambda at: {}),
    "neighbor_graph": (visnmf.terms.neighbor_graph, lambda at: {"X": V}),
    "basis": (plots.basis, lambda at: {"source": at.model}),
    "save_montage": (plots.save_montage, lambda at: {"path": at.new / "s.png", "source": at.model}),
    "encodings": (plots.encodings, lambda at: {"source": at.model, "images": at.faces}),
    "reconstruction": (plots.reconstruction, lambda at: {"source": at.model, "images": at.faces}),
    "overlay": (plots.overlay, lambda at: {"source": at.model, "image": at.faces[0]}),
    "montage": (plots.montage, lambda at: {"images": [V, V]}),
    "rename_part": (
        visnmf.Model.rename_part,
        lambda at: {"self": at.model, "part": 0, "name": "a"},
    ),
    "Selection.of": (visnmf.Selection.of, lambda at: {"model": at.model}),
    "Selection.named": (
        visnmf.Selection.named,
        lambda at: {"self": visnmf.Selection.of(at.model), "names": {0: "light"}},
    ),
    "Pictures": (visnmf.Pictures, lambda at: {"pictures": [V, V]}),
    "Likeness": (visnmf.tasks.Likeness, lambda at: {"rows": V}),
    "split_signs": (visnmf.features.split_signs, lambda at: {"V": V}),
    "to_original": (
        visnmf.ImageLayout.to_original, lambda at: {"self": at.faces.layout, "images": V}
    ),
    "levels": (
        visnmf.Archive.levels,
        lambda at: {"self": visnmf.Archive.open(at.home / "a.vnmf"), "first": 0, "last": 2},
    ),
    "groups": (
        plots.groups, lambda at: {"pictures": at.faces, "found": visnmf.tasks.group(V[:3])}
    ),
    "anomaly_maps": (plots.anomaly_maps, lambda at: {"pictures": [V, V], "maps": [V, V]}),
    "rate_distortion": (plots.rate_distortion, lambda at: {"curves": {"a": [(1, 2), (2, 3)]}}),
    "convergence": (plots.convergence, lambda at: {"result": at.model}),
}  # fmt: skip
"""Public functions, and what they take as they should."""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", list(CALLS))
def test_only_our_errors_come_out(name, here, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # "x" is a fine name of a file
    home, faces, model = here
    function, made = CALLS[name]
    good = made(SimpleNamespace(home=home, faces=faces, model=model, new=tmp_path))
    function(**good)
    failed = []
    for option, told in inspect.signature(function).parameters.items():
        if told.kind is told.VAR_KEYWORD or option == "self":
            continue
        for bad in BAD:
            flag = isinstance(told.default, bool) or option == "encode"
            if flag and isinstance(bad, np.ndarray):
                continue  # NumPy itself says why it is neither true nor false
            try:
                function(**{**good, option: bad})
            except VisnmfError:
                pass
            except Exception as error:
                failed.append(f"{option}={bad!r:.30}: {type(error).__name__}: {error}")
    assert not failed, "\n".join(failed)


@pytest.mark.parametrize("loss", [None, [1], b"kl"])
def test_a_loss_is_refused_in_words(loss):
    with pytest.raises(InvalidInputError, match=r"loss must be one of 'frobenius'.*, not"):
        visnmf.factorize(V, 3, loss=loss)


def test_a_delta_beside_which_all_residuals_are_large_is_refused():
    for loss in ("huber:1e-300", "huber:1e-7"):
        with pytest.raises(InvalidInputError, match=r"the delta in .* use loss='l1'"):
            visnmf.factorize(V, 3, loss=loss)
        with pytest.raises(InvalidInputError, match="the delta in"):
            visnmf.NMF(3, beta_loss=loss).fit(V)
        visnmf.factorize(V * 1e-9, 3, loss="huber:1e-10", max_iter=2)  # by the size of V


@pytest.mark.parametrize(
    "fit",
    [
        visnmf.factorize,
        visnmf.factorize_online,
        visnmf.factorize_compressed,
        visnmf.choose_rank,
        visnmf.kin.semi_nmf,
    ],
)
def test_a_callback_is_refused_before_anything_is_done(fit, monkeypatch):
    monkeypatch.setattr("visnmf.solve.intake.check_values", None)
    monkeypatch.setattr("visnmf.kin.semi.check_signed", None)
    with pytest.raises(InvalidInputError, match="callback must be a function"):
        fit(V, (2, 3) if fit is visnmf.choose_rank else 2, callback=3)


def test_who_is_told_of_photos_is_checked_before_they_are_read():
    for name in ("on_face", "progress"):
        with pytest.raises(InvalidInputError, match=f"{name} must be a function"):
            visnmf.align_faces("nothing-there", **{name: 3})


def test_a_limit_of_memory_or_pixels_says_what_it_needs(here):
    home, faces, _ = here
    with pytest.raises(InvalidInputError, match=r"max_memory is a number of bytes.*got 'x'"):
        visnmf.Archive.open(home / "a.vnmf", max_memory="x")
    with pytest.raises(InvalidInputError, match=r"max_pixels must be a whole number.*not None"):
        visnmf.load_images(home / "faces", max_pixels=None)
    with pytest.raises(InvalidInputError, match=r"path must be the name of a file.*not 5"):
        visnmf.compress(faces, 5, lossless=True)


def test_nothing_is_asked_to_be_in_a_set(here):
    home, faces, _ = here
    lazy = visnmf.load_images(home / "faces", lazy=True)
    pictures = visnmf.load_pictures(home / "faces")
    for images in (faces, lazy, pictures, visnmf.Archive.open(home / "a.vnmf")):
        with pytest.raises(InvalidInputError, match=r"in images\.names"):
            _ = 0 in images
        assert faces.names[0].split(".")[0] in images.names[0]


def test_numbers():
    assert check_integer(np.int8(3), "k", 1) == 3
    assert check_number(np.float32(2), "x") == 2.0
    assert check_callable(None, "f") is None
    for value in (sys.maxsize + 1, 10**400):
        with pytest.raises(InvalidInputError, match="k must be at most"):
            check_integer(value, "k", 1)
    with pytest.raises(InvalidInputError, match="x must be a number, not 'a'"):
        check_number("a", "x", -np.inf)
    with pytest.raises(InvalidInputError, match="x must be a number that a float holds, not 1000"):
        check_number(10**400, "x")
    for check in (check_integer, check_number):
        with pytest.raises(InvalidInputError, match="k must be .*a number of thousands of digits"):
            check(10**5000, "k", 1)
        with pytest.raises(InvalidInputError, match="k must be .*a number of thousands of digits"):
            check(-(10**5000), "k", 1)
