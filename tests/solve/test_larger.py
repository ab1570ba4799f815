"""V in blocks goes the way that V in memory goes, in one pass an iteration."""

import numpy as np
import pytest

from visnmf import encode, factorize, terms
from visnmf.errors import ImageReadError, InvalidInputError
from visnmf.matrices.chunked import Chunked, read_ahead, width_of
from visnmf.matrices.source import ArraySource
from visnmf.solve import larger_terms
from visnmf.solve.larger import draw
from visnmf.solve.rooms import Rooms

M, N, RANK = 40, 330, 5
RNG = np.random.default_rng(0)
V = RNG.random((M, RANK)) ** 3 @ RNG.random((RANK, N)) ** 3 + 0.05 * RNG.random((M, N)) + 1e-3
KNOWN = RNG.random(V.shape) < 0.8
FEW = RNG.random(V.shape) < 0.3
START = {"W": RNG.random((M, RANK)) + 0.1, "H": RNG.random((RANK, N)) + 0.1}
PLAIN = {"warmup": "none", "init": "random", "max_iter": 45, "change": 0.0, "tol": 0.0}


def blocks(V, width=64):
    return ArraySource(np.asfortranarray(V), "the blocks", block=width)


def path(result, what="objective"):
    return np.array([getattr(record, what) for record in result.history if record.phase == "V"])


def assert_same_history(one, other, close):
    told, again = path(one), path(other)
    assert len(told) == len(again)
    np.testing.assert_allclose(again, told, rtol=close)
    np.testing.assert_allclose(path(other, "kkt"), path(one, "kkt"), rtol=1e4 * close)


@pytest.mark.parametrize("width", [64, 128, 192])
def test_the_history_is_that_of_v_in_memory(width):
    whole = factorize(V, RANK, **START, **PLAIN)
    assert_same_history(whole, factorize(blocks(V, width), RANK, **START, **PLAIN), 1e-9)


def test_the_history_is_that_of_v_in_memory_in_float32():
    rng = np.random.default_rng(1)
    V = rng.random((60, 300)).astype(np.float32)  # far from exact: nothing cancels
    start = {"W": rng.random((60, RANK), np.float32), "H": rng.random((RANK, 300), np.float32)}
    whole, streamed = (factorize(X, RANK, **start, **PLAIN) for X in (V, blocks(V)))
    np.testing.assert_allclose(path(streamed), path(whole), rtol=1e-5)
    assert streamed.H.dtype == np.float32


COMPOSITIONS = {
    "kl": {"loss": "kl", "update": "mu"},
    "is": {"loss": "is", "update": "mu"},
    "sparse": {"terms_H": terms.ElasticNet(l1=0.05)},
    "both": {"terms_H": terms.Spread(0.1), "terms_W": terms.ElasticNet(l2=0.1)},
    "orthogonal kl": {"loss": "kl", "terms_H": terms.Orthogonal(0.1), "update": "mu"},
    "most known": {"observed": KNOWN},
    "few known": {"observed": FEW},
    "kl, most known": {"loss": "kl", "observed": KNOWN},
    "smoothed": {"smoothing": 0.5},
    "sparse parts": {"terms_W": terms.Sparseness(0.6)},
    "known parts": {"known_W": V[:, :2]},
    "known encodings": {"known_H": RNG.random((1, N))},
    "exact steps": {"update": "bpp"},
}


@pytest.mark.parametrize("settings", COMPOSITIONS.values(), ids=COMPOSITIONS)
def test_compositions_go_the_way_of_v_in_memory_in_one_pass_an_iteration(settings):
    whole, streamed = (factorize(X, RANK, **START, **PLAIN, **settings) for X in (V, blocks(V)))
    assert_same_history(whole, streamed, 1e-6)
    rises = len(streamed.history) // 10  # each costs a pass more
    assert streamed.settings["passes"] <= 45 + 5 + rises


