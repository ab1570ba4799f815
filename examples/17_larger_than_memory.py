"""Larger than memory
==================

A set that is never whole in memory: packed once, learned in passes, stopped and gone on with.

::

    python examples/17_larger_than_memory.py
    python examples/17_larger_than_memory.py OUTPUT --pictures FOLDER --size 64x64   # your own

V is read block by block. An iteration reads it once: while a block of pictures is in memory,
their encodings take a step, and leave behind two small sums that the parts are stepped by. Where a
pass is dear, there are two ways with few of them: online (each picture is seen once, and once
more to be encoded), and compressed (a sketch of V is factorized instead). Here the set is small,
and made by blending clothes, so that all three are done in seconds; nothing would change but the
time if it were a thousand times as large. On the command line::

    visnmf pack photos/ photos.zarr --size 64
    visnmf learn photos.zarr -k 49 -o photos.safetensors --checkpoint run.ckpt --resume
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import visnmf
from visnmf import plots

CLOTHES = Path(__file__).parents[1] / "datasets" / "fashion"


def main() -> None:
    """Pack, learn three ways, draw."""
    options = parse_arguments()
    options.output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        images = pack(options, Path(folder))
        print(images)

        # As if the power failed after six iterations, and again after nine
        checkpoint = Path(folder) / "run.ckpt"
        for last in (6, 9, 0):
            run = visnmf.factorize(
                images, options.rank, checkpoint=checkpoint, every=0, resume=True,
                callback=lambda record, last=last: (record.phase, record.iteration) == ("V", last),
            )  # fmt: skip
            print(f"  {run.n_iter} iterations; ended by: {run.reason}")

        online = visnmf.factorize_online(images, options.rank)
        compressed = visnmf.factorize_compressed(images, options.rank)
        model = visnmf.learn(images, options.rank, method="online")
        size = np.sqrt(sum(np.square(block.V, dtype=float).sum() for block in images.blocks()))

    found = {"all of V, again and again": run, "online": online, "compressed": compressed}
    for name, result in found.items():
        error = np.sqrt(2 * result.objective) / size
        print(f"{name:26}  error {error:.4f}, {result.settings['passes']:.0f} passes over V")
    figures = {
        "parts": (plots.basis(model), "parts, each picture seen once"),
        "passes": (against_passes(found, size), "error by how often V was read"),
    }
    for name, (figure, told) in figures.items():
        figure.savefig(options.output / f"{name}.png", dpi=120)
        print(f"{options.output / name}.png: {told}")


def pack(options: argparse.Namespace, folder: Path) -> visnmf.LazyImages:
    """Return pictures that are read from a packed set: blends of clothes, or the user's own."""
    packed = folder / "images.zarr"
    if options.pictures is not None:
        size = tuple(map(int, options.size.split("x")))
        lazy = visnmf.load_images(options.pictures, size=size, lazy=True, on_error="skip")
        visnmf.pack_images(lazy, packed)
    else:
        clothes = visnmf.load_images(CLOTHES, recursive=True).to_images()
        rng = np.random.default_rng(0)
        one, other = rng.integers(0, len(clothes), (2, 20_000))
        share = rng.random((20_000, 1, 1), np.float32)
        blends = share * clothes[one] + (1 - share) * clothes[other]
        visnmf.pack_images((255 * blends).astype(np.uint8), packed)
    return visnmf.load_images(packed, lazy=True)


def against_passes(found: dict[str, visnmf.Factorization], size: float) -> Figure:
    """Draw the error against the passes over V."""
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for (name, result), marker in zip(found.items(), "ods", strict=True):
        last = result.history[-1]
        path = [record for record in result.history if record.phase == "V"] if marker == "o" else []
        passes = [*(record.passes for record in path), result.settings["passes"]]
        errors = [*(np.sqrt(2 * record.objective) / size for record in path)]
        errors.append(np.sqrt(2 * last.objective) / size)
        axes.plot(passes, errors, marker=marker, label=name, markersize=5)
    axes.set_xlabel("times that V was read")
    axes.set_ylabel("relative error")
    axes.set_ylim(bottom=None)
    axes.legend()
    axes.grid(alpha=0.3)
    return figure


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    default = Path(__file__).parent / "output" / "17_larger_than_memory"
    parser.add_argument("output", nargs="?", type=Path, default=default, help="folder to write to")
    parser.add_argument("--pictures", type=Path, help="a folder of pictures instead of the clothes")
    parser.add_argument("--size", metavar="HxW", default="64x64", help="size to bring them to")
    parser.add_argument("--rank", type=int, default=25, help="how many parts (25)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
