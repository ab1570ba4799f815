"""`visnmf demo`: everything once, on faces that come with scikit-image."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from visnmf.cli.kernels import kernels_for_one_run
from visnmf.cli.options import debug_option, jobs_option
from visnmf.cli.progress import fit_progress
from visnmf.cli.text import describe_pictures, tell

if TYPE_CHECKING:
    from visnmf.images.imageset import ImageSet
    from visnmf.model import Model

__all__ = ["demo"]

_RANK = 49
_MAX_ITER = 200


@click.command(short_help="See it work, on 100 faces.")
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo-output"),
    show_default=True,
    help="The folder to write into; made if it is not there.",
)
@jobs_option
@debug_option
def demo(output: Path) -> None:
    """Learn 49 parts of 100 faces, and draw what they are and what they do.

    The faces come with scikit-image; nothing is downloaded. It takes a few seconds.
    """
    from visnmf.model import learn
    from visnmf.samples import load_faces

    faces = load_faces()
    output.mkdir(parents=True, exist_ok=True)
    kernels = kernels_for_one_run(_RANK, faces.layout.m + len(faces), _MAX_ITER)
    with fit_progress(faces, max_iter=_MAX_ITER) as callback:
        model = learn(faces, _RANK, max_iter=_MAX_ITER, kernels=kernels, callback=callback)
    model.save(output / "faces.safetensors")
    drawn = _draw(model, faces, output)
    told = model.provenance
    tell(
        [
            ("pictures", f"{describe_pictures(len(faces), faces.layout)}: faces in scikit-image"),
            ("learned", f"{model.rank} parts in {told['n_iter']} iterations"),
            ("relative error", f"{told['relative_error']:.4f}"),
        ]
    )
    click.echo("\nlook at")
    tell([(str(output / name), meaning) for name, meaning in drawn])
    click.echo("\nthen try")
    model_file = output / "faces.safetensors"
    tell(
        [
            (f"visnmf info {model_file}", "what was learned, from what"),
            ("visnmf learn PICTURES -k 49 -o mine.safetensors", "the parts of your own pictures"),
        ]
    )


def _draw(model: Model, faces: ImageSet, output: Path) -> list[tuple[str, str]]:
    """Write the pictures; return their names and what each shows."""
    from visnmf import plots

    figures = [
        ("parts.png", plots.basis(model), "the parts: what faces are made of"),
        (
            "reconstruction.png",
            plots.reconstruction(model, faces[:6]),
            "faces, the same rebuilt from the parts, and what is left over",
        ),
        ("build-up.png", plots.build_up(model, faces[0]), "one face, built part by part"),
        ("convergence.png", plots.convergence(model.factorization), "how the error fell"),
    ]
    for name, figure, _ in figures:
        figure.savefig(output / name, dpi=150)
    return [(name, meaning) for name, _, meaning in figures]
