"""edit and parts, as a person types them."""

import json

import numpy as np
import pytest
from PIL import Image

from visnmf import Model, Selection


def facts(done):
    assert done.exit_code == 0, done.stderr
    return [" ".join(line.split()) for line in done.stdout.splitlines()]


def refusal(done, code):
    assert done.exit_code == code, done.stdout
    return " ".join(done.stderr.split())


def test_a_selection_of_the_page_is_applied(run, model_file, faces_folder, tmp_path):
    model = Model.load(model_file)
    selection = Selection.of(model).merged([0, 2], name="light").without(4).hide(1)
    selection.write(tmp_path / "selection.json")
    told = facts(
        run("edit", model_file, "selection.json", "-o", "new.safetensors", "--images", faces_folder)
    )
    assert "parts 3 of 5" in told
    assert "merged part 1, part 3: light" in told
    assert "deleted part 5" in told
    assert "hidden part 2" in told
    assert any(line.startswith("relative error 0.") and "of 12 pictures" in line for line in told)
    new = Model.load(tmp_path / "new.safetensors")
    assert new.part_names == ["light", "part 2", "part 4"]
    assert new.hidden.tolist() == [False, True, False]
    told = facts(run("info", "new.safetensors"))
    assert "named parts light" in told
    assert "hidden parts part 2" in told
    assert any(line.startswith("edited rank_before 5, merged [[0, 2]]") for line in told)
    assert json.loads(run("info", "new.safetensors", "--json").stdout)["hidden"] == [0, 1, 0]


def test_options_do_the_same_and_come_after_the_selection(run, model_file, tmp_path):
    model = Model.load(model_file)
    Selection.of(model).named({3: "nose"}).without(4).write(tmp_path / "s.json")
    words = ["--merge", "1+3", "--name", "3=light=dark", "--hide", "nose,2", "--order", "nose,1"]
    done = run("edit", model_file, "s.json", "-o", "new.safetensors", *words)
    assert "named part 4: nose" in facts(done)
    assert "--images SOURCE" in done.stderr
    new = Model.load(tmp_path / "new.safetensors")
    assert new.part_names == ["nose", "light=dark", "part 2"]
    assert new.hidden.tolist() == [True, False, True]
    facts(run("edit", "new.safetensors", "-o", "again.safetensors", "--show", "nose"))
    assert Model.load(tmp_path / "again.safetensors").hidden.tolist() == [False, False, True]


def test_what_is_there_is_not_replaced_unless_asked(run, model_file, tmp_path):
    (tmp_path / "new.safetensors").write_bytes(b"mine")
    words = ["edit", model_file, "-o", "new.safetensors", "--name", "1=a"]
    assert "--overwrite replaces it" in refusal(run(*words), 2)
    assert (tmp_path / "new.safetensors").read_bytes() == b"mine"
    facts(run(*words, "--overwrite"))
    assert Model.load(tmp_path / "new.safetensors").part_names[0] == "a"


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ([], 2, "say what to change"),
        (["--name", "3"], 2, "give such as 3=eyes"),
        (["--name", "3="], 1, "printable"),
        (["--name", "9=a"], 1, "there is no part 9; the 5 count from 1"),
        (["--hide", "0"], 1, "there is no part 0; the 5 count from 1"),
        (["--delete", "nose"], 1, "no part is called 'nose'"),
        (["--delete", "1,2,3,4,5"], 1, "no part is left"),
        (["--delete", "1", "--merge", "2+1"], 1, "is deleted"),
        (["--merge", "1"], 1, "two parts or more"),
        (["nothing.json"], 1, "there is no such selection"),
    ],
)
def test_what_is_mistyped_is_told(run, model_file, tmp_path, words, code, message):
    done = run("edit", model_file, "-o", "new.safetensors", *words)
    assert message in refusal(done, code)
    assert not list(tmp_path.iterdir())


def test_a_selection_of_another_model_is_refused(run, model_file, tmp_path):
    model = Model.load(model_file)
    Selection.of(Model(model.W + 1, model.layout)).write(tmp_path / "s.json")
    done = run("edit", model_file, "s.json", "-o", "new.safetensors")
    assert "made of another model" in refusal(done, 1)


def test_parts_are_listed(run, model_file):
    facts(run("edit", model_file, "-o", "new.safetensors", "--name", "4=nose", "--hide", "4"))
    told = facts(run("parts", "new.safetensors"))
    assert told[0] == "number name energy sparseness"
    assert len(told) == 6
    assert told[4].startswith("4 nose ")
    assert told[4].endswith(" hidden")


def test_parts_are_written(run, model_file, tmp_path):
    facts(run("edit", model_file, "-o", "new.safetensors", "--name", "4=no/se", "--hide", "1"))
    told = facts(run("parts", "new.safetensors", "-o", "out"))
    assert "parts 4 of 5" in told
    assert "left out 1 hidden (--hidden writes them too)" in told
    assert Image.open(tmp_path / "out" / "no_se.png").size == (25, 25)
    assert "is there already" in refusal(run("parts", "new.safetensors", "-o", "out"), 1)
    facts(run("parts", "new.safetensors", "-o", "out", "--hidden", "--overwrite"))
    assert (tmp_path / "out" / "part 1.png").exists()
    words = ["--format", "masks", "--threshold", "0.5"]
    facts(run("parts", "new.safetensors", "-o", "out", *words))
    assert set(np.unique(Image.open(tmp_path / "out" / "no_se-mask.png"))) == {0, 255}
    told = facts(run("parts", "new.safetensors", "-o", "out", "--format", "rois"))
    assert "written parts-rois.zip" in told


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--format", "tiff"], "--format is for files: name a folder for them with -o"),
        (["--hidden"], "--hidden is for files"),
        (["-o", "out", "--threshold", "0.5"], "--threshold does nothing for --format png"),
        (["-o", "out", "--format", "rois", "--scale", "part"], "--scale does nothing"),
        (["-o", "out", "--format", "masks", "--threshold", "2"], "neither otsu nor a share"),
        (["-o", "out", "--format", "gif"], "'gif' is not one of"),
    ],
)
def test_options_that_would_do_nothing_are_refused(run, model_file, tmp_path, words, message):
    assert message in refusal(run("parts", model_file, *words), 2)
    assert not list(tmp_path.iterdir())


def test_show_leaves_hidden_parts_out(run, model_file, tmp_path):
    facts(run("edit", model_file, "-o", "new.safetensors", "--hide", "1,2,3"))
    assert "parts 2 of 5, the others are hidden" in facts(run("show", "new.safetensors"))
    facts(run("edit", model_file, "-o", "none.safetensors", "--hide", "1,2,3,4,5"))
    assert "all 5 parts are hidden" in refusal(run("show", "none.safetensors"), 1)
