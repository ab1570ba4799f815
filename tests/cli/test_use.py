"""Commands that use a model: show, encode, reconstruct, demo."""

import csv

import numpy as np
import pytest
from PIL import Image

import visnmf
from visnmf.images.preparing import crop, normalize_set


def test_show_writes_the_parts(run, model_file, tmp_path):
    result = run("show", model_file, "-o", "parts.png", "--columns", 5, "--zoom", 2)
    assert result.exit_code == 0, result.stderr
    width, height = Image.open(tmp_path / "parts.png").size
    assert height == 50
    assert width > 5 * 50
    assert "parts.png" in result.stdout


def test_show_writes_pages(run, model_file, tmp_path):
    result = run("show", model_file, "-o", "p.png", "--per-page", 3)
    assert result.exit_code == 0, result.stderr
    assert "p-1.png to p-" in result.stdout
    rank = visnmf.Model.load(tmp_path / model_file).rank
    assert len(list(tmp_path.glob("p-*.png"))) == -(-rank // 3)


def test_show_scales_parts_alike_or_each_for_itself(run, model_file, tmp_path):
    for scale in ("part", "common"):
        run("show", model_file, "-o", f"{scale}.png", "--scale", scale)
    part, common = (np.asarray(Image.open(tmp_path / f"{s}.png")) for s in ("part", "common"))
    assert part.shape == common.shape
    assert part.mean() > common.mean()


def test_show_names_its_picture_after_the_model(run, faces, tmp_path):
    visnmf.learn(faces, 2, max_iter=2, kernels="numpy").save(tmp_path / "m.safetensors")
    assert "m-parts.png" in run("show", "m.safetensors").stdout
    assert (tmp_path / "m-parts.png").exists()


def test_encodings_as_a_table(run, model_file, faces_folder, faces, tmp_path):
    result = run("encode", model_file, faces_folder, "-o", "codes.csv")
    assert result.exit_code == 0, result.stderr
    with (tmp_path / "codes.csv").open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    assert header == ["name", *(f"part {k}" for k in range(1, 6))]
    assert [row[0] for row in rows] == [f"{name}.png" for name in faces.names]
    wanted = visnmf.Model.load(model_file).encode(visnmf.load_images(str(faces_folder)))
    found = np.array([row[1:] for row in rows], dtype=np.float32).T
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4)


def test_encodings_as_an_array(run, model_file, faces_folder, tmp_path):
    assert run("encode", model_file, faces_folder, "-o", "codes.npy").exit_code == 0
    codes = np.load(tmp_path / "codes.npy", allow_pickle=False)
    assert codes.shape == (12, 5)
    wanted = visnmf.Model.load(model_file).encode(visnmf.load_images(str(faces_folder)))
    np.testing.assert_allclose(codes.T, wanted, atol=1e-4)


def test_labels_and_odd_names_in_the_table(run, color_model, color_folder, tmp_path):
    model = visnmf.Model.load(color_model)
    model.rename_part(0, 'so-called "fur", brown')
    model.save(tmp_path / "m.safetensors")
    result = run("encode", "m.safetensors", color_folder, "-o", "c.csv", "--labels", "folder")
    assert result.exit_code == 0, result.stderr
    with (tmp_path / "c.csv").open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    assert header == ["name", "label", 'so-called "fur", brown', "part 2"]
    assert [row[1] for row in rows] == ["cats", "cats", "dogs", "dogs"]


def test_pictures_are_read_as_those_that_were_learned_from(
    run, color_model, color_folder, tmp_path
):
    """In their colors, cropped like them, with their mask."""
    assert run("encode", color_model, color_folder, "-r", "-o", "c.npy").exit_code == 0
    model = visnmf.Model.load(color_model)
    alike = visnmf.load_images(
        str(color_folder), recursive=True, size=(5, 4), mode="rgb", fit="crop",
        mask=model.layout.mask,
    )  # fmt: skip
    np.testing.assert_allclose(np.load(tmp_path / "c.npy").T, model.encode(alike), atol=1e-4)


