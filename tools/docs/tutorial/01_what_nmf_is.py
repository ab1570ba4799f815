"""What NMF is, in pictures
========================

What is a set of pictures made of? Non-negative matrix factorization (NMF) answers with **parts**:
pictures themselves, of which every picture of the set is nearly a sum. This page shows what that
means, on faces and on stick figures. You need no mathematics beyond adding and multiplying. Code
that only draws is left out here; it is in the script, to download at the end of the page.
"""

# %%
# A picture is a column
# ---------------------
# These are 24 of the 100 faces that come with scikit-image. Each is a grid of 25 x 25 pixels, and
# a pixel is a number from 0 (black) to 1 (white).

import numpy as np
from matplotlib.figure import Figure

import visnmf
from visnmf import measure, plots, recipes

faces = visnmf.samples.load_faces()
plots.basis(faces.V[:, :24], faces.layout, scale="common", columns=12)

# %%
# Written one below another, the 625 pixels of a face are a column of numbers. All columns side by
# side are a table, the matrix **V**: a row for each pixel, a column for each picture.

print(f"V has {faces.V.shape[0]} rows (pixels) and {faces.V.shape[1]} columns (pictures)")

# %%
# V = W H + U
# -----------
# NMF looks for two smaller tables whose product is near V:
#
# * **W**, of as many rows as V and a few columns. A column of W has a number for each pixel, so
#   it is a picture too: a **part**.
# * **H**, of as many columns as V. A column of H says how much of each part one picture takes:
#   its **encoding**, or recipe.
#
# Neither has a number below zero. What W H does not explain is left over: the residual **U** = V
# - W H, which may be above or below zero. How many parts there are is yours to say, and called
# the **rank**. Here are 25 parts of the faces; those that explain most come first.

model = visnmf.learn(faces, 25, seed=0)
plots.basis(model)

# %%
# Take one face. Its recipe is a column of H, so the face is the sum of all parts, each multiplied
# by its number there. Below are the six that it takes most of, what all 25 make together, and the
# residual (red where the face is brighter than what was made, blue where it is darker).

# sphinx_gallery_start_ignore


def draw_equation(model, images, number, *, shown=6):
    """Draw a picture as a sum of its strongest parts, what all make, and what is left."""
    W, H = model.factorization.W, model.factorization.H[:, number]
    strength = H * np.linalg.norm(W, axis=0)
    order = np.argsort(-strength)[:shown]
    terms = [model.layout.to_images(W[:, [k]] * H[k])[0] for k in order]
    made = model.layout.to_images((W @ H)[:, None])[0]
    picture = images.to_images()[number]

    figure = Figure(figsize=(9, 1.5), layout="compressed")
    panels = figure.subplots(1, shown + 3)
    names = ["face", *(f"{H[k]:.2f} x part {k + 1}" for k in order), "all: W h", "left: u"]
    for axes, name, tile in zip(panels, names, [picture, *terms, made, None], strict=True):
        if tile is None:
            axes.imshow(picture - made, cmap="RdBu_r", vmin=-0.3, vmax=0.3)
        else:
            axes.imshow(tile, cmap="gray", vmin=0, vmax=1)
        axes.set_title(name, fontsize=9)
        axes.set_axis_off()
    return figure


# sphinx_gallery_end_ignore
draw_equation(model, faces, 41)

# %%
# Added one after another, from the strongest on, the parts build the face up. The upper row shows
# the sums, the lower one what each step added.

plots.build_up(model, faces[41])

# %%
# Why parts?
# ----------
# The one condition, that nothing in W and H is below zero, is what makes parts. Without it, the
# best table of 25 columns is that of principal component analysis (PCA). It comes nearer to V:

centered = faces.V - faces.V.mean(axis=1, keepdims=True)
left, values, _ = np.linalg.svd(centered, full_matrices=False)
eigenfaces = left[:, :25]
rebuilt = eigenfaces @ (eigenfaces.T @ centered) + faces.V.mean(axis=1, keepdims=True)
run = model.factorization
print(f"left over by PCA: {np.linalg.norm(faces.V - rebuilt) / np.linalg.norm(faces.V):.1%}")
print(f"left over by NMF: {measure.relative_error(faces, run.W, run.H):.1%}")

# %%
# But look at its columns. They have both signs, here red and blue: an eigenface adds in one place
# and takes away in another, and a face is a sum of large amounts that cancel each other out. None
# of them is something that a face *has*. A part of NMF can only add. What one part put into a
# picture, no other can take away, so a part holds what pictures have in common and little else: a
# lit cheek, a beard, the background in a corner. Much of a part is black: zero.

