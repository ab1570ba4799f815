"""Import time of visnmf over that of NumPy alone."""

import subprocess
import sys

from timing import best_of, keep, table


def run(options):
    """Time whole processes, the best of several."""
    times = {
        code: best_of(lambda code=code: subprocess.run([sys.executable, "-c", code], check=True), 9)
        for code in (
            "pass",
            "import numpy",
            "import numpy, visnmf",
            "import visnmf; visnmf.factorize",
        )
    }
    bare = times["import numpy"]
    rows = [[code, f"{took:.3f} s", f"{took - bare:+.3f} s"] for code, took in times.items()]
    table("whole processes", ["code", "best", "over numpy"], rows)
    keep("imports", times)
