"""Compositions on dask go the way of V in memory, whoever works on which block."""

import signal
from functools import partial

import numpy as np
import pytest

import visnmf
from visnmf import factorize, terms
from visnmf.errors import ImageReadError
from visnmf.losses.models import Quadratic, Split
from visnmf.matrices.chunked import Chunked
from visnmf.matrices.source import ArraySource
from visnmf.solve.afar import Afar, Done
from visnmf.solve.chunks import _Known, look_over
from visnmf.solve.crew import Crew
from visnmf.solve.model_sums import ModelSum, PointSum
from visnmf.solve.plan import Plan
from visnmf.solve.run import run
from visnmf.solve.scattered_trials import ScatteredTrials
from visnmf.solve.stopping import Rule, Trace
from visnmf.solve.stores import Store
from visnmf.solve.trial_tasks import added

da = pytest.importorskip("dask.array")
cloudpickle = pytest.importorskip("cloudpickle")

M, N, RANK = 40, 330, 5
RNG = np.random.default_rng(0)
V = RNG.random((M, RANK)) ** 3 @ RNG.random((RANK, N)) ** 3 + 0.05 * RNG.random((M, N)) + 1e-3
START = {"W": RNG.random((M, RANK)) + 0.1, "H": RNG.random((RANK, N)) + 0.1}
PLAIN = {"warmup": "none", "init": "random", "max_iter": 25, "change": 0.0, "tol": 0.0}

COMPOSITIONS = {
    "kl": {"loss": "kl", "update": "mu"},
    "is": {"loss": "is", "update": "mu"},
    "sparse": {"terms_H": terms.ElasticNet(l1=0.05)},
    "both": {"terms_H": terms.Spread(0.1), "terms_W": terms.ElasticNet(l2=0.1)},
    "orthogonal kl": {"loss": "kl", "terms_H": terms.Orthogonal(0.1), "update": "mu"},
    "smoothed": {"smoothing": 0.5},
    "sparse parts": {"terms_W": terms.Sparseness(0.6)},
    "known parts": {"known_W": V[:, :2]},
    "known encodings": {"known_H": RNG.random((1, N))},
}
BY_BLOCKS = {  # steps that look at all images of a block, so that its width matters
    "searched steps": {"loss": "kl", "update": "gradient"},
    "on the simplex": {"terms_H": terms.Simplex(along="image")},
}


def blocks(values, kind=ArraySource, **options):
    return kind(np.asfortranarray(values), "the blocks", **options)


def far(source, scheduler="synchronous", **options):
    with visnmf.on_dask(scheduler):
        return factorize(source, RANK, **options)


def course(found, what="objective"):
    return np.array([getattr(record, what) for record in found.history if record.phase == "V"])


def assert_same(found, held, close=1e-9):
    assert len(course(found)) == len(course(held))
    np.testing.assert_allclose(course(found), course(held), rtol=close)
    np.testing.assert_allclose(course(found, "kkt"), course(held, "kkt"), rtol=1e4 * close)


@pytest.fixture
def passes(monkeypatch):
    """Counts the passes that tasks take."""
    taken = []
    sums = ScatteredTrials._sum
    monkeypatch.setattr(
        ScatteredTrials, "_sum", lambda self, *rest: taken.append(rest[0]) or sums(self, *rest)
    )
    return taken


@pytest.mark.parametrize("settings", COMPOSITIONS.values(), ids=COMPOSITIONS)
def test_compositions_go_the_way_of_v_in_memory(settings, passes):
    options = {**START, **PLAIN, **settings}
    held = factorize(V, RANK, **options)
    found = far(blocks(V), **options)
    assert_same(found, held)
    rises = np.sum(np.diff(course(held)) == 0)  # each may cost a pass more
    assert PLAIN["max_iter"] < len(passes) <= PLAIN["max_iter"] + 4 + rises


@pytest.mark.parametrize(
    "settings", [*COMPOSITIONS.values(), *BY_BLOCKS.values()], ids=[*COMPOSITIONS, *BY_BLOCKS]
)
def test_they_end_as_blocks_in_one_process_do(settings, passes):
    options = {**START, **PLAIN, **settings, "max_iter": 12}
    near = factorize(blocks(V, block=128), RANK, **options)  # as wide as those of dask here
    found = far(blocks(V), **options)
    assert passes, "tasks did not take the passes"
    assert_same(found, near)
    assert found.objective == pytest.approx(near.objective, rel=1e-9)
    np.testing.assert_allclose(found.W @ found.H, near.W @ near.H, atol=1e-6)
    assert found.settings["passes"] == near.settings["passes"]


