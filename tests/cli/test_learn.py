import inspect
import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import visnmf
from visnmf.cli.app import cli
from visnmf.cli.kernels import kernels_for_one_run


def learn(run, source, *options, rank=3, output="m.safetensors"):
    return run("learn", source, "-k", rank, "-o", output, *options)


def test_a_model_and_its_picture_are_written_and_told(run, faces_folder, tmp_path):
    result = learn(run, faces_folder)
    assert result.exit_code == 0, result.stderr
    model = visnmf.Model.load(tmp_path / "m.safetensors")
    assert model.rank == 3
    assert model.layout.shape == (25, 25)
    assert Image.open(tmp_path / "m.png").size[0] > 100
    facts = dict(line.split("  ", 1) for line in result.stdout.splitlines())
    assert facts["pictures"].strip() == "12 of 25 x 25, gray"
    assert facts["relative error"].strip() == f"{model.provenance['relative_error']:.4f}"
    assert facts["look at"].strip() == "m.png"
    assert "it converged" in facts["iterations"]


def test_settings_reach_the_fit(run, faces_folder, tmp_path):
    options = ["--max-iter", 7, "--tol", 0, "--change", 0, "--seed", 5, "--init", "random"]
    result = learn(run, faces_folder, *options)
    settings = visnmf.Model.load(tmp_path / "m.safetensors").provenance["settings"]
    wanted = {"max_iter": 7, "tol": 0, "change": 0, "seed": 5, "init": "random"}
    assert settings | wanted == settings
    assert "7; --max-iter was reached" in result.stdout
    result = learn(run, faces_folder, *options, "--time-limit", 0)
    assert "--time-limit was reached" in result.stdout


def test_defaults_are_those_of_factorize():
    ours = {option.name: option.default for option in cli.commands["learn"].params}
    theirs = inspect.signature(visnmf.factorize).parameters
    for name in ("init", "max_iter", "tol", "change", "seed"):
        assert ours[name] == theirs[name].default, name


def test_the_same_seed_gives_the_same_file_content(run, faces_folder, tmp_path):
    for name in ("a.safetensors", "b.safetensors"):
        learn(run, faces_folder, "--init", "random", "--no-montage", output=name)
    a, b = (visnmf.Model.load(tmp_path / name) for name in ("a.safetensors", "b.safetensors"))
    np.testing.assert_array_equal(a.W, b.W)


def test_writing_over_an_older_model_is_said(run, faces_folder):
    assert "in place of" not in learn(run, faces_folder).stdout
    assert "in place of the older one" in learn(run, faces_folder).stdout


def test_a_picture_that_is_not_ours_is_not_written_over(run, faces_folder, tmp_path):
    picture = tmp_path / "m.png"
    picture.write_bytes(b"mine")
    result = learn(run, faces_folder)
    assert result.exit_code == 2
    assert "not written over" in result.stderr
    assert not (tmp_path / "m.safetensors").exists()
    assert learn(run, faces_folder, "--no-montage").exit_code == 0
    assert picture.read_bytes() == b"mine"


@pytest.mark.parametrize("color", [["--color"], ["--mode", "rgb"]])
def test_colors_sizes_and_folders(run, color_folder, tmp_path, color):
    result = learn(run, color_folder, "-r", "--size", "5x4", "--fit", "crop", *color, rank=2)
    assert result.exit_code == 0, result.stderr
    assert "4 of 5 x 4, color" in result.stdout
    assert visnmf.Model.load(tmp_path / "m.safetensors").layout.shape == (5, 4, 3)


def test_two_words_on_colors_that_differ_are_refused(run, color_folder):
    words = ("-r", "--size", "5x4", "--color", "--mode")
    result = learn(run, color_folder, *words, "keep", rank=2)
    assert result.exit_code == 2
    assert "--color is short for --mode rgb" in result.stderr
    assert learn(run, color_folder, *words, "rgb", rank=2).exit_code == 0


def test_pictures_of_several_sizes_need_a_size(run, color_folder):
    result = learn(run, color_folder, "-r")
    assert result.exit_code == 1
    assert "size" in result.stderr


def test_a_mask_leaves_pixels_out(run, faces_folder, tmp_path):
    mask = np.zeros((25, 25), dtype=np.uint8)
    mask[5:20, 5:20] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    result = learn(run, faces_folder, "--mask", "mask.png")
    assert "225 pixels kept by the mask" in result.stdout
    assert visnmf.Model.load(tmp_path / "m.safetensors").W.shape == (225, 3)


@pytest.mark.parametrize(("cube", "shape"), [("bands", (6, 5)), ("channels", (6, 5, 9))])
def test_cubes(run, tmp_path, cube, shape):
    np.save(tmp_path / "cube.npy", np.random.default_rng(0).random((6, 5, 9), dtype=np.float32))
    result = learn(run, "cube.npy", "--cube", cube, rank=2)
    assert result.exit_code == 0, result.stderr
    assert visnmf.Model.load(tmp_path / "m.safetensors").layout.shape == shape


