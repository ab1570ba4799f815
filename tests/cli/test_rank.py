"""`visnmf rank`: a table, a figure, a recommendation."""

import numpy as np


def test_a_table_and_a_figure(run, tmp_path):
    np.save(tmp_path / "set.npy", np.random.default_rng(0).random((30, 8, 8)))
    source, figure = str(tmp_path / "set.npy"), tmp_path / "rank.png"
    done = run("rank", source, "--from", "1", "--to", "4", "-o", figure)
    assert done.exit_code == 0, done.output
    assert "recommended" in done.output
    assert figure.read_bytes().startswith(b"\x89PNG")


def test_bounds_the_wrong_way_round_are_refused(run):
    done = run("rank", "x", "--from", "9", "--to", "3")
    assert done.exit_code == 2
    assert "turn them around" in done.output


def test_each_criterion_gives_a_table_for_other_programs(run, tmp_path):
    rng = np.random.default_rng(0)
    np.save(tmp_path / "set.npy", rng.random((40, 8, 8)))
    for criterion in ("stability", "elbow", "ard"):
        table = tmp_path / f"{criterion}.csv"
        options = ["--to", "4", "--criterion", criterion, "--restarts", "3", "--csv", table]
        done = run("rank", tmp_path / "set.npy", *options)
        assert done.exit_code == 0, done.output
        assert "recommended" in done.output
        assert "of" in done.stderr
        lines = table.read_text().splitlines()
        assert lines[0].startswith("rank,")
        assert sum(line.endswith(",1") for line in lines[1:]) == 1


def test_a_criterion_that_is_not_there_is_refused(run):
    done = run("rank", "x", "--criterion", "aic")
    assert done.exit_code == 2
    assert "stability" in done.output
