"""Checkpoints: a run goes on as if it had never stopped, and nothing damaged is believed."""

import json

import numpy as np
import pytest
from safetensors import safe_open
from scipy import sparse

from visnmf import errors, factorize
from visnmf.matrices.source import ArraySource
from visnmf.solve import checkpoint as module
from visnmf.solve.kept_file import read_kept, write_kept

RNG = np.random.default_rng(0)
V = RNG.random((40, 5)) ** 3 @ RNG.random((5, 600)) ** 3 + 0.01 * RNG.random((40, 600))
MAKE = {
    "dense": lambda dtype: V.astype(dtype),
    "sparse": lambda dtype: sparse.csc_array((V * (V > 0.3)).astype(dtype)),
    "chunked": lambda dtype: ArraySource(V.astype(dtype), "V"),
}
LONG = {"tol": 0, "change": 0, "max_iter": 24, "kernels": "numpy"}


class Crash(Exception):
    """As if the power had failed."""


def crash_at(phase, iteration):
    def callback(record):
        if (record.phase, record.iteration) == (phase, iteration):
            raise Crash

    return callback


def crash(V, path, phase="V", iteration=4, **settings):
    """Leave a checkpoint behind: that of the iteration before."""
    asked = {**LONG, "every": 0, **settings}
    with pytest.raises(Crash):
        factorize(V, 5, checkpoint=path, callback=crash_at(phase, iteration), **asked)


def told(result):
    lines = [(r.phase, r.iteration, r.objective, repr(r.kkt)) for r in result.history]
    return lines, result.reason, result.n_iter


def assert_same(one, other):
    assert told(one) == told(other)
    np.testing.assert_array_equal(one.W, other.W)
    np.testing.assert_array_equal(one.H, other.H)


@pytest.mark.parametrize("kind", MAKE)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("start", [{"warmup": "low rank"}, {"warmup": "none", "init": "random"}])
def test_it_goes_on_bit_for_bit_from_every_iteration(kind, dtype, start, tmp_path, monkeypatch):
    monkeypatch.setattr("visnmf.solve.larger._LEAST_SAMPLE", 100)
    matrix, settings = MAKE[kind](dtype), {**LONG, "max_iter": 16, **start}
    whole = factorize(matrix, 5, **settings)
    assert any(np.isnan(record.kkt) for record in whole.history)
    for iteration in range(1, 17) if dtype == np.float32 else (1, 2, 10, 11, 16):
        path = tmp_path / f"{iteration}"
        crash(matrix, path, iteration=iteration, **settings)
        assert read_kept(path)[1]["numbers"]["iteration"] == iteration - 1
        again = factorize(matrix, 5, checkpoint=path, resume=True, **settings)
        assert_same(again, whole)


@pytest.mark.parametrize("kind", ["dense", "chunked"])
def test_a_run_killed_in_its_closing_pass_goes_straight_there(kind, tmp_path):
    matrix, path = MAKE[kind](np.float64), tmp_path / "c"
    for change in (0, 1e-2):
        settings = {**LONG, "change": change}
        whole = factorize(matrix, 5, **settings)
        crash(matrix, path, "closing", 1, **settings)
        called = []
        again = factorize(
            matrix, 5, checkpoint=path, resume=True, callback=called.append, **settings
        )
        assert [record.phase for record in called] == ["closing"]
        assert_same(again, whole)
        path.unlink()


def test_a_finished_run_gives_its_result_again_and_can_go_on_for_longer(tmp_path):
    path = tmp_path / "c"
    kept = {"checkpoint": path, "resume": True, "kernels": "numpy", "tol": 0}
    first = factorize(V, 5, change=1e-2, **kept)
    assert first.reason == "change"
    assert_same(factorize(V, 5, change=1e-2, **kept), first)
    longer = factorize(V, 5, change=1e-4, **kept)
    assert longer.n_iter > first.n_iter
    assert longer.objective < first.objective
    most = factorize(V, 5, change=0, max_iter=longer.n_iter + 7, **kept)
    assert (most.n_iter, most.reason) == (longer.n_iter + 7, "max_iter")


def test_time_counts_in_all(tmp_path):
    path = tmp_path / "c"
    crash(V, path)
    arrays, document = read_kept(path)
    document["seconds"] = 1000.0
    write_kept(path, arrays, document)
    again = factorize(V, 5, checkpoint=path, resume=True, time_limit=1000.0, **LONG)
    assert again.reason == "time_limit"
    assert again.n_iter == 4
    assert again.history[-1].seconds > 1000
    ended = factorize(V, 5, checkpoint=path, resume=True, time_limit=1000.0, **LONG)
    assert ended.n_iter == 4
    assert factorize(V, 5, checkpoint=path, resume=True, **LONG).n_iter == 24


