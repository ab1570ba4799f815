"""Read what was learned
=====================

Which pictures use a part, which do the parts not explain, do parts come out again, and a page.

::

    python examples/04_read_what_was_learned.py
    python examples/04_read_what_was_learned.py OUTPUT --pictures FOLDER --size 32x32   # your own

A part is best understood by the pictures that take most of it, a model by those that it fails
on. A part that comes out again from another start is in the pictures; one that does not may be one
of several ways to divide them. All of this, and amounts of parts to drag, is in the page that
`save_report` writes: one HTML file, to open in any browser. Where Chromium is installed its
picture is taken too.
"""

import argparse
import shutil
import subprocess
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import visnmf
from visnmf import measure, plots

CLOTHES = Path(__file__).parents[1] / "datasets" / "fashion"
SHOWN = 8  # pictures for each part


def main() -> None:
    """Learn, look, write the page."""
    options = parse_arguments()
    if options.pictures is None:
        images = visnmf.load_images(CLOTHES, labels="folder")
    else:
        size = tuple(map(int, options.size.split("x"))) if options.size else None
        images = visnmf.load_images(options.pictures, size=size, on_error="skip", recursive=True)
    model = visnmf.learn(images, options.rank)
    print(f"{images}\n{model.factorization}")
    H, errors = model.encode(images), model.reconstruction_error(images)
    worst = np.argsort(-errors)[:SHOWN]
    print(f"left over: {np.median(errors):.0%} in the middle, {errors[worst[0]]:.0%} at most")

    # The same from another start, as likely as this one
    other = visnmf.learn(images, options.rank, seed=1)
    match = measure.match_parts(model.factorization.W, other.factorization.W)
    stable = np.zeros(options.rank)
    stable[match.first] = match.cosine
    print(f"parts that come out again: {(stable > 0.9).sum()} of {options.rank} (cosine over 0.9)")

    options.output.mkdir(parents=True, exist_ok=True)
    titles = [f"{errors[k]:.0%}" for k in worst]
    figures = {
        "used_by": (draw_users(model, images, H, stable), "parts, and pictures that take most"),
        "worst": (
            plots.reconstruction(model, images, which=worst, titles=titles),
            "the pictures that parts explain least",
        ),
    }
    for name, (figure, told) in figures.items():
        figure.savefig(options.output / f"{name}.png", dpi=120)
        print(f"{options.output / name}.png: {told}")

    page = options.output / "page.html"
    visnmf.save_report(page, model, images, H=H, title="Clothes")
    print(f"{page}: the page, {page.stat().st_size / 1e6:.1f} MB")
    if take_picture(page, options.output / "page.png"):
        print(f"{options.output / 'page.png'}: how it looks")


def draw_users(
    model: visnmf.Model, images: visnmf.ImageSet, H: np.ndarray, stable: np.ndarray
) -> Figure:
    """Draw six parts, those that come out again first, with the pictures that take most of each."""
    chosen = np.argsort(-stable)[:6]
    figure = Figure(figsize=(8, 5.6), layout="compressed")
    parts, pictures = model.basis_images(), images.to_images()
    for axes, k in zip(figure.subplots(len(chosen), SHOWN + 1), chosen, strict=True):
        axes[0].imshow(parts[k], cmap="gray", vmin=0)
        axes[0].set_ylabel(f"part {k + 1}\n{stable[k]:.2f}", fontsize=8)
        for ax, user in zip(axes[1:], np.argsort(-H[k])[:SHOWN], strict=True):
            ax.imshow(pictures[user], cmap="gray", vmin=0, vmax=1)
        for ax in axes:
            ax.set(xticks=[], yticks=[])
    return figure


def take_picture(page: Path, picture: Path) -> bool:
    """Take a picture of a page with headless Chromium, where it is installed."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        print("no Chromium is here, so no picture of the page is taken")
        return False
    flags = ["--headless", "--no-sandbox", "--hide-scrollbars", "--window-size=1100,1000"]
    wait = "--virtual-time-budget=3000"
    command = [browser, *flags, wait, f"--screenshot={picture.resolve()}", page.resolve().as_uri()]
    done = subprocess.run(command, capture_output=True, timeout=120, check=False)
    return done.returncode == 0 and picture.exists()


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    default = Path(__file__).parent / "output" / "04_read_what_was_learned"
    parser.add_argument("output", nargs="?", type=Path, default=default, help="folder to write to")
    parser.add_argument("--pictures", type=Path, help="a folder of pictures instead of the clothes")
    parser.add_argument("--size", metavar="HxW", help="size to bring those pictures to")
    parser.add_argument("--rank", type=int, default=24, help="how many parts (24)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
