"""All that a run goes on from: arrays and numbers, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from visnmf.errors import ModelFormatError

__all__ = ["State", "numbers_of", "set_numbers"]


@dataclass(frozen=True)
class State:
    """Where a run is.

    Parameters
    ----------
    arrays : dict of ndarray
        The factors and their copies.
    numbers : dict
        The rest, as JSON can hold it.
    origin : str
        Where it was read from, for messages.
    """

    arrays: dict[str, np.ndarray]
    numbers: dict[str, Any]
    origin: str = "the state"

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Tell of a state that does not hold what is asked of it; around all that reads it.

        Raises
        ------
        ModelFormatError
            Instead of the errors of missing names and unfit values.
        """
        try:
            yield
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise ModelFormatError(
                f"{self.origin}: does not hold what the run would go on from "
                f"({type(error).__name__}: {error}); delete it to begin anew"
            ) from error


def numbers_of(thing: Any) -> dict[str, Any]:
    """Return the numbers of a dataclass, defaults that were never set included."""
    found = {each.name: getattr(thing, each.name) for each in fields(thing)}
    return {name: value for name, value in found.items() if isinstance(value, int | float)}


def set_numbers(thing: Any, numbers: dict[str, Any]) -> None:
    """Set the numbers of a dataclass to those that it had, each of its own type."""
    for name, value in numbers_of(thing).items():
        setattr(thing, name, type(value)(numbers[name]))
