import os
import warnings

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import save

import visnmf
from visnmf.errors import ImageReadError, InvalidInputError, SkippedImagesWarning
from visnmf.tasks import SimilarIndex
from visnmf.tasks.encoders import ModelEncoder, encoder_of
from visnmf.tasks.indexfile import index_path


@pytest.fixture
def faces():
    return visnmf.samples.load_faces()[:20]


@pytest.fixture
def home(faces, tmp_path):
    """A folder of pictures and a model beside it."""
    faces.save(tmp_path / "photos")
    visnmf.learn(faces, 6, max_iter=30, kernels="numpy").save(tmp_path / "m.safetensors")
    return tmp_path


@pytest.fixture
def encoded(monkeypatch):
    """Count the pictures that are encoded."""
    counts = []
    real = ModelEncoder.encode

    def encode(self, pictures):
        counts.append(len(pictures))
        return real(self, pictures)

    monkeypatch.setattr(ModelEncoder, "encode", encode)
    return counts


def opened(home, **options):
    return SimilarIndex.open(home / "m.safetensors", home / "photos", **options)


def place(home):
    return index_path(home / "m.safetensors", str(home / "photos"), recursive=False)


def test_search_finds_the_largest_similarities(home, faces):
    index = opened(home)
    found = index.search(faces[3:7], 5, leave_out=[3, -1, 5, -1])
    for row, picture in enumerate(range(3, 7)):
        cosines = index.vectors @ index.likeness.vectors(index.encoder.encode(faces))[picture]
        if picture in (3, 5):
            cosines[picture] = -9
        order = np.argsort(-cosines)[:5]
        np.testing.assert_array_equal(found.indices[row], order)
        np.testing.assert_allclose(found.similarities[row], cosines[order], atol=1e-6)
        assert found.names[row] == [index.names[i] for i in order]
    assert found.indices[1, 0] == 4, "a picture is most like itself"
    assert found.similarities[1, 0] == pytest.approx(1, abs=1e-6)


def test_an_index_of_a_folder_is_that_of_its_pictures(home):
    index = opened(home)
    images = visnmf.load_images(str(home / "photos"))
    same = SimilarIndex.of(home / "m.safetensors", images)
    assert index.names == images.names
    np.testing.assert_allclose(index.vectors, same.vectors, atol=1e-4)
    assert index.paths == [str(home / "photos" / name) for name in index.names]


def test_the_kept_index_is_used_and_only_changes_are_encoded(home, encoded):
    first = opened(home)
    assert encoded == [20]
    again = opened(home)
    assert encoded == [20]
    np.testing.assert_array_equal(again.rows, first.rows)

    changed, gone, new = (home / "photos" / f"face_{k}.png" for k in ("03", "07", "99"))
    Image.open(home / "photos" / "face_11.png").save(changed)
    Image.open(home / "photos" / "face_12.png").save(new)
    os.utime(changed, ns=(1, 1))
    gone.unlink()
    index = opened(home)
    assert encoded == [20, 2]
    assert len(index) == 20
    assert "face_07.png" not in index.names
    np.testing.assert_allclose(index.rows[3], first.rows[11], atol=1e-2)
    np.testing.assert_allclose(index.rows[-1], first.rows[12], atol=1e-2)
    assert index.names[-1] == "face_99.png"
    opened(home)
    assert encoded == [20, 2], "and that was kept"


def test_another_model_makes_another_index(home, faces, encoded):
    opened(home)
    visnmf.learn(faces, 6, max_iter=3, kernels="numpy").save(home / "m.safetensors")
    index = opened(home)
    assert encoded == [20, 20]
    np.testing.assert_allclose(index.rows, index.encoder.encode(faces), atol=1e-2)


def test_each_source_has_its_own(home):
    opened(home)
    SimilarIndex.open(home / "m.safetensors", str(home / "photos" / "face_0*.png"))
    assert len(list(home.glob("m.*.index.safetensors"))) == 2


def test_nothing_is_kept_if_not_wanted(home):
    opened(home, keep=False)
    assert not list(home.glob("*.index.safetensors"))


def meta(**changes):
    return {"format": "visnmf-index", "version": "1", "encoder": "", **changes}


def document(text):
    return np.frombuffer(text.encode(), np.uint8)


