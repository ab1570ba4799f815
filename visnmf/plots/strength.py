"""Which parts a picture uses most."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from visnmf.errors import InvalidInputError

__all__ = ["by_strength"]


def by_strength(W: NDArray[Any], h: NDArray[Any]) -> list[int]:
    """Return the parts that a picture uses, the strongest first: by ``h_k ||w_k||``."""
    strength = h * np.linalg.norm(W, axis=0)
    used = [k for k in np.argsort(-strength, kind="stable").tolist() if strength[k] > 0]
    if not used:
        raise InvalidInputError("the picture uses none of the parts: its encoding is all zero")
    return used
