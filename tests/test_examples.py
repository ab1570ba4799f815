"""Every example runs as a newcomer would run it, and draws what it says."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("[0-9]*.py"))


def run_example(script, folder, *arguments, **environment):
    """Run a script in a process of its own, outside the checkout; return what it prints."""
    done = subprocess.run(
        [sys.executable, str(script), str(folder), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=folder.parent,
        env=os.environ | environment,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("script", EXAMPLES, ids=lambda script: script.stem)
def test_example_draws_the_pictures_it_names(script, tmp_path):
    folder = tmp_path / "not made yet"
    printed = run_example(script, folder)
    named = set(re.findall(r"^(.+\.png): ", printed, flags=re.MULTILINE))
    assert named == {str(path) for path in folder.glob("*.png")}
    assert len(named) >= 2
    for path in named:
        with Image.open(path) as picture:
            levels = picture.convert("L").getextrema()
        assert levels[1] - levels[0] > 100, f"{path} is nearly blank"


@pytest.mark.slow
def test_faces_example_takes_pictures_of_ones_own(tmp_path):
    fashion = Path(__file__).parents[1] / "datasets" / "fashion" / "bag"
    printed = run_example(
        EXAMPLES[0], tmp_path / "out", "--pictures", fashion, "--size", "14x20", "--rank", 6
    )
    assert "14 x 20" in printed
    assert "6 parts" in printed


@pytest.mark.slow
def test_residual_example_tells_bags_from_what_it_learned(tmp_path):
    printed = run_example(EXAMPLES[1], tmp_path / "out")
    assert float(re.search(r"ROC AUC (\S+)", printed)[1]) > 0.9


@pytest.mark.slow
def test_features_example_tells_when_orl_is_absent(tmp_path):
    printed = run_example(EXAMPLES[2], tmp_path / "out", VISNMF_DATA=str(tmp_path))
    assert "ORL faces are not here" in printed
    assert not (tmp_path / "out" / "parts_orl.png").exists()