HOSTILE = {
    "nonsense": b"not safetensors at all",
    "empty": b"",
    "huge header": (2**60).to_bytes(8, "little") + b"{}",
    "another format": save({"rows": np.ones((1, 6), np.float32)}, metadata={"format": "x"}),
    "no document": save({"rows": np.ones((1, 6), np.float32)}, metadata=meta()),
    "broken JSON": save(
        {"rows": np.ones((1, 6), np.float32), "document": document("{")}, metadata=meta()
    ),
    "deep JSON": save(
        {"rows": np.ones((1, 6), np.float32), "document": document("[" * 100_000)},
        metadata=meta(),
    ),
    "odd entries": save(
        {"rows": np.ones((1, 6), np.float32), "document": document('{"files": [[1, 2]]}')},
        metadata=meta(),
    ),
    "too many rows": save(
        {"rows": np.ones((9, 6), np.float32), "document": document('{"files": []}')},
        metadata=meta(),
    ),
    "wide rows": save(
        {"rows": np.ones((1, 7), np.float32), "document": document('{"files": [["a",1,1,["a"]]]}')},
        metadata=meta(),
    ),
    "NaN": save(
        {
            "rows": np.full((1, 6), np.nan, np.float32),
            "document": document('{"files": [["a",1,1,["a"]]]}'),
        },
        metadata=meta(),
    ),
    "doubles": save({"rows": np.ones((1, 6)), "document": document("{}")}, metadata=meta()),
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_damaged_index_is_told_and_made_anew(home, content):
    wanted = opened(home).rows
    digest = encoder_of(home / "m.safetensors").digest
    mark = b'"encoder":""'
    if mark in content:  # as the model's own, so that it is looked into
        header = content[8 : 8 + int.from_bytes(content[:8], "little")]
        longer = header.replace(mark, b'"encoder":"' + digest.encode() + b'"')
        content = len(longer).to_bytes(8, "little") + longer + content[8 + len(header) :]
    place(home).write_bytes(content)
    with pytest.warns(UserWarning, match="the index is made anew"):
        index = opened(home)
    np.testing.assert_array_equal(index.rows, wanted)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        opened(home)


def test_an_index_that_cannot_be_written_does_no_harm(home, monkeypatch):
    def fail(*_):
        raise OSError("read-only file system")

    monkeypatch.setattr("os.replace", fail)
    with pytest.warns(UserWarning, match="not kept: read-only"):
        assert len(opened(home)) == 20


def test_broken_files_are_left_out_and_tried_again(home, encoded):
    broken = home / "photos" / "face_05.png"
    whole = broken.read_bytes()
    broken.write_bytes(whole[:40])
    with pytest.raises(ImageReadError, match=r"face_05\.png"):
        opened(home)
    with pytest.warns(SkippedImagesWarning, match=r"face_05\.png"):
        index = opened(home, on_error="warn")
    assert len(index) == 19
    assert "face_05.png" not in index.names
    broken.write_bytes(whole)
    encoded.clear()
    assert len(opened(home, on_error="skip")) == 20
    assert encoded == [1]


def test_only_broken_files_is_an_error(tmp_path, home):
    folder = tmp_path / "bad"
    folder.mkdir()
    (folder / "a.png").write_bytes(b"no picture")
    with pytest.raises(ImageReadError, match="none of the 1 file"):
        SimilarIndex.open(home / "m.safetensors", folder, on_error="skip")


def test_all_pictures_of_a_stack_are_searched(home, faces, encoded):
    np.save(home / "stack.npy", (255 * faces.to_images()).astype(np.uint8))
    index = SimilarIndex.open(home / "m.safetensors", home / "stack.npy")
    assert len(index) == 20
    assert len(set(index.names)) == 20
    assert len(SimilarIndex.open(home / "m.safetensors", home / "stack.npy")) == 20
    assert encoded == [20]


def test_few_pictures_give_few_neighbors(home, faces):
    index = SimilarIndex.of(home / "m.safetensors", faces[:3])
    assert index.search(faces[:1], 10).indices.shape == (1, 3)
    assert index.search(faces[:1], 10, leave_out=[0]).indices.tolist()[0] in ([1, 2], [2, 1])
    alone = SimilarIndex.of(home / "m.safetensors", faces[:1])
    assert alone.search(faces[:1]).similarities[0, 0] == pytest.approx(1)


def test_bad_input_is_refused(home, faces):
    index = SimilarIndex.of(home / "m.safetensors", faces)
    with pytest.raises(InvalidInputError, match="n must be .* at least 1"):
        index.search(faces, 0)
    with pytest.raises(InvalidInputError, match="leave_out needs a number for each"):
        index.search(faces, leave_out=[1])
    with pytest.raises(InvalidInputError, match="names picture 20"):
        index.search(faces[:1], leave_out=[20])
    with pytest.raises(InvalidInputError, match="need a Model"):
        SimilarIndex.of(17, faces)
    patches = visnmf.learn(visnmf.extract_patches(faces, (5, 5)), 2, max_iter=2, kernels="numpy")
    with pytest.raises(InvalidInputError, match="extract_patches"):
        encoder_of(patches).load(home / "photos")