COUPLED = {
    "labels": {"terms_H": terms.Discriminant(np.arange(N) % 3, 0.1)},
    "lengths of rows": {"terms_W": terms.ElasticNet(l1=0.05)},  # holds H's rows
    "sparse rows": {"terms_H": terms.Sparseness(0.6)},
}


@pytest.mark.parametrize("settings", COUPLED.values(), ids=COUPLED)
def test_what_couples_images_takes_more_passes_and_goes_the_same_way(settings):
    whole, streamed = (factorize(X, RANK, **START, **PLAIN, **settings) for X in (V, blocks(V)))
    assert_same_history(whole, streamed, 1e-6)
    free = factorize(blocks(V), RANK, **settings)
    assert free.objective < 1.05 * factorize(V, RANK, **settings).objective


@pytest.mark.parametrize("settings", [{}, *COMPOSITIONS.values()], ids=["plain", *COMPOSITIONS])
def test_from_a_sample_it_ends_no_worse(settings):
    whole, streamed = (factorize(X, RANK, **settings) for X in (V, blocks(V)))
    assert streamed.objective < 1.005 * whole.objective + 1e-9
    assert {"sample", "first", "V", "closing"} == {record.phase for record in streamed.history}


def test_plain_iterations_read_all_of_v_once_each():
    read = []

    class Counting(ArraySource):
        def read(self, first, last):
            read.append(last - first)
            return super().read(first, last)

    source = Counting(np.asfortranarray(V), "V", block=64)
    result = factorize(source, RANK, **START, **PLAIN)
    assert sum(read) == result.settings["passes"] * N
    # One to look V over, one an iteration, one that measures the last, one to close
    assert result.settings["passes"] == 1 + 45 + 1 + 1
    assert result.history[-1].passes == result.settings["passes"]


def test_h_may_lie_on_disk(tmp_path):
    kept = factorize(blocks(V), RANK, scratch=tmp_path, **START, **PLAIN)
    assert isinstance(kept.H.base, np.memmap) or isinstance(kept.H, np.memmap)
    assert not list(tmp_path.iterdir())  # the files have no names
    np.testing.assert_array_equal(kept.H, factorize(blocks(V), RANK, **START, **PLAIN).H)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InvalidInputError, match="nowhere"):
        Rooms((2, 3), np.dtype(np.float32), tmp_path / "nowhere")


class Losing(ArraySource):
    """Blocks of which some images are lost after some passes."""

    def __init__(self, V, images, passes, **options):
        super().__init__(np.asfortranarray(V), "V", **options)
        self.images, self.left = images, passes * V.shape[1]

    def read(self, first, last):
        values = np.array(super().read(first, last), order="F")
        self.left -= last - first
        for image in self.images:
            if self.left < 0 and first <= image < last:
                self.lost[image] = "gone"
                values[:, image - first] = 0
        return values


@pytest.mark.parametrize("passes", [-1, 1, 5])
@pytest.mark.parametrize("loss", ["frobenius", "kl", "is"])
def test_images_that_are_lost_leave_no_trace(passes, loss):
    lost = [3, 64, 65, 200]
    rest = np.setdiff1d(np.arange(N), lost)
    options = {**PLAIN, "max_iter": 300, "loss": loss}
    start = {"W": START["W"], "H": START["H"]}
    found = factorize(Losing(V, lost, passes, block=64), RANK, **start, **options)
    assert found.skipped == dict.fromkeys(lost, "gone")
    assert not found.H[:, lost].any()
    without = factorize(V[:, rest], RANK, W=START["W"], H=START["H"][:, rest], **options)
    assert found.objective == pytest.approx(without.objective, rel=0.02)
    history = path(found)
    assert (np.diff(history) <= 1e-9).all()