@pytest.mark.parametrize("cube", ["bands", "channels"])
def test_cubes_are_read_as_cubes_again(run, tmp_path, cube):
    np.save(tmp_path / "cube.npy", np.random.default_rng(0).random((6, 5, 9), dtype=np.float32))
    run("learn", "cube.npy", "--cube", cube, "-k", 2, "-o", "m.safetensors")
    result = run("encode", "m.safetensors", "cube.npy", "-o", "c.npy")
    assert result.exit_code == 0, result.stderr
    assert np.load(tmp_path / "c.npy").shape == ({"bands": 9, "channels": 1}[cube], 2)


def test_pictures_are_prepared_as_those_that_were_learned_from(run, faces_folder, tmp_path):
    """With the numbers of those, here the mean and deviation of the whole set."""
    images = visnmf.load_images(str(faces_folder), size=(20, 20))
    prepared = normalize_set(crop(images, (16, 12)))
    model = visnmf.learn(prepared, 2, max_iter=2, kernels="numpy")
    model.save(tmp_path / "m.safetensors")
    one = faces_folder / "face_03.png"
    result = run("encode", "m.safetensors", one, "-o", "c.npy")
    assert result.exit_code == 0, result.stderr
    np.testing.assert_allclose(
        np.load(tmp_path / "c.npy").T, model.encode(prepared[3:4]), atol=1e-4
    )


def test_a_model_of_patches_says_that_it_needs_patches(run, faces, faces_folder, tmp_path):
    patches = visnmf.extract_patches(faces, (5, 5))
    visnmf.learn(patches, 2, max_iter=2, kernels="numpy").save(tmp_path / "m.safetensors")
    result = run("encode", "m.safetensors", faces_folder, "-o", "c.csv")
    assert result.exit_code == 1
    assert "extract_patches" in result.stderr


def test_rebuilt_pictures_and_how_good_they_are(run, model_file, faces_folder, tmp_path):
    result = run("reconstruct", model_file, faces_folder, "-o", "rebuilt", "--worst", 2)
    assert result.exit_code == 0, result.stderr
    images, model = visnmf.load_images(str(faces_folder)), visnmf.Model.load(model_file)
    rebuilt = visnmf.load_images(str(tmp_path / "rebuilt"))
    assert rebuilt.names == images.names
    np.testing.assert_allclose(rebuilt.V, model.reconstruct(images).V.clip(0, 1), atol=1 / 255)
    errors = model.reconstruction_error(images)
    worst = np.argsort(-errors)[:2]
    told = result.stdout.split("explained least:\n")[1].splitlines()
    assert [line.split()[0] for line in told] == [images.names[i] for i in worst]
    assert f"{errors[worst[0]]:.4f}" in told[0]
    assert f"{np.median(errors):.4f} (median)" in result.stdout


def test_no_worst_pictures_need_be_named(run, model_file, faces_folder):
    result = run("reconstruct", model_file, faces_folder, "-o", "rebuilt", "--worst", 0)
    assert "explained least" not in result.stdout


@pytest.mark.parametrize("source", ["faces", "faces/*.png", "faces/face_00.png"])
def test_originals_are_not_written_over(run, model_file, faces, tmp_path, source):
    faces.save(tmp_path / "faces")
    before = (tmp_path / "faces" / "face_00.png").read_bytes()
    result = run("reconstruct", model_file, source, "-o", "./faces/")
    assert result.exit_code == 2
    assert "holds the originals" in result.stderr
    assert (tmp_path / "faces" / "face_00.png").read_bytes() == before


def test_the_demo_writes_what_it_says(run, tmp_path):
    result = run("demo", "-o", "here/demo")
    assert result.exit_code == 0, result.stderr
    written = {path.name for path in (tmp_path / "here" / "demo").iterdir()}
    assert written == {
        "build-up.png",
        "convergence.png",
        "faces.safetensors",
        "parts.png",
        "reconstruction.png",
    }
    assert all(name in result.stdout for name in written)
    assert visnmf.Model.load(tmp_path / "here" / "demo" / "faces.safetensors").rank == 49
