"""What the page shows of a column: its channels, at a size that fits in a file of a few MB."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visnmf.images.layout import ImageLayout
from visnmf.plots.tones import visible

__all__ = ["View", "view_of"]

_PART_VALUES = 4_000_000
_PICTURE_VALUES = 120_000
"""Values that all parts, and one picture, may have in the page."""


@dataclass(frozen=True, eq=False)
class View:
    """A linear map from columns to small pictures, so that W H is shown by what W is shown by.

    Attributes
    ----------
    layout : ImageLayout
        Of the columns.
    selected : int, three ints or None
        The channels shown, as of `visnmf.plots.basis`.
    step : int
        Pixels, along a side, whose mean is one pixel of the page.
    """

    layout: ImageLayout
    selected: int | tuple[int, int, int] | None
    step: int

    @property
    def height(self) -> int:
        """Rows in the page."""
        return -(-self.layout.height // self.step)

    @property
    def width(self) -> int:
        """Pixels of a row in the page."""
        return -(-self.layout.width // self.step)

    @property
    def channels(self) -> int:
        """1 for gray, 3 for color."""
        return _shown_channels(self.layout, self.selected)

    @property
    def mask(self) -> NDArray[np.bool_] | None:
        """Where the page has a pixel, shape (height, width), or None for everywhere."""
        mask = self.layout.mask
        return None if mask is None else self._sums(mask[None].astype(np.float32))[0] > 0

    def pictures(self, columns: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return columns (m, k) as they are shown, (k, height, width, channels)."""
        shown = visible(columns, self.layout, self.selected)
        shown = shown.reshape(*shown.shape[:3], self.channels)
        if self.step == 1:
            return np.asarray(shown, dtype=np.float32)
        kept = np.ones((self.layout.height, self.layout.width), np.float32)
        if self.layout.mask is not None:
            kept = self.layout.mask.astype(np.float32)
        counts = self._sums(kept[None, ..., None])
        sums = self._sums(shown)
        return np.divide(sums, counts, out=np.zeros_like(sums), where=counts > 0)

    def about(self) -> str:
        """Tell what is not as in the model, in words; empty where all is."""
        told = []
        if self.selected is not None:
            chosen = np.atleast_1d(self.selected)
            what = "channel" if len(chosen) == 1 else "channels"
            told.append(f"{what} {', '.join(map(str, chosen))} of {self.layout.channels}")
        elif self.layout.channels not in (1, 3):
            told.append(f"the mean of {self.layout.channels} channels")
        if self.step > 1:
            told.append(f"means over {self.step} x {self.step} pixels")
        return ", ".join(told)

    def _sums(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        rows = np.arange(0, self.layout.height, self.step)
        across = np.arange(0, self.layout.width, self.step)
        return np.add.reduceat(np.add.reduceat(values, rows, axis=1), across, axis=2)


def view_of(
    layout: ImageLayout, rank: int, selected: int | tuple[int, int, int] | None = None
) -> View:
    """Return the view with the least reduction that the page has room for."""
    step = 1
    while True:
        view = View(layout, selected, step)
        values = view.height * view.width * view.channels
        small = values <= _PICTURE_VALUES and values * rank <= _PART_VALUES
        if small or max(view.height, view.width) <= 8:
            return view
        step += 1


def _shown_channels(layout: ImageLayout, selected: int | tuple[int, int, int] | None) -> int:
    count = layout.channels if selected is None else np.atleast_1d(selected).size
    return 3 if count == 3 else 1
