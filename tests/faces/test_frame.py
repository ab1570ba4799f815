import numpy as np
import pytest

from visnmf.faces.face import Face
from visnmf.faces.frame import frame_face, to_frame
from visnmf.faces.warping import warped


def blob(shape, place, width):
    """A bright spot around a place (x, y), whose pixel 0 reaches from 0 to 1."""
    y, x = np.mgrid[: shape[0], : shape[1]] + 0.5
    away = np.square(x - place[0]) + np.square(y - place[1])
    return np.exp(-away / (2 * width**2)).astype(np.float32)


def middle_of(picture):
    """The middle (x, y) of what is bright."""
    y, x = np.mgrid[: picture.shape[0], : picture.shape[1]] + 0.5
    return np.array([(picture * x).sum(), (picture * y).sum()]) / picture.sum()


@pytest.mark.parametrize("eyes", [((100, 120), (140, 130)), ((60, 50), (75, 42))])
@pytest.mark.parametrize("size", [(64, 64), (80, 40)])
def test_each_eye_comes_to_its_place(eyes, size):
    face = Face((0, 0, 10, 10), 0, eyes, 1)
    height, width = size
    apart = np.hypot(*np.subtract(*eyes))
    for eye, x in zip(eyes, (0.5 - 0.18, 0.5 + 0.18), strict=True):
        framed = frame_face(blob((200, 220), eye, apart / 12), face, size)
        np.testing.assert_allclose(middle_of(framed), (x * width, 0.38 * height), atol=0.1)


def test_the_frame_is_a_similarity():
    matrix = to_frame(Face((0, 0, 9, 9), 0, ((3, 4), (10, 8)), 1), (50, 60))[:, :2]
    np.testing.assert_allclose(matrix @ matrix.T, np.linalg.det(matrix) * np.eye(2), atol=1e-9)
    assert np.linalg.det(matrix) > 0


@pytest.mark.parametrize("angle", [0, 20, -35])
def test_without_eyes_a_face_is_turned_by_its_angle(angle):
    face = Face((40, 60, 50, 50), angle, None, 1)
    there = to_frame(face, (64, 64))
    turn = np.radians(angle)
    along = there[:, :2] @ (np.cos(turn), np.sin(turn))  # what lies along the eyes
    assert along[0] > 0
    assert abs(along[1]) < 1e-9
    x, y = there[:, :2] @ face.center + there[:, 2]
    assert x == pytest.approx(32)
    assert 28 < y < 40


def test_shrinking_averages():
    checks = np.indices((400, 400)).sum(axis=0) % 2
    there = np.array([[0.1, 0, 0], [0, 0.1, 0]])
    piece = warped(checks.astype(np.float32), there, (40, 40))
    np.testing.assert_allclose(piece, 0.5, atol=0.02)


def test_what_is_not_moved_stays():
    picture = np.random.default_rng(0).random((12, 9, 3), dtype=np.float32)
    same = warped(picture, np.eye(2, 3), (12, 9))
    np.testing.assert_allclose(same, picture, atol=1e-6)
    part = warped(picture, np.array([[1.0, 0, -3], [0, 1, -2]]), (5, 4))
    np.testing.assert_allclose(part, picture[2:7, 3:7], atol=1e-6)


def test_enlarging_keeps_to_the_range():
    steps = np.zeros((20, 20), np.float32)
    steps[:, 10:] = 1
    piece = warped(steps, np.array([[5.0, 0, 0], [0, 5, 0]]), (100, 100))
    assert piece.min() >= 0
    assert piece.max() <= 1


def test_beside_the_picture_its_edge_goes_on():
    piece = warped(np.full((10, 10), 0.7, np.float32), np.array([[1.0, 0, 30], [0, 1, 30]]), (8, 8))
    np.testing.assert_allclose(piece, 0.7, atol=1e-6)


def test_a_side_longer_than_opencv_warps():
    long = np.tile(np.arange(256, dtype=np.uint8), (20, 200))
    piece = warped(long, np.array([[1.0, 0, -45_000], [0, 1, -5]]), (10, 30))
    np.testing.assert_array_equal(piece, long[5:15, 45_000:45_030])
