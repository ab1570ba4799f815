"""The line that tells how a fit goes."""

import io
import math
import sys
import types

import numpy as np
import pytest

import visnmf
from visnmf.matrices.source import ArraySource
from visnmf.solve.progress_line import describe, in_notebook, short_time
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


class Screen(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def notebook(monkeypatch):
    """Play an IPython kernel; return what its page showed, update after update."""
    shown = []

    class Handle:
        def update(self, page):
            shown.append(page)

    def display(page, *, display_id):
        assert display_id is True
        shown.append(page)
        return Handle()

    shell = types.SimpleNamespace(kernel=object())
    ipython = types.ModuleType("IPython")
    ipython.get_ipython = lambda: shell
    ipython.display = types.ModuleType("IPython.display")
    ipython.display.HTML, ipython.display.display = str, display
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", ipython.display)
    return types.SimpleNamespace(shown=shown, shell=shell)


class TestShowProgress:
    V = np.random.default_rng(0).random((30, 40))

    def fit(self, **options):
        with visnmf.show_progress(self.V, max_iter=9) as callback:
            run = visnmf.factorize(self.V, 3, max_iter=9, tol=0, change=0, callback=callback)
        return callback, run

    def test_in_a_notebook_the_line_stays(self, notebook, monkeypatch):
        assert in_notebook()
        monkeypatch.setattr("visnmf.solve.progress_line._PAUSE", 0)
        callback, run = self.fit()
        assert callback.phase == "closing"
        assert notebook.shown[0].startswith("<progress></progress>")
        assert any('value="5" max="9"' in page and "5 of 9" in page for page in notebook.shown)
        error = np.linalg.norm(run.residual(self.V)) / np.linalg.norm(self.V)
        assert notebook.shown[-1].startswith(f"<small>last encodings · error {error:.4f}")
        assert notebook.shown[-1].endswith(" s</small>")

    def test_a_notebook_is_not_flooded(self, notebook, monkeypatch):
        monkeypatch.setattr("visnmf.solve.progress_line._PAUSE", math.inf)
        self.fit()
        assert len(notebook.shown) == 3  # the beginning, the first record and the end

    def test_a_fit_that_fails_leaves_its_last_line(self, notebook):
        def fail():
            with visnmf.show_progress() as callback:
                callback(record(4, 1.0))
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()
        assert "learning parts 4" in notebook.shown[-1]

    def test_in_a_terminal_the_line_goes_away(self, monkeypatch):
        monkeypatch.setattr(sys, "stderr", screen := Screen())
        callback, _ = self.fit()
        assert callback.phase == "closing"
        written = screen.getvalue()
        assert "learning parts" in written
        assert written.rstrip().endswith("\x1b[2K")  # the line is wiped

    def test_elsewhere_there_is_none(self, monkeypatch):
        monkeypatch.setattr(sys, "stderr", screen := io.StringIO())
        callback, run = self.fit()
        assert callback is None
        assert run.n_iter == 9
        assert screen.getvalue() == ""

    def test_ipython_in_a_terminal_is_no_notebook(self, notebook):
        del notebook.shell.kernel
        assert not in_notebook()
