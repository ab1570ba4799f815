"""What a selection says, step by step, and what a file may say."""

import json
import pickle

import numpy as np
import pytest

from visnmf import ImageLayout, Model, Selection
from visnmf.curate import Choice
from visnmf.errors import (
    InvalidInputError,
    SelectionFormatError,
    SelectionNotFoundError,
)


@pytest.fixture
def model():
    W = np.random.default_rng(0).random((12, 6))
    return Model(W, ImageLayout(3, 4), hidden=[False, False, True, False, False, False])


def parts(selection):
    return [choice.parts for choice in selection.choices]


def names(selection):
    return [choice.name for choice in selection.choices]


def hidden(selection):
    return [choice.parts[0] for choice in selection.choices if choice.hidden]


# --- steps ---------------------------------------------------------------------------


def test_it_starts_with_the_parts_as_they_are(model):
    selection = Selection.of(model)
    assert parts(selection) == [(k,) for k in range(6)]
    assert names(selection) == model.part_names
    assert hidden(selection) == [2]
    assert (selection.rank, selection.digest) == (6, model.digest)
    assert repr(selection) == "<Selection: 6 of 6 parts, 1 hidden>"


def test_each_step_gives_another_selection(model):
    first = Selection.of(model)
    second = first.named({0: "eyes"})
    assert names(first)[0] == "part 1"
    assert names(second) == ["eyes", *model.part_names[1:]]
    assert first == Selection.of(model)
    assert first != second


def test_numbers_are_those_of_the_model_whatever_was_done_before(model):
    selection = Selection.of(model).without([0, 1]).moved(5, to=0).named({5: "last", 3: "three"})
    assert parts(selection) == [(5,), (2,), (3,), (4,)]
    assert names(selection) == ["last", "part 3", "three", "part 5"]
    assert selection.deleted == [0, 1]
    with pytest.raises(InvalidInputError, match="part 1 is deleted"):
        selection.hide(1)


def test_merged_parts_stand_where_the_first_stood_and_are_told_by_any(model):
    selection = Selection.of(model).merged([4, 1])
    assert parts(selection) == [(0,), (2,), (3,), (4, 1), (5,)]
    assert names(selection)[3] == "part 5 + part 2"
    selection = selection.merged([1, 0], name="three").named({4: "all three"})
    assert parts(selection) == [(2,), (3,), (4, 1, 0), (5,)]
    assert names(selection)[2] == "all three"
    assert parts(selection.without(0)) == [(2,), (3,), (5,)]


def test_a_merged_part_is_hidden_where_all_of_it_are(model):
    assert hidden(Selection.of(model).merged([2, 3])) == []
    assert hidden(Selection.of(model).hide(3).merged([3, 2])) == [3]
    assert hidden(Selection.of(model).show([2, 3])) == []


def test_some_parts_are_put_first(model):
    assert parts(Selection.of(model).ordered([5, 0])) == [(5,), (0,), (1,), (2,), (3,), (4,)]


def test_parts_are_told_by_their_names_too(model):
    selection = Selection.of(model).named({"part 3": "nose"}).hide(["nose", "part 1"])
    assert hidden(selection) == [0, 2]
    assert parts(selection.without("nose")) == [(0,), (1,), (3,), (4,), (5,)]


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (lambda s: s.named({6: "a"}), "there is no part 6; the 6 count from 0"),
        (lambda s: s.named({-1: "a"}), "there is no part -1"),
        (lambda s: s.named({0: "a\nb"}), "printable"),
        (lambda s: s.named({0: ""}), "printable"),
        (lambda s: s.named({True: "a"}), "there is no part True"),
        (lambda s: s.hide("nose"), "no part is called 'nose'"),
        (lambda s: s.named({0: "a", 1: "a"}).hide("a"), "2 parts are called 'a'"),
        (lambda s: s.hide(1.5), "numbers or names"),
        (lambda s: s.hide([1.5]), "no part 1.5"),
        (lambda s: s.merged([1]), "two parts or more"),
        (lambda s: s.merged([1, 1]), "two parts or more"),
        (lambda s: s.merged([1, 2]).merged([2, 1]), "two parts or more"),
        (lambda s: s.moved(1, to=6), "a place from 0 to 5"),
        (lambda s: s.moved(1, to=-1), "a place from 0 to 5"),
        (lambda s: s.without(range(6)), "no part is left"),
    ],
)
def test_what_cannot_be_done_is_told(model, step, message):
    with pytest.raises(InvalidInputError, match=message):
        step(Selection.of(model))