@pytest.mark.parametrize("density", [0.3, 0.8])
@pytest.mark.parametrize("loss", ["frobenius", "kl"])
def test_masks_go_to_the_workers_with_their_blocks(loss, density, passes):
    observed = np.random.default_rng(1).random(V.shape) < density
    given = tuple(np.ascontiguousarray(F) for F in (START["W"].T, START["H"]))
    plan = Plan(RANK, Rule(20), given=given, loss=loss, update="mu" if loss == "kl" else "auto")

    def run_on(make):
        matrix = look_over(make(blocks(V, block=128), _Known(observed, None), weighted=True))
        matrix = matrix._with(_Known(observed, None, matrix.density), matrix.dtype, matrix.facts)
        return run(matrix, plan, Trace(), np.random.default_rng(0), {})

    found = run_on(partial(Afar, crew=Crew("synchronous")))
    assert len(passes) >= 20
    assert_same(found, run_on(Chunked))
    assert_same(found, factorize(V, RANK, **START, **{**PLAIN, "max_iter": 20},
                                 observed=observed, loss=loss, update=plan.update))  # fmt: skip


@pytest.mark.parametrize("loss", ["kl", "is"])
def test_it_begins_on_a_sample_and_ends_as_in_memory(loss):
    known = RNG.random((1, N)) + 0.1
    for options in ({"loss": loss}, {"loss": loss, "known_H": known}):
        found = far(da.from_array(V, chunks=(M, 100)), "threads", **options)
        assert {"sample", "first", "V", "closing"} == {record.phase for record in found.history}
        assert found.objective < 1.005 * factorize(V, RANK, **options).objective
    np.testing.assert_allclose(found.H[:1], known)


@pytest.mark.parametrize(("scheduler", "iterations"), [("threads", 10), ("processes", 1)])
def test_where_nothing_is_shared_the_course_is_the_same(scheduler, iterations):
    options = {**START, **PLAIN, "loss": "kl", "update": "mu", "max_iter": iterations}
    assert_same(far(blocks(V), scheduler, **options), factorize(V, RANK, **options))


def test_float32_stays_float32():
    narrow = {name: F.astype(np.float32) for name, F in {**START, "V": V}.items()}
    values = narrow.pop("V")
    options = {**narrow, **PLAIN, "loss": "kl", "update": "mu"}
    found = far(da.from_array(values, chunks=(M, 90)), **options)
    assert found.H.dtype == found.W.dtype == np.float32
    np.testing.assert_allclose(course(found), course(factorize(values, RANK, **options)), rtol=1e-4)


def test_a_run_goes_on_from_its_checkpoint_on_dask_or_off_it(tmp_path):
    options = {**START, **PLAIN, "loss": "kl", "update": "mu"}
    whole = far(blocks(V), **options)
    for name, goes_on in (("on", far), ("off", factorize_here)):
        kept = {"checkpoint": tmp_path / name, "every": 0}
        far(blocks(V), **options, **kept, callback=lambda record: record.iteration == 13)
        found = goes_on(blocks(V), **options, **kept, resume=True)
        np.testing.assert_allclose(course(found), course(whole), rtol=1e-12)


def factorize_here(source, **options):
    return factorize(source, RANK, **options)


@pytest.mark.parametrize("again", [True, False])
def test_scratch_holds_few_versions_and_is_empty_in_the_end(tmp_path, again):
    most = []

    def look(record):
        if record.phase == "V":
            names = [path.name for path in tmp_path.rglob("*.npy")]
            most.append(len([name for name in names if not name.startswith("notes")]))

    options = {"loss": "kl"} if again else {"terms_H": terms.ElasticNet(l1=0.05)}
    far(blocks(V), **START, **PLAIN, **options, scratch=tmp_path, callback=look)
    assert max(most) <= 2 * 3  # the best encodings and the next ones, of three blocks
    assert not list(tmp_path.iterdir())


class Losing(ArraySource):
    """Blocks of which some images are lost after some passes."""

    def __init__(self, V, name, images, passes):
        super().__init__(V, name)
        self.images, self.left = images, passes * V.shape[1]

    def read(self, first, last):
        values = np.array(super().read(first, last), order="F")
        self.left -= last - first
        for image in self.images:
            if self.left < 0 and first <= image < last:
                self.lost[image] = "gone"
                values[:, image - first] = 0
        return values


