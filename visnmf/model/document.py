"""What the file of a model says, as the arguments that make the model again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from visnmf.images.layout import ImageLayout
from visnmf.model.checks import is_share
from visnmf.model.modelfile import refuse

__all__ = ["fields_of"]

_NEEDED = {"layout", "part_names", "energy", "provenance"}


def fields_of(
    file: Path, arrays: dict[str, np.ndarray], document: dict[str, Any]
) -> dict[str, Any]:
    """Return the arguments of `Model`, of the types that JSON should have given.

    Parameters
    ----------
    file : Path
        Where it was read, for messages.
    arrays, document
        As `visnmf.model.modelfile.read_model_file` gives them.

    Raises
    ------
    ModelFormatError
        Something is missing or of another type.
    InvalidInputError
        The layout is none.
    """
    if list(arrays) != ["W"]:
        refuse(file, f"should hold one array W, but holds {sorted(arrays)!r:.80}")
    missing = _NEEDED - set(document)
    if missing:
        refuse(file, f"its description lacks {', '.join(sorted(missing))}")
    names, energy, provenance = (document[k] for k in ("part_names", "energy", "provenance"))
    if not (isinstance(names, list) and isinstance(provenance, dict)):
        refuse(file, "its part names must be a list and its provenance an object")
    steps = provenance.get("preparation", [])
    if not (isinstance(steps, list) and all(isinstance(step, dict) for step in steps)):
        refuse(file, "the preparation in its provenance must be a list of objects")
    if not (isinstance(energy, list) and all(is_share(e) for e in energy)):
        refuse(file, "its energy shares must be a list of numbers")
    hidden = document.get("hidden")  # files from before 0.6 have none
    if hidden is not None and not (
        isinstance(hidden, list) and all(type(h) is bool for h in hidden)
    ):
        refuse(file, "its hidden parts must be a list of true and false")
    return {
        "W": arrays["W"],
        "layout": ImageLayout.from_dict(document["layout"]),
        "part_names": names,
        "energy": np.array(energy, dtype=np.float64),
        "provenance": provenance,
        "hidden": hidden,
    }
