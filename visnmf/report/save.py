"""`save_report`: the explorer as a file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Literal

from visnmf.arguments import check_integer, check_path
from visnmf.errors import InvalidInputError
from visnmf.files import write_atomically
from visnmf.kernels.threads import threads
from visnmf.plots.tones import checked_channels
from visnmf.report.content import content_of
from visnmf.report.encoded import encoded
from visnmf.report.page import page_of
from visnmf.report.plane import check_kind
from visnmf.report.view import view_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from visnmf.images.imageset import ImageSet
    from visnmf.model.columns import Images
    from visnmf.model.model import Model

__all__ = ["save_report"]


def save_report(
    path: str | os.PathLike[str],
    model: Model,
    images: Images | None = None,
    *,
    H: ArrayLike | None = None,
    observed: ImageSet | ArrayLike | None = None,
    title: str | None = None,
    channels: int | tuple[int, int, int] | None = None,
    max_images: int = 3000,
    map: Literal["pca", "umap"] = "pca",
    kernels: str = "auto",
    n_jobs: int | None = None,
) -> None:
    """Write the explorer: parts, pictures and encodings in one HTML file.

    The file opens in any browser, needs no network, and asks for none. In it parts are sorted,
    named, hidden, merged and reordered; pictures are rebuilt from parts whose amounts can be
    dragged; and what the model explains least comes first. It holds W with 16 bits an entry (8
    where the parts are large), and pictures with 8.

    Parameters
    ----------
    path : str or path
        The HTML file. It is replaced at once or not at all.
    model : Model
        The parts.
    images : ImageSet, LazyImages or ndarray, optional
        Pictures to show and to encode, as of `Model.encode`. Without them the page shows parts
        alone, and pictures drawn with them.
    H : array_like, shape (rank, n), optional
        The encodings of `images`, where they are known; by default they are computed.
    observed : ImageSet or array_like of bool, optional
        Which pixels of the pictures are known, as of `Model.encode`; the others are left out of
        their encodings and errors, and the page shows them as missing.
    title : str, optional
        Of the page; by default it tells how many parts there are.
    channels : int or three ints, optional
        Which channel to show, or which three as red, green and blue. By default three channels
        are color, any other number is averaged.
    max_images : int
        Of more pictures than that, a quarter explained least, a quarter that use some part
        most, and a spread of the others are in the page; the page says so. Large pictures leave
        room for fewer (10 million values in all), and are reduced to 120,000 values each.
    map : {"pca", "umap"}
        How the map of the pictures is made: principal components of the encodings, or UMAP,
        which needs umap-learn (``pip install 'visnmf[umap]'``).
    kernels : {"auto", "compiled", "numpy"}
        As in `visnmf.factorize`.
    n_jobs : int, optional
        Threads, see `visnmf.threads`.

    Raises
    ------
    InvalidInputError
        The pictures do not fit the model, there is none, an option is out of range, or there is
        no such folder.
    MissingDependencyError
        ``map="umap"`` without umap-learn.

    Examples
    --------
    >>> import tempfile, visnmf
    >>> faces = visnmf.samples.load_faces()
    >>> model = visnmf.learn(faces, 9, max_iter=20)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     visnmf.save_report(f"{folder}/faces.html", model, faces)
    """
    from visnmf.model.model import Model

    if not isinstance(model, Model):
        raise InvalidInputError(
            f"save_report takes a Model, got {type(model).__name__}; visnmf.learn makes one, "
            "and visnmf.Model(W, layout) of any parts"
        )
    for name, given in (("H", H), ("observed", observed)):
        if images is None and given is not None:
            raise InvalidInputError(f"{name} tells of pictures; give them too, as images")
    _check_options(model, channels, max_images, map)
    target = check_path(path, "path")
    if title is not None and not isinstance(title, str):
        raise InvalidInputError(f"title must be text, not {title!r:.80}")
    if not target.parent.is_dir():
        raise InvalidInputError(
            f"cannot write {target}: there is no folder {target.parent}; make it first"
        )
    with threads(n_jobs):
        told = None
        if images is not None:
            told = encoded(model, images, H, observed=observed, kernels=kernels)
        view = view_of(model.layout, model.rank, channels)
        content = content_of(model, view, told, most=max_images, map_kind=map)
    content["title"] = title or f"{model.rank} part{'s' * (model.rank != 1)}"
    write_atomically(target, page_of(content["title"], content))


def _check_options(model: Model, channels: Any, max_images: Any, map_kind: Any) -> None:
    """Refuse what cannot be used, before pictures are encoded."""
    if channels is not None:
        checked_channels(channels, model.layout.channels)
    check_integer(max_images, "max_images", 1)
    check_kind(map_kind)