def test_a_generator_goes_on_where_it_was(tmp_path):
    path = tmp_path / "c"
    whole = np.random.default_rng(7)
    factorize(V, 5, seed=whole, **LONG)
    crash(V, path, seed=np.random.default_rng(7))
    again = np.random.default_rng(99)
    factorize(V, 5, seed=again, checkpoint=path, resume=True, **LONG)
    assert again.random() == whole.random()
    other = np.random.Generator(np.random.MT19937(7))
    with pytest.raises(errors.InvalidInputError, match="PCG64.*MT19937"):
        factorize(V, 5, seed=other, checkpoint=path, resume=True, **LONG)
    path.unlink()
    crash(V, path, seed=other)
    factorize(V, 5, seed=other, checkpoint=path, resume=True, **LONG)


def test_a_given_start_and_callbacks(tmp_path):
    path = tmp_path / "c"
    W, H = RNG.random((40, 5)), RNG.random((5, 600))
    whole = factorize(V, 5, W=W, H=H, **LONG)
    crash(V, path, W=W, H=H)
    with pytest.raises(errors.InvalidInputError, match="the given start"):
        factorize(V, 5, W=W + 1, H=H, checkpoint=path, resume=True, **LONG)
    assert_same(factorize(V, 5, W=W, H=H, checkpoint=path, resume=True, **LONG), whole)


CHANGED = {
    "rank": ({"rank": 4}, "rank is 5 there and 4 here"),
    "seed": ({"seed": 3}, "seed is 0 there and 3 here"),
    "sweeps": ({"sweeps": 2, "seed": 3}, "seed is 0 there and 3 here; sweeps is 8 there and 2"),
    "kernels": ({"kernels": "auto"}, "kernels is 'numpy' there and 'auto' here"),
    "shape": ({"V": V[:, 1:]}, r"V's shape is \[40, 600\] there and \[40, 599\] here"),
    "dtype": ({"V": V.astype(np.float32)}, "V's dtype is 'float64' there and 'float32' here"),
    "kind": ({"V": ArraySource(V, "V")}, "V's kind is 'dense' there and 'chunked' here"),
    "values": ({"V": V + np.eye(40, 600) * 1e-9}, "columns of V"),
}


@pytest.mark.parametrize("case", CHANGED)
def test_another_v_and_other_settings_are_refused(case, tmp_path):
    path = tmp_path / "c"
    crash(V, path)
    content = path.read_bytes()
    changed, message = CHANGED[case]
    asked = {"V": V, "rank": 5, **LONG, **changed}
    with pytest.raises(errors.InvalidInputError, match=message):
        factorize(checkpoint=path, resume=True, **asked)
    assert path.read_bytes() == content


def test_another_v_in_blocks_is_refused(tmp_path):
    path = tmp_path / "c"
    crash(ArraySource(V, "V"), path)
    with pytest.raises(errors.InvalidInputError, match="sum of V's squares"):
        factorize(ArraySource(1.01 * V, "V"), 5, checkpoint=path, resume=True, **LONG)


