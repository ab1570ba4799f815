"""scikit-learn's own tests of NMF, run on visnmf.NMF in a process of their own."""

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
    """Name of a test -> PASSED, SKIPPED or XFAIL."""
    return dict(re.findall(r"::(\S.*?) (PASSED|SKIPPED|XFAIL)", suite.stdout))


def test_all_that_visnmf_has_passes(suite, outcomes):
    assert suite.returncode == 0, suite.stdout[-3000:] + suite.stderr[-3000:]
    for name, outcome in outcomes.items():
        glob = rebind.first_match(name)
        expected = "SKIPPED" if glob in rebind.SKIPPED else "XFAIL" if glob else "PASSED"
        assert outcome == expected, name
    passed = [name for name, outcome in outcomes.items() if outcome == "PASSED"]
    assert len(passed) >= 30, passed


def test_no_pattern_is_stale_and_each_has_its_reason(outcomes):
    assert not rebind.SKIPPED.keys() & rebind.LATER.keys()
    table = rebind.SKIPPED | rebind.LATER
    assert set(table) == {rebind.first_match(name) for name in outcomes} - {None}
    assert all(table.values())
