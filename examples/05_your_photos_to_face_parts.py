"""From photos to parts of faces
=============================

Faces are found in ordinary photos, brought to one frame, and learned from.

::

    python examples/05_your_photos_to_face_parts.py
    python examples/05_your_photos_to_face_parts.py OUTPUT --photos FOLDER      # photos of your own

NMF finds parts where the same thing lies at the same place in all pictures, which in a photo
album it does not. `visnmf.align_faces` finds the faces and turns, scales and shifts each so
that its eyes come to the same places. `visnmf faces PHOTOS -o FOLDER` does the same from the
command line.

Without photos of your own it makes some: the faces inside scikit-image, enlarged, turned a little
and pasted on other pictures, and its portrait of an astronaut.
"""

import argparse
import tempfile
import warnings
from pathlib import Path

import cv2
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Polygon
from skimage import data

import visnmf

SHAPE = 360, 540  # of a made photo
SIZE = 48, 40  # of an aligned face, height x width
EYES = 0.34, 0.46  # how far down, and how far from each other: nearer than by default, less hair


def main() -> None:
    """Find, align, compare, learn, draw."""
    options = parse_arguments()
    out = options.output
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        photos = options.photos or make_photos(Path(made), count=40)
        align_and_learn(photos, options.rank, out)


def align_and_learn(photos: Path, rank: int, out: Path) -> None:
    """Do all that there is to do with a folder of photos."""
    where = {}
    faces = visnmf.align_faces(
        photos, size=SIZE, eyes=EYES, recursive=True, on_error="warn", on_face=where.__setitem__
    )
    tilts = [abs(face.angle) for face in where.values()]
    print(
        f"{faces}\nturned by {np.median(tilts):.0f} degrees in the middle, {max(tilts):.0f} at most"
    )

    richest = max(faces.names, key=lambda name: sum(n.startswith(stem(name)) for n in faces.names))
    draw_found(photos / stem(richest)).savefig(out / "found.png", dpi=110)
    print(f"{out / 'found.png'}: faces found in {stem(richest)}, their boxes and eyes")
    visnmf.plots.save_montage(out / "aligned.png", faces, scale="common", max_parts=120)
    print(f"{out / 'aligned.png'}: the faces in one frame")

    # Of the same photos as they are, shrunk, parts show nothing: learn warns of it
    whole = visnmf.load_images(photos, size=SIZE, fit="crop", recursive=True, on_error="skip")
    rank = min(rank, len(faces), len(whole))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        visnmf.learn(whole, rank, max_iter=10)
    print(*(f"of whole photos: {one.message}" for one in caught), sep="\n")

    # Sparse parts lie in one place each: Hoyer's sparseness, 0 to 1
    model = visnmf.learn(faces, rank, recipe=visnmf.recipes.hoyer(rank, sparseness_W=0.7))
    print(f"{model}, relative error {model.provenance['relative_error']:.3f}")
    means = [np.mean(images.to_images(), axis=0) for images in (whole, faces)]
    draw_means(means).savefig(out / "means.png", dpi=110)
    print(f"{out / 'means.png'}: the mean of the photos, and of the aligned faces")
    visnmf.plots.save_montage(out / "parts.png", model)
    print(f"{out / 'parts.png'}: {rank} parts of the faces")
    visnmf.plots.reconstruction(model, faces, max_images=6).savefig(out / "rebuilt.png", dpi=110)
    print(f"{out / 'rebuilt.png'}: some faces rebuilt from them")


def stem(name: str) -> str:
    """Return the photo that a face is of: "party.jpg[2]" is of "party.jpg"."""
    return name.rsplit("[", 1)[0] if name.endswith("]") else name


