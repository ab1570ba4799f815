import numpy as np
from PIL import Image


def test_a_page_of_parts_and_one_of_pictures(run, model_file, faces_folder):
    assert run("report", model_file, "-o", "parts.html").exit_code == 0
    done = run("report", model_file, faces_folder, "-o", "all.html")
    assert done.exit_code == 0, done.stderr
    assert "12 of 25 x 25" in done.stdout


def test_what_is_mistyped_is_told(run, model_file):
    done = run("report", model_file, "-o", "parts.txt")
    assert done.exit_code == 2
    assert ".html" in done.stderr
    done = run("report", model_file, "-o", "parts.html", "--channels", "1,2")
    assert done.exit_code == 2
    assert "neither a channel nor three" in done.stderr
    done = run("report", model_file, "-o", "parts.html", "--channels", "2,1,0")
    assert done.exit_code == 1
    assert "the pictures are gray, so that there are no channels to choose from" in done.stderr


def test_what_a_mask_hides_is_left_out(run, model_file, faces_folder, tmp_path):
    known = np.full((25, 25), 255, np.uint8)
    known[:8] = 0
    Image.fromarray(known).save(tmp_path / "known.png")
    done = run("report", model_file, faces_folder, "-o", "all.html", "--mask", "known.png")
    assert done.exit_code == 0, done.stderr
    assert '"partial":true' in (tmp_path / "all.html").read_text()
    done = run("report", model_file, "--mask", "known.png")
    assert done.exit_code == 2
    assert "give them too" in done.stderr
