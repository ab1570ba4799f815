"""Pictures of your own
====================

A folder of pictures, from the first look to a page to explore. Four questions decide whether parts
will mean something: can all pictures be read, have they one size, do they lie alike, and how many
parts are there?
"""

# %%
# A folder
# --------
# So that this page can be built anywhere, it makes a folder like yours: portraits as JPEG files
# of several sizes, and one file that is broken. With yours, begin at the next block, and put its
# path for ``folder``.

import tempfile
import warnings
from pathlib import Path

import numpy as np
from PIL import Image

import visnmf
from visnmf import plots

folder = Path(tempfile.mkdtemp()) / "portraits"
folder.mkdir()
faces = visnmf.samples.load_faces()
for number, picture in enumerate(faces.to_images()):
    portrait = Image.fromarray((255 * picture).astype(np.uint8))
    portrait = portrait.resize([25 * (1 + number % 3)] * 2, Image.Resampling.NEAREST)
    portrait.save(folder / f"portrait_{number:02d}.jpg", quality=95)
_ = (folder / "portrait_99.jpg").write_bytes(b"not a picture")

# %%
# Have they one size?
# -------------------
# Nothing is guessed. Pictures of several sizes make no columns of one length, so it says what
# there is, and what would work:

try:
    visnmf.load_images(folder)
except visnmf.errors.InvalidInputError as error:
    print(error)

# %%
# Take a small one. Parts are shapes of light and dark, seen at 24 to 64 pixels a side; each
# doubling costs four times the time and memory, and brings noise that parts are then spent on.
# Never take a larger one than the pictures have: blown-up pixels tell each other, and too many
# parts will seem to be there. ``size`` is height and width. ``fit`` says what happens to pictures
# of other proportions: ``"resize"``, the default, stretches them, ``"crop"`` cuts off what is too
# much, ``"refuse"`` counts them as broken.
#
# Can all be read?
# ----------------
# A file that cannot be read stops the reading, and is named:

try:
    visnmf.load_images(folder, size=(25, 25), fit="crop")
except visnmf.errors.ImageReadError as error:
    print(str(error).replace(str(folder), "portraits"))

# %%
# ``on_error="warn"`` leaves such files out and warns, ``"skip"`` leaves them out and keeps their
# names in ``images.skipped``.

images = visnmf.load_images(folder, size=(25, 25), fit="crop", on_error="skip")
print(f"{len(images)} pictures of {images.layout.height} x {images.layout.width} pixels")
print(f"skipped: {len(images.skipped)}")
plots.basis(images[:24].V, images.layout, scale="common", columns=12)

# %%
# On the command line, this and what follows is::
#
#     visnmf learn portraits/ --size 25x25 --fit crop --on-error skip -k 20 -o portraits.safetensors
#
# ``--dry-run`` tells what that would take before it takes it. So does ``visnmf.estimate``:

print(visnmf.estimate(images, 20))

# %%
# Do they lie alike?
# ------------------
# Look at the mean picture. Where pictures are aligned, it is a blurred picture of its own: here a
# face. Where they are not, it is fog. On the left is the mean of these portraits, on the right of
# the same ones with each moved by up to a third of its size.

rng = np.random.default_rng(0)
moved = np.stack(
    [np.roll(face, rng.integers(-8, 9, 2), axis=(0, 1)) for face in images.to_images()]
)
scattered = visnmf.load_images(moved)
means = np.column_stack([images.V.mean(axis=1), scattered.V.mean(axis=1)])
plots.basis(means, images.layout, columns=2)

# %%
# ``learn`` looks at that too, and warns:

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    blurred = visnmf.learn(scattered, 20)
print(caught[0].message if caught else "no warning")
plots.basis(blurred)

# %%
# Parts of scattered portraits are blobs: no pixel means anything. What helps depends on the
# pictures:
#
# * faces in ordinary photos: ``visnmf faces photos/ -o aligned/`` finds them and brings their
#   eyes to one place (:doc:`/howto/faces`);
# * textures, cells, landscapes: parts of *patches* (:class:`visnmf.PatchEncoder`), which look at
#   every place of a picture (:doc:`/howto/microscopy`, :doc:`/howto/recognition`);
# * scans and frames that only shake: align them first, with the registration of your field's
#   tools.
#
# How many parts?
# ---------------
# :func:`visnmf.choose_rank` hides some pixels, learns from the others, and looks how well the
# hidden ones are filled in. Too few parts cannot; too many learn noise, and fill in worse.

choice = visnmf.choose_rank(images, (2, 40))
print(choice.summary())
plots.rank_curves(choice)

# %%
# Take the recommended rank, or any in the shaded range: they do about as well. Fewer parts are
# easier to look at; for features, rather more. On the command line::
#
#     visnmf rank portraits/ --size 25x25 --fit crop --on-error skip --from 2 --to 40 -o rank.png
#
# Learn, and look
# ---------------

model = visnmf.learn(images, choice.rank)
print(model.factorization)
plots.basis(model)

# %%
# Three things to look at first:
#
# * **What is left over**: pictures with the largest error are what the parts do not explain.
#   Often these are broken scans, wrong crops, or the one picture that is of something else.

errors = model.reconstruction_error(images)
worst = np.argsort(-errors)[:8]
plots.reconstruction(model, images, which=worst, titles=[images.names[k] for k in worst])

# %%
# * **What every picture takes**: a part that all take is background or light; one that a single
#   picture takes is that picture.

H = model.encode(images)
taken = (H > 0.05 * H.max(axis=1, keepdims=True)).mean(axis=1)
print("share of the pictures that take part 1, 2, 3 ...:", *(f"{share:.0%}" for share in taken))

# %%
# * **Whether parts come out again** from another start. Parts that do are in the pictures; others
#   may be one of several ways to divide them.

again = visnmf.learn(images, choice.rank, seed=1)
match = visnmf.measure.match_parts(model.factorization.W, again.factorization.W)
print("cosine of each part with its twin:", *(f"{cosine:.2f}" for cosine in match.cosine))

# %%
# The page
# --------
# All of this is in one page to open in a browser: the parts sorted by what they explain, the
# pictures that use each most, those explained least first, a map of all, and amounts to drag.

visnmf.save_report(folder.parent / "portraits.html", model, images, title="Portraits")
print(sorted(path.name for path in folder.parent.iterdir()))

# %%
# On the command line::
#
#     visnmf report portraits.safetensors portraits/ --on-error skip -o portraits.html
#
# From here, the :doc:`how-to pages </howto/index>` go by task, the :doc:`examples
# </generated/gallery/index>` are scripts to change, and the :doc:`reference
# </generated/reference/index>` tells every option.
