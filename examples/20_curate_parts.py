"""Curate parts
============

Merge, name, hide and delete parts, then take them on as regions.

::

    python examples/20_curate_parts.py
    python examples/20_curate_parts.py OUTPUT --pictures FOLDER --size 64x48 --rank 25

Parts come as the arithmetic has them: the left and the right of one thing apart, some of the
background, one that hardly counts. A person makes of them what is meant. Here the choice is made
by figures, so that it works on any pictures; by eye it is made in the page of `visnmf report`,
whose selection `visnmf edit` applies. The curated parts are drawn, and laid as outlines over the
mean picture; the same outlines are written for the ROI Manager of ImageJ.
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import visnmf


def main() -> None:
    """Learn, curate, and write parts as pictures and regions."""
    options = parse_arguments()
    options.output.mkdir(parents=True, exist_ok=True)
    if options.pictures is None:
        images = visnmf.samples.load_faces()
    else:
        images = visnmf.load_images(options.pictures, size=options.size)
    # Sparse parts are places, so that they make regions
    sparse = visnmf.recipes.hoyer(options.rank, sparseness_W=0.75)
    model = visnmf.learn(images, options.rank, recipe=sparse)

    selection = choose(model)
    selection.write(options.output / "selection.json")  # as the page downloads it
    edited = visnmf.edit_parts(model, selection, images)
    print(f"{selection}; relative error {edited.error_before:.3f}, then {edited.error_after:.3f}")
    edited.model.save(options.output / "curated.safetensors")

    for name, parts in (("learned", model), ("curated", edited.model)):
        file = options.output / f"{name}.png"
        visnmf.plots.basis(parts, names=True).savefig(file, dpi=110)
        print(f"{file}: the parts as {name}, but for hidden ones")
    *_, table = visnmf.export_parts(
        edited.model, options.output, format="rois", threshold=0.5, overwrite=True
    )
    print(f"parts-rois.zip is for ImageJ; {table} tells how large its regions are")
    file = options.output / "regions.png"
    draw_regions(edited.model, images, options.output / "parts-rois.zip").savefig(file, dpi=110)
    print(f"{file}: the first parts as regions over the mean picture")


def choose(model: visnmf.Model) -> visnmf.Selection:
    """Merge two parts that mirror each other, hide what lies at the rim, delete the weakest."""
    parts = model.basis_images().reshape(model.rank, model.layout.height, model.layout.width, -1)
    lengths = np.linalg.norm(model.W, axis=0)
    mirrored = parts[:, :, ::-1].reshape(model.rank, -1)
    alike = parts.reshape(model.rank, -1) @ mirrored.T / np.outer(lengths, lengths)
    alike = np.triu(alike, 1)  # a part may be its own mirror image
    left, right = (int(k) for k in np.unravel_index(alike.argmax(), alike.shape))
    inner = parts[:, 2:-2, 2:-2].sum(axis=(1, 2, 3)) / parts.sum(axis=(1, 2, 3))
    rest = [k for k in range(model.rank) if k not in (left, right)]
    rim = min(rest, key=lambda k: inner[k])
    weakest = min((k for k in rest if k != rim), key=lambda k: model.energy[k])
    return (
        visnmf.Selection.of(model)
        .without(weakest)
        .merged([left, right], name="both sides")
        .named({rim: "rim"})
        .hide("rim")
        .moved("both sides", to=0)
    )


def draw_regions(model: visnmf.Model, images: visnmf.ImageSet, path: Path) -> Figure:
    """Draw the regions of the first six parts over the mean picture."""
    from roifile import roiread

    mean = images.to_images().mean(axis=0)
    height, width = mean.shape[:2]
    shown = np.flatnonzero(~model.hidden)[:6]
    regions = {roi.name: roi for roi in roiread(path)}
    figure = Figure(figsize=(9, 6.4 * height / width + 0.6), layout="constrained")
    for axes, k in zip(figure.subplots(2, 3).flat, shown, strict=False):
        roi = regions[model.part_names[k]]
        axes.imshow(mean, cmap="gray", extent=(0, width, height, 0))
        outlines = roi.coordinates(multi=True) if roi.composite else [roi.coordinates()]
        for outline in outlines:
            axes.plot(*np.vstack([outline, outline[:1]]).T, color="#E69F00", linewidth=2)
        axes.set(xticks=[], yticks=[], title=f"{roi.name}, {model.energy[k]:.0%} of the energy")
    return figure


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    default = Path(__file__).parent / "output" / "20_curate_parts"
    parser.add_argument("output", nargs="?", type=Path, default=default, help="folder to write to")
    parser.add_argument("--pictures", type=Path, help="a folder of pictures of your own")
    parser.add_argument("--size", help="HxW, to bring those to one size")
    parser.add_argument("--rank", type=int, default=16, help="how many parts (16)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
