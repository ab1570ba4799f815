"""The commands with parts of patches: `visnmf features --save` and what takes its file."""

import csv
import json

import numpy as np
import pytest
from PIL import Image

import visnmf
from visnmf.tasks import PatchFeatures, SimilarIndex, group, map_scores

SMALL = ("-k", 5, "--patch", 4, "--grid", 2)


def read(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def values(rows):
    return np.array([[float(v) for k, v in row.items() if k not in ("name", "label")]
                     for row in rows])  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Waves of several sizes: the last has a hole of noise in it."""
    folder = tmp_path_factory.mktemp("waves")
    rng = np.random.default_rng(0)
    for k in range(8):
        h, w = rng.integers(30, 50, 2)
        down, across = np.indices((h, w))
        wave = 0.5 + 0.3 * np.sin((down if k % 2 else across) + rng.random())
        wave += 0.02 * rng.standard_normal((h, w))
        if k == 7:
            wave[10:22, 12:24] = rng.random((12, 12))
        Image.fromarray(np.rint(255 * wave.clip(0, 1)).astype(np.uint8)).save(folder / f"{k}.png")
    return folder


@pytest.fixture(scope="module")
def parts_file(folder, tmp_path_factory):
    path = tmp_path_factory.mktemp("parts") / "waves.safetensors"
    encoder = visnmf.PatchEncoder(5, patch_size=4, grid=2, n_jobs=1)
    encoder.fit(visnmf.load_pictures(folder)).save(path)
    return path


def own(parts_file, folder):
    path = folder / "p.safetensors"
    path.write_bytes(parts_file.read_bytes())
    return path


def test_parts_are_kept_and_used_again(run, folder, tmp_path):
    result = run("features", folder, "-o", "f.csv", *SMALL, "--save", "p.safetensors")
    assert result.exit_code == 0, result.stderr
    assert "visnmf show p.safetensors" in result.stdout
    rows = read(tmp_path / "f.csv")
    wanted = visnmf.PatchEncoder(5, patch_size=4, grid=2).fit_transform(
        visnmf.load_pictures(folder)
    )
    np.testing.assert_allclose(values(rows), wanted, atol=1e-5)
    result = run("features", folder, "-o", "g.csv", "--model", "p.safetensors")
    assert result.exit_code == 0, result.stderr
    assert read(tmp_path / "g.csv") == rows


@pytest.mark.parametrize("reading", [("--max-side", 20), ("--size", "18x12"), ("--color",)])
def test_pictures_are_read_as_they_were(run, folder, tmp_path, reading):
    run("features", folder, "-o", "f.csv", *SMALL, "--save", "p.safetensors", *reading)
    result = run("features", folder, "-o", "g.csv", "--model", "p.safetensors")
    assert result.exit_code == 0, result.stderr
    assert read(tmp_path / "f.csv") == read(tmp_path / "g.csv")
    features = PatchFeatures.open("p.safetensors")
    assert (features.max_side, features.size, features.mode) == {
        "--max-side": (20, None, "gray"),
        "--size": (None, (18, 12), "gray"),
        "--color": (None, None, "rgb"),
    }[reading[0]]
    told = " ".join(run("info", "p.safetensors").stdout.split())
    what = {"--max-side": "gray, max_side 20", "--size": "size [18, 12]", "--color": "rgb, of any"}
    assert what[reading[0]] in told


@pytest.mark.parametrize("word", ["--rank", "--patch", "--grid", "--color", "--save"])
def test_options_of_patches_go_with_patches(run, folder, parts_file, word):
    given = {"--color": (), "--save": ("x.safetensors",)}.get(word, (3,))
    words = ("features", folder, "-o", "f.csv", word, *given)
    for others in (("--kind", "colors"), ("--model", parts_file)):
        result = run(*words, *others)
        assert result.exit_code == 2
        assert f"leave {word} out" in result.stderr


def test_similar_pictures_are_found(run, folder, parts_file, tmp_path):
    model = own(parts_file, tmp_path)
    result = run("similar", model, folder / "2.png", "--in", folder, "-n", 3, "-o", "s.png")
    assert result.exit_code == 0, result.stderr
    pictures = visnmf.load_pictures(folder)
    index = SimilarIndex.of(model, pictures)
    wanted = index.search(pictures[[2]], 3, leave_out=[2])
    lines = [line.split() for line in result.stdout.splitlines()[1:4]]
    assert [name for name, _ in lines] == wanted.names[0]
    assert {name for name, _ in lines} == {"0.png", "4.png", "6.png"}
    assert len(list(tmp_path.glob("p.*.index.safetensors"))) == 1
    low, high = Image.open(tmp_path / "s.png").convert("L").getextrema()
    assert high - low > 100


def test_groups_are_by_kmeans(run, folder, parts_file, tmp_path):
    result = run("group", parts_file, folder, "-o", "g", "-n", 2)
    assert result.exit_code == 0, result.stderr
    rows = read(tmp_path / "g" / "groups.csv")
    encoder = visnmf.PatchEncoder.load(parts_file)
    found = group(encoder.transform(visnmf.load_pictures(folder)).T, by="kmeans", n=2)
    assert [int(row["group"]) for row in rows] == (found.of + 1).tolist()
    assert {path.name for path in (tmp_path / "g").glob("*.png")} == {
        "groups.png", "group-01.png", "group-02.png"
    }  # fmt: skip
    result = run("group", parts_file, folder, "-o", "h", "--by", "part")
    assert result.exit_code == 2
    assert "leave --by part out" in " ".join(result.stderr.split())
    assert not (tmp_path / "h").exists()


@pytest.mark.parametrize("normal", [False, True])
def test_odd_pictures_are_found(run, folder, parts_file, tmp_path, normal):
    (tmp_path / "good").mkdir()
    for k in range(6):
        (tmp_path / "good" / f"{k}.png").write_bytes((folder / f"{k}.png").read_bytes())
    words = ("anomalies", parts_file, folder, "-o", "s.csv", "--sheet", "s.png", "-n", 2)
    result = run(*words, *(("--normal", "good") if normal else ()))
    assert result.exit_code == 0, result.stderr
    rows = read(tmp_path / "s.csv")
    assert rows[0]["name"] == "7.png"
    encoder = visnmf.PatchEncoder.load(parts_file)
    pictures = visnmf.load_pictures(folder)
    usual = visnmf.load_pictures("good") if normal else None
    scores = map_scores(encoder.anomaly_maps(pictures, normal=usual))
    wanted = dict(zip(pictures.names, scores, strict=True))
    for row in rows:
        assert float(row["score"]) == pytest.approx(wanted[row["name"]], rel=1e-4)
    assert np.ptp(np.asarray(Image.open(tmp_path / "s.png").convert("RGB")), axis=2).max() > 100
    assert result.stdout.split("the oddest:\n")[1].split()[0] == "7.png"


def test_a_model_of_whole_pictures_takes_no_normal_ones(run, model_file, faces_folder):
    result = run("anomalies", model_file, faces_folder, "-o", "s.csv", "--normal", faces_folder)
    assert result.exit_code == 2
    assert "leave --normal out" in " ".join(result.stderr.split())


def test_parts_are_told_and_drawn(run, parts_file, tmp_path):
    told = run("info", parts_file).stdout
    assert "5 of patches" in told
    assert "4 x 4, gray" in told
    document = json.loads(run("info", parts_file, "--json").stdout)
    assert document["settings"]["grid"] == 2
    assert document["fitted"]["channels_"] == 1
    result = run("show", parts_file, "-o", "p.png", "--columns", 5)
    assert result.exit_code == 0, result.stderr
    width, height = Image.open(tmp_path / "p.png").size
    assert width > 4 * height


def test_too_small_pictures_are_left_out_where_that_is_asked_for(run, folder, parts_file, tmp_path):
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    Image.new("L", (3, 40)).save(tmp_path / "thin.png")
    words = ("features", tmp_path, "-o", "f.csv")
    for more in (SMALL, ("--model", parts_file)):
        result = run(*words, *more)
        assert result.exit_code == 1
        assert "thin.png: is of 40 x 3 pixels, less than a patch of 4 x 4" in result.stderr
        result = run(*words, *more, "--on-error", "warn")
        assert result.exit_code == 0
        assert "(1 left out)" in result.stdout
        assert "thin.png" in result.stderr
        assert len(read(tmp_path / "f.csv")) == 8


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("encode", "-o", "c.csv"), "visnmf features pictures -o c.csv --model"),
        (("reconstruct", "-o", "r"), "visnmf anomalies"),
    ],
)
def test_what_needs_whole_pictures_tells_what_to_do(run, parts_file, words, hint):
    name, *options = words
    result = run(name, parts_file, "pictures", *options)
    assert result.exit_code == 2
    told = " ".join(result.stderr.split())
    assert "holds parts of patches, not of whole pictures" in told
    assert hint in told


@pytest.mark.parametrize("name", ["similar", "group", "anomalies", "features", "info", "show",
                                  "encode", "reconstruct"])  # fmt: skip
def test_a_file_of_neither_kind_is_told(run, folder, parts_file, tmp_path, name):
    model = own(parts_file, tmp_path)
    run("similar", model, folder / "2.png", "--in", folder)
    (kept,) = tmp_path.glob("p.*.index.safetensors")
    words = {
        "similar": (kept, folder / "2.png", "--in", folder),
        "group": (kept, folder, "-o", "g"),
        "anomalies": (kept, folder, "-o", "s.csv"),
        "features": (folder, "--model", kept, "-o", "f.csv"),
        "encode": (kept, folder, "-o", "c.csv"),
        "reconstruct": (kept, folder, "-o", "r"),
    }.get(name, (kept,))
    result = run(name, *words)
    assert result.exit_code == 1
    assert "neither a model of visnmf nor a patch encoder" in result.stderr