def test_numbers_may_be_numpys(model):
    assert Selection.of(model).without(np.arange(2)).deleted == [0, 1]
    assert parts(Selection.of(model).moved(np.int64(5), to=np.int64(0)))[0] == (5,)


@pytest.mark.parametrize(
    "choices", [[Choice((0,), "a")], ((0, "a"),), (Choice([0], "a"),), (Choice(0, "a"),)]
)
def test_it_is_made_of_choices(choices):
    with pytest.raises(InvalidInputError, match="tuple"):
        Selection(3, "0" * 64, choices)


def test_another_model_is_refused(model):
    other = Model(model.W[:, :5], model.layout)
    with pytest.raises(InvalidInputError, match="6 parts .* this one has 5"):
        Selection.of(model).check_fits(other)
    moved = Model(model.W[:, ::-1], model.layout)
    with pytest.raises(InvalidInputError, match="made of another model"):
        Selection.of(model).check_fits(moved)


def test_it_can_be_pickled_and_hashed(model):
    selection = Selection.of(model)
    assert pickle.loads(pickle.dumps(selection)) == selection
    assert len({selection, Selection.of(model)}) == 1


# --- files ---------------------------------------------------------------------------


def test_it_comes_back_from_its_file(model, tmp_path):
    selection = (
        Selection.of(model).named({0: "Nase 鼻 é"}).merged([1, 3]).without(4).hide(5).moved(5, to=0)
    )
    selection.write(tmp_path / "s.json")
    assert Selection.read(tmp_path / "s.json") == selection
    assert [p.name for p in tmp_path.iterdir()] == ["s.json"]


def test_the_file_is_what_the_page_downloads(model, tmp_path):
    selection = Selection.of(model).merged([0, 1], name="eyes")
    selection.write(tmp_path / "s.json")
    told = json.loads((tmp_path / "s.json").read_text("utf-8"))
    assert told["format"] == "visnmf-selection"
    assert told["version"] == 1
    assert told["model"] == {"rank": 6, "digest": model.digest}
    assert told["parts"][:2] == [
        {"from": [0, 1], "name": "eyes", "hidden": False},
        {"from": [2], "name": "part 3", "hidden": True},
    ]


DIGEST = "0" * 64
GOOD = {
    "format": "visnmf-selection",
    "version": 1,
    "model": {"rank": 3, "digest": DIGEST},
    "parts": [{"from": [0, 2], "name": "a", "hidden": False}],
}


def refusal(tmp_path, content):
    path = tmp_path / "s.json"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    with pytest.raises(SelectionFormatError) as caught:
        Selection.read(path)
    assert isinstance(caught.value, ValueError)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert len(message) < 400 + len(str(path))
    return message


def test_a_plain_file_is_read(tmp_path):
    (tmp_path / "s.json").write_text("\ufeff" + json.dumps(GOOD), "utf-8")
    assert Selection.read(tmp_path / "s.json").choices == (Choice((0, 2), "a"),)


