"""The line that tells how a fit goes."""

import math

import numpy as np
import pytest

import visnmf
from visnmf.cli.progress import describe, short_time
from visnmf.matrices.source import ArraySource
from visnmf.solve.result import Record


def record(iteration, seconds, objective=2.0, phase="V", passes=0.0, kkt=math.nan):
    return Record(phase, iteration, seconds, objective, kkt, passes)


def test_figures_come_from_the_records():
    progress = visnmf.Progress(np.full((4, 50), 0.2), max_iter=30)
    assert math.isnan(progress.time_left)
    for iteration in range(1, 11):
        progress(record(iteration, 3 + 2.0 * iteration, kkt=7.0 if iteration == 9 else math.nan))
    assert (progress.phase, progress.iteration, progress.kkt) == ("V", 10, 7.0)
    assert progress.images_per_second == pytest.approx(50 / 2)
    assert progress.time_left == pytest.approx(20 * 2)
    assert progress.relative_error == pytest.approx(math.sqrt(4.0 / (200 * 0.04)))
    assert progress.memory > 1 << 20
    told = describe(progress)
    assert told.startswith("learning parts 10 of 30 · error 0.7071 · at most 0:40 left · 25 images")
    assert "KKT 7" in told


def test_images_are_counted_by_passes_where_v_is_read():
    progress = visnmf.Progress(ArraySource(np.ones((4, 50)), "V"), time_limit=100)
    progress(record(1, 10, phase="first", passes=3))
    progress(record(1, 20, passes=4))
    progress(record(2, 30, passes=6))  # one that was taken back, or a look
    assert progress.images_per_second == pytest.approx(50 * 2 / 10)
    assert progress.time_left == 70
    assert math.isnan(progress.relative_error)
    assert "objective 2 · at most 1:10 left" in describe(progress)
    assert "6.0 passes" in describe(progress)


def test_phases_on_stand_ins_tell_no_error_of_v():
    progress = visnmf.Progress(np.ones((4, 50)), max_iter=30)
    progress(record(3, 1, phase="sample"))
    assert math.isnan(progress.relative_error)
    assert math.isnan(progress.time_left)
    assert describe(progress).startswith("on a sample 3 · objective 2")


def test_a_true_answer_of_the_report_stops_the_run():
    V = np.random.default_rng(0).random((30, 40))
    progress = visnmf.Progress(V, report=lambda progress: progress.iteration == 3)
    result = visnmf.factorize(V, 4, warmup="none", callback=progress, tol=0, change=0)
    assert (result.reason, result.n_iter) == ("callback", 3)
    missed = np.linalg.norm(V - result.W @ result.H) / np.linalg.norm(V)
    assert progress.relative_error == pytest.approx(missed)


@pytest.mark.parametrize(
    ("seconds", "told"), [(0.2, "0:01"), (59.5, "1:00"), (3599, "59:59"), (11100, "3:05:00")]
)
def test_times_are_short(seconds, told):
    assert short_time(seconds) == told


def test_nothing_is_shown_where_nobody_looks(run, faces_folder):
    assert run("learn", faces_folder, "-k", 3, "-o", "m.safetensors").stderr == ""
