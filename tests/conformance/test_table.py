"""The table of what goes with what, in ARCHITECTURE.md, is what the package answers."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def table():
    spec = importlib.util.spec_from_file_location("table", ROOT / "tools" / "table.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_is_up_to_date(table):
    document = table.PLACE.read_text(encoding="utf-8")
    assert table.BEGIN in document
    assert table.written(document) == document, "run: python tools/table.py --write"


def test_writing_keeps_all_else(table):
    made = table.written(f"before\n{table.BEGIN}\nwhat was there\n{table.END}\nafter\n")
    assert made.startswith("before\n")
    assert made.endswith("after\n")
    assert "what was there" not in made
    assert "| ElasticNet on W or H | F H L21 |" in made
