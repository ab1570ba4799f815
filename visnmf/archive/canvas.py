"""From columns to contact sheets and back: columns lack pixels outside a mask, sheets do not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from visnmf.archive.sheets import SheetPlan, cut, lay, plan_sheets

__all__ = ["Canvas"]


@dataclass(frozen=True, eq=False)
class Canvas:
    """The frame that columns are put into before they are laid on sheets.

    Parameters
    ----------
    height, width, channels : int
        Of a picture; 1 or 3 channels.
    mask : ndarray of bool (height, width), optional
        The pixels that a column holds; all if not given.
    """

    height: int
    width: int
    channels: int = 1
    mask: np.ndarray | None = None

    @property
    def pixels(self) -> int:
        """Of a whole picture, kept or not."""
        return self.height * self.width

    def plan(self, count: int) -> SheetPlan:
        """Return how so many pictures lie on sheets."""
        return plan_sheets(count, self.height, self.width, self.channels)

    def lay(self, columns: np.ndarray) -> Iterator[np.ndarray]:
        """Yield the contact sheets of some pictures.

        Parameters
        ----------
        columns : ndarray of whole numbers (count, m), values from 0 to 65535

        Yields
        ------
        sheet : ndarray of uint8, or of uint16 where a value needs it
        """
        plan = self.plan(len(columns))
        dtype = np.uint8 if columns.max(initial=0) < 256 else np.uint16
        pictures = self.pictures(columns.astype(dtype))
        for i in range(plan.sheets):
            yield lay(pictures[plan.pictures(i)], plan, i)

    def cut(self, sheets: Sequence[np.ndarray], count: int) -> np.ndarray:
        """Return the columns that `lay` laid on sheets, shape (count, m)."""
        plan = self.plan(count)
        pictures = np.concatenate([cut(sheet, plan, i) for i, sheet in enumerate(sheets)])
        return self.columns(pictures)

    def pictures(self, columns: np.ndarray) -> np.ndarray:
        """Return whole pictures (count, height, width[, channels]); 0 where nothing is kept."""
        shape = (self.height, self.width) + ((self.channels,) if self.channels > 1 else ())
        if self.mask is None:
            return columns.reshape(len(columns), *shape)
        whole = np.zeros((len(columns), *shape), columns.dtype)
        whole[:, self.mask] = columns.reshape(
            len(columns), -1, *((self.channels,) if self.channels > 1 else ())
        )
        return whole

    def columns(self, pictures: np.ndarray) -> np.ndarray:
        """Return what is kept of pictures, shape (count, m)."""
        kept = pictures if self.mask is None else pictures[:, self.mask]
        return np.ascontiguousarray(kept.reshape(len(pictures), -1))
