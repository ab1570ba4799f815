import os
import signal
from pathlib import Path

import pytest


def pytest_addoption(parser):
    parser.addoption("--full", action="store_true", help="run the slow tests too")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--full"):
        return
    skip = pytest.mark.skip(reason="slow: run with --full")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)


def _shared_data() -> Path:
    """The folder of real image sets: VISNMF_DATA, or ../shared/data beside the checkout."""
    given = os.environ.get("VISNMF_DATA")
    return Path(given) if given else Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def real_data():
    """Return a function: file name -> path of a real image set, or skip the test."""

    def find(name):
        path = _shared_data() / name
        if not path.exists():
            pytest.skip(f"real data {name} is not here (set VISNMF_DATA to its folder)")
        return path

    return find


@pytest.fixture(scope="session", autouse=True)
def _ctrl_c_is_heard():
    """Have SIGINT do what Python has it do; where tests run in the background it is ignored."""
    there = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, there)
