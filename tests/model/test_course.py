import json
import math

import numpy as np
import pytest

import visnmf
from visnmf.model.course import KEPT, course_of, history_of
from visnmf.solve.result import Record


def records(n):
    phases = ["V"] * (n - 1) + ["closing"]
    return [
        Record(phase, i + 1, i / 8, 1000.0 / (i + 1), math.nan if i % 10 else 0.5)
        for i, phase in enumerate(phases)
    ]


@pytest.fixture(scope="module")
def model():
    return visnmf.learn(visnmf.samples.load_faces(), 4, max_iter=15)


def test_a_loaded_model_knows_how_its_run_went(model, tmp_path):
    model.save(tmp_path / "m.safetensors")
    loaded = history_of(visnmf.Model.load(tmp_path / "m.safetensors"))
    run = model.factorization
    assert [(r.phase, r.iteration) for r in loaded] == [(r.phase, r.iteration) for r in run.history]
    np.testing.assert_allclose(
        [r.objective for r in loaded], [r.objective for r in run.history], rtol=1e-7
    )
    assert visnmf.plots.convergence(visnmf.Model.load(tmp_path / "m.safetensors"))


def test_a_long_run_is_thinned_out_and_keeps_the_ends_of_its_phases():
    kept = course_of(records(100_000))
    assert len(kept) <= KEPT + 4
    assert len(json.dumps(kept)) < 15_000
    assert kept[0][1] == 1
    assert kept[-1][0] == "closing"
    assert kept[-2][:2] == ["V", 99_999]
    assert sum(row[1] <= 100 for row in kept) > 20
    assert [row[1] for row in kept] == sorted(row[1] for row in kept)


def test_what_is_not_finite_is_left_out():
    run = [*records(5), Record("V", 6, 1.0, math.inf, math.nan)]
    assert len(course_of(run)) == 5
    assert [row[4] for row in course_of(run)] == [0.5, None, None, None, None]
    assert course_of([]) == []


@pytest.mark.parametrize(
    "rows",
    [
        None,
        3,
        [3],
        [["V", 1, 0.0, 1.0]],
        [["V", 1, 0.0, "1", None]],
        [["V", True, 0, 1, None]],
        [["V", 10**400, 0, 1, None]],
        [["V", 1, 10**400, 1, None]],
    ],
)
def test_a_file_without_or_with_a_damaged_history_still_opens(model, rows, tmp_path):
    provenance = {**model.provenance, "history": rows}
    visnmf.Model(model.W, model.layout, provenance=provenance).save(tmp_path / "m.safetensors")
    assert history_of(visnmf.Model.load(tmp_path / "m.safetensors")) == []
