"""scikit-learn's own tests of NMF, run on visnmf.NMF in a process of their own."""

import fnmatch
import re
import subprocess
import sys
from pathlib import Path

import rebind


def run_suite(*arguments):
    return subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "rebind"),
            *("-c", "/dev/null", "--rootdir", "/", "--pyargs"),
            "sklearn.decomposition.tests.test_nmf",
            *arguments,
        ],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent,
    )


def test_what_is_public_passes():
    done = run_suite()
    assert done.returncode == 0, done.stdout[-3000:]
    passed = int(re.search(r"(\d+) passed", done.stdout)[1])
    assert passed >= 30


def test_no_reason_to_skip_is_stale():
    done = run_suite("--collect-only")
    names = re.findall(r"::(\S.*)$", done.stdout, re.M)
    assert len(names) > 200
    matched = {
        glob: any(fnmatch.fnmatchcase(name, glob) for name in names) for glob in rebind.SKIPPED
    }
    assert all(matched.values()), matched
    assert all(rebind.SKIPPED.values())
