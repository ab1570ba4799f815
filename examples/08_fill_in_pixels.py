"""Fill in hidden pixels
=====================

Parts learned from the pixels that are seen tell the others.

::

    python examples/08_fill_in_pixels.py

Half the faces wear a bar over the eyes, and of all of them a fifth of the pixels is lost. Said
by `observed=`, the hidden entries of V are never looked at: W H is fitted to the rest of V, and
where nothing was seen, W H says what the other faces make likely. Taken for black pixels instead,
they would be learned as black.
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import visnmf
from visnmf.terms import ElasticNet

RANK = 20
SHOWN = 8


def main() -> None:
    """Hide, fill in, compare."""
    out = output_folder()
    faces = visnmf.samples.load_faces()
    observed = hide(faces, seed=0)
    V = np.where(observed, faces.V, 0)  # what stands in the hidden places has no influence
    print(f"{faces}; {(~observed).mean():.0%} of the pixels are hidden")

    # A little L2 on both keeps parts that few seen pixels hold from growing.
    little = ElasticNet(l2=0.3)
    run = visnmf.factorize(V, RANK, observed=observed, terms_W=little, terms_H=little)
    filled = np.where(observed, V, np.clip(run.W @ run.H, 0, 1))

    # What else one could do: the mean of each pixel where it is seen, or take black for true.
    mean = (V.sum(axis=1) / observed.sum(axis=1))[:, None]
    black = visnmf.factorize(V, RANK)
    for name, guess in (
        ("mean face", np.broadcast_to(mean, V.shape)),
        ("NMF, hidden taken as black", black.W @ black.H),
        ("NMF, hidden left out", filled),
    ):
        print(f"  {name:27} PSNR {psnr(faces.V, guess, ~observed):.1f} dB in hidden pixels")

    draw(faces, V, observed, filled).savefig(out / "filled.png", dpi=120)
    print(f"{out / 'filled.png'}: as they were, what is seen (hidden in blue), filled in")


def hide(faces: visnmf.ImageSet, *, seed: int) -> np.ndarray:
    """Return which pixels are seen: bool, of the shape of V."""
    rng = np.random.default_rng(seed)
    height, width = faces.layout.shape
    seen = rng.random((len(faces), height, width)) > 0.2
    seen[::2, round(0.3 * height) : round(0.48 * height), 2:-2] = False
    return faces.layout.to_columns(seen.astype(np.float32)) > 0.5


def psnr(V: np.ndarray, guess: np.ndarray, where: np.ndarray) -> float:
    """Return the peak signal-to-noise ratio in dB over some entries of V."""
    return float(-10 * np.log10(np.square(V - guess)[where].mean()))


def draw(faces: visnmf.ImageSet, V: np.ndarray, observed: np.ndarray, filled: np.ndarray) -> Figure:
    """Show some faces in three rows."""
    figure = Figure(figsize=(1.1 * SHOWN, 3.5), layout="compressed")
    panels = figure.subplots(3, SHOWN)
    seen = faces.layout.to_images(np.where(observed, V, np.nan)[:, :SHOWN])
    rows = {
        "original": faces.to_images()[:SHOWN],
        "seen": seen,
        "filled in": faces.layout.to_images(filled[:, :SHOWN]),
    }
    for axes, (name, pictures) in zip(panels, rows.items(), strict=True):
        for ax, picture in zip(axes, pictures, strict=True):
            ax.imshow(picture, cmap="gray", vmin=0, vmax=1).cmap.set_bad("#0072B2")
            ax.set(xticks=[], yticks=[])
        axes[0].set_ylabel(name)
    return figure


def output_folder() -> Path:
    """Make the folder to write to, as the command line names it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    default = Path(__file__).parent / "output" / "08_fill_in_pixels"
    parser.add_argument("output", nargs="?", type=Path, default=default, help="folder to write to")
    out = parser.parse_args().output
    out.mkdir(parents=True, exist_ok=True)
    return out


if __name__ == "__main__":
    main()
