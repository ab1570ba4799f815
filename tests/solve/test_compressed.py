import numpy as np
import pytest
from scipy import sparse

import visnmf
from visnmf.errors import InvalidInputError
from visnmf.matrices.chunked import Chunked
from visnmf.matrices.dense import Dense
from visnmf.matrices.lowrank import LowRank
from visnmf.matrices.protocol import SQUARED_RESIDUAL, SQUARED_VALUE, VALUE
from visnmf.matrices.source import ArraySource
from visnmf.solve.batches import tiles_of
from visnmf.solve.compressed import compress


def planted(m, n, rank=5, noise=0.0, seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    W = rng.random((m, rank)) * (rng.random((m, rank)) < 0.5)
    H = rng.random((rank, n)) * (rng.random((rank, n)) < 0.5)
    return np.asfortranarray(W @ H + noise * rng.random((m, n)), dtype)


class Counting(ArraySource):
    """Columns of an array, and how often each was read."""

    def __init__(self, V):
        super().__init__(V, "an array")
        self.reads = np.zeros(V.shape[1], int)

    def read(self, first, last):
        self.reads[first:last] += 1
        return super().read(first, last)


def compressed(V, size, passes, width=64):
    matrix = Chunked(ArraySource(V, "V"), width=width)
    rng = np.random.default_rng(0)
    return compress(lambda: tiles_of(matrix), V.shape, size, passes, rng)


@pytest.mark.parametrize("shape", [(60, 200), (200, 60)])
@pytest.mark.parametrize("passes", [1, 2, 3])
def test_a_v_of_low_rank_is_compressed_exactly(shape, passes):
    V = planted(*shape)
    found = compressed(V, 10, passes)
    np.testing.assert_allclose(found.L.T @ found.R, V, atol=1e-8)
    np.testing.assert_allclose(found.R @ found.R.T, np.eye(len(found.R)), atol=1e-8)


@pytest.mark.parametrize("passes", [1, 2, 3])
def test_each_pass_is_a_power_step_of_v_on_the_rows(passes):
    """The rows are those of a random Q (V V')^(p-1) V, and L'R is V as seen from these."""
    V = planted(40, 90, noise=0.5)
    found = compressed(V, 8, passes)
    Q = np.random.default_rng(0).standard_normal((8, 40), np.float32).astype(float)
    for _ in range(passes - 1):
        Q = Q @ V @ V.T
    rows = np.linalg.qr((Q @ V).T)[0]
    np.testing.assert_allclose(found.L.T @ found.R, V @ rows @ rows.T, atol=1e-6)
    beyond = np.linalg.norm(V - V @ rows @ rows.T) ** 2
    assert found.beyond == pytest.approx(beyond, rel=1e-6)


def test_more_passes_leave_less_over():
    V = planted(60, 300, rank=20, noise=0.3, dtype=np.float32)
    left = [compressed(V, 15, passes).beyond for passes in (1, 2, 3)]
    best = (np.linalg.svd(V, compute_uv=False)[15:].astype(float) ** 2).sum()
    assert left[0] > left[1] > left[2] > 0.999 * best
    assert left[2] < 1.3 * best


@pytest.mark.parametrize("passes", [2, 3, 4, 5, 6])
def test_the_passes_are_those_that_were_stated(passes):
    V = planted(50, 400, noise=0.1)
    source = Counting(V)
    matrix = Chunked(source, width=64)
    found = visnmf.factorize_compressed(matrix, 5, passes=passes)
    assert set(source.reads) == {passes}
    assert found.settings["passes"] == passes
    assert matrix.passes() == passes


def test_more_passes_bring_it_nearer_to_the_whole():
    V = planted(60, 500, rank=12, noise=0.2)
    whole = visnmf.factorize(V, 8).objective
    few, several = (visnmf.factorize_compressed(V, 8, passes=p).objective for p in (2, 5))
    assert several < few
    assert several < 1.01 * whole


@pytest.mark.parametrize("name", ["orl_faces.npz", "cbcl_faces.npz", "frey_faces.npz"])
def test_real_pictures_end_as_near_as_the_whole(real_data, name):
    data = np.load(real_data(name))["images"]
    V = np.ascontiguousarray(data.reshape(len(data), -1)[:400], np.float32).T / 255
    whole = visnmf.factorize(V, 20)
    found = visnmf.factorize_compressed(V, 20)
    best = np.sqrt(2 * whole.objective) / np.linalg.norm(V)
    assert found.settings["relative_error"] < best + 0.003


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", ["dense", "sparse"])
def test_planted_parts_are_recovered_and_the_report_is_true(dtype, kind):
    V = planted(40, 300, rank=4, dtype=dtype)
    given = sparse.csc_array(V) if kind == "sparse" else V
    found = visnmf.factorize_compressed(given, 4, change=1e-7, max_iter=1000)
    assert found.W.dtype == found.H.dtype == dtype
    residual = V - found.W.astype(float) @ found.H
    true = np.linalg.norm(residual) / np.linalg.norm(V)
    assert true < 0.01
    assert found.settings["relative_error"] == pytest.approx(true, rel=1e-2, abs=1e-6)


def test_the_kkt_norm_is_that_of_v():
    V = planted(50, 300, noise=0.2)
    found = visnmf.factorize_compressed(V, 4)
    residual = V - found.W @ found.H
    assert found.objective == pytest.approx(0.5 * (residual**2).sum())
    slopes = (-found.W.T @ residual, found.H), (-residual @ found.H.T, found.W)
    free = [np.where(F > 0, slope, np.minimum(slope, 0)) for slope, F in slopes]
    assert found.kkt == pytest.approx(np.sqrt(sum((X**2).sum() for X in free)), rel=1e-6)


def test_seeds_threads_and_blocks():
    V = planted(50, 700, noise=0.2)
    one, same, other, two = (
        visnmf.factorize_compressed(V, 4, seed=seed, n_jobs=jobs)
        for seed, jobs in ((0, 1), (0, 1), (1, 1), (0, 2))
    )
    np.testing.assert_array_equal(one.W, same.W)
    np.testing.assert_array_equal(one.H, two.H)
    assert not np.array_equal(one.W, other.W)
    blocks = visnmf.factorize_compressed(Chunked(ArraySource(V, "V"), width=64), 4)
    np.testing.assert_allclose(blocks.W @ blocks.H, one.W @ one.H, atol=1e-6)


def test_a_rank_above_what_v_has():
    V = planted(6, 50, rank=3)
    found = visnmf.factorize_compressed(V, 8)
    assert found.W.shape == (6, 8)
    assert found.settings["relative_error"] < 0.05
    empty = visnmf.factorize_compressed(np.zeros((5, 9)), 2)
    assert empty.objective == 0
    assert np.isfinite(empty.W).all()


def test_a_callback_saves_the_steps_but_not_the_last_look():
    V = planted(50, 300, noise=0.2)
    source = Counting(V)
    found = visnmf.factorize_compressed(Chunked(source), 4, callback=lambda record: True)
    assert found.reason == "callback"
    assert set(source.reads) == {3}
    assert found.settings["passes"] == 3
    assert found.objective == pytest.approx(0.5 * np.linalg.norm(found.residual(V)) ** 2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"loss": "kl"}, "factorize_online"),
        ({"passes": 1}, "passes must be a whole number of at least 2"),
        ({"power": 0}, "power"),
        ({"oversampling": -1}, "oversampling"),
        ({"init": "best"}, "init='best'"),
    ],
)
def test_options_that_cannot_be_used(options, message):
    with pytest.raises(InvalidInputError, match=message):
        visnmf.factorize_compressed(planted(20, 30), 4, **options)


