import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visnmf.archive.names import decode_names, encode_names, iter_names
from visnmf.archive.names_check import check_names, names_problem
from visnmf.archive.safe_names import safe_names
from visnmf.archive.varints import varint
from visnmf.errors import ArchiveFormatError, InvalidInputError

# Letters that names are made of, and those that make trouble.
ALPHABET = "ab01A9./\\ _-:?\u00e9e\u0301\u00df\u200d\u202e\x00\ud800\u4e2d#"
wild_names = st.lists(
    st.text(ALPHABET, max_size=8)
    | st.text(max_size=6)
    | st.sampled_from(["CON", "nul.png", "a", "a/b", "A/B", "../x", "x" * 300, "\u00e9" * 200]),
    max_size=12,
)
good_names = wild_names.map(lambda names: safe_names(names).names)


@given(good_names)
def test_names_survive_being_bytes(names):
    assert decode_names(encode_names(names), len(names)) == names


@given(
    st.lists(st.tuples(st.sampled_from(["a", "b7_", "c/"]), st.integers(0, 120)), max_size=30),
    st.integers(1, 4),
)
def test_names_that_count_survive_whatever_their_order(items, digits):
    names = list(dict.fromkeys(f"{stem}{number:0{digits}}.jp2" for stem, number in items))
    assert decode_names(encode_names(names), len(names)) == names


@given(wild_names)
def test_safe_names_are_good_and_stay_as_they_are(names):
    safe = safe_names(names)
    check_names(safe.names)
    assert len(safe.names) == len(names)
    assert safe.changed == [i for i, name in enumerate(names) if safe.names[i] != name]
    again = safe_names(safe.names)
    assert again.names == safe.names
    assert not again.changed


@given(wild_names)
def test_good_names_are_not_changed(names):
    if not names_problem(names):
        assert safe_names(names).names == names


@pytest.mark.parametrize(
    ("names", "nbytes"),
    [
        ([f"face{i:04}.png" for i in range(1, 2430)], 18),
        ([f"{i}.png" for i in range(60000)], 12),
        ([f"img_{i:05}.jp2" for i in range(0, 5000, 5)], 20),
        ([f"stack.tif#{i}" for i in range(500)], 18),
        ([f"s{i}/{j}.pgm" for i in range(1, 41) for j in range(1, 11)], 40 * 14),
    ],
)
def test_names_that_count_up_cost_next_to_nothing(names, nbytes):
    data = encode_names(names)
    assert len(data) <= nbytes
    assert decode_names(data, len(names)) == names


def test_bytes_are_as_documented():
    names = ["a/x09.png", "a/x10.png", "a/x11.png", "a/y2/7.png", "a/y4/7.png", "b"]
    assert encode_names(names) == (
        b"\x00\x09a/x09.png"  # nothing is kept, nine bytes follow
        b"\x03\x00\x01"  # two names count, by their last number, by one
        b"\x04\x08y2/7.png"  # two bytes are kept
        b"\x01\x01\x02"  # one name counts, by its last number but one, by two
        b"\x00\x01b"
    )


@pytest.mark.parametrize(
    ("data", "n", "match"),
    [
        (b"", 1, "has 0 names, need 1"),
        (b"\x00\x01a", 2, "has 1 names, need 2"),
        (b"\x00\x01a\x00\x01b", 1, "more than 1 names"),
        (b"\x00\x011" + varint(2 * 10**12 + 1) + b"\x00\x01", 10**8, "more than"),
        (b"\x00\x05a", 1, "in the middle"),
        (b"\x00\x01a\x06\x01b", 2, "keeps more"),
        (b"\x00\x01a\x01\x00\x01", 2, "no number"),
        (b"\x00\x011\x01\x00\x00", 2, "no number"),
        (b"\x00\x011\x01\x01\x01", 2, "no number"),
        (b"\x00\x011\x01\x00" + varint(10**18), 2, "18 digits"),
        (b"\x00\x14" + b"1" * 20 + b"\x01\x00\x01", 2, "no number"),
        (b"\x00" + varint(5000) + b"a" * 5000, 1, "absurd"),
        (b"\x00\x01\xff", 1, "UTF-8"),
        (b"\x00\x03\xed\xa0\x80", 1, "UTF-8"),
        (b"\x00\x80\x00", 1, "needless"),
        (b"\x00\x02..", 1, "climbs"),
        (b"\x00\x01A\x00\x01a", 2, "case"),
        (b"\x00\x0a/etc/passw", 1, "absolute"),
    ],
)
def test_lists_of_names_that_are_refused(data, n, match):
    with pytest.raises(ArchiveFormatError, match=match):
        decode_names(data, n)


def test_names_are_never_more_than_python_can_hold(monkeypatch):
    monkeypatch.setattr("visnmf.archive.names.MAX_NAMES", 2**20)
    bomb = b"\x00" + varint(4000) + b"a/" * 1999 + b"x1" + varint(2 * 10**7 - 1) + b"\x00\x01"
    with pytest.raises(ArchiveFormatError, match="absurd"):
        for _ in iter_names(bomb, 10**8):
            pass


