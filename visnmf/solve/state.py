"""All that a run goes on from: arrays and numbers, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["State"]


@dataclass(frozen=True)
class State:
    """Where a run is.

    Parameters
    ----------
    arrays : dict of ndarray
        The factors and their copies.
    numbers : dict
        The rest, as JSON can hold it.
    """

    arrays: dict[str, np.ndarray]
    numbers: dict[str, Any]
