import pytest
from PIL import Image

import visnmf


def test_it_animates_one_picture(run, model_file, faces_folder, tmp_path):
    picture = sorted(faces_folder.iterdir())[3]
    result = run("build-up", model_file, picture)
    assert result.exit_code == 0, result.stderr
    file = tmp_path / f"{picture.stem}-build-up.gif"
    assert file.name in result.stdout
    with Image.open(file) as movie:
        assert 2 <= movie.n_frames <= visnmf.Model.load(model_file).rank


def test_fewer_frames_in_webp(run, model_file, faces_folder, tmp_path):
    picture = sorted(faces_folder.iterdir())[0]
    result = run(
        "build-up", model_file, picture, "-o", "a.webp", "--max-frames", 2, "--side", 50,
        "--seconds", 1,
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    with Image.open(tmp_path / "a.webp") as movie:
        assert (movie.n_frames, movie.width) == (2, 3 * 50 + 4 * 8)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["{folder}"], "holds 12 pictures, and one is built up; name one file, such as"),
        (["{folder}/none.png"], "there is no such file or folder"),
        (["{folder}", "-o", "a.png"], "should end in .gif or .webp"),
        (["{folder}", "--seconds", 0], "0"),
    ],
)
def test_what_does_not_go(run, model_file, faces_folder, words, message):
    result = run("build-up", model_file, *(str(word).format(folder=faces_folder) for word in words))
    assert result.exit_code != 0
    assert message in " ".join(result.stderr.split())


def test_parts_of_patches_build_no_picture(run, tmp_path, faces, faces_folder):
    encoder = visnmf.PatchEncoder(4, patch_size=5, random_state=0).fit(faces)
    encoder.save(tmp_path / "p.safetensors")
    result = run("build-up", "p.safetensors", sorted(faces_folder.iterdir())[0])
    assert result.exit_code == 2
    assert "visnmf show p.safetensors" in result.stderr
