import csv

import numpy as np
from PIL import Image

import visnmf


def test_scores_with_the_oddest_first(run, model_file, faces_folder, tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (25, 25), np.uint8)
    folder = tmp_path / "more"
    visnmf.load_images(str(faces_folder)).save(folder)
    Image.fromarray(noise).save(folder / "odd.png")
    result = run("anomalies", model_file, "more", "-o", "s.csv", "--sheet", "s.png", "-n", 3)
    assert result.exit_code == 0, result.stderr
    with (tmp_path / "s.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["name"] == "odd.png"
    scores = [float(row["score"]) for row in rows]
    assert scores == sorted(scores, reverse=True)
    images, model = visnmf.load_images("more"), visnmf.Model.load(model_file)
    wanted = dict(zip(images.names, model.reconstruction_error(images), strict=True))
    np.testing.assert_allclose(scores, [wanted[row["name"]] for row in rows], atol=1e-4)
    told = result.stdout.split("the oddest:\n")[1].splitlines()
    assert [line.split()[0] for line in told] == [row["name"] for row in rows[:3]]
    low, high = Image.open(tmp_path / "s.png").convert("L").getextrema()
    assert high - low > 100


def test_labels_stay_with_their_pictures(run, color_model, color_folder, tmp_path):
    result = run("anomalies", color_model, color_folder, "-o", "s.npz", "--labels", "folder")
    assert result.exit_code == 0, result.stderr
    with np.load(tmp_path / "s.npz", allow_pickle=False) as arrays:
        assert arrays["feature_names"].tolist() == ["score"]
        for name, label in zip(arrays["names"], arrays["labels"], strict=True):
            assert name.split("/")[0] == label
