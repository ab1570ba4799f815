import warnings
from pathlib import Path

import numpy as np
import pytest
from skimage import data

import visnmf
from visnmf.errors import UnalignedWarning
from visnmf.model.alignment import LEAST, alignment, warn_unaligned

DATASETS = Path(__file__).parents[1] / "datasets"


def crops(photo, side, count, seed=0):
    rng = np.random.default_rng(seed)
    corners = rng.integers(0, np.array(photo.shape[:2]) - side + 1, (count, 2))
    return visnmf.load_images(np.stack([photo[y : y + side, x : x + side] for y, x in corners]))


def test_it_is_the_mean_correlation_of_two_pictures():
    faces = visnmf.samples.load_faces()
    R = np.corrcoef(faces.V.T)
    n = len(R)
    np.testing.assert_allclose(alignment(faces), (R.sum() - n) / (n * (n - 1)), rtol=1e-4)


def test_brightness_and_contrast_do_not_count():
    faces = visnmf.samples.load_faces()
    rng = np.random.default_rng(0)
    changed = faces.replace(V=0.2 + faces.V * rng.uniform(0.1, 0.7, len(faces)))
    np.testing.assert_allclose(alignment(changed), alignment(faces), rtol=1e-3)
    bright = np.random.default_rng(0).uniform(0.8, 1, (100, 20, 20)).astype(np.float32)
    assert abs(alignment(visnmf.load_images(bright))) < 0.01


def test_of_many_pixels_and_pictures_a_sample_is_enough():
    faces = visnmf.preparing.resize(visnmf.samples.load_faces(), (100, 100))
    R = np.corrcoef(faces.V.T)
    n = len(R)
    np.testing.assert_allclose(alignment(faces), (R.sum() - n) / (n * (n - 1)), atol=0.01)
    many = faces[np.tile(np.arange(100), 20)]
    np.testing.assert_allclose(alignment(many), alignment(faces), atol=0.02)


@pytest.mark.parametrize("name", ["load_faces", "load_digits", "make_swimmer"])
def test_aligned_samples_pass(name):
    assert alignment(getattr(visnmf.samples, name)()) > 1.5 * LEAST


def test_clothes_of_three_kinds_pass():
    clothes = visnmf.load_images(DATASETS / "fashion", recursive=True)
    assert alignment(clothes) > 1.5 * LEAST


@pytest.mark.parametrize("name", ["cbcl_faces", "orl_faces", "frey_faces", "street_frames"])
def test_real_aligned_sets_pass(real_data, name):
    images = np.load(real_data(f"{name}.npz"))["images"]
    assert alignment(visnmf.load_images(images[:400])) > 1.5 * LEAST


@pytest.mark.parametrize(("name", "side"), [("brick", 64), ("gravel", 64), ("camera", 100)])
def test_crops_at_random_places_do_not(name, side):
    assert alignment(crops(getattr(data, name)(), side, 150)) < LEAST


def test_faces_at_random_places_do_not():
    faces = visnmf.samples.load_faces().to_images()
    rng = np.random.default_rng(0)
    pictures = np.full((len(faces), 60, 60), 0.5, np.float32)
    for picture, face in zip(pictures, faces, strict=True):
        top, left = rng.integers(0, 36, 2)
        picture[top : top + 25, left : left + 25] = face
    assert alignment(visnmf.load_images(pictures)) < LEAST


def test_photos_of_different_things_do_not():
    photos = [
        getattr(data, name)()
        for name in "coffee rocket chelsea astronaut camera page coins text clock moon".split()
    ]
    gray = [photo if photo.ndim == 2 else photo.mean(axis=2) / 255 for photo in photos]
    assert alignment(visnmf.Pictures(gray).to_image_set((48, 48))) < LEAST


def test_what_has_no_frame_is_not_judged():
    noise = np.random.default_rng(0).random((20, 16, 16)).astype(np.float32)
    assert alignment(visnmf.load_images(noise)) is not None
    assert alignment(visnmf.load_images(noise)[:5]) is None
    assert alignment(visnmf.extract_patches(visnmf.load_images(noise), (8, 8))) is None
    assert alignment(visnmf.load_images(noise[:, :4])) is None
    maps = np.random.default_rng(0).random((20, 16, 16, 8)).astype(np.float32)
    assert alignment(visnmf.load_images(maps, mode="keep")) is None
    assert alignment(visnmf.load_images(noise.transpose(1, 2, 0), cube="bands")) is None
    assert alignment(visnmf.load_images(np.zeros((20, 16, 16), np.uint8))) is None


def test_learn_warns_once_and_can_be_silenced():
    images = crops(data.gravel(), 24, 40)
    with pytest.warns(UnalignedWarning, match=r"explains 0%.*align_faces.*PatchEncoder") as caught:
        visnmf.learn(images, 2, max_iter=3, kernels="numpy")
    assert len(caught) == 1
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", category=UnalignedWarning)
        visnmf.learn(images, 2, max_iter=3, kernels="numpy")
        warnings.simplefilter("error")
        visnmf.learn(visnmf.samples.load_faces(), 2, max_iter=3, kernels="numpy")


def test_a_mask_and_color_are_looked_at():
    faces = visnmf.samples.load_faces()
    colored = np.repeat(faces.to_images()[..., None], 3, axis=3) * np.float32([1, 0.6, 0.3])
    np.testing.assert_allclose(alignment(visnmf.load_images(colored, mode="rgb")),
                               alignment(faces), rtol=1e-3)  # fmt: skip
    mask = np.zeros((25, 25), bool)
    mask[5:20, 5:20] = True
    masked = visnmf.load_images(faces.to_images(), mask=mask)
    inner = visnmf.load_images(np.ascontiguousarray(faces.to_images()[:, 5:20, 5:20]))
    np.testing.assert_allclose(alignment(masked), alignment(inner), rtol=1e-4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_unaligned(masked)
