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
