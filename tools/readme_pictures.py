"""Draw the pictures of README.md anew: .venv/bin/python tools/readme_pictures.py."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from skimage import data

import visnmf
from visnmf import plots, recipes

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
# The parts that each recipe finds on the same faces.
faces = visnmf.samples.load_faces()
chosen = {
    "plain NMF": None,
    "kl": recipes.kl(16),
    "hoyer, 0.75": recipes.hoyer(16, sparseness_W=0.75),
    "nsnmf, 0.7": recipes.nsnmf(16, theta=0.7),
    "onmf": recipes.onmf(16),
    "lnmf": recipes.lnmf(16),
    "opnmf": recipes.opnmf(16),
    "smooth": recipes.smooth(16),
    "sparse": recipes.sparse(16),
    "gnmf, 10": recipes.gnmf(16, weight=10.0),
    "convex": recipes.convex(16),
    "separable": recipes.separable(16),
}
figure = Figure(figsize=(10, 8), layout="compressed")
for axes, (title, recipe) in zip(figure.subplots(3, 4).ravel(), chosen.items(), strict=True):
    parts = visnmf.learn(faces, 16, recipe=recipe).basis_images()
    parts = parts / parts.max(axis=(1, 2), keepdims=True)
    axes.imshow(plots.montage(parts, background=1), cmap="gray", vmin=0, vmax=1)
    axes.set_title(title)
    axes.set_axis_off()
figure.savefig(FOLDER / "recipes.png", dpi=100)
# What parts of patches show of pictures that nothing aligns.
photo = data.camera()[60:316, 80:336]
encoder = visnmf.PatchEncoder(64, patch_size=10).fit([photo])
figure = plots.feature_maps(encoder, photo / np.float32(255), max_parts=7, columns=4)
figure.savefig(FOLDER / "feature-maps.png", dpi=100)
texture = data.brick() / np.float32(255)
usual, odd = texture[:256], texture[256:].copy()
odd[110:150, 300:350] = texture[330:370, 80:130].mean() * 1.15
encoder = visnmf.PatchEncoder(64, patch_size=8, n_patches=30_000).fit([usual])
found = encoder.anomaly_maps([odd], normal=[usual])[0]
figure = Figure(figsize=(10, 2.6), layout="compressed")
for axes, picture, tones in zip(
    figure.subplots(1, 2), (odd, found), ("gray", "inferno"), strict=True
):
    axes.imshow(picture, cmap=tones)
    axes.set_axis_off()
figure.savefig(FOLDER / "odd-one-out.png", dpi=100)
print(f"wrote {', '.join(sorted(path.name for path in FOLDER.glob('*.png')))} into {FOLDER}")
