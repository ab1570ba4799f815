import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from visnmf import ImageLayout, ImageSet
from visnmf.errors import InvalidInputError
from visnmf.measure import (
    hoyer_sparseness,
    match_parts,
    part_cosines,
    part_overlap,
    psnr,
    relative_error,
    ssim,
)

RNG = np.random.default_rng(0)
PICTURES = RNG.random((4, 12, 10))
NOISY = np.clip(PICTURES + RNG.normal(0, 0.1, PICTURES.shape), 0, 1)


@pytest.fixture
def masked_pair():
    mask = np.zeros((12, 10), dtype=bool)
    mask[3:9, 4:] = True
    layout = ImageLayout(12, 10, mask=mask)
    sets = [ImageSet(layout.to_columns(p.astype(np.float32)), layout) for p in (PICTURES, NOISY)]
    return *sets, mask


class TestRelativeError:
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_is_the_frobenius_norm_of_the_rest(self, dtype):
        V, W, H = (RNG.random(s).astype(dtype) for s in ((30, 20), (30, 4), (4, 20)))
        direct = np.linalg.norm(V - W @ H) / np.linalg.norm(V)
        assert relative_error(V, W, H) == pytest.approx(direct, rel=1e-6)

    def test_blocks_give_what_the_whole_gives(self, monkeypatch):
        V, W, H = RNG.random((30, 23)), RNG.random((30, 4)), RNG.random((4, 23))
        whole = relative_error(V, W, H)
        monkeypatch.setattr("visnmf.measure.factors._BLOCK_VALUES", 100)
        assert relative_error(V, W, H) == pytest.approx(whole, rel=1e-14)

    def test_exact_fit_and_zeros(self):
        W, H = RNG.random((5, 2)), RNG.random((2, 6))
        assert relative_error(W @ H, W, H) == 0
        assert relative_error(np.zeros((5, 6)), W, H) == np.inf
        assert relative_error(np.zeros((5, 6)), W, np.zeros((2, 6))) == 0

    def test_takes_an_image_set_and_whole_numbers(self):
        V = np.eye(4, dtype=np.float32)
        H = np.diag([1, 1, 1, 0])
        assert relative_error(ImageSet(V, ImageLayout(2, 2)), V, H) == pytest.approx(0.5)
        assert relative_error(np.eye(4, dtype=np.uint8), np.eye(4, dtype=np.uint8), H) == 0.5

    def test_shapes_that_do_not_fit_are_refused(self):
        with pytest.raises(InvalidInputError, match=r"W must be \(3, rank\)"):
            relative_error(np.ones((3, 4)), np.ones((2, 1)), np.ones((1, 4)))
        with pytest.raises(InvalidInputError, match="H must be a matrix"):
            relative_error(np.ones((3, 4)), np.ones((3, 1)), np.ones(4))


class TestPsnr:
    def test_agrees_with_scikit_image(self):
        pairs = list(zip(PICTURES, NOISY, strict=True))
        expected = [peak_signal_noise_ratio(a, b, data_range=1) for a, b in pairs]
        np.testing.assert_allclose(psnr(PICTURES, NOISY, per_image=True), expected)
        whole = peak_signal_noise_ratio(PICTURES, NOISY, data_range=1)
        assert psnr(PICTURES, NOISY) == pytest.approx(whole)

    def test_whole_numbers_do_not_wrap_around(self):
        a, b = np.zeros((1, 4, 4), np.uint8), np.full((1, 4, 4), 255, np.uint8)
        assert psnr(a, b, peak=255) == 0

    def test_equal_pictures_give_infinity(self):
        assert psnr(PICTURES, PICTURES) == np.inf

    def test_only_kept_pixels_count(self, masked_pair):
        original, rebuilt, mask = masked_pair
        direct = 10 * np.log10(1 / np.mean((PICTURES - NOISY)[:, mask] ** 2))
        assert psnr(original, rebuilt) == pytest.approx(direct, rel=1e-5)
        assert psnr(original, NOISY) == pytest.approx(direct, rel=1e-5)

    def test_bad_input_is_refused(self):
        with pytest.raises(InvalidInputError, match="must be the same"):
            psnr(PICTURES, NOISY[:2])
        with pytest.raises(InvalidInputError, match="peak"):
            psnr(PICTURES, NOISY, peak=0)
        with pytest.raises(InvalidInputError, match="original must be pictures"):
            psnr(np.ones(5), np.ones(5))


class TestSsim:
    @pytest.mark.parametrize("window", [3, 7])
    def test_agrees_with_scikit_image(self, window):
        pairs = list(zip(PICTURES, NOISY, strict=True))
        expected = [structural_similarity(a, b, win_size=window, data_range=1) for a, b in pairs]
        values = ssim(PICTURES, NOISY, window=window, per_image=True)
        np.testing.assert_allclose(values, expected)
        assert ssim(PICTURES, NOISY, window=window) == pytest.approx(np.mean(expected))

    def test_color(self):
        a, b = RNG.random((2, 9, 9, 3))
        expected = structural_similarity(a, b, channel_axis=-1, data_range=1)
        assert ssim(a[None], b[None]) == pytest.approx(expected)

    @pytest.mark.parametrize(("side", "fits"), [(3, 3), (4, 3), (6, 5), (7, 7)])
    def test_the_window_shrinks_to_small_pictures(self, side, fits):
        a, b = RNG.random((2, side, 20))
        expected = structural_similarity(a, b, win_size=fits, data_range=1)
        assert ssim(a, b) == pytest.approx(expected)

    def test_only_kept_pixels_count(self, masked_pair):
        original, rebuilt, mask = masked_pair
        a, b = (np.where(mask, s[0].astype(np.float64), 0) for s in (original, rebuilt))
        _, likeness = structural_similarity(a, b, win_size=3, data_range=1, full=True)
        expected = likeness[1:-1, 1:-1][mask[1:-1, 1:-1]].mean()
        assert ssim(original, rebuilt, window=3, per_image=True)[0] == pytest.approx(expected)

    def test_bad_input_is_refused(self):
        with pytest.raises(InvalidInputError, match="at least 3 x 3"):
            ssim(np.ones((1, 2, 9)), np.ones((1, 2, 9)))
        with pytest.raises(InvalidInputError, match="odd"):
            ssim(PICTURES, NOISY, window=4)
        corner = np.zeros((12, 10), dtype=bool)
        corner[0, 0] = True
        layout = ImageLayout(12, 10, mask=corner)
        images = ImageSet(np.ones((1, 2)), layout)
        with pytest.raises(InvalidInputError, match="smaller window"):
            ssim(images, images)


