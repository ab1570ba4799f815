"""`visnmf learn` on 2,000 small PNG files, against decoding them with Pillow in one thread."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

import datasets
from timing import best_of, keep, table

CODE = """
import sys
from pathlib import Path
import numpy as np
from PIL import Image
for path in sorted(Path(sys.argv[1]).glob("*.png")):
    with Image.open(path) as image:
        np.asarray(image)
"""


def run(options):
    """Compare the whole command, less its fit, with a process that only decodes."""
    _, (X, _) = next(datasets.at_hand(("fashion", "digits")))
    count = 200 if options.quick else 2000
    X = np.resize(X, (count, X.shape[1])) if len(X) < count else X[:count]
    side = int(np.sqrt(X.shape[1]))
    with tempfile.TemporaryDirectory() as folder:
        pictures = Path(folder, "pictures")
        pictures.mkdir()
        for i, row in enumerate(X):
            picture = (row.reshape(side, side) * 255).round().astype(np.uint8)
            Image.fromarray(picture).save(pictures / f"{i:05}.png")
        decode = [sys.executable, "-c", CODE, str(pictures)]
        model = str(Path(folder, "model.safetensors"))
        command = ["-m", "visnmf.cli", "learn", str(pictures), "-k", "25", "-o", model]
        fits = []

        def learn():
            done = subprocess.run(
                [sys.executable, *command], capture_output=True, text=True, check=True
            )
            fits.append(float(re.search(r"([\d.]+) s fitting", done.stdout)[1]))

        decoding = best_of(lambda: subprocess.run(decode, check=True), 5)
        whole = best_of(learn, 5)
    ratio = (whole - min(fits)) / decoding
    rows = [[count, f"{decoding:.2f} s", f"{whole:.2f} s", f"{min(fits):.2f} s", f"{ratio:.2f}x"]]
    header = ["files", "decoding alone", "learn", "of it the fit", "(learn - fit) over decoding"]
    table("whole processes", header, rows)
    keep("learn", {"ratio": ratio})
