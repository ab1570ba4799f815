"""The file of a patch encoder: parts as safetensors, settings as JSON in the header."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from visnmf.arguments import check_path
from visnmf.errors import InvalidInputError
from visnmf.features.patch_settings import checked_levels, checked_patch_size
from visnmf.model.modelfile import read_model_file, refuse, write_model_file

if TYPE_CHECKING:
    from visnmf.features.patch_encoder import PatchEncoder

__all__ = ["KIND", "read_encoder", "write_encoder"]

KIND = "visnmf-patch-encoder"

_FITTED = ("channels_", "n_iter_", "reconstruction_err_")


def write_encoder(path: str | os.PathLike[str], encoder: PatchEncoder, **more: Any) -> None:
    """Write a fitted encoder, and what else belongs in its header; whole or not at all."""
    settings = {name: _plain(value) for name, value in encoder.get_params().items()}
    settings["n_components"] = len(encoder.components_)  # set_params after the fit changes none
    values = np.prod(checked_patch_size(encoder.patch_size)) * encoder.channels_
    if encoder.code.contrast.length(int(values)) != encoder.components_.shape[1]:
        raise InvalidInputError(
            f"patch_size={encoder.patch_size!r} and contrast={encoder.contrast!r} are not those "
            "of the fit; fit again before saving"
        )
    if not isinstance(settings["random_state"], int):
        settings["random_state"] = None
    fitted = {name: _plain(getattr(encoder, name)) for name in _FITTED}
    arrays = {"components": encoder.components_}
    write_model_file(
        check_path(path, "path"), arrays, {"settings": settings, "fitted": fitted, **more}, KIND
    )


def read_encoder(path: str | os.PathLike[str], kind: type[PatchEncoder]) -> PatchEncoder:
    """Read an encoder, trusting nothing in the file."""
    file = check_path(path, "path")
    arrays, document = read_model_file(file, KIND)
    settings, fitted = document.get("settings"), document.get("fitted")
    if list(arrays) != ["components"] or not isinstance(settings, dict):
        refuse(file, "should hold components and settings")
    if set(settings) != set(kind().get_params()):
        refuse(file, "its settings are not those of this version's PatchEncoder")
    told = fitted if isinstance(fitted, dict) else {}
    values: list[Any] = [told.get(name) for name in _FITTED]
    channels, passes, error = values
    whole = all(type(value) is int and value >= 1 for value in (channels, passes))
    if not whole or type(error) not in (int, float):
        refuse(file, "does not say what pictures it was fitted to")
    encoder = kind(**settings)
    components = arrays["components"]
    try:
        encoder._validate_params()
        height, width = checked_patch_size(encoder.patch_size)
        checked_levels(encoder.grid)
    except (InvalidInputError, ValueError, TypeError, OverflowError) as problem:
        refuse(file, str(problem))
    length = height * width * channels * (2 if encoder.contrast == "onoff" else 1)
    if components.shape != (encoder.n_components, length):
        refuse(file, f"its components have shape {components.shape}, which its settings do not")
    if not (np.isfinite(components).all() and components.min() >= 0):
        refuse(file, "its components are negative or not finite")
    lengths = np.linalg.norm(components, axis=1)
    if not (np.isclose(lengths, 1, atol=1e-3) | (lengths == 0)).all():
        refuse(file, "its components are not of unit length")
    encoder.components_ = components
    encoder.channels_ = channels
    encoder.n_iter_ = passes
    encoder.reconstruction_err_ = float(error)
    return encoder


def _plain(value: Any) -> Any:
    """Return a setting as JSON can hold it."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (tuple, list, np.ndarray)):
        return [_plain(item) for item in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else None
