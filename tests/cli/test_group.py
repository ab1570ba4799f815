import csv

import numpy as np
import pytest
from PIL import Image

import visnmf
from visnmf.tasks import group


def table(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("options", [(), ("-n", 2), ("--by", "kmeans", "-n", 3)])
def test_sheets_and_a_table(run, model_file, faces_folder, tmp_path, options):
    result = run("group", model_file, faces_folder, "-o", "new/groups", *options)
    assert result.exit_code == 0, result.stderr
    out = tmp_path / "new" / "groups"
    rows = table(out / "groups.csv")
    images, model = visnmf.load_images(str(faces_folder)), visnmf.Model.load(model_file)
    by = "kmeans" if "kmeans" in options else "part"
    n = options[-1] if options else None
    wanted = group(model.encode(images), W=model.W, by=by, n=n)
    assert [row["name"] for row in rows] == images.names
    assert [int(row["group"]) for row in rows] == (wanted.of + 1).tolist()
    np.testing.assert_allclose([float(r["typical"]) for r in rows], wanted.typical, atol=1e-3)
    sheets = {path.name for path in out.glob("*.png")}
    numbers = range(1, len(wanted) + 1)
    assert sheets == {"groups.png", *(f"group-{number:02d}.png" for number in numbers)}
    for sheet in sheets:
        low, high = Image.open(out / sheet).convert("L").getextrema()
        assert high - low > 100
    first = images.names[wanted.members(0)[0]]
    assert f"such as {first}" in result.stdout


def test_what_does_not_fit_is_told(run, model_file, faces_folder, tmp_path):
    result = run("group", model_file, faces_folder, "-o", faces_folder)
    assert result.exit_code == 2
    assert "holds the pictures" in result.stderr
    result = run("group", model_file, faces_folder, "-o", "g", "-n", 6)
    assert result.exit_code == 1
    assert "of 5 parts 1 to 5 groups" in result.stderr
    assert not (tmp_path / "g").exists()
