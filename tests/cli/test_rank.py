"""`visnmf rank`: a table, a figure, a recommendation."""

import numpy as np
from click.testing import CliRunner

from visnmf.cli.rank import rank


def test_a_table_and_a_figure(tmp_path):
    np.save(tmp_path / "set.npy", np.random.default_rng(0).random((30, 8, 8)))
    source, figure = str(tmp_path / "set.npy"), tmp_path / "rank.png"
    done = CliRunner().invoke(rank, [source, "--from", "1", "--to", "4", "-o", str(figure)])
    assert done.exit_code == 0, done.output
    assert "recommended" in done.output
    assert figure.read_bytes().startswith(b"\x89PNG")


def test_bounds_the_wrong_way_round_are_refused():
    done = CliRunner().invoke(rank, ["x", "--from", "9", "--to", "3"])
    assert done.exit_code == 2
    assert "turn them around" in done.output
