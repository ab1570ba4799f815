"""Draw the pictures of README.md anew: .venv/bin/python tools/readme_pictures.py."""

from pathlib import Path

import numpy as np

import visnmf
from visnmf import plots

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "examples" / "pictures"

images = visnmf.load_images(ROOT / "datasets" / "fashion", labels="folder")
model = visnmf.learn(images, 24)
bag = int(np.flatnonzero(images.labels == "bag")[3])
shown = np.random.default_rng(3).choice(len(images), 8, replace=False)

FOLDER.mkdir(exist_ok=True)
plots.save_montage(FOLDER / "parts.png", model, columns=12, zoom=3)
plots.reconstruction(model, images[shown]).savefig(FOLDER / "reconstruction.png", dpi=110)
plots.build_up(model, images[bag]).savefig(FOLDER / "build-up.png", dpi=110)
print(f"wrote {', '.join(sorted(path.name for path in FOLDER.glob('*.png')))} into {FOLDER}")
