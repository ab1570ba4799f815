"""`visnmf compare`, `visnmf stability` and `visnmf learn --n-init`, as a user meets them."""

import numpy as np
import pytest
from click.testing import CliRunner

from visnmf import Model, plots
from visnmf.cli.app import cli
from visnmf.samples import load_faces

QUICK = ["--max-iter", "8", "--no-montage"]


def run(*arguments, code=0):
    done = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    assert done.exit_code == code, done.output
    return done.output


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with pictures, and two models of them."""
    home = tmp_path_factory.mktemp("trust")
    faces = load_faces()
    np.save(home / "faces.npy", (faces.layout.to_images(faces.V) * 255).astype(np.uint8))
    run("learn", home / "faces.npy", "-k", 4, "-o", home / "few.safetensors", *QUICK)
    run(
        *("learn", home / "faces.npy", "-k", 6, "-o", home / "many.safetensors", *QUICK),
        *("--n-init", 3, "--loss", "huber"),
    )
    return home


def test_compare_tells_errors_and_pairs(folder):
    figure = folder / "pairs.png"
    told = run(
        *("compare", folder / "few.safetensors", folder / "many.safetensors"),
        *(folder / "faces.npy", "-o", figure),
    )
    assert "few" in told.splitlines()[0]
    assert "many" in told.splitlines()[0]
    assert "(100 pictures)" in told
    assert "relative error" in told
    assert told.count("–  ") == 2, "two parts have no partner"
    assert figure.read_bytes().startswith(b"\x89PNG")


def test_compare_needs_no_pictures(folder):
    told = run("compare", folder / "few.safetensors", folder / "few.safetensors")
    assert "mean cosine 1.000" in told
    assert "PSNR" not in told
    assert told.splitlines()[0].split() == ["A", "B"]


def test_compare_refuses_what_is_not_alike(folder, tmp_path):
    small = tmp_path / "small.safetensors"
    run("learn", folder / "faces.npy", "-k", 2, "--size", 12, "-o", small, *QUICK)
    told = run("compare", folder / "few.safetensors", small, folder / "nothing-there", code=1)
    assert "size and mode" in told
    cropped = tmp_path / "cropped.safetensors"
    run("learn", folder / "faces.npy", "-k", 2, "--size", 25, "-o", cropped, *QUICK)
    model = Model.load(cropped)
    model.provenance["preparation"] = [{"step": "load", "fit": "crop"}]
    model.save(cropped)
    told = run("compare", folder / "few.safetensors", cropped, folder / "faces.npy", code=2)
    assert "prepared in different" in told


def test_learn_keeps_how_sure_parts_are(folder):
    model = Model.load(folder / "many.safetensors")
    assert ((model.stability > 0) & (model.stability <= 1)).all()
    assert str(model.loss).startswith("huber:")
    assert "least stable parts" in run("info", folder / "many.safetensors")
    assert "least stable parts" not in run("info", folder / "few.safetensors")


def test_learn_tells_of_all_fits(folder, tmp_path):
    told = run(
        *("learn", folder / "faces.npy", "-k", 3, "-o", tmp_path / "m.safetensors", *QUICK),
        *("--n-init", 2),
    )
    assert "2 from different starts" in told
    assert "stable parts" in told
    told = run(
        *("learn", folder / "faces.npy", "-k", 3, "-o", tmp_path / "m.safetensors", *QUICK),
        *("--n-init", 2, "--online"),
        code=2,
    )
    assert "--n-init" in told


def test_stability_writes_it_beside_the_parts(folder, tmp_path):
    sure = tmp_path / "sure.safetensors"
    told = run(
        *("stability", folder / "few.safetensors", folder / "faces.npy"),
        *("--n-boot", 2, "-o", sure),
    )
    assert "of 4 parts are found again" in told
    model = Model.load(sure)
    assert ((model.stability > 0) & (model.stability <= 1)).all()
    np.testing.assert_array_equal(model.W, Model.load(folder / "few.safetensors").W)


def test_black_pictures_are_not_judged(tmp_path):
    np.save(tmp_path / "black.npy", np.zeros((12, 6, 6), np.uint8))
    model = tmp_path / "black.safetensors"
    told = run("learn", tmp_path / "black.npy", "-k", 2, "-o", model, *QUICK, "--n-init", 2)
    assert "none to compare: all parts are zero" in told
    assert "least stable" not in run("info", model)
    told = run("stability", model, tmp_path / "black.npy", code=1)
    assert "all pictures are black" in told
    assert "0.000" not in told


def test_stability_shows_how_far_it_is(folder, monkeypatch):
    from contextlib import contextmanager

    told = []

    @contextmanager
    def bar(title):
        yield lambda *now: told.append((title, *now))

    monkeypatch.setattr("visnmf.cli.stability.read_progress", bar)
    run("stability", folder / "few.safetensors", folder / "faces.npy", "--n-boot", 3)
    assert told == [("fits to pictures drawn anew", done, 3) for done in (1, 2, 3)]


def test_show_writes_how_sure_each_part_is(folder, tmp_path):
    from PIL import Image

    model = Model.load(folder / "many.safetensors")
    told = run("show", folder / "many.safetensors", "-o", tmp_path / "sure.png")
    assert "below each" in told
    assert "stability" in told
    drawn = np.asarray(Image.open(tmp_path / "sure.png").convert("L"))
    expected = tmp_path / "expected.png"
    plots.basis(model, values=model.stability, value_format="{:.2f}").savefig(expected)
    np.testing.assert_array_equal(drawn, np.asarray(Image.open(expected).convert("L")))
    for words in (["few.safetensors"], ["many.safetensors", "--zoom", 2]):
        told = run("show", folder / words[0], "-o", tmp_path / "bare.png", *words[1:])
        assert "below each" not in told
