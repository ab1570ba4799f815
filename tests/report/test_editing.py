"""Parts are edited in the page, undone, kept in a file, and pictures are fitted again."""

import json
import time

import numpy as np
import pytest
from scipy.optimize import nnls

import visnmf

AT = "document.querySelectorAll('#parts > .tile')[arguments[0]].click();"
BUTTON = (
    "[...document.querySelectorAll('#part button')]"
    ".find((b) => b.textContent === arguments[1]).click()"
)
NAMES = "return [...document.querySelectorAll('#parts > .tile bdi')].map((t) => t.textContent)"


@pytest.fixture
def editor(page, faces_model, tmp_path):
    visnmf.save_report(tmp_path / "c.html", faces_model, visnmf.samples.load_faces())
    page.browser.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)}
    )
    page.open(tmp_path / "c.html")
    return page


def act(page, part, button):
    page.ask(AT + BUTTON, part, button)


def merge(page, part, name):
    page.ask(AT, part)
    page.ask(
        "const s = document.querySelector('#part select');"
        "s.value = [...s.options].find((o) => o.text === arguments[0]).value;"
        "[...document.querySelectorAll('#part button')]"
        ".find((b) => b.textContent === 'Merge into').click()",
        name,
    )


def downloaded(page, folder):
    page.ask("document.getElementById('download').click()")
    file = folder / "selection.json"
    for _ in range(100):
        if file.exists():
            return json.loads(file.read_text())
        time.sleep(0.1)
    raise AssertionError("no selection was downloaded")


def test_a_selection_tells_what_was_done(editor, faces_model, tmp_path):
    merge(editor, 1, "part 1")
    act(editor, 1, "Hide")
    told = downloaded(editor, tmp_path)
    assert told["format"] == "visnmf-selection"
    assert told["version"] == 1
    assert told["model"] == {"rank": 9, "digest": faces_model.digest}
    assert told["parts"][0] == {"from": [0, 1], "name": "part 1", "hidden": False}
    assert told["parts"][1] == {"from": [2], "name": "part 3", "hidden": True}
    editor.open(tmp_path / "c.html")
    editor.find("#upload")[0].send_keys(str(tmp_path / "selection.json"))
    editor.browser.implicitly_wait(5)
    editor.find("#parts > .tile.off")
    editor.browser.implicitly_wait(0)
    assert editor.ask(NAMES)[:2] == ["part 1", "part 3"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "no JSON"),
        ('{"format": "x"}', "no selection"),
        ('{"format": "visnmf-selection", "version": 2}', "version 2"),
        ('{"format": "visnmf-selection", "version": 1, "model": {"digest": "0"}}', "another"),
    ],
)
def test_a_selection_that_does_not_fit_is_refused(editor, text, why, tmp_path):
    (tmp_path / "s.json").write_text(text)
    editor.find("#upload")[0].send_keys(str(tmp_path / "s.json"))
    for _ in range(50):
        told = editor.ask("return document.getElementById('refused').textContent")
        if told:
            break
        time.sleep(0.05)
    assert why in told
    assert len(editor.ask(NAMES)) == 9


def test_edits_are_undone_and_done_again(editor):
    original = editor.ask(NAMES)
    act(editor, 3, "Delete")
    act(editor, 0, "Later")
    edited = editor.ask(NAMES)
    assert edited[:2] == ["part 2", "part 1"]
    assert "part 4" not in edited
    before = editor.pixels()
    for _ in range(2):
        editor.actions().key_down("\ue009").send_keys("z").key_up("\ue009").perform()
    assert editor.ask(NAMES) == original
    assert not np.array_equal(editor.pixels(), before)
    for _ in range(2):
        editor.ask("document.getElementById('redo').click()")
    assert editor.ask(NAMES) == edited
    assert np.array_equal(editor.pixels(), before)


def test_a_name_is_cleaned_and_kept_in_bars(editor):
    editor.ask(AT, 2)
    editor.ask(
        "const i = document.querySelector('#part input'); i.value = ' left\\u0007 eye\\u202e ';"
        "i.dispatchEvent(new Event('change'))"
    )
    assert editor.ask(NAMES)[2] == "left eye"
    bars = editor.ask("return [...document.querySelectorAll('.name')].map((n) => n.textContent)")
    assert "left eye" in bars


def test_pictures_are_fitted_again_as_python_does(editor, faces_model):
    merge(editor, 1, "part 1")
    act(editor, 2, "Hide")
    act(editor, 4, "Delete")
    faces, W = visnmf.samples.load_faces(), faces_model.W.astype(float)
    H = faces_model.encode(faces).astype(float)
    uses = H.mean(axis=1)
    left = np.delete(W, [0, 1, 3, 5], axis=1)
    basis = np.column_stack([W[:, :2] @ uses[:2] / uses[:2].sum(), left])
    at = faces.names.index(editor.ask("return document.getElementById('told').textContent"))
    h, rest = nnls(basis, faces.V[:, at].astype(float))
    expected = np.clip(basis @ h, 0, 1) * 255
    assert np.abs(editor.pixels()[..., 0].ravel() - expected).max() <= 2
    told = editor.ask("return document.getElementById('left').textContent")
    assert told.strip() == f"{100 * rest / np.linalg.norm(faces.V[:, at]):.0f} %"


def test_pictures_of_which_something_is_hidden_are_fitted_again(page, faces_model, tmp_path):
    faces = visnmf.samples.load_faces()
    seen = np.random.default_rng(0).random((100, 25, 25)) < 0.7
    visnmf.save_report(tmp_path / "h.html", faces_model, faces, observed=seen)
    page.open(tmp_path / "h.html")
    act(page, 3, "Delete")
    at = faces.names.index(page.ask("return document.getElementById('told').textContent"))
    known = seen[at].ravel()
    basis = np.delete(faces_model.W, 3, axis=1).astype(float)
    h, _ = nnls(basis[known], faces.V[known, at].astype(float))
    expected = np.clip(basis @ h, 0, 1) * 255
    assert np.abs(page.pixels()[..., 0].ravel() - expected).max() <= 2


def test_parts_are_sorted_and_walked_through_with_keys(editor, faces_model):
    editor.ask(AT, 4)
    editor.set_value("#sort", "similarity", "change")
    assert editor.ask(NAMES)[0] == "part 5"
    editor.set_value("#sort", "sparseness", "change")
    expected = np.argsort(-visnmf.measure.hoyer_sparseness(faces_model.W))
    assert editor.ask(NAMES) == [f"part {k + 1}" for k in expected]
    editor.set_value("#sort", "order", "change")
    editor.ask(AT, 4)  # closes the details
    editor.find("#parts > .tile")[0].send_keys("\ue014")  # right
    focused = "return document.activeElement.textContent"
    assert editor.ask(focused) == "part 2"
    editor.press_keys("\ue010")  # End
    assert editor.ask(focused) == "part 9"
    editor.press_keys("\ue013")  # up
    row = editor.ask(
        "return [...document.querySelectorAll('#parts > .tile')].filter((t) => t.offsetTop === "
        "document.querySelector('#parts > .tile').offsetTop).length"
    )
    assert editor.ask(focused) == f"part {9 - row}"
    assert (
        editor.ask("return document.querySelectorAll('#parts > .tile[tabindex=\"0\"]').length") == 1
    )
