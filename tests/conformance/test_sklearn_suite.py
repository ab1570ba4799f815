"""scikit-learn's own tests of NMF, run on visnmf in a process of their own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import rebind


@pytest.fixture(scope="module")
def suite():
    """The report of a run of scikit-learn's tests, with the plugin `rebind`."""
    return subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "rebind", "-p", "no:cacheprovider"),
            *("-c", os.devnull, "-v", "--color=no", "--tb=native"),
            *("--pyargs", "sklearn.decomposition.tests.test_nmf"),
        ],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent,
    )


@pytest.fixture(scope="module")
def outcomes(suite):
    """Name of a test -> PASSED or SKIPPED."""
    return dict(re.findall(r"::(\S.*?) (PASSED|SKIPPED)", suite.stdout))


def test_all_but_what_is_skipped_passes(suite, outcomes):
    assert suite.returncode == 0, suite.stdout[-3000:] + suite.stderr[-3000:]
    for name, outcome in outcomes.items():
        assert outcome == ("SKIPPED" if rebind.first_match(name) else "PASSED"), name
    passed = [name for name, outcome in outcomes.items() if outcome == "PASSED"]
    assert len(passed) >= 200, passed


def test_no_pattern_is_stale_and_each_has_its_reason(outcomes):
    assert set(rebind.SKIPPED) == {rebind.first_match(name) for name in outcomes} - {None}
    assert all(rebind.SKIPPED.values())
