"""Every example runs as a newcomer would run it, and draws what it says."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.py"))


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
    assert named
    for path in named:
        with Image.open(path) as picture:
            levels = picture.convert("L").getextrema()
        assert levels[1] - levels[0] > 100, f"{path} is nearly blank"


@pytest.mark.slow
def test_faces_example_takes_pictures_of_ones_own(tmp_path):
    fashion = Path(__file__).parents[1] / "datasets" / "fashion" / "bag"
    printed = run_example(
        script("01_parts_of_faces"),
        tmp_path / "out",
        "--pictures",
        fashion,
        "--size",
        "14x20",
        "--rank",
        6,
    )
    assert "14 x 20" in printed
    assert "6 parts" in printed


@pytest.mark.slow
def test_residual_example_tells_bags_from_what_it_learned(tmp_path):
    printed = run_example(script("02_rebuild_and_residual"), tmp_path / "out")
    assert float(re.search(r"ROC AUC (\S+)", printed)[1]) > 0.9


@pytest.mark.slow
def test_features_example_tells_when_orl_is_absent(tmp_path):
    printed = run_example(
        script("06_features_for_recognition"), tmp_path / "out", VISNMF_DATA=str(tmp_path)
    )
    assert "ORL faces are not here" in printed
    assert not (tmp_path / "out" / "parts_orl.png").exists()


def script(name):
    return Path(__file__).parents[1] / "examples" / f"{name}.py"


@pytest.mark.slow
def test_topics_of_made_up_documents_are_told_apart(tmp_path):
    printed = run_example(script("18_topics_in_documents"), tmp_path / "out")
    documents = printed.partition("documents by topic")[2]
    topics = re.findall(r"^ +\d  (\w+)-\d+ .*$", documents, flags=re.MULTILINE)
    assert sorted(topics) == ["kitchen", "music", "sea", "sky"]


@pytest.mark.slow
def test_topics_of_a_folder_of_text(tmp_path):
    for number in range(8):
        text = ("apples pears plums " if number % 2 else "hammers nails saws ") * 3
        (tmp_path / f"{number}.txt").write_text(text)
    options = ["--documents", tmp_path, "--topics", 2]
    printed = run_example(script("18_topics_in_documents"), tmp_path / "out", *options)
    for together in (("apples", "pears", "plums"), ("hammers", "nails", "saws")):
        assert any(set(together) <= set(re.findall(r"\w+", line)) for line in printed.split("\n"))


@pytest.mark.slow
def test_planted_ratings_come_out_near_their_noise(tmp_path):
    printed = run_example(script("19_predict_ratings"), tmp_path / "out")
    noise = float(re.search(r"better than RMSE (\S+)", printed)[1])
    tastes = float(re.search(r"biases and tastes +(\S+)", printed)[1])
    biases = float(re.search(r"biases  +(\S+)", printed)[1])
    assert noise < tastes < min(biases, 1.05 * noise)


@pytest.mark.slow
def test_ratings_are_read_from_a_file(tmp_path):
    rng = np.random.default_rng(0)
    lines = [f"{7 * (k % 40)}\t{k // 40 + 100}\t{rng.integers(1, 6)}\t0" for k in range(1200)]
    file = tmp_path / "u.data"
    file.write_text("\n".join(lines))
    printed = run_example(script("19_predict_ratings"), tmp_path / "out", "--ratings", file)
    assert "1,200 ratings by 40 users of 30 items" in printed


@pytest.mark.slow
def test_unmixing_comes_nearer_the_truth_than_plain_nmf(tmp_path):
    printed = run_example(script("09_unmix_a_cube"), tmp_path / "out")
    plain, _, ours = map(float, re.findall(r"abundances by (\S+) \(RMSE\)", printed))
    assert ours < 0.1 * plain


@pytest.mark.slow
def test_hidden_pixels_are_filled_in_better_than_by_the_mean_face(tmp_path):
    printed = run_example(script("08_fill_in_pixels"), tmp_path / "out")
    mean, _, ours = map(float, re.findall(r"PSNR (\S+) dB", printed))
    assert ours > mean + 3


@pytest.mark.slow
def test_planted_defects_are_spotted(tmp_path):
    printed = run_example(script("15_spot_the_odd_one_out"), tmp_path / "out")
    found = [float(value) for value in re.findall(r"ROC AUC (\S+)", printed)]
    assert len(found) == 9
    assert min(found) > 0.9


@pytest.mark.slow
def test_what_is_unusual_in_pictures_of_ones_own(tmp_path):
    rng = np.random.default_rng(0)
    for name in ("usual", "odd"):
        (tmp_path / name).mkdir()
        picture = rng.integers(100, 150, (60, 80)).astype(np.uint8)
        if name == "odd":
            picture[20:40, 30:50] = 0
        Image.fromarray(picture).save(tmp_path / name / "a.png")
    options = ["--normal", tmp_path / "usual", "--look-at", tmp_path / "odd"]
    printed = run_example(script("15_spot_the_odd_one_out"), tmp_path / "out", *options)
    assert float(re.search(r"a.png +most unusual (\S+)", printed)[1]) > 4


@pytest.mark.slow
def test_textures_are_told_apart_by_patches_and_by_topics(tmp_path):
    printed = run_example(script("13_textures"), tmp_path / "out")
    right = {name: float(share) for name, share in re.findall(r"^  (.+?) +(\S+)%$", printed, re.M)}
    assert right["parts of patches"] > 95
    assert right["topics of words"] > 90
    assert right["pixels"] < 85


@pytest.mark.slow
def test_clothes_are_told_better_by_patches_than_by_pixels(tmp_path):
    printed = run_example(script("12_classify_clothes"), tmp_path / "out")
    found = re.findall(r"pixels (\S+)% +patches (\S+)%", printed)
    assert len(found) == 3
    assert all(float(patches) > float(pixels) for pixels, patches in found)


@pytest.mark.slow
def test_bands_are_compressed_by_parts_and_found_by_their_encodings(tmp_path):
    printed = run_example(script("16_compress_a_set"), tmp_path / "out")
    assert re.search(r"bands.vnmf: [\d,]+ bytes at \S+ dB; it holds \d+ parts", printed)
    near = re.findall(r"picture 0 is most like \[(\d+), ", printed)[-1]
    assert int(near) < 12  # of 96 bands, one nearby


@pytest.mark.slow
def test_rank_of_the_swimmer_is_found_under_noise(tmp_path):
    printed = run_example(script("03_choose_the_rank"), tmp_path / "out")
    assert [int(rank) for rank in re.findall(r"^(\d+) parts: ", printed, re.M)][0] in (16, 17)


@pytest.mark.slow
def test_most_parts_of_clothes_come_out_again(tmp_path):
    printed = run_example(script("04_read_what_was_learned"), tmp_path / "out")
    again, parts = map(int, re.search(r"come out again: (\d+) of (\d+)", printed).groups())
    assert 0.6 * parts < again <= parts
    assert (tmp_path / "out" / "page.html").stat().st_size > 1e5


@pytest.mark.slow
def test_stains_come_near_those_that_were_measured(tmp_path):
    printed = run_example(script("10_separate_stains"), tmp_path / "out")
    apart = re.search(r"apart by (\d+) and (\d+) degrees", printed).groups()
    assert max(map(int, apart)) < 15
    one, other = printed.partition("few stains a pixel")[2].splitlines()[1:3]
    assert one == other, "another start gives the same colors"


@pytest.mark.slow
def test_background_is_nearer_the_truth_where_sizes_are_summed(tmp_path):
    printed = run_example(script("11_video_background"), tmp_path / "out")
    median, plain, ours = map(float, re.findall(r"PSNR (\S+) dB", printed))
    assert median + 3 < plain < ours - 3