def test_what_is_there_is_not_written_over(tmp_path):
    path = tmp_path / "c"
    crash(V, path)
    with pytest.raises(errors.InvalidInputError, match="rank 5 on 40 x 600, after 3 iterations"):
        factorize(V, 5, checkpoint=path, **LONG)
    path.write_text("my thesis")
    with pytest.raises(errors.InvalidInputError, match="no checkpoint"):
        factorize(V, 5, checkpoint=path, **LONG)
    assert path.read_text() == "my thesis"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"checkpoint": "nowhere/c"}, "there is no folder nowhere"),
        ({"checkpoint": "."}, "is a folder"),
        ({"checkpoint": 3}, "name of a file"),
        ({"checkpoint": "c", "every": -1}, "every must be"),
        ({"resume": True}, "needs checkpoint="),
        ({"scratch": "nowhere"}, "there is no folder nowhere"),
    ],
)
def test_bad_options_are_refused(settings, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(errors.InvalidInputError, match=message):
        factorize(ArraySource(V, "V"), 5, **LONG, **settings)
    assert not list(tmp_path.iterdir())


def test_it_is_written_at_first_at_last_and_when_it_is_time(tmp_path, monkeypatch):
    written = []

    def note(path, arrays, document):
        written.append((document["numbers"]["iteration"], document["reason"]))
        write_kept(path, arrays, document)

    monkeypatch.setattr(module, "write_kept", note)
    factorize(V, 5, checkpoint=tmp_path / "a", **LONG)
    assert written == [(0, ""), (24, "max_iter")]
    written.clear()
    factorize(V, 5, checkpoint=tmp_path / "b", every=0, **LONG)
    assert written == [(i, "") for i in range(24)] + [(24, "max_iter")]


def test_a_full_disk_does_not_end_a_run(tmp_path, monkeypatch):
    calls = []

    def full(path, arrays, document):
        calls.append(path)
        if len(calls) > 1:
            raise OSError("no space left")
        write_kept(path, arrays, document)

    monkeypatch.setattr(module, "write_kept", full)
    with pytest.warns(RuntimeWarning, match="no space left"):
        result = factorize(V, 5, checkpoint=tmp_path / "c", every=0, **LONG)
    assert result.n_iter == 24


def test_it_is_a_safetensors_file(tmp_path):
    path = tmp_path / "c"
    crash(MAKE["chunked"](np.float32), path)
    with safe_open(path, "numpy") as file:
        assert file.metadata()["format"] == "visnmf-checkpoint"
        assert json.loads(file.metadata()["document"])["facts"]["rank"] == 5
        assert file.get_tensor("W").shape == (5, 40)
        assert file.get_tensor("H").shape == (600, 5)  # each image's numbers beside each other


def test_damage_anywhere_is_found(tmp_path):
    path = tmp_path / "c"
    crash(V, path)
    whole = path.read_bytes()
    places = np.linspace(0, len(whole) - 1, 200).astype(int)
    for place in places:
        for broken in (
            whole[:place],
            whole[:place] + bytes([whole[place] ^ 0x15]) + whole[place + 1 :],
        ):
            path.write_bytes(broken)
            with pytest.raises(errors.ModelFormatError, match="c: "):
                factorize(V, 5, checkpoint=path, resume=True, **LONG)
    path.write_bytes(whole + b"0")
    with pytest.raises(errors.ModelFormatError):
        factorize(V, 5, checkpoint=path, resume=True, **LONG)


HOSTILE = {
    "no W": lambda arrays, document: arrays.pop("W_ahead"),
    "another shape": lambda arrays, document: arrays.update(W=np.ones((1, 40))),
    "whole numbers": lambda arrays, document: arrays.update(H=np.ones((5, 600), np.int64)),
    "NaN": lambda arrays, document: arrays.update(H=np.full((5, 600), np.nan)),
    "no numbers": lambda arrays, document: document.pop("numbers"),
    "words": lambda arrays, document: document["numbers"].update(best="much"),
    "missing": lambda arrays, document: document["numbers"].pop("idle"),
    "history": lambda arrays, document: document.update(history=[["V", "x"]]),
    "more history": lambda arrays, document: document.update(history=7),
    "facts": lambda arrays, document: document.update(facts=[]),
    "random": lambda arrays, document: document.update(random={"bit_generator": "PCG64"}),
    "clock": lambda arrays, document: document.update(seconds="nan"),
    "phase": lambda arrays, document: document.update(phase=["V"]),
    "rule": lambda arrays, document: document.update(rule=None),
    "start": lambda arrays, document: document["numbers"].update(start=[[1, 2], 3]),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_what_a_stranger_made_is_told(case, tmp_path):
    path = tmp_path / "c"
    crash(V, path)
    arrays, document = read_kept(path)
    arrays = {name: np.array(F) for name, F in arrays.items()}
    HOSTILE[case](arrays, document)
    write_kept(path, arrays, document)
    with pytest.raises((errors.ModelFormatError, errors.InvalidInputError), match="c"):
        factorize(V, 5, checkpoint=path, resume=True, **LONG)


@pytest.mark.parametrize("length", [0, 3, 8, 100])
def test_lengths_of_headers_that_lie_are_told(length, tmp_path):
    path = tmp_path / "c"
    path.write_bytes((2**62).to_bytes(8, "little")[:length] + b"{" * max(length - 8, 0))
    with pytest.raises(errors.ModelFormatError, match="cut short"):
        factorize(V, 5, checkpoint=path, resume=True, **LONG)


def test_h_on_disk_is_never_copied_as_a_whole(tmp_path):
    import tracemalloc

    rows = np.lib.format.open_memmap(tmp_path / "H.npy", "w+", np.float32, (2_000_000, 8))
    rows[:] = 1
    tracemalloc.start()
    write_kept(tmp_path / "c", {"H": rows.T}, {})
    arrays, _ = read_kept(tmp_path / "c")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert arrays["H"].shape == (8, 2_000_000)
    assert most < rows.nbytes / 2


def test_what_killed_processes_left_is_removed(tmp_path):
    left, other = tmp_path / ".c.0123abcd.tmp", tmp_path / ".d.0123abcd.tmp"
    for path in (left, other, tmp_path / ".c.notes.tmp"):
        path.write_bytes(b"")
    factorize(V, 5, checkpoint=tmp_path / "c", **LONG)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".c.notes.tmp", other.name, "c"]


def test_passes_over_v_go_on_being_counted(tmp_path):
    settings = {**LONG, "warmup": "none", "init": "random"}
    source = MAKE["chunked"](np.float32)
    whole = [record.passes for record in factorize(source, 5, **settings).history]
    crash(source, tmp_path / "c", iteration=12, **settings)
    again = factorize(source, 5, checkpoint=tmp_path / "c", resume=True, **settings)
    passes = [record.passes for record in again.history]
    assert passes == sorted(passes)
    assert whole[-1] <= passes[-1] <= whole[-1] + 4  # V is looked over and its models built anew
