import subprocess
import sys

import cv2
import numpy as np
import pytest
from skimage import data

import visnmf
from visnmf.errors import InvalidInputError, MissingDependencyError
from visnmf.faces.detect import FaceFinder

# Eyes of the astronaut, marked by hand: left and right one (x, y)
EYES = np.array([(204, 101.5), (247, 103.5)])


def turned(picture, angle):
    """Turn clockwise about the middle; return the matrix, too."""
    height, width = picture.shape[:2]
    there = cv2.getRotationMatrix2D((width / 2, height / 2), -angle, 1)
    return cv2.warpAffine(picture, there, (width, height)), there


def test_the_astronaut_and_her_eyes_are_found(astronaut):
    [face] = visnmf.find_faces(astronaut)
    assert np.abs(np.subtract(face.center, EYES.mean(axis=0))).max() < 25
    assert 75 < face.size < 130
    assert np.abs(np.subtract(face.eyes, EYES)).max() < 6
    assert face.score > 2


@pytest.mark.parametrize("angle", [-20, -10, 15])
def test_a_turned_face_is_found_with_its_angle_and_eyes(astronaut, angle):
    upright = visnmf.find_faces(astronaut)[0]
    picture, there = turned(astronaut, angle)
    [face] = visnmf.find_faces(picture)
    assert abs(face.angle - upright.angle - angle) < 6
    assert np.abs(np.subtract(face.eyes, EYES @ there[:, :2].T + there[:, 2])).max() < 7


def test_several_faces_come_the_largest_first(pasted):
    picture, middles = pasted
    faces = visnmf.find_faces(picture)
    assert len(faces) == 2
    assert faces[0].size > faces[1].size
    for face, middle in zip(faces, middles[::-1], strict=True):
        assert np.hypot(*np.subtract(face.center, middle)) < face.size / 4


def test_places_scale_with_the_picture(astronaut):
    [face] = visnmf.find_faces(astronaut)
    double = np.kron(astronaut, np.ones((2, 2, 1), np.uint8))
    [larger] = visnmf.find_faces(double)
    np.testing.assert_allclose(larger.center, 2 * np.array(face.center), atol=12)
    np.testing.assert_allclose(larger.size, 2 * face.size, rtol=0.15)


def test_all_kinds_of_values_find_the_same_face(astronaut):
    [face] = visnmf.find_faces(astronaut)
    opaque = np.dstack([astronaut, np.full(astronaut.shape[:2], 255, np.uint8)])
    for same in (astronaut / 255, astronaut.astype(np.uint16) * 257, opaque):
        assert visnmf.find_faces(same) == [face]
    gray = cv2.cvtColor(astronaut, cv2.COLOR_RGB2GRAY)
    [seen] = visnmf.find_faces(gray)
    np.testing.assert_allclose(seen.center, face.center, atol=5)


def test_a_dark_picture_is_brightened(astronaut):
    [face] = visnmf.find_faces(astronaut // 5)
    assert np.abs(np.subtract(face.center, EYES.mean(axis=0))).max() < 25


def test_photos_without_faces_have_none():
    finder = FaceFinder()
    for name in ("brick", "grass", "coffee", "page", "rocket"):
        assert finder.find(getattr(data, name)()) == [], name


@pytest.mark.parametrize(
    "shape", [(1, 1), (1, 400), (9, 9), (30, 30, 4), (60, 60, 1), (40, 33_000)]
)
def test_no_shape_is_a_crash(shape):
    noise = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    assert visnmf.find_faces(noise) == []


def test_the_same_picture_gives_the_same_faces(pasted):
    assert visnmf.find_faces(pasted[0]) == visnmf.find_faces(pasted[0])


def test_small_faces_count_when_asked_for(pasted):
    picture = cv2.resize(pasted[0], None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    assert visnmf.find_faces(picture, min_face=60) == []
    faces = visnmf.find_faces(picture, min_face=18)
    places = [face.center for face in faces]
    for middle in pasted[1]:
        assert any(np.hypot(*np.subtract(middle, np.multiply(4, p))) < 40 for p in places)


@pytest.mark.parametrize(
    "options", [{"tilt": -1}, {"tilt": 90}, {"min_face": 0}, {"min_face": "1"}, {"min_score": None}]
)
def test_options_out_of_range_are_refused(options):
    with pytest.raises(InvalidInputError, match=next(iter(options))):
        visnmf.find_faces(np.zeros((50, 50)), **options)


@pytest.mark.parametrize("bad", [np.zeros(5), "photo.jpg", np.zeros((0, 4)), np.full((9, 9), 1j)])
def test_what_is_no_picture_is_refused(bad):
    with pytest.raises(InvalidInputError, match="picture"):
        visnmf.find_faces(bad)


def test_an_opencv_without_cascades_is_told(monkeypatch):
    monkeypatch.delattr(cv2, "CascadeClassifier")
    with pytest.raises(MissingDependencyError, match="opencv-python-headless"):
        visnmf.find_faces(np.zeros((50, 50)))


def test_importing_faces_loads_no_opencv():
    code = "import sys, visnmf.faces.align; print('cv2' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.slow
def test_the_faces_of_orl_come_back(real_data):
    images = np.load(real_data("orl_faces.npz"))["images"]
    finder = FaceFinder()
    rng = np.random.default_rng(0)
    found = 0
    for face in images[::10]:
        scene = cv2.resize(data.brick(), (400, 300))
        height = int(rng.integers(60, 200))
        size = (height * 92 // 112, height)
        top, left = rng.integers(300 - height), rng.integers(400 - size[0])
        small = cv2.resize(face, size, interpolation=cv2.INTER_AREA)
        scene[top : top + height, left : left + size[0]] = small
        middle = (left + size[0] / 2, top + height / 2)
        found += any(
            np.hypot(*np.subtract(one.center, middle)) < height / 3 for one in finder.find(scene)
        )
    assert found >= 36