@pytest.mark.parametrize("passes_before", [-1, 5])
@pytest.mark.parametrize("loss", ["kl", "is"])
def test_images_that_are_lost_leave_no_trace(loss, passes_before, passes):
    lost = [3, 64, 65, *range(256, N)]  # all of the last block, which is read no more
    rest = np.setdiff1d(np.arange(N), lost)
    options = {**PLAIN, "loss": loss, "update": "mu"}
    source = partial(blocks, V, Losing, images=lost, passes=passes_before)
    found = far(source(), **START, **options)
    assert passes
    assert found.skipped == dict.fromkeys(lost, "gone")
    assert not found.H[:, lost].any()
    if passes_before < 0:
        start = {"W": START["W"], "H": START["H"][:, rest]}
        assert_same(found, factorize(V[:, rest], RANK, **start, **options))
    near = source()
    near.block = 128
    assert_same(found, factorize(near, RANK, **START, **options))


def test_an_image_that_cannot_be_read_is_named():
    class Broken(ArraySource):
        def read(self, first, last):
            if first <= 100 < last:
                raise ImageReadError("img100.png", "it is cut off")
            return super().read(first, last)

    with pytest.raises(ImageReadError, match=r"img100\.png"):
        far(blocks(V, Broken), **START, **PLAIN, loss="kl")


@pytest.mark.parametrize("loss", ["frobenius", "kl"])
@pytest.mark.parametrize("phase", ["sample", "V"])
def test_ctrl_c_ends_a_run_with_what_it_has(loss, phase):
    def press(record):
        if record.phase == phase and record.iteration == 2:
            signal.raise_signal(signal.SIGINT)

    found = far(blocks(V), loss=loss, callback=press, **{**PLAIN, "max_iter": 60})
    assert found.reason == "interrupted"
    assert np.isfinite(found.objective)
    assert np.isfinite(found.H).all()
    assert len(course(found)) <= 3


def test_sums_add_up_in_other_processes_and_leave_what_they_add():
    rng = np.random.default_rng(0)
    exact = [Quadratic(rng.random((2, 2)), rng.random((2, 4)), 1.0) for _ in range(3)]
    value = partial(np.dot, np.ones(10**6))  # as a loss holds V there
    halves = [Split(*rng.random((2, 2, 4)), 2.0, (0.0, 1.0), value) for _ in range(3)]
    for models, names in ((exact, ("G", "B")), (halves, ("neg", "pos"))):
        parts = [cloudpickle.loads(cloudpickle.dumps(ModelSum(model))) for model in models]
        assert max(len(cloudpickle.dumps(part)) for part in parts) < 10_000, "V goes along"
        for _ in range(2):
            done = added([Done(part, {}) for part in parts]).result.model(np.dtype(float))
        for name in names:
            wanted = sum(getattr(model, name) for model in models)
            np.testing.assert_allclose(getattr(done, name), wanted, rtol=1e-15)
    each = Quadratic(rng.random((2, 2, 4)), exact[0].B, 1.0)
    both = (ModelSum(exact[0]) + ModelSum(each)).model(np.dtype(float))
    F = rng.random((2, 4))
    assert both.value(F) == pytest.approx(exact[0].value(F) + each.value(F))
    assert PointSum(1, 2, 3) + PointSum(1, 1, 1, pos=2, entries=4, count=8) == PointSum(
        2, 3, 4, 2, 4, 8
    )


def test_what_is_known_of_a_block_is_written_once_and_anew_when_images_are_lost(tmp_path):
    store = Store(str(tmp_path))
    assert store.noted(64) is None
    for numbers in (np.array([3.5]), np.array([2.5, 7, 9])):
        store.note(64, numbers)
        np.testing.assert_array_equal(store.noted(64), numbers)
    assert store.noted(0) is None


@pytest.mark.parametrize("settings", [{}, {"loss": "kl", "update": "mu"}])
@pytest.mark.parametrize("density", [0.3, 0.5, 0.8])
def test_known_entries_go_the_way_of_those_in_memory(settings, density, passes):
    observed = np.random.default_rng(1).random(V.shape) < density
    options = {**START, **PLAIN, **settings}
    held = factorize(V, RANK, observed=observed, **options)
    assert_same(far(blocks(V), "threads", observed=observed, **options), held)
    n = len(passes)
    assert n >= 25
    assert_same(
        far(
            da.from_array(np.where(observed, V, np.nan), chunks=(M, 100)),
            "threads",
            missing=np.nan,
            **options,
        ),
        held,
    )
    assert len(passes) >= 2 * n - 1
    lost = [3, 64, 65, 200]
    found = far(blocks(V, Losing, images=lost, passes=2), observed=observed, **options)
    near = blocks(V, Losing, images=lost, passes=2)
    near.block = 128
    near = factorize(near, RANK, observed=observed, **options)
    assert_same(found, near)
    assert found.skipped == near.skipped != {}