def test_an_image_that_cannot_be_read_is_named():
    class Broken(ArraySource):
        def read(self, first, last):
            if first <= 100 < last:
                raise ImageReadError("img100.png", "it is cut off")
            return super().read(first, last)

    with pytest.raises(ImageReadError, match=r"img100\.png"):
        factorize(Broken(np.asfortranarray(V), "V", block=64), RANK)


@pytest.mark.parametrize(("value", "told"), [(-1.0, "negative"), (np.nan, "NaN"), (np.inf, "inf")])
def test_an_entry_that_cannot_be_used_is_named(value, told):
    bad = V.copy()
    bad[3, 217] = value
    with pytest.raises(InvalidInputError, match=f"image 217 of the blocks holds .*{told}"):
        factorize(blocks(bad), RANK)


def test_what_does_not_go_with_blocks_is_refused():
    with pytest.raises(InvalidInputError, match="weights"):
        factorize(blocks(V), RANK, weights=np.ones_like(V))
    with pytest.raises(InvalidInputError, match="update='mu'"):
        factorize(blocks(V), RANK, loss="kl", update="newton")
    with pytest.raises(InvalidInputError, match="shape"):
        factorize(blocks(V), RANK, observed=np.ones((2, 3), bool))


def test_missing_entries_are_never_looked_at():
    told = [
        factorize(blocks(np.where(KNOWN, V, value)), RANK, observed=KNOWN, **START, **PLAIN)
        for value in (1.0, 7e5)
    ]
    assert told[0].objective == told[1].objective


def test_tiny_and_huge_values_are_worked_on_in_float64():
    small = (V * 1e-12).astype(np.float32)
    result = factorize(blocks(small), RANK)
    assert result.W.dtype == np.float64
    assert result.objective < 0.1 * 0.5 * np.linalg.norm(small.astype(float)) ** 2


def test_a_sample_is_of_runs_from_all_over_v():
    wide = np.asfortranarray(np.tile(np.arange(50_000, dtype=np.float32), (3, 1)))
    columns, sample = draw(Chunked(ArraySource(wide, "V")), 5, np.random.default_rng(0))
    np.testing.assert_array_equal(sample.values, wide[:, columns])
    assert 4000 <= len(columns) < 4100
    assert np.histogram(columns, 20, (0, 50_000))[0].min() > 150
    assert len(np.unique(columns)) == len(columns)


def test_blocks_are_whole_tiles_and_whole_chunks():
    for step in (1, 10, 64, 100, 1000):
        source = ArraySource(np.empty((784, 5), np.float32), "V")
        source.step = step
        assert width_of(source) % 64 == 0
        if step <= 1000:
            assert width_of(source) % step == 0
    huge = ArraySource(np.empty((10_000_000, 1), np.uint8), "V")
    assert width_of(huge) == 64


def test_reading_ahead_keeps_order_and_ends_with_the_reader():
    seen = []

    def read(i):
        seen.append(i)
        if i == 5:
            raise ImageReadError("5", "broken")
        return i * i

    got = []
    with pytest.raises(ImageReadError):
        got.extend(read_ahead(range(100), read))
    assert got == [(i, i * i) for i in range(5)]
    assert max(seen) <= 8


@pytest.mark.parametrize("jobs", [1, 2])
def test_threads_change_nothing(jobs):
    one = factorize(blocks(V), RANK, n_jobs=1, **PLAIN)
    np.testing.assert_array_equal(factorize(blocks(V), RANK, n_jobs=jobs, **PLAIN).W, one.W)


def test_parts_come_in_order_of_their_energy():
    result = factorize(blocks(V), RANK)
    energy = (result.W**2).sum(axis=0) * (result.H**2).sum(axis=1)
    assert (np.diff(energy) <= 0).all()