# sphinx_gallery_start_ignore


def draw_both(parts, eigenfaces):
    """Draw parts beside eigenfaces, each to its own largest value."""
    figure = Figure(figsize=(9, 4.6), layout="compressed")
    left, right = figure.subplots(1, 2)
    parts = parts / parts.max(axis=(1, 2), keepdims=True)
    left.imshow(plots.montage(parts, background=1), cmap="gray", vmin=0, vmax=1)
    left.set_title("parts of NMF: black is zero")
    eigenfaces = eigenfaces / abs(eigenfaces).max(axis=(1, 2), keepdims=True)
    right.imshow(plots.montage(eigenfaces), cmap="RdBu_r", vmin=-1, vmax=1)
    right.set_title("eigenfaces of PCA: white is zero")
    for axes in (left, right):
        axes.set_axis_off()
    return figure


# sphinx_gallery_end_ignore
draw_both(model.basis_images(), faces.layout.to_images(eigenfaces))

# %%
# Where the parts are known
# -------------------------
# Do the parts mean anything? The *swimmer* set was drawn to find out: 256 stick figures of a
# torso and four limbs, each limb in one of four positions. So the true parts are 17.

swimmer = visnmf.samples.make_swimmer()
plots.basis(swimmer.V[:, ::11], swimmer.layout, scale="common", columns=12)

# %%
# NMF is shown the figures and told nothing of limbs. "lnmf" is a recipe that asks for local parts
# (see below). It finds every limb in every position, and the torso:

limbs = visnmf.learn(swimmer, 17, recipe="lnmf")
truth = visnmf.samples.make_swimmer_parts()
print(f"left over: {limbs.provenance['relative_error']:.2%}")
cosines = measure.match_parts(limbs.factorization.W, truth.V).cosine
print(f"cosine of each part with the limb it matches: at least {cosines.min():.4f}")
plots.basis(limbs, columns=9)

# %%
# PCA of the same figures gives patterns of all limbs at once. It cannot even give 17 of them:
# with both signs allowed, 13 columns make all figures exactly.

middle = swimmer.V.mean(axis=1, keepdims=True)
components = np.linalg.svd(swimmer.V - middle, full_matrices=False)[0][:, :12]
draw_both(limbs.basis_images(), swimmer.layout.to_images(components))

# %%
# What to know before you trust it
# --------------------------------
# **There is more than one answer.** NMF starts somewhere and improves W and H until neither gets
# any better. From another start it may end elsewhere. Plain NMF of the swimmer, from three random
# starts:

for seed in range(3):
    error = visnmf.learn(swimmer, 17, seed=seed).provenance["relative_error"]
    print(f"seed {seed}: {error:.1%} left over, where nothing need be")

# %%
# So parts that matter to you should come out again with another ``seed``. Asking for more than a
# close fit, as "lnmf" did, also makes the answer less arbitrary.
#
# **More parts are finer parts.** With few, each is nearly a whole face; with many, a piece of
# one, until noise gets parts of its own. :func:`visnmf.choose_rank` says how many the pictures
# hold.

# sphinx_gallery_start_ignore


def draw_side_by_side(models):
    """Draw the parts of several models, each with its title."""
    figure = Figure(figsize=(10, 3.8), layout="compressed")
    for axes, (title, one) in zip(figure.subplots(1, len(models)), models.items(), strict=True):
        parts = one.basis_images()
        parts = parts / parts.max(axis=(1, 2), keepdims=True)
        axes.imshow(plots.montage(parts, background=1), cmap="gray", vmin=0, vmax=1)
        axes.set_title(title)
        axes.set_axis_off()
    return figure


# sphinx_gallery_end_ignore
draw_side_by_side({f"{rank} parts": visnmf.learn(faces, rank) for rank in (4, 16, 49)})

# %%
# **Parts need not be noses.** These faces look to all sides, in all kinds of light, so no pixel
# is always a nose, and many parts are thin faces. You can ask for local parts, at the price of a
# larger residual:

draw_side_by_side(
    {
        "a close fit": visnmf.learn(faces, 16),
        "parts that overlap little": visnmf.learn(faces, 16, recipe="lnmf"),
        "each part sparse": visnmf.learn(faces, 16, recipe=recipes.hoyer(16, sparseness_W=0.75)),
    }
)

# %%
# **Pictures must lie alike.** A pixel means the same thing in every picture only where pictures
# are aligned: faces in one frame, digits, scans, the bands of a spectral image, a camera that
# stands still. The :doc:`third page <03_your_own_pictures>` tells what to do with others.
#
# Next: :doc:`02_a_first_model`.
