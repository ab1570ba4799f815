"""A first model
=============

Learn parts, look at them, rebuild pictures, find what does not belong, and keep the model: in
Python and, in the same words, on the command line. ``tools/demo`` has set everything up;
``source .venv/bin/activate`` puts ``visnmf`` and this ``python`` on the path.
"""

# %%
# Read
# ----
# ``datasets/fashion`` holds 1,002 pictures of trousers, sneakers and bags, in a folder for each.
# The folder's name becomes the label of a picture. ``load_images`` also takes globs, lists of
# files, videos, TIFF stacks, arrays and more.

import tempfile
from pathlib import Path

import numpy as np

import visnmf
from visnmf import measure, plots

images = visnmf.load_images("../../../datasets/fashion", labels="folder")
images

# %%
# Some of them, spread over the set:

shown = np.linspace(0, len(images) - 1, 36).astype(int)
plots.basis(images[shown].V, images.layout, scale="common", columns=12)

# %%
# Learn
# -----
# Hold some pictures back to see how well parts fit what they have not seen. Then learn 24 parts
# of the others.

training, test = images.split(0.2, by="label", seed=0)
model = visnmf.learn(training, 24)
print(model)
print(model.factorization)

# %%
# On the command line::
#
#     visnmf learn datasets/fashion -r -k 24 -o fashion.safetensors
#
# It writes the model, and beside it the picture of the parts:

plots.basis(model)

# %%
# How to read it: each tile is a column of W as a picture, white where the part is strong, black
# where it is not there at all. Those that explain most of the pictures come first. Here one can
# see the sole of a sneaker, a trouser leg, a handle.
#
# Did the fit come to its end? It says why it stopped; "kkt", "change" and "precision" mean that
# nothing worth waiting for was left, "max_iter" that it was cut short.
#
# Each color is a phase of the fit. It begins on a small stand-in for V, which is quicker (dashed,
# with values of its own), goes on with V itself, and "closing" is what W and H come to in the end.
# The objective is half the sum of the squares of what is left over; the KKT norm is zero where no
# small change of W or H makes it less.

plots.convergence(model.factorization)

# %%
# Rebuild
# -------
# ``encode`` finds how much of each part a picture takes (never less than nothing),
# ``reconstruct`` what these make. These pictures are new to the model.

H = model.encode(test)
print(f"H has {H.shape[0]} rows (parts) and {H.shape[1]} columns (pictures)")
rebuilt = model.reconstruct(test)
print(f"PSNR of what is rebuilt: {measure.psnr(test, rebuilt):.1f} dB")
plots.reconstruction(model, test, max_images=9)

# %%
# The last row is what the parts cannot make, red and blue: prints, seams, straps that few bags
# have.
#
# On the command line::
#
#     visnmf encode fashion.safetensors more/ -o codes.csv
#     visnmf reconstruct fashion.safetensors more/ -o rebuilt
#
# Look closer at one picture: where do the parts lie that it takes most of?

bag = int(np.flatnonzero(test.labels == "bag")[2])
plots.overlay(model, test[bag])

# %%
# And how is it built up from them?

plots.build_up(model, test[bag])

# %%
# Spot what does not belong
# -------------------------
# What parts cannot make is unusual, so the error of a picture is a score of how unusual it is. A
# model of trousers and sneakers alone has never seen a bag:

known = visnmf.learn(training[training.labels != "bag"], 20)
errors = known.reconstruction_error(test)
for label in ("trouser", "sneaker", "bag"):
    print(f"{label:8} {np.median(errors[test.labels == label]):.0%} left over (median)")

order = np.argsort(errors)
extremes = np.concatenate([order[:5], order[-5:]])
plots.reconstruction(known, test, which=extremes, titles=list(test.labels[extremes]))

# %%
# On the command line::
#
#     visnmf anomalies fashion.safetensors more/ -o scores.csv --sheet oddest.png
#
# Keep it
# -------
# A model is one file: the parts, how their pixels lie, and what they were learned from. Nothing
# in it is run when it is read, so it is safe to share.

folder = Path(tempfile.mkdtemp())
model.save(folder / "fashion.safetensors")
again = visnmf.Model.load(folder / "fashion.safetensors")
print(again, "learned from", again.provenance["source"])

# %%
# ``visnmf info fashion.safetensors`` tells the same.
#
# Explore it
# ----------
# The report is a page to open in a browser: parts, pictures, and how one becomes the other. Drag
# the amounts of parts, and the picture is rebuilt in the page. It is one file and needs no
# network.

visnmf.save_report(folder / "fashion.html", model, test, title="Clothes")
size = (folder / "fashion.html").stat().st_size
print(f"fashion.html: {size / 1e6:.1f} MB")

# %%
# On the command line::
#
#     visnmf report fashion.safetensors datasets/fashion -r -o fashion.html
#
# .. image:: /report/desktop-light.png
#    :alt: The page, with the parts of faces
#    :class: only-light
#
# .. image:: /report/desktop-dark.png
#    :alt: The page, with the parts of faces
#    :class: only-dark
#
# Next: :doc:`03_your_own_pictures`.
