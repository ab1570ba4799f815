import warnings

import numpy as np
import pytest
from PIL import Image
from skimage import data

import visnmf
from visnmf.errors import ImageReadError, InvalidInputError, SkippedImagesWarning
from visnmf.images.colors import luma


@pytest.fixture(scope="module")
def photos(astronaut, pasted, tmp_path_factory):
    """A folder with one face, two faces, none, a broken file; and a face in a folder of it."""
    folder = tmp_path_factory.mktemp("photos")
    (folder / "space").mkdir()
    Image.fromarray(astronaut).save(folder / "space" / "eileen.png")
    Image.fromarray(astronaut[:, ::-1]).save(folder / "mirrored.jpg", quality=95)
    Image.fromarray(pasted[0]).save(folder / "two.png")
    Image.fromarray(data.brick()[:200, :200]).save(folder / "wall.png")
    (folder / "broken.png").write_bytes(b"not a picture")
    return folder


def quietly(*arguments, **options):
    return visnmf.align_faces(*arguments, on_error="skip", **options)


def test_names_labels_and_what_is_left_out(photos):
    faces = quietly(photos, labels="folder", size=(40, 32))
    assert faces.names == ["mirrored.jpg", "space/eileen.png", "two.png[0]", "two.png[1]"]
    assert faces.labels.tolist() == [photos.name, "space", photos.name, photos.name]
    assert faces.layout.shape == (40, 32)
    assert {error.reason for error in faces.skipped if error.path == "wall.png"} == {
        "no face found"
    }
    assert sorted(error.path.rsplit("/")[-1] for error in faces.skipped) == [
        "broken.png",
        "wall.png",
    ]


def test_a_label_for_each_photo_goes_to_its_faces(pasted, astronaut):
    gray = astronaut[..., 1]
    faces = quietly([pasted[0], data.brick()[:99, :99], gray], labels=["a", "b", "c"])
    assert faces.names == ["0[0]", "0[1]", "2"]
    assert faces.labels.tolist() == ["a", "a", "c"]


def test_turned_and_scaled_copies_come_to_one_frame(astronaut):
    import cv2

    copies = [astronaut]
    for angle, scale in ((12, 1.3), (-15, 0.8), (5, 0.6)):
        there = cv2.getRotationMatrix2D((225, 120), angle, scale)
        there[:, 2] += 30, 120
        copies.append(cv2.warpAffine(astronaut, there, (512, 512)))
    faces = quietly(copies, one_each=True)
    assert len(faces) == 4
    inner = faces.to_images()[:, 14:54, 14:50].reshape(4, -1)
    assert np.corrcoef(inner)[0, 1:].min() > 0.93
    whole = np.stack([copy.mean(axis=2).ravel() for copy in copies])
    assert np.corrcoef(whole)[0, 1:].max() < 0.6


def test_where_each_face_was_is_told(photos):
    told = {}
    faces = quietly(photos, recursive=True, on_face=told.__setitem__)
    assert list(told) == faces.names
    [alone] = visnmf.find_faces(visnmf.load_pictures(photos / "space" / "eileen.png")[0])
    np.testing.assert_allclose(told["space/eileen.png"].center, alone.center, atol=1)


def test_one_each_takes_the_largest(photos):
    both = quietly(photos / "two.png")
    one = quietly(photos / "two.png", one_each=True)
    assert one.names == ["two.png"]
    np.testing.assert_array_equal(one.V[:, 0], both.V[:, 0])


def test_color_and_gray_are_the_same_face(astronaut):
    color = quietly([astronaut], mode="rgb")
    assert color.layout.channels == 3
    gray = quietly([astronaut])
    mixed = color[0] @ np.float32([0.299, 0.587, 0.114])
    assert np.corrcoef(mixed.ravel(), gray[0].ravel())[0, 1] > 0.98