def draw_found(photo: Path) -> Figure:
    """Show where faces and eyes were found in a photo."""
    picture = visnmf.load_pictures(photo, mode="rgb")[0]
    figure = Figure(figsize=(7, 7 * picture.shape[0] / picture.shape[1]))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.imshow(picture.clip(0, 1))
    axes.set_axis_off()
    for face in visnmf.find_faces(picture):
        turn = np.exp(1j * np.radians(face.angle)) * face.size / 2
        corners = complex(*face.center) + turn * np.array([-1 - 1j, 1 - 1j, 1 + 1j, -1 + 1j])
        outline = np.column_stack([corners.real, corners.imag]) - 0.5
        axes.add_patch(Polygon(outline, fill=False, edgecolor="#56B4E9", linewidth=2))
        if face.eyes is not None:
            axes.plot(*np.transpose(face.eyes) - 0.5, "+", color="#F0E442", ms=9, mew=2)
    return figure


def draw_means(means: list[np.ndarray]) -> Figure:
    """Show the two mean pictures side by side."""
    figure = Figure(figsize=(5, 3.3), layout="compressed")
    for axes, mean, title in zip(
        figure.subplots(1, 2), means, ("mean of the photos", "mean of the faces"), strict=True
    ):
        axes.imshow(mean, cmap="gray", vmin=0, vmax=1)
        axes.set_title(title, fontsize=10)
        axes.set_axis_off()
    return figure


def make_photos(folder: Path, *, count: int) -> Path:
    """Paste faces on pictures, several on each, and write them as photos."""
    rng = np.random.default_rng(0)
    faces = list((255 * data.lfw_subset()[:100]).astype(np.uint8))
    behind = [data.coffee(), data.rocket(), data.brick(), data.gravel(), data.clock()]
    for number in range(count):
        whole = behind[number % len(behind)][:, :: rng.choice([-1, 1])]
        top, left = (rng.integers(length // 4 + 1) for length in whole.shape[:2])
        canvas = whole[top : top + whole.shape[0] * 3 // 4, left : left + whole.shape[1] * 3 // 4]
        canvas = cv2.resize(canvas, SHAPE[::-1], interpolation=cv2.INTER_AREA)
        if canvas.ndim == 2:
            canvas = np.repeat(canvas[..., None], 3, axis=2)
        canvas = np.ascontiguousarray(canvas)
        for place in rng.permutation(3)[: rng.integers(2, 4)]:
            face = faces[(3 * number + place) % len(faces)]
            paste(canvas, face, 90 + 180 * place + rng.uniform(-20, 20), rng)
        cv2.imwrite(str(folder / f"photo_{number:02d}.jpg"), canvas[..., ::-1])
    cv2.imwrite(str(folder / "astronaut.jpg"), data.astronaut()[..., ::-1])
    return folder


def paste(canvas: np.ndarray, face: np.ndarray, x: float, rng: np.random.Generator) -> None:
    """Draw a face into a picture: of some size, turned by up to 15 degrees, in an oval."""
    scale, y = rng.uniform(3, 5), rng.uniform(90, SHAPE[0] - 90)
    there = cv2.getRotationMatrix2D((12, 12), rng.uniform(-15, 15), scale)
    there[:, 2] += x - 12, y - 12
    smooth = {"flags": cv2.INTER_CUBIC, "borderMode": cv2.BORDER_REPLICATE}
    drawn = cv2.warpAffine(face, there, SHAPE[::-1], **smooth)[..., None]
    oval = cv2.ellipse(np.zeros((25, 25), np.float32), (12, 12), (11, 12), 0, 0, 360, 1, -1)
    inside = cv2.warpAffine(cv2.GaussianBlur(oval, (0, 0), 0.8), there, SHAPE[::-1])[..., None]
    canvas[:] = np.rint(canvas * (1 - inside) + drawn * inside)


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    default = Path(__file__).parent / "output" / "05_your_photos_to_face_parts"
    parser.add_argument("output", nargs="?", type=Path, default=default, help="folder to write to")
    parser.add_argument("--photos", type=Path, help="a folder of photos with faces")
    parser.add_argument("--rank", type=int, default=25, help="how many parts")
    return parser.parse_args()


if __name__ == "__main__":
    main()