def test_a_run_that_lost_images_on_the_way_is_gone_on_with(tmp_path):
    lost, path = [3, 64, 200], tmp_path / "kept"
    first = Losing(V, lost, 5, block=64)
    options = {**PLAIN, "checkpoint": path, "every": 0, "resume": True}
    factorize(first, RANK, **options, callback=lambda r: (r.phase, r.iteration) == ("V", 20))
    assert first.lost
    again = factorize(Losing(V, lost, 0, block=64), RANK, **options)
    assert again.n_iter == 45
    assert again.skipped == dict.fromkeys(lost, "gone")


def test_mirrored_pictures_are_another_v(tmp_path):
    path = tmp_path / "kept"
    factorize(blocks(V), RANK, **{**PLAIN, "max_iter": 3}, checkpoint=path)
    with pytest.raises(InvalidInputError, match="columns of V|V's columns"):
        factorize(blocks(V[::-1]), RANK, **PLAIN, checkpoint=path, resume=True)


def test_a_disk_without_room_for_h_is_told_of(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("visnmf.solve.rooms.os.posix_fallocate", full)
    with pytest.raises(InvalidInputError, match=r"no room for 6,600 bytes.*scratch="):
        Rooms((5, 330), np.dtype(np.float32), tmp_path).make()


@pytest.mark.parametrize("method", ["factorize_online", "factorize_compressed"])
def test_other_ways_tell_of_lost_images_too(method):
    import visnmf

    found = getattr(visnmf, method)(Losing(V, [3, 64], 0, block=64), RANK)
    assert found.skipped == {3: "gone", 64: "gone"}


@pytest.mark.parametrize("number", [0.0, 0.5, 1 - 1e-12])
@pytest.mark.parametrize("n", [4001, 4100, 5000, 9000])
def test_no_image_is_drawn_twice(n, number):
    source = ArraySource(np.ones((3, n), np.float32), "ones", block=64)

    class Fixed:
        def random(self, count):
            return np.full(count, number)

    columns, sample = draw(Chunked(source), 4, Fixed())
    assert len(np.unique(columns)) == len(columns) == sample.shape[1]
    assert columns.min() >= 0
    assert columns.max() < n
    drawn, _ = draw(Chunked(source), 4, np.random.default_rng(0))
    assert len(np.unique(drawn)) == len(drawn)


def test_encodings_begin_beside_those_that_are_known(monkeypatch):
    known, seen = RNG.random((1, N)) + 0.5, []
    begin = larger_terms.begin_block

    def kept(problem, W, block, H):
        seen.append(H.copy())
        return begin(problem, W, block, H)

    monkeypatch.setattr(larger_terms, "begin_block", kept)
    factorize(blocks(V), RANK, known_H=known, terms_H=terms.UnitBall(), max_iter=2)
    np.testing.assert_allclose(np.concatenate(seen, axis=1)[:1], known)
    assert not np.concatenate(seen, axis=1)[1:].any()


@pytest.mark.parametrize(("spoil", "message"), [(np.nan, "NaN or infinite"), (-1.0, "negative")])
def test_the_image_that_cannot_be_is_named_whatever_zeros_are_before_it(spoil, message):
    spoiled = V.copy()
    spoiled[2, 200], spoiled[3, 211] = 0, spoil  # of one block
    with pytest.raises(InvalidInputError, match=f"image 211 of .* holds .*{message}"):
        factorize(blocks(spoiled), RANK)


def test_encodings_of_blocks_know_what_those_in_memory_do():
    one, other = (encode(X, START["W"], observed=KNOWN, goal=1e-9) for X in (V, blocks(V)))
    np.testing.assert_allclose(other, one, rtol=1e-4, atol=1e-6)
    with pytest.raises(InvalidInputError, match="weights= is for a V in memory"):
        encode(blocks(V), START["W"], weights=np.ones(V.shape))


def test_the_relative_error_of_blocks_is_that_of_the_pair():
    found = factorize(blocks(V), RANK, max_iter=5)
    exact = np.linalg.norm(V - found.W @ found.H) / np.linalg.norm(V)
    assert found.settings["relative_error"] == pytest.approx(exact, rel=1e-6)
