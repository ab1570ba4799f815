"""`visnmf learn --dry-run`: looks at little, tells what it would take, writes nothing."""

import numpy as np
import pytest
from PIL import Image

from visnmf.cli.dry_run import look_at


def facts_of(result):
    assert result.exit_code == 0, result.stderr
    return dict(
        (name.strip(), value.strip())
        for name, value in (line.split("  ", 1) for line in result.stdout.splitlines())
    )


def test_it_tells_time_and_memory_and_writes_nothing(run, faces_folder, tmp_path):
    facts = facts_of(run("learn", faces_folder, "-k", 3, "--dry-run"))
    assert facts["pictures"] == "12 of 25 x 25, gray"
    assert facts["V"].startswith("625 x 12")
    assert "iterations" in facts["time"]
    assert facts["memory"].endswith("beside V")
    assert list(tmp_path.iterdir()) == []


def test_without_it_an_output_is_needed(run, faces_folder):
    result = run("learn", faces_folder, "-k", 3)
    assert result.exit_code == 2
    assert "--output FILE is needed" in result.stderr


def test_a_few_files_of_many_are_read(run, faces, tmp_path, monkeypatch):
    faces.save(tmp_path / "many")
    read = []
    from visnmf.cli import source

    usual = source.read_pictures
    monkeypatch.setattr(
        source, "read_pictures", lambda some, **options: read.append(some) or usual(some, **options)
    )
    layout, n = look_at(str(tmp_path / "many"), {"on_error": "raise"})
    assert (layout.shape, n) == ((25, 25), 12)
    assert [len(some) for some in read] == [3]


def test_a_stack_is_known_by_its_header(run, tmp_path):
    np.save(tmp_path / "stack.npy", np.zeros((50, 6, 7), np.uint8))
    facts = facts_of(run("learn", "stack.npy", "-k", 2, "--size", "5x4", "--dry-run"))
    assert facts["pictures"] == "50 of 5 x 4, gray"


def test_broken_files_are_passed_over_where_that_is_asked(run, faces, tmp_path):
    faces.save(tmp_path / "some")
    (tmp_path / "some" / "000.png").write_bytes(b"no")
    words = ["learn", "some", "-k", 2, "--dry-run"]
    assert run(*words).exit_code == 1
    assert "25 x 25" in facts_of(run(*words, "--on-error", "skip"))["pictures"]


@pytest.mark.parametrize(
    "options", [["--recipe", "hoyer"], ["--recipe", "convex"], ["--l1-h", "0.1"]], ids=str
)
def test_what_is_not_counted_is_said(run, faces_folder, options):
    assert "not counted" in facts_of(run("learn", faces_folder, "-k", 2, "--dry-run", *options))


def test_pictures_of_several_sizes_need_a_size(run, tmp_path):
    for name, size in (("a.png", (5, 6)), ("b.png", (7, 8))):
        Image.new("L", size).save(tmp_path / name)
    result = run("learn", ".", "-k", 2, "--dry-run")
    assert result.exit_code == 1
    assert "size" in result.stderr