def test_blocks_are_checked_as_they_are_read():
    V = planted(20, 300)
    V[3, 250] = -1
    with pytest.raises(InvalidInputError, match="negative"):
        visnmf.factorize_compressed(Chunked(ArraySource(V, "V"), width=64), 4)
    with pytest.raises(InvalidInputError, match="negative"):
        visnmf.factorize_online(Chunked(ArraySource(V, "V"), width=64), 4)


def test_sums_of_a_stand_in_are_those_of_v():
    V = planted(30, 80, noise=0.3)
    found = compressed(V, 6, 2)
    rng = np.random.default_rng(1)
    A, F = rng.random((4, 30)), rng.random((4, 80))
    near = found.L.T @ found.R
    assert found.total(None, None, VALUE) == pytest.approx(near.sum())
    assert found.total(None, None, SQUARED_VALUE) == pytest.approx((V**2).sum())
    expected = ((near - A.T @ F) ** 2).sum() + ((V - near) ** 2).sum()
    assert found.total(A, F, SQUARED_RESIDUAL) == pytest.approx(expected)
    assert LowRank(found.L, found.R).total(A, F, SQUARED_RESIDUAL) == pytest.approx(
        Dense(near).total(A, F, SQUARED_RESIDUAL)
    )


@pytest.mark.parametrize("method", ["online", "compressed"])
def test_learn_takes_the_method(method):
    faces = visnmf.samples.load_faces()
    model = visnmf.learn(faces, 9, method=method)
    told = model.provenance["relative_error"]
    assert told == pytest.approx(
        visnmf.measure.relative_error(faces, model.W, model.encode(faces)), 1e-3
    )
    assert model.provenance["settings"]["method"] == method
    lazy = visnmf.learn(
        visnmf.load_images(faces.layout.to_images(faces.V), lazy=True), 9, method=method
    )
    assert lazy.provenance["relative_error"] == pytest.approx(told, abs=0.01)
    with pytest.raises(InvalidInputError, match="recipe"):
        visnmf.learn(faces, 9, method=method, recipe="lnmf")
    with pytest.raises(InvalidInputError, match="method='quick'"):
        visnmf.learn(faces, 9, method="quick")
