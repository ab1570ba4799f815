"""Hand-made hostile archives: refused in our words, within memory and time, and nothing outside.

All of them are read in every way by one process, whose address space is held to what it had and
`max_memory` and some buffers (hostile_worker.py).
"""

import json
import subprocess
import sys
from pathlib import Path

import handmade_hostile as made
import numpy as np
import pytest

import visnmf
from visnmf.archive.registry import Coder
from visnmf.archive.verify import verify
from visnmf.errors import ArchiveFormatError, ArchiveTooLargeError, InvalidInputError

pytest.importorskip("resource")
if not Path("/proc/self/statm").exists():
    pytest.skip("memory is bounded by what Linux tells of it", allow_module_level=True)

WORKER = Path(__file__).with_name("hostile_worker.py")
GROUPS = ("giants", "bombs", "numbers", "disagreeing", "bad_names")


@pytest.fixture(scope="module")
def told(corpus, tmp_path_factory):
    """Return what became of each archive of each group: {group: {name: {way: error}}}."""
    folder = tmp_path_factory.mktemp("hostile")
    names = {}
    for group in GROUPS:
        for name, data in getattr(made, group)(made.Corpus(corpus[0])):
            path = folder / f"{len(names):04}.vnmf"
            path.write_bytes(data)
            names[path.name] = group, name
    command = [sys.executable, str(WORKER), "--files", str(corpus[0]), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    last = names[f"{len(lines) - 1:04}.vnmf"] if lines else ""
    assert done.returncode == 0, f"in {last}: {done.returncode}\n{done.stderr[-3000:]}"
    assert len(lines) == len(names)
    found = {group: {} for group in GROUPS}
    for line in lines:
        group, name = names[line["file"]]
        assert name not in found[group]
        found[group][name] = line["refused"]
    return found


def test_what_holds_more_than_is_allowed_is_refused_in_every_way(told):
    for name, errors in told["giants"].items():
        ways = ["open"] if "mask" in name else ["first", "all", "verify", "extract"]
        for way in ways:
            if "10^8" in name and way == "first":
                continue
            assert "ArchiveTooLargeError" in errors[way], (name, way)
            assert "--max-memory" in errors[way], (name, way)
    for name in ("10^8 pictures", "10^8 pictures without names"):
        assert "names may take" in told["giants"][name]["names"]


def test_what_gives_more_than_the_header_says_is_refused(told):
    assert len(told["bombs"]) > 50
    for name, errors in told["bombs"].items():
        if ", both " in name:  # some decoders fill up a picture that ends early
            continue
        where = {"NAMES": "names", "MASK": "open"}.get(name.split()[0], "all")
        assert where in errors, name
        assert errors[where].startswith(("ArchiveFormatError", "ArchiveTooLargeError")), name


def test_numbers_that_make_no_sense_are_refused(told):
    may_be = [name for name in told["numbers"] if " from " in name]  # types and ranges are free
    assert len(may_be) == 32
    assert told["numbers"].pop("less than the greatest numbers") == {}
    assert "to which whole numbers are exact" in told["numbers"]["the greatest numbers"]["first"]
    for name, errors in told["numbers"].items():
        if name not in may_be:
            assert {"open", "first"} & set(errors), name


def test_sections_that_do_not_fit_the_header_are_refused(told):
    read = [
        name
        for name, errors in told["disagreeing"].items()
        if not {"open", "first", "all", "names"} & set(errors)
    ]
    # The names may be missing, factors make levels of any bits, and one copy of the directory may
    # be of another version; a coder may go by the number of one that reads the same.
    for name in read:
        assert "missing" in name or " by " in name or "version" in name or "16 at" in name, name
    for name, errors in told["disagreeing"].items():
        if "version 2" in name or "version 65535" in name:
            assert "upgrade" in errors.get("open", "upgrade"), (name, errors)
        if name.endswith((" by 7", " by 15", " by 21", " by 255")):
            assert "unknown coder" in errors.get("open", ""), (name, errors)
        if " twice" in name or "kind 9" in name or "turned over" in name:
            assert {"open", "first"} & set(errors), name


def test_bad_names_are_refused_and_pictures_come_out_under_numbers(told):
    assert len(told["bad_names"]) > 35
    for name, errors in told["bad_names"].items():
        assert set(errors) >= {"names", "extract", "verify", "salvage names"} - {"verify"}, name
        assert not {"first", "all", "salvage extract", "salvage all"} & set(errors), name


def test_more_memory_reads_what_little_memory_refuses(corpus, tmp_path):
    path = tmp_path / "a.vnmf"
    data = made.zstd_zeros(1200 * 1000)
    path.write_bytes(made.Corpus(corpus[0]).sheet(Coder.ZSTD, data, (1200, 1000)))
    with visnmf.Archive.open(path, max_memory=2**24) as archive:
        assert archive.names == ["a"]
        with pytest.raises(
            ArchiveTooLargeError, match=r"60\.\d MB of memory, more than the 16\.8 MB"
        ):
            archive[0]
        with pytest.raises(MemoryError):
            archive.load()
    with pytest.raises(ArchiveTooLargeError):
        verify(str(path), max_memory=2**24)
    with pytest.raises(ArchiveTooLargeError):
        visnmf.append(path, np.zeros((1, 1200, 1000), np.uint8), max_memory=2**24)
    with visnmf.Archive.open(path, max_memory=2**27) as archive:
        assert archive[0].shape == (1200, 1000)
    for wrong in (0, -1, 2**24 - 1, 1.5e9 + 0.5, True):
        with pytest.raises(InvalidInputError, match="max_memory"):
            visnmf.Archive.open(path, max_memory=wrong)


def test_a_small_file_of_a_large_sheet_is_read_where_that_is_allowed(corpus, tmp_path):
    path, side = tmp_path / "a.vnmf", 4096
    data = made.zstd_zeros(side * side)
    path.write_bytes(made.Corpus(corpus[0]).sheet(Coder.ZSTD, data, (side, side)))
    assert path.stat().st_size < 2000
    with visnmf.Archive.open(path, max_memory=2**28) as archive:
        with pytest.raises(ArchiveTooLargeError, match="to decode a picture may take"):
            archive[0]
    with visnmf.Archive.open(path) as archive:
        assert archive[0].shape == (side, side)
        assert not archive[0].any()


def test_overlap_is_a_size_that_is_wrong_and_salvage_reads_no_section_twice(corpus, tmp_path):
    archives = dict(made.disagreeing(made.Corpus(corpus[0])))
    for name in ("overlapping sections", "sections apart"):
        path = tmp_path / "a.vnmf"
        path.write_bytes(archives[name])
        with pytest.raises(ArchiveFormatError):
            visnmf.Archive.open(path)
