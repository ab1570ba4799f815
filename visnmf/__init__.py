"""visnmf learns parts from pictures with non-negative matrix factorization.

A picture is a column. `load_images` flattens pictures into the columns of
V (m pixels x n images); `factorize` finds V = W H + U with W (m x rank) and
H (rank x n) non-negative. The columns of W are parts-based basis images, the
columns of H the encodings of the images; the residual U has either sign.

Everything here is loaded on first use, so that ``import visnmf`` costs
next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from visnmf import errors, features, kin, measure, plots, recipes, samples, tasks, terms
    from visnmf.archive.append import append
    from visnmf.archive.archive import Archive
    from visnmf.archive.compress import compress
    from visnmf.archive.outcome import Compression
    from visnmf.archive.progress import CompressionProgress
    from visnmf.curate.edit import edit_parts
    from visnmf.curate.export import export_parts
    from visnmf.curate.selection import Selection
    from visnmf.estimator.function import non_negative_factorization
    from visnmf.estimator.minibatch import MiniBatchNMF
    from visnmf.estimator.nmf import NMF
    from visnmf.faces.align import align_faces
    from visnmf.faces.detect import find_faces
    from visnmf.features.patch_encoder import PatchEncoder
    from visnmf.images import preparing
    from visnmf.images.imageset import ImageSet
    from visnmf.images.layout import ImageLayout
    from visnmf.images.lazy import LazyImages
    from visnmf.images.load import load_images
    from visnmf.images.load_pictures import load_pictures
    from visnmf.images.pack_writing import pack_images
    from visnmf.images.patches import extract_patches, merge_patches
    from visnmf.images.pictures import Pictures
    from visnmf.kernels.threads import threads
    from visnmf.model.learn import learn
    from visnmf.model.model import Model
    from visnmf.ranks.result import RankChoice
    from visnmf.ranks.survey import choose_rank
    from visnmf.report.save import save_report
    from visnmf.solve.crew import on_dask
    from visnmf.solve.encode import encode
    from visnmf.solve.estimate import estimate
    from visnmf.solve.factorize import factorize
    from visnmf.solve.factorize_compressed import factorize_compressed
    from visnmf.solve.factorize_online import factorize_online
    from visnmf.solve.progress import Progress
    from visnmf.solve.progress_line import show_progress
    from visnmf.solve.result import Factorization
    from visnmf.solve.several import Restarts, restarts
    from visnmf.trust.compare import Comparison, compare_models
    from visnmf.trust.stability import PartStability, part_stability

__version__ = "0.7.0"

_MODULES = {
    "errors": "visnmf.errors",
    "features": "visnmf.features",
    "kin": "visnmf.kin",
    "measure": "visnmf.measure",
    "plots": "visnmf.plots",
    "preparing": "visnmf.images.preparing",
    "recipes": "visnmf.recipes",
    "samples": "visnmf.samples",
    "tasks": "visnmf.tasks",
    "terms": "visnmf.terms",
}
_HOMES = {
    "Archive": "visnmf.archive.archive",
    "Compression": "visnmf.archive.outcome",
    "CompressionProgress": "visnmf.archive.progress",
    "NMF": "visnmf.estimator.nmf",
    "Factorization": "visnmf.solve.result",
    "ImageLayout": "visnmf.images.layout",
    "ImageSet": "visnmf.images.imageset",
    "LazyImages": "visnmf.images.lazy",
    "MiniBatchNMF": "visnmf.estimator.minibatch",
    "Model": "visnmf.model.model",
    "PatchEncoder": "visnmf.features.patch_encoder",
    "Pictures": "visnmf.images.pictures",
    "Progress": "visnmf.solve.progress",
    "RankChoice": "visnmf.ranks.result",
    "Selection": "visnmf.curate.selection",
    "align_faces": "visnmf.faces.align",
    "append": "visnmf.archive.append",
    "choose_rank": "visnmf.ranks.survey",
    "Comparison": "visnmf.trust.compare",
    "PartStability": "visnmf.trust.stability",
    "compare_models": "visnmf.trust.compare",
    "compress": "visnmf.archive.compress",
    "edit_parts": "visnmf.curate.edit",
    "encode": "visnmf.solve.encode",
    "estimate": "visnmf.solve.estimate",
    "export_parts": "visnmf.curate.export",
    "extract_patches": "visnmf.images.patches",
    "factorize": "visnmf.solve.factorize",
    "factorize_compressed": "visnmf.solve.factorize_compressed",
    "factorize_online": "visnmf.solve.factorize_online",
    "find_faces": "visnmf.faces.detect",
    "learn": "visnmf.model.learn",
    "load_images": "visnmf.images.load",
    "load_pictures": "visnmf.images.load_pictures",
    "merge_patches": "visnmf.images.patches",
    "non_negative_factorization": "visnmf.estimator.function",
    "on_dask": "visnmf.solve.crew",
    "pack_images": "visnmf.images.pack_writing",
    "part_stability": "visnmf.trust.stability",
    "Restarts": "visnmf.solve.several",
    "restarts": "visnmf.solve.several",
    "save_report": "visnmf.report.save",
    "show_progress": "visnmf.solve.progress_line",
    "threads": "visnmf.kernels.threads",
}

__all__ = [
    "Archive",
    "Compression",
    "CompressionProgress",
    "Comparison",
    "NMF",
    "Factorization",
    "ImageLayout",
    "ImageSet",
    "LazyImages",
    "MiniBatchNMF",
    "Model",
    "PartStability",
    "PatchEncoder",
    "Pictures",
    "Progress",
    "RankChoice",
    "Selection",
    "Restarts",
    "align_faces",
    "append",
    "choose_rank",
    "compare_models",
    "compress",
    "edit_parts",
    "encode",
    "errors",
    "features",
    "estimate",
    "export_parts",
    "extract_patches",
    "factorize",
    "factorize_compressed",
    "factorize_online",
    "find_faces",
    "kin",
    "learn",
    "load_images",
    "load_pictures",
    "measure",
    "merge_patches",
    "non_negative_factorization",
    "on_dask",
    "pack_images",
    "part_stability",
    "plots",
    "preparing",
    "recipes",
    "samples",
    "restarts",
    "save_report",
    "show_progress",
    "tasks",
    "terms",
    "threads",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(importlib.import_module(_HOMES[name]), name)
    elif name in _MODULES:
        value = importlib.import_module(_MODULES[name])
    else:
        raise AttributeError(f"module 'visnmf' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
