"""When numba is loaded, and where compiled code is kept."""

import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import visnmf
from visnmf.errors import MissingDependencyError
from visnmf.kernels import choose, reference
from visnmf.kernels.choose import choose_kernels

pytest.importorskip("numba", reason="numba is not installed")

SMALL = "import numpy, visnmf; visnmf.factorize(numpy.ones((4, 5)), 2)"
LOADED = "import sys; sys.exit('numba' in sys.modules)"


def run(code, **options):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, **options)


def test_importing_and_small_fits_do_not_load_numba():
    assert run(f"import visnmf; {LOADED}").returncode == 0
    assert run(f"{SMALL}; {LOADED}").returncode == 0


@pytest.fixture
def broken_numba(monkeypatch):
    """A numba whose import fails, and nothing said of it yet."""
    monkeypatch.setitem(sys.modules, "visnmf.kernels.compiled", None)
    choose._warn.cache_clear()
    yield
    choose._warn.cache_clear()


@pytest.mark.usefixtures("broken_numba")
def test_a_numba_that_cannot_be_loaded_is_as_none():
    with pytest.warns(RuntimeWarning, match="numba is installed but cannot be loaded"):
        assert choose_kernels("auto", 50, 10_000) is reference
    with pytest.raises(MissingDependencyError, match="numba cannot be loaded"):
        choose_kernels("compiled", 50, 10_000)


@pytest.mark.usefixtures("broken_numba")
def test_that_is_told_once_at_the_line_of_the_user():
    V = np.random.default_rng(0).random((60, 400))
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        visnmf.NMF(20, max_iter=2).fit(V)
        for seed in range(2):
            visnmf.factorize(V, 20, max_iter=2, seed=seed)
    told = [each for each in found if "numba" in str(each.message)]
    assert [each.filename for each in told] == [__file__]
    assert "NMF(20" in Path(__file__).read_text().splitlines()[told[0].lineno - 1]


@pytest.mark.slow
def test_no_folder_for_compiled_code_is_no_error(tmp_path):
    package = tmp_path / "site" / "visnmf"
    shutil.copytree(
        Path(visnmf.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__")
    )
    for folder in [package, *(path for path in package.rglob("*") if path.is_dir())]:
        # A file where numba would make its cache folder: not even root can make it then
        (folder / "__pycache__").write_text("")
    home = tmp_path / "home"
    home.write_text("")
    environment = {
        "PYTHONPATH": str(tmp_path / "site"),
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / "cache"),
        "PATH": os.environ["PATH"],
    }
    code = (
        "import numpy, visnmf; V = numpy.random.default_rng(0).random((200, 300));"
        "print(visnmf.__file__, visnmf.factorize(V, 30, kernels='compiled', max_iter=3).n_iter)"
    )
    done = run(code, env=environment, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert str(package) in done.stdout
