import os

import numpy as np
from PIL import Image

import visnmf
from visnmf.tasks import SimilarIndex


def copied(model_file, folder):
    """A model of one's own, beside which an index may be kept."""
    path = folder / "m.safetensors"
    path.write_bytes(model_file.read_bytes())
    return path


def rows_of(block):
    return [(line.split()[0], float(line.split()[1])) for line in block.splitlines()[1:]]


def test_the_nearest_are_named_without_the_query_itself(run, model_file, faces_folder, tmp_path):
    model = copied(model_file, tmp_path)
    one, two = (faces_folder / f"face_{k}.png" for k in ("03", "08"))
    result = run("similar", model, one, two, "--in", faces_folder, "-n", 4)
    assert result.exit_code == 0, result.stderr
    blocks = result.stdout.strip().split("\n\n")
    assert [block.splitlines()[0] for block in blocks] == ["face_03.png", "face_08.png"]
    images = visnmf.load_images(str(faces_folder))
    index = SimilarIndex.of(model, images)
    wanted = index.search(images[[3, 8]], 4, leave_out=[3, 8])
    for row, block in enumerate(blocks):
        names, similarities = zip(*rows_of(block), strict=True)
        assert list(names) == wanted.names[row]
        np.testing.assert_allclose(similarities, wanted.similarities[row], atol=2e-3)


def test_a_picture_from_elsewhere_is_found(run, model_file, faces_folder, tmp_path):
    model = copied(model_file, tmp_path)
    (tmp_path / "me.png").write_bytes((faces_folder / "face_05.png").read_bytes())
    result = run("similar", model, "me.png", "--in", faces_folder, "-n", 1)
    assert rows_of(result.stdout) == [("face_05.png", 1.0)]


def test_a_sheet_is_drawn_of_color_and_size_as_they_are(run, color_model, color_folder, tmp_path):
    model = copied(color_model, tmp_path)
    query = color_folder / "cats" / "1.png"
    words = ("similar", model, query, "--in", color_folder, "-r", "-o", "s.png")
    result = run(*words)
    assert result.exit_code == 0, result.stderr
    assert "searched" in result.stdout
    sheet = np.asarray(Image.open(tmp_path / "s.png").convert("RGB")).astype(int)
    assert np.ptp(sheet, axis=2).max() > 100


def test_the_index_is_kept_beside_the_model(run, model_file, faces_folder, tmp_path):
    model = copied(model_file, tmp_path)
    words = ("similar", model, faces_folder / "face_00.png", "--in", faces_folder)
    run(*words, "--no-keep")
    assert not list(tmp_path.glob("*.index.safetensors"))
    first = run(*words).stdout
    (kept,) = tmp_path.glob("m.*.index.safetensors")
    before = os.stat(kept).st_mtime_ns
    assert run(*words).stdout == first
    assert os.stat(kept).st_mtime_ns == before
    kept.write_bytes(b"damaged")
    result = run(*words)
    assert result.stdout == first
    assert "made anew" in result.stderr


def test_a_stack_is_searched(run, model_file, faces, faces_folder, tmp_path):
    model = copied(model_file, tmp_path)
    np.save("stack.npy", (255 * faces.to_images()).astype(np.uint8))
    query = faces_folder / "face_02.png"
    result = run("similar", model, query, "--in", "stack.npy", "-n", 2, "-o", "s.png")
    assert result.exit_code == 0, result.stderr
    assert "2" in rows_of(result.stdout.split("\n\n")[0])[0][0]
    result = run("similar", model, "stack.npy", "--in", "stack.npy", "-n", 1, "-o", "t.png")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.count("1.000") == 12


def test_what_is_mistyped_is_told(run, model_file, faces_folder):
    query = faces_folder / "face_00.png"
    result = run("similar", model_file, query)
    assert result.exit_code == 2
    assert "--in" in result.stderr
    result = run("similar", model_file, query.with_name("face_0.png"), "--in", faces_folder)
    assert result.exit_code == 1
    assert "did you mean" in result.stderr
    result = run("similar", "none.safetensors", query, "--in", faces_folder)
    assert result.exit_code == 1
    assert "no such model file" in result.stderr
    result = run("similar", model_file, query, "--in", query, "--no-keep")
    assert result.exit_code == 0, "a single file is a set of its own"
