from inspect import signature

import numpy as np
import pytest
from click.testing import CliRunner

import visnmf
from visnmf.cli.app import cli

# Before click 8.2 what goes to stderr has to be asked for
_APART = {"mix_stderr": False} if "mix_stderr" in signature(CliRunner).parameters else {}


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run the command line in an empty folder; the result has exit_code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)

    def run(*words):
        return CliRunner(**_APART).invoke(cli, [str(word) for word in words], prog_name="visnmf")

    return run


@pytest.fixture(scope="session")
def faces():
    return visnmf.samples.load_faces()[:12]


@pytest.fixture(scope="session")
def faces_folder(faces, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures") / "faces"
    faces.save(folder)
    return folder


@pytest.fixture(scope="session")
def model_file(faces, tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "faces.safetensors"
    visnmf.learn(faces, 5, max_iter=20, kernels="numpy").save(path)
    return path


@pytest.fixture(scope="session")
def color_folder(tmp_path_factory):
    """Color pictures of two sizes, in folders of their own."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("color") / "photos"
    rng = np.random.default_rng(0)
    for name in ("cats/1.png", "cats/2.png", "dogs/1.png", "dogs/2.png"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shape = (8, 10, 3) if "1" in name else (6, 6, 3)
        Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8)).save(path)
    return folder


@pytest.fixture(scope="session")
def color_model(color_folder, tmp_path_factory):
    """Parts of the pictures in color, cropped to shape, half the pixels masked out."""
    path = tmp_path_factory.mktemp("models") / "photos.safetensors"
    mask = np.zeros((5, 4), dtype=bool)
    mask[:, :2] = True
    images = visnmf.load_images(
        str(color_folder), size=(5, 4), mode="rgb", fit="crop", recursive=True, mask=mask
    )
    visnmf.learn(images, 2, kernels="numpy").save(path)
    return path
