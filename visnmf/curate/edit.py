"""A selection applied: another model, its encodings fitted again."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from visnmf.curate.merging import merged_parts, usage_of
from visnmf.curate.selection import Selection
from visnmf.errors import InvalidInputError
from visnmf.kernels.threads import threads
from visnmf.model.columns import Images, column_blocks
from visnmf.model.model import Model
from visnmf.solve.encode import encode

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Edited", "edit_parts"]


@dataclass(frozen=True, eq=False)
class Edited:
    """An edited model, and what the edit did to how pictures are rebuilt.

    Attributes
    ----------
    model : Model
        The parts that were asked for, in order. Its provenance tells of the edit.
    H : ndarray, shape (rank, n), float32, or None
        The encodings of the images by the edited parts, a column of zeros for one that could not
        be read. Like all below, None without images.
    error_before, error_after : float or None
        ``||V - W H|| / ||V||`` of all images, by the parts as they were, and as they are.
    """

    model: Model
    H: NDArray[np.float32] | None = field(repr=False)
    error_before: float | None
    error_after: float | None


@dataclass(frozen=True, eq=False)
class _Fit:
    """Encodings, ``||V - W H|| / ||V||``, and the energies ``|w_k|^2 |h_k|^2``."""

    H: NDArray[np.float32]
    error: float
    energy: NDArray[np.float64]

    def shares(self) -> NDArray[np.float64]:
        """Return the share of each part in the summed energies."""
        return self.energy / max(float(self.energy.sum()), np.finfo(np.float64).tiny)


def edit_parts(
    model: Model,
    selection: Selection,
    images: Images | None = None,
    *,
    kernels: str = "auto",
    n_jobs: int | None = None,
) -> Edited:
    """Name, hide, delete, merge and reorder parts, as a selection says.

    Parts that are merged become one: their sum, each weighted by its mean amount in the images,
    which is the mean of what they contribute together (`visnmf.curate.merging`). Then all
    encodings are fitted again, since each part takes over what deleted ones leave.

    Parameters
    ----------
    model : Model
        The parts. It stays as it is.
    selection : Selection
        What is to become of them: `Selection.of` a model, or `Selection.read` from the explorer.
    images : ImageSet, LazyImages or ndarray, optional
        Pictures to weigh and to encode by, as of `Model.encode`; read twice. Without them parts
        are merged by their shares of the energy that the model keeps (where it keeps
        none, each of the same length), and after a merger or a deletion its error and the new
        shares are not known.
    kernels : {"auto", "compiled", "numpy"}
        As in `visnmf.factorize`.
    n_jobs : int, optional
        Threads, see `visnmf.threads`.

    Returns
    -------
    Edited
        The new model, the encodings, and the error before and after.

    Raises
    ------
    InvalidInputError
        The selection is of another model, or images do not fit the model or are none.

    Examples
    --------
    >>> import visnmf
    >>> faces = visnmf.samples.load_faces()
    >>> model = visnmf.learn(faces, 9, max_iter=20)
    >>> selection = visnmf.Selection.of(model).merged([1, 2], name="eyes").without(8)
    >>> edited = visnmf.edit_parts(model, selection, faces)
    >>> edited.model.part_names
    ['part 1', 'eyes', 'part 4', 'part 5', 'part 6', 'part 7', 'part 8']
    >>> edited.error_before < edited.error_after
    True
    """
    if not (isinstance(model, Model) and isinstance(selection, Selection)):
        raise InvalidInputError(
            "edit_parts takes a Model and a Selection, got "
            f"{type(model).__name__} and {type(selection).__name__}"
        )
    selection.check_fits(model)
    choices = selection.choices
    groups = [choice.parts for choice in choices]
    order = [group[0] for group in groups]
    same = len(groups) == model.rank  # only names, marks and order change
    with threads(n_jobs):
        before = None if images is None else _fit(model, model.W, images, kernels)
        usage = usage_of(model, None if before is None else before.H)
        W = merged_parts(model.W, usage, groups)
        after = None
        if before is not None:
            after = _reordered(before, order) if same else _fit(model, W, images, kernels)
    energy = model.energy[order] if same else None if after is None else after.shares()
    edited = Model(
        W,
        model.layout,
        part_names=[choice.name for choice in choices],
        energy=energy,
        provenance=_provenance(model, selection, images, before, after),
        hidden=[choice.hidden for choice in choices],
    )
    if before is None or after is None:
        return Edited(edited, None, None, None)
    return Edited(edited, after.H, before.error, after.error)


def _fit(model: Model, W: NDArray[np.float32], images: Any, kernels: str) -> _Fit:
    """Encode images by parts, and sum what is left and what each part brings."""
    found, total, missed = [], 0.0, 0.0
    for V in column_blocks(images, model.layout):
        if V.shape[1] == 0:
            raise InvalidInputError("there is no picture to fit encodings to: the set is empty")
        H = encode(V, W, loss=model.loss, kernels=kernels)
        total += float(np.square(V, dtype=np.float64).sum())
        missed += float(np.square(V - W @ H, dtype=np.float64).sum())
        found.append(H)
    H = np.concatenate(found, axis=1)
    energy = np.square(W, dtype=np.float64).sum(axis=0)
    energy *= np.square(H, dtype=np.float64).sum(axis=1)
    return _Fit(H, float(np.sqrt(missed / total)) if total > 0 else 0.0, energy)


def _reordered(fit: _Fit, order: Sequence[int]) -> _Fit:
    return _Fit(fit.H[order], fit.error, fit.energy[order])


def _provenance(
    model: Model, selection: Selection, images: Any, before: _Fit | None, after: _Fit | None
) -> dict[str, Any]:
    """Return the provenance of the model with this edit after the earlier ones."""
    earlier = model.provenance.get("edits")
    edit = {
        "rank_before": model.rank,
        "digest_before": model.digest,
        "merged": [list(c.parts) for c in selection.choices if len(c.parts) > 1],
        "deleted": selection.deleted,
        "images": getattr(images, "source", None),
        "n_images": None if after is None else after.H.shape[1] - len(getattr(images, "lost", ())),
        "relative_error_before": None if before is None else before.error,
        "relative_error": None if after is None else after.error,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    told = {**model.provenance, "edits": [*(earlier if isinstance(earlier, list) else []), edit]}
    if len(selection.choices) < model.rank:
        told["relative_error"] = edit["relative_error"]
    sure = told.pop("stability", None)  # of parts as they were; of merged ones it is not known
    if sure is not None and not edit["merged"] and not np.isnan(model.stability).any():
        told["stability"] = [float(model.stability[c.parts[0]]) for c in selection.choices]
    return told