def test_a_damaged_list_raises_our_error_or_gives_good_names():
    rng = random.Random(0)
    names = ["b/two.png", *(f"a{i}.png" for i in range(98, 103)), "\u4e2d.png", "\u4e2e.png"]
    whole = encode_names(names)
    refused = 0
    for _ in range(2000):
        data = bytearray(whole)
        for _ in range(rng.randint(1, 3)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        try:
            check_names(decode_names(bytes(data[: rng.randint(1, 2 * len(data))]), len(names)))
        except ArchiveFormatError:
            refused += 1
    assert 1000 < refused < 2000


BAD = {
    "empty": ["", "a//b", "a/", "/a", "//server/share", "/"],
    "climb": ["..", "../a", "a/../b", ".", "./a", "a/.", "a/\u200d..\u200c", "\u200d"],
    "not for": [
        *("a\\b", "..\\a", "C:a", "C:/a", "a:b", "a\x00", "a\nb", "a\x7f", "a\x85", "a*", "a?"),
        *('a"b', "a<b", "a>b", "a|b", "a\u202egnp.exe", "\u2066a", "\ufeffa", "a\u200b", "\u061ca"),
        *("\ud800", "a\udcffb", "a\u2028b"),
    ],
    "drops": ["a.", "a ", "a./b", "a /b", "...", "a.\u200d"],
    "device": [
        *(
            "CON",
            "con.png",
            "a/NUL",
            "nul/a",
            "COM1",
            "com9.tar.gz",
            "LPT0.x",
            "CONIN$",
            "conout$.a",
        ),
        *("AUX .png", "PRN", "CLOCK$", "COM\u00b9", "lpt\u00b3.png", "N\u200dUL"),
    ],
    "more than 255": ["a" * 256, "\u4e2d" * 86, "a/" + "b" * 300],
    "more than 4096": ["/".join(["a" * 200] * 21)],
    "63 folders": ["/".join("a" * 65)],
}


@pytest.mark.parametrize(
    ("match", "name"), [(match, name) for match, names in BAD.items() for name in names]
)
def test_names_that_are_no_file_everywhere(match, name):
    with pytest.raises(InvalidInputError, match=match):
        check_names(["fine.png", name])
    with pytest.raises(InvalidInputError, match="safe_names"):
        encode_names([name])
    check_names(safe_names([name]).names)


@pytest.mark.parametrize(
    "names",
    [
        ["a.png", "A.PNG"],
        ["\u00e9", "e\u0301"],
        ["stra\u00dfe", "STRASSE"],
        ["\u00c5", "\u212b"],
        ["\u03c3", "\u03c2"],
        ["a\u200db", "ab"],
        ["same", "same"],
        ["a", "a/b"],
        ["x/a/b/c", "X/A"],
    ],
)
def test_names_that_meet_on_some_file_system(names):
    for order in (names, names[::-1]):
        with pytest.raises(InvalidInputError, match="same|folder"):
            check_names(order)
        safe = safe_names(order)
        check_names(safe.names)
        assert len(safe.changed) == 1


@pytest.mark.parametrize(
    "name",
    [
        *("sub/one.jpg", "stack.tif#3", ".hidden", "a..b", "console.png", "com10", "nul_.png"),
        *("\u4e2d\u6587/\u00e9.png", "\u0645\u06cc\u200c\u062e.png", " lead", "a b", "~/a", "-rf"),
    ],
)
def test_names_that_are_fine_everywhere(name):
    check_names([name])
    assert safe_names([name]).names == [name]


def test_safe_names_change_as_little_as_they_can():
    given_names = {
        "2024:10.png": "2024_10.png",
        "C:\\photos\\a.png": "C_/photos/a.png",
        "/abs/x.png": "abs/x.png",
        "../../up.png": "up.png",
        "con.png": "con_.png",
        "dot.": "dot_",
        "a:b": "a_b_2",
        "a_b": "a_b",
        "": "picture",
        "folder": "folder_2",
        "folder/in": "folder/in",
    }
    safe = safe_names(list(given_names))
    assert safe.names == list(given_names.values())
    assert [list(given_names)[i] for i in safe.changed] == [
        before for before, after in given_names.items() if before != after
    ]


def test_many_equal_names_are_numbered():
    safe = safe_names(["a.png"] * 1000 + ["a_5.png"])
    assert safe.names[:5] == ["a.png", "a_2.png", "a_3.png", "a_4.png", "a_6.png"]
    assert safe.names[-1] == "a_5.png"
    assert len(set(safe.names)) == 1001


def test_long_names_keep_their_suffix_and_get_a_number():
    safe = safe_names(["\u4e2d" * 100 + ".png", "\u4e2d" * 100 + ".png", "/".join("ab" * 2000)])
    assert safe.names[0] == "\u4e2d" * 83 + ".png"
    assert safe.names[1] == "\u4e2d" * 83 + "_2.png"
    check_names(safe.names)