def test_bytes_and_floats_give_the_same(photos, astronaut):
    from_file = quietly(photos / "space" / "eileen.png", mode="rgb")
    from_array = quietly([astronaut / 255], mode="rgb")
    np.testing.assert_allclose(from_file.V, from_array.V, atol=0.01)


def test_sets_of_pictures_are_taken_with_their_names(astronaut):
    pictures = visnmf.Pictures([astronaut], ["eileen"], ["space"])
    for source in (pictures, pictures.to_image_set()):
        faces = quietly(source)
        assert faces.names == ["eileen"]
        assert faces.labels.tolist() == ["space"]


def test_what_has_no_face_is_warned_of(photos):
    with pytest.raises(ImageReadError, match=r"broken\.png"):
        visnmf.align_faces(photos)
    with pytest.warns(SkippedImagesWarning) as caught:
        visnmf.align_faces(photos, on_error="warn")
    told = [str(one.message) for one in caught]
    assert any("no face found in 1 picture(s)" in line and "wall.png" in line for line in told)
    assert any("broken.png" in line for line in told)
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        quietly(photos)


def test_no_face_at_all_tells_what_to_try():
    with pytest.raises(ImageReadError, match=r"no face found in 2 picture.*smaller min_face"):
        visnmf.align_faces([data.brick()[:120, :120], np.zeros((1, 1))])


def test_no_readable_photo_is_told(photos):
    with pytest.raises(ImageReadError, match="none of the 1 picture"):
        quietly(photos / "broken.png")


def test_progress_counts_photos(photos):
    seen = []
    quietly(photos, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_faces_save_and_load_alike(photos, tmp_path):
    faces = quietly(photos, recursive=True)
    faces.save(tmp_path / "aligned")
    again = visnmf.load_images(tmp_path / "aligned", recursive=True)
    order = [again.names.index(f"{name.removesuffix('.png').removesuffix('.jpg')}.png")
             for name in faces.names]  # fmt: skip
    np.testing.assert_allclose(again.V[:, order], faces.V, atol=0.6 / 255)


def test_a_model_of_faces_encodes_aligned_ones(astronaut):
    faces = quietly([astronaut, astronaut[:, ::-1]])
    model = visnmf.learn(faces, 1, kernels="numpy")
    assert model.encode(faces).shape == (1, 2)
    assert model.provenance["preparation"][0]["faces"] == {"eyes": [0.38, 0.36]}


@pytest.mark.parametrize(
    "options", [{"size": 64}, {"mode": "keep"}, {"eyes": 0.4}, {"eyes": (0.4, 0)}, {"on_error": ""}]
)
def test_bad_options_are_refused(options):
    with pytest.raises(InvalidInputError, match=next(iter(options))):
        visnmf.align_faces([np.zeros((50, 50))], **options)


def test_odd_files_are_no_crash(real_data):
    faces = quietly(real_data("odd_images"))
    assert "hopper.Lab.tif" in faces.names
    assert len(faces.skipped) > 10


def test_one_array_is_one_photo_and_arrays_may_differ_in_colors(astronaut):
    [color] = quietly(astronaut).V.T
    opacity = np.full(astronaut.shape[:2], 255, np.uint8)
    gray = np.rint(luma(astronaut.astype(np.float64))).astype(np.uint8)
    kinds = [astronaut, gray, np.dstack([astronaut, opacity]), np.dstack([gray, opacity])]
    faces = quietly(kinds)
    assert faces.names == ["0", "1", "2", "3"]
    assert len(quietly(gray)) == 1
    np.testing.assert_allclose(faces.V.T, [color] * 4, atol=0.02)


def test_floats_whose_white_is_not_one_are_refused(astronaut):
    for look in (visnmf.find_faces, quietly):
        with pytest.raises(InvalidInputError, match="floats up to 255; white must be 1"):
            look(astronaut * 1.0)
    astronaut = astronaut / 255 * 1.02  # as resizing leaves it
    assert len(visnmf.find_faces(astronaut)) == 1