def test_broken_pictures(run, faces, tmp_path):
    faces.save(tmp_path / "some")
    (tmp_path / "some" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nno")
    stopped = learn(run, "some")
    assert stopped.exit_code == 1
    assert "broken.png" in stopped.stderr
    warned = learn(run, "some", "--on-error", "warn")
    assert warned.exit_code == 0
    assert warned.stderr.startswith("warning: 1 file(s)")
    assert warned.stderr.count("\n") == 1
    skipped = learn(run, "some", "--on-error", "skip")
    assert skipped.stderr == ""
    assert "12 of 25 x 25, gray (1 left out)" in skipped.stdout


def test_decoders_in_c_do_not_chatter(faces, tmp_path):
    """libtiff writes straight to file descriptor 2; our own warning still comes."""
    faces.save(tmp_path / "some")
    tiff = tmp_path / "some" / "broken.tif"
    Image.fromarray(np.zeros((25, 25), dtype=np.uint8)).save(tiff, compression="tiff_lzw")
    tiff.write_bytes(tiff.read_bytes().replace(b"\x80\0", b"\xff\xff", 1))
    words = ["learn", "some", "-k", "2", "-o", "m.safetensors", "--on-error", "warn"]
    done = subprocess.run(
        [sys.executable, "-m", "visnmf.cli", *words],
        capture_output=True, text=True, check=True, cwd=tmp_path,
    )  # fmt: skip
    assert done.stderr.startswith("warning: 1 file(s)")
    assert done.stderr.count("\n") == 1


def test_an_interrupted_fit_is_kept(run, faces_folder, tmp_path, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("visnmf.solve.exact.iterate", interrupt)
    result = learn(run, faces_folder)
    assert result.exit_code == 130
    assert "you interrupted it" in result.stdout
    assert visnmf.Model.load(tmp_path / "m.safetensors").provenance["reason"] == "interrupted"
    assert (tmp_path / "m.png").exists()


def test_compiled_kernels_are_loaded_where_they_pay():
    assert kernels_for_one_run(25, 725, 200) == "numpy"
    assert kernels_for_one_run(49, 725, 200) == "numpy"
    assert kernels_for_one_run(49, 2361, 200) == "numpy"
    assert kernels_for_one_run(100, 10_700, 5) == "numpy"  # too few iterations to save anything
    assert kernels_for_one_run(100, 2361, 200) == "auto"
    assert kernels_for_one_run(100, 10_704, 200) == "auto"
    assert kernels_for_one_run(40, 60_784, 200) == "auto"


def test_info_tells_what_was_learned(run, model_file, faces):
    result = run("info", model_file)
    assert result.exit_code == 0
    for text in ("25 x 25, gray", f"{faces.source}: 12 images", "rank 5", "max_iter 20", "part 1"):
        assert text in result.stdout
    told = json.loads(run("info", model_file, "--json").stdout)
    assert told == visnmf.Model.load(model_file).to_dict()


def test_info_of_a_model_made_by_hand(run, tmp_path):
    visnmf.Model(np.ones((6, 2)), visnmf.ImageLayout(2, 3)).save(tmp_path / "m.safetensors")
    result = run("info", "m.safetensors")
    assert result.exit_code == 0, result.stderr
    assert "2 x 3, gray" in result.stdout
    assert "nan" not in result.stdout


def test_no_progress_is_shown_where_nobody_looks(run, faces_folder):
    assert learn(run, faces_folder).stderr == ""


def test_the_rank_may_be_chosen_and_is_told(run, faces_folder, tmp_path):
    result = learn(run, faces_folder, "--size", "8", rank="choose")
    assert result.exit_code == 0, result.stderr
    model = visnmf.Model.load(tmp_path / "m.safetensors")
    assert model.provenance["rank_choice"]["rank"] == model.rank
    assert "held-out error" in result.stderr
    assert f"{model.rank} parts: " in result.stdout
    assert "s choosing, " in result.stdout
    assert "choosing" not in learn(run, faces_folder, "--size", "8", output="n.safetensors").stdout
    told = run("info", str(tmp_path / "m.safetensors")).stdout
    assert model.provenance["rank_choice"]["reason"] in told


@pytest.mark.parametrize(("rank", "word"), [("chose", "or choose"), ("0", "x>=1")])
def test_what_is_no_rank_is_refused(run, faces_folder, rank, word):
    result = learn(run, faces_folder, rank=rank)
    assert result.exit_code == 2
    assert word in result.stderr


def test_choosing_does_not_go_with_large_sets(run, faces_folder):
    result = learn(run, faces_folder, "--online", rank="choose")
    assert result.exit_code == 2
    assert "visnmf rank" in result.stderr