def part(**changes):
    return {**GOOD, "parts": [{**GOOD["parts"][0], **changes}]}


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "is no selection"),
        ({**GOOD, "format": "visnmf-model"}, "is no selection"),
        ({**GOOD, "version": 2}, "upgrade visnmf"),
        ({**GOOD, "version": 10**4000}, "upgrade visnmf"),
        ({**GOOD, "version": 0}, "version 0 is none"),
        ({**GOOD, "version": True}, "version True is none"),
        ({**GOOD, "version": "1"}, "version '1' is none"),
        ({**GOOD, "more": 1}, r"keys that are not known: \['more'\]"),
        ({k: v for k, v in GOOD.items() if k != "parts"}, "lacks parts"),
        ({**GOOD, "model": []}, "must be an object"),
        ({**GOOD, "model": {"rank": 3}}, "lacks digest"),
        ({**GOOD, "model": {"rank": 0, "digest": DIGEST}}, "from 1, not 0"),
        ({**GOOD, "model": {"rank": 3.0, "digest": DIGEST}}, "whole number"),
        ({**GOOD, "model": {"rank": True, "digest": DIGEST}}, "whole number"),
        ({**GOOD, "model": {"rank": 3, "digest": "x" * 64}}, "64 hex digits"),
        ({**GOOD, "model": {"rank": 3, "digest": DIGEST + "\n"}}, "64 hex digits"),
        ({**GOOD, "model": {"rank": 3, "digest": None}}, "64 hex digits"),
        ({**GOOD, "parts": {}}, "must be a list"),
        ({**GOOD, "parts": []}, "no part is left"),
        ({**GOOD, "parts": [3]}, "must be an object"),
        ({**GOOD, "parts": GOOD["parts"] * 2}, "part 0 is used twice"),
        (part(**{"from": [0, 0]}), "part 0 is used twice"),
        (part(**{"from": [3]}), "there is no part 3"),
        (part(**{"from": [-1]}), "there is no part -1"),
        (part(**{"from": [1.0]}), "there is no part 1.0"),
        (part(**{"from": [True]}), "there is no part True"),
        (part(**{"from": ["0"]}), "there is no part '0'"),
        (part(**{"from": [[0]]}), "there is no part"),
        (part(**{"from": [10**4000]}), "there is no part"),
        (part(**{"from": []}), "made of no part"),
        (part(**{"from": 0}), "must be a list"),
        (part(**{"from": "012"}), "must be a list"),
        (part(name=""), "printable"),
        (part(name="a" * 201), "printable"),
        (part(name="\x1b[2J"), "printable"),
        (part(name="\ud800"), "printable"),
        (part(name=None), "printable"),
        (part(hidden=0), "true or false"),
        (part(hidden=None), "true or false"),
        (part(more=1), "not known"),
        (b"", "no readable JSON"),
        (b"{", "no readable JSON"),
        (b"\xff\xfe{}", "no readable JSON"),
        (b"[" * 100_000, "no readable JSON"),
        (b"1" * 5000, "no readable JSON"),
        (b'{"format": NaN}', "holds NaN"),
        (b'{"format": -Infinity}', "holds -Infinity"),
        (b'{"format": "visnmf-selection", "format": "x"}', "twice"),
    ],
)
def test_wrong_files_are_refused(tmp_path, document, message):
    import re

    assert re.search(message, refusal(tmp_path, document))


def test_mutants_are_read_or_refused(tmp_path):
    rng = np.random.default_rng(0)
    good = json.dumps(GOOD).encode()
    path = tmp_path / "s.json"
    refused = 0
    for _ in range(1000):
        mutant = bytearray(good)
        for place in rng.integers(0, len(good), rng.integers(1, 4)):
            mutant[place] = rng.choice(list(b'0159-.eE"[]{},:tfn\\u\x00\xff'))
        path.write_bytes(mutant)
        try:
            Selection.read(path)
        except SelectionFormatError:
            refused += 1
    assert refused > 500


def test_a_huge_file_is_refused_without_being_parsed(tmp_path):
    assert "no selection is so large" in refusal(tmp_path, b" " * (2**24 + 1))


def test_a_missing_file_and_a_folder_are_told(tmp_path):
    with pytest.raises(SelectionNotFoundError, match="no such selection") as caught:
        Selection.read(tmp_path / "s.json")
    assert isinstance(caught.value, FileNotFoundError)
    assert pickle.loads(pickle.dumps(caught.value)).path == str(tmp_path / "s.json")
    with pytest.raises(SelectionFormatError, match="is not a file"):
        Selection.read(tmp_path)
