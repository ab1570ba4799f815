"""`visnmf pack`, and the other commands with what it makes."""

import json

import numpy as np
import pytest

import visnmf

pytest.importorskip("zarr")


def test_a_folder_is_packed_and_told(run, faces_folder, faces):
    result = run("pack", faces_folder, "faces.zarr", "--size", "20x16", "--fit", "crop")
    assert result.exit_code == 0, result.stderr
    assert "12 of 20 x 16, gray" in result.stdout
    told = run("info", "faces.zarr").stdout
    assert told.splitlines()[:3] == result.stdout.splitlines()[:3]
    assert str(faces_folder) in told
    assert "fit crop" in told
    document = json.loads(run("info", "faces.zarr", "--json").stdout)
    assert (document["n"], document["layout"]["height"]) == (12, 20)
    eager = visnmf.load_images(faces_folder, size=(20, 16), fit="crop")
    np.testing.assert_array_equal(visnmf.load_images("faces.zarr").V, eager.V)
    assert "in place of the older one" in run("pack", faces_folder, "faces.zarr").stdout


def test_commands_take_a_pack_for_a_source(run, faces_folder, model_file):
    assert run("pack", faces_folder, "faces.zarr").exit_code == 0
    for words in (
        ("encode", model_file, "{}", "-o", "codes.csv"),
        ("group", model_file, "{}", "-o", "groups"),
        ("anomalies", model_file, "{}", "-o", "odd.csv"),
        ("reconstruct", model_file, "{}", "-o", "rebuilt"),
        ("features", "{}", "-o", "features.csv", "--rank", "5", "--patch", "6"),
        ("learn", "{}", "-k", "3", "--dry-run"),
    ):
        texts = []
        for source in (faces_folder, "faces.zarr"):
            result = run(*(str(source) if word == "{}" else word for word in words))
            assert result.exit_code == 0, result.stderr
            texts.append(result.stdout)
        assert len(texts[0].splitlines()) == len(texts[1].splitlines())
    errors = []
    for source in (faces_folder, "faces.zarr"):
        words = ("-k", 3, "-o", "m.safetensors", "--no-montage", "--max-iter", 100)
        assert run("learn", source, *words).exit_code == 0
        errors.append(visnmf.Model.load("m.safetensors").provenance["relative_error"])
    assert errors[1] == pytest.approx(errors[0], rel=0.02)


def test_labels_and_colors_are_kept(run, color_folder):
    result = run(
        "pack", color_folder, "p.zarr", "--color", "--labels", "folder", "--size", 8,
        "--dtype", "float32",
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    assert "2: cats 2, dogs 2" in result.stdout
    assert "4 of 8 x 8, color" in result.stdout
    images = visnmf.load_images("p.zarr", mode="rgb", lazy=True)
    assert images.labels.tolist() == ["cats", "cats", "dogs", "dogs"]
    assert images.layout.channels == 3


def test_what_cannot_be_read_is_left_out_and_told(run, faces_folder, tmp_path):
    (tmp_path / "set").mkdir()
    for i, path in enumerate(sorted(faces_folder.iterdir())[:3]):
        (tmp_path / "set" / path.name).write_bytes(path.read_bytes() if i else b"no picture")
    result = run("pack", "set", "a.zarr")
    assert (result.exit_code, not (tmp_path / "a.zarr").exists()) == (1, True)
    result = run("pack", "set", "a.zarr", "--on-error", "warn")
    assert result.exit_code == 0
    assert "left out" in result.stderr
    assert "left out" in result.stdout
    assert len(visnmf.load_images("a.zarr")) == 2


def test_mistakes_are_told(run, faces_folder, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "mine.zarr").mkdir()
    for words, message in (
        (("pack", faces_folder, "faces"), "should end in .zarr"),
        (("pack", faces_folder, "mine.zarr"), "is no pack of pictures"),
        (("info", "other"), "no pack of"),
        (("pack", "none", "a.zarr"), "no such file or folder"),
    ):
        result = run(*words)
        assert result.exit_code in (1, 2)
        assert message in result.stderr