class TestHoyerSparseness:
    def test_the_formula(self):
        A = np.abs(RNG.normal(size=(9, 5)))
        l1, l2 = A.sum(axis=0), np.sqrt((A**2).sum(axis=0))
        np.testing.assert_allclose(hoyer_sparseness(A), (3 - l1 / l2) / 2)
        np.testing.assert_allclose(hoyer_sparseness(A.T, axis=1), hoyer_sparseness(A))

    def test_the_ends_of_the_scale(self):
        assert hoyer_sparseness([0, 0, 5, 0]) == 1
        assert hoyer_sparseness([2, 2, -2, 2]) == 0
        assert hoyer_sparseness(np.zeros(4)) == 0

    @given(
        arrays(np.float64, (6, 3), elements=st.floats(0, 1e200)),
        st.floats(1e-100, 1e100),
    )
    def test_bounded_and_without_scale(self, A, factor):
        values = hoyer_sparseness(A)
        assert ((values >= 0) & (values <= 1)).all()
        scaled = A * factor
        alike = ((scaled > 0) == (A > 0)).all() and scaled[scaled > 0].min(initial=1) > 1e-290
        if alike:
            np.testing.assert_allclose(hoyer_sparseness(scaled), values, atol=1e-9)

    def test_bad_input_is_refused(self):
        with pytest.raises(InvalidInputError, match="at least 2 entries"):
            hoyer_sparseness(np.ones((1, 4)))
        with pytest.raises(InvalidInputError, match="axis 2"):
            hoyer_sparseness(np.ones((3, 4)), axis=2)


class TestPartOverlap:
    def test_all_pairs_by_hand(self):
        W = RNG.random((7, 4))
        pairs = [(i, j) for i in range(4) for j in range(i)]
        lengths = np.linalg.norm(W, axis=0)
        cosines = [W[:, i] @ W[:, j] / (lengths[i] * lengths[j]) for i, j in pairs]
        assert part_overlap(W) == pytest.approx(np.mean(cosines))
        assert part_overlap(W, reduce="max") == pytest.approx(max(cosines))

    def test_the_ends_of_the_scale(self):
        assert part_overlap(np.eye(5)) == 0
        assert part_overlap(np.outer([1, 2, 0], [1, 10, 0.1])) == pytest.approx(1)

    def test_zero_parts_and_single_parts(self):
        assert part_overlap([[1.0, 0.0], [1.0, 0.0]]) == 0
        assert part_overlap(np.ones((4, 1))) == 0

    def test_bad_input_is_refused(self):
        with pytest.raises(InvalidInputError, match="reduce"):
            part_overlap(np.eye(3), reduce="median")
        with pytest.raises(InvalidInputError, match="W must be a matrix"):
            part_overlap(np.ones(3))


def test_measuring_loads_neither_matplotlib_nor_scikit_image():
    code = (
        "import sys, visnmf.measure; "
        "assert not {'matplotlib', 'skimage', 'cv2', 'sklearn'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


class TestMatching:
    def test_finds_a_permutation_whatever_the_scale(self):
        A = RNG.random((40, 7))
        order = RNG.permutation(7)
        matching = match_parts(A, A[:, order] * RNG.uniform(1e-150, 1e150, 7))
        assert matching.first.tolist() == list(range(7))
        assert order[matching.second].tolist() == list(range(7))
        np.testing.assert_allclose(matching.cosine, 1.0, rtol=1e-12)

    def test_takes_the_best_sum_and_not_the_best_pair_first(self):
        # 0-0 is the best pair, but leaves 1-1, which is orthogonal.
        A = np.array([[1.0, 0.9], [0.0, np.sqrt(1 - 0.81)]])
        B = np.array([[1.0, 0.95], [0.0, -0.0]])
        B[1, 1] = np.sqrt(1 - 0.95**2)
        cosines = part_cosines(A, B)
        matching = match_parts(A, B)
        best = max(cosines[0, 0] + cosines[1, 1], cosines[0, 1] + cosines[1, 0])
        assert matching.cosine.sum() == pytest.approx(best)

    @pytest.mark.parametrize(("a", "b"), [(3, 5), (5, 3), (1, 4)])
    def test_ranks_may_differ(self, a, b):
        matching = match_parts(RNG.random((9, a)), RNG.random((9, b)))
        assert len(matching.first) == len(set(matching.second.tolist())) == min(a, b)
        assert 0 < matching.mean <= 1

    def test_a_part_of_zeros_is_like_none(self):
        assert part_cosines(np.zeros((4, 1)), np.ones((4, 2))).tolist() == [[0.0, 0.0]]

    def test_other_pictures_are_refused(self):
        with pytest.raises(InvalidInputError, match="one size"):
            match_parts(np.ones((4, 2)), np.ones((5, 2)))
        with pytest.raises(InvalidInputError, match="finite"):
            match_parts(np.full((4, 2), np.nan), np.ones((4, 2)))
