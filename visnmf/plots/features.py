"""Parts of features, drawn as the features' extractor draws them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from matplotlib.figure import Figure

from visnmf.arguments import check_integer
from visnmf.errors import InvalidInputError
from visnmf.images.layout import ImageLayout
from visnmf.plots.inputs import parts_from
from visnmf.plots.parts import basis

__all__ = ["feature_parts"]


def feature_parts(
    source: Any,
    extractor: Any,
    *,
    scale: Literal["part", "common"] = "part",
    columns: int | None = None,
    max_parts: int | None = None,
    names: Sequence[str] | bool = False,
    cmap: str | None = None,
) -> Figure:
    """Show parts learned on features as a sheet: stars for HOG, crests of waves for Gabor.

    What is drawn of either sign (ON/OFF contrast) is blue below zero and red above.

    Parameters
    ----------
    source : Model, NMF, ImageSet, Factorization, or array of shape (features, rank)
        The parts. Of an ImageSet of features, its pictures.
    extractor : Extractor
        What the features came from, fitted.
    scale : {"part", "common"}
        Each part to its own largest value, or all to one. Drawings in true colors, such as
        those of `ColorHistogram`, stay as they are.
    columns : int, optional
        Parts in a row; by default the sheet comes out about square.
    max_parts : int, optional
        Show only so many, the first ones.
    names : bool or sequence of str
        What to write under each part: nothing, the names that the source has
        (True), or those given.
    cmap : str, optional
        A matplotlib colormap instead of gray or diverging colors.

    Returns
    -------
    Figure

    Raises
    ------
    InvalidInputError
        The parts do not fit the extractor, or an option is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> from visnmf import NMF, plots
    >>> from visnmf.features import HOG
    >>> hog = HOG(cell=4)
    >>> features = hog.fit_transform(np.random.default_rng(0).random((6, 16, 16)))
    >>> nmf = NMF(3, random_state=0).fit(features)
    >>> figure = plots.feature_parts(nmf, hog, names=True)
    >>> figure.savefig("parts.png")  # doctest: +SKIP
    """
    if not hasattr(extractor, "draw"):
        raise InvalidInputError(f"an extractor of visnmf.features is needed, got {extractor!r:.60}")
    if not hasattr(extractor, "feature_layout_"):
        raise InvalidInputError(f"{extractor} is not fitted: call fit with pictures first")
    parts = parts_from(source, extractor.feature_layout_)
    if max_parts is not None:
        check_integer(max_parts, "max_parts", 1)
    pictures = np.asarray(extractor.draw(parts.values[:, :max_parts]))
    layout = ImageLayout(*pictures.shape[1:])
    return basis(
        layout.to_columns(pictures),
        layout,
        scale=scale,
        columns=columns,
        names=parts.names[:max_parts] if names is True else names,
        cmap=cmap,
    )
