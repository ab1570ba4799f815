"""Where a run is, kept in a file, so that another process can go on from there.

What is kept is all that the phase on V goes on from, bit for bit, with the history so far;
the phases before it are short, and are done again if a run was killed in them.
"""

from __future__ import annotations

import math
import os
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, astuple
from pathlib import Path
from typing import Any

import numpy as np

from visnmf.arguments import check_number
from visnmf.errors import InvalidInputError, ModelFormatError
from visnmf.files import remove_unfinished
from visnmf.solve.fingerprint import differences
from visnmf.solve.kept_file import read_kept, write_kept
from visnmf.solve.result import Record
from visnmf.solve.state import State
from visnmf.solve.stopping import Rule, Trace

__all__ = ["Checkpoint", "keeper_of"]

_PHASE = "V"
_FACTORS = ("W", "W_ahead", "W_before", "H", "H_before")
_REST = 10  # times what writing takes that a run works in between, at least


class Checkpoint:
    """The keeper of a run; `Trace.keeper` is one.

    Parameters
    ----------
    path : str or path
        The file. What writes were left unfinished beside it by killed processes is removed.
    every : float
        Seconds between two writes; 0 for each iteration. More where writing takes long.
    resume : bool
        Go on from the file, if there is one.

    Raises
    ------
    InvalidInputError
        There is a file and `resume` is false, or there cannot be one.
    ModelFormatError
        The file is damaged or no checkpoint.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, every: float = 60.0, resume: bool = False
    ) -> None:
        self.path = _checked(path)
        self.every = check_number(every, "every")
        self._kept: tuple[dict[str, np.ndarray], dict[str, Any]] | None = None
        if self.path.exists():
            if not resume:
                raise InvalidInputError(_there(self.path))
            self._kept = read_kept(self.path)
        remove_unfinished(self.path)
        self._facts: dict[str, Any] = {}
        self._renew: Callable[[], dict[str, Any]] | None = None
        self._rng: np.random.Generator
        self._rule: Rule
        self._due = -math.inf  # when to write, by the clock of time.perf_counter
        self._passes = 0.0

    def attach(
        self,
        trace: Trace,
        rule: Rule,
        rng: np.random.Generator,
        facts: dict[str, Any],
        renew: Callable[[], dict[str, Any]] | None = None,
    ) -> None:
        """Bring a run to where the kept one was, and keep it from now on.

        Parameters
        ----------
        trace : Trace
            Of a run that has not begun; gets the history, and goes on with its clock.
        rule : Rule
            When the phase on V ends.
        rng : Generator
            Gets the state that the kept one had.
        facts : dict
            As `fingerprint` gives them.
        renew : callable, optional
            Returns those of V that change when images are lost on the way.

        Raises
        ------
        InvalidInputError
            The kept run is one of another V or with other settings; each is named.
        ModelFormatError
            What the file says makes no sense.
        """
        self._facts, self._rule, self._rng, self._renew = facts, rule, rng, renew
        trace.keeper = self
        if self._kept is None:
            return
        arrays, document = self._kept
        state = State(arrays, document, f"{self.path}")
        with state.taken():
            found = differences(dict(document["facts"]), facts)
        if found:
            raise InvalidInputError(
                f"{self.path} keeps another run: {'; '.join(found)}. Give what it was given, "
                "or name another file, or delete it to begin anew"
            )
        with state.taken():
            _check_shapes(arrays, facts)
            document["numbers"] = dict(document["numbers"])
            history = [_record(line) for line in document["history"]]
            seconds = float(document["seconds"])
            rng.bit_generator.state = _revived(document["random"])
            reason = self._ended(document, trace, seconds)
            if document["phase"] != _PHASE or not 0 <= seconds < math.inf:
                raise ValueError("its phase or its clock makes no sense")
        document["numbers"]["reason"] = reason
        trace.history[:] = history
        trace.began -= seconds

    def resumed(self, phase: str) -> bool:
        """Tell whether there is a state of this phase to go on from."""
        return self._kept is not None and self._kept[1]["phase"] == phase

    def resume(self, phase: str) -> State | None:
        """Return where to go on from in this phase, once; None to begin it."""
        if self._kept is None or not self.resumed(phase):
            return None
        (arrays, document), self._kept = self._kept, None
        self._due = time.perf_counter() + self.every
        return State(arrays, document["numbers"], str(self.path))

    def keep(self, trace: Trace, phase: str, reason: str, state: Callable[[], State]) -> None:
        """Write the state: at first, at last, and when it is time to."""
        began = time.perf_counter()
        if phase != _PHASE or (not reason and began < self._due):
            return
        found = state()
        if self._renew is not None:
            self._facts |= self._renew()
        document = {
            "phase": phase,
            "reason": reason,
            "seconds": began - trace.began,
            "facts": self._facts,
            "rule": asdict(self._rule),
            "numbers": found.numbers,
            "history": [astuple(record) for record in trace.history],
            "random": self._rng.bit_generator.state,
        }
        try:
            write_kept(self.path, found.arrays, _plain(document))
        except (OSError, InvalidInputError) as error:
            if self._due == -math.inf:  # where nothing can be written, tell before the work
                raise InvalidInputError(
                    f"the checkpoint {self.path} cannot be written: {error}; name a file elsewhere"
                ) from error
            warnings.warn(
                f"the checkpoint {self.path} could not be written ({error}); the run goes on, "
                "and tries again",
                RuntimeWarning,
                stacklevel=2,
            )
        now = time.perf_counter()
        self._due = now + (max(self.every, _REST * (now - began)) if self.every else 0.0)

    def _ended(self, document: dict[str, Any], trace: Trace, seconds: float) -> str:
        """Return the reason why the kept run ended, if it holds for this one too."""
        reason, rule = str(document["reason"]), document["rule"]
        holds = {
            "kkt": self._rule.tol >= float(rule["tol"]),
            "change": self._rule.change >= float(rule["change"]),
            "precision": True,
            "time_limit": seconds > trace.time_limit,
        }
        return reason if holds.get(reason, False) else ""


def keeper_of(checkpoint: Any, every: float, resume: bool) -> Checkpoint | None:
    """Return the keeper that `factorize` is asked for, or None."""
    if checkpoint is not None:
        return Checkpoint(checkpoint, every=every, resume=resume)
    if resume:
        raise InvalidInputError("resume=True needs checkpoint=, the file to go on from")
    return None


def _checked(path: Any) -> Path:
    if not isinstance(path, str | os.PathLike):
        raise InvalidInputError(f"checkpoint must be the name of a file, not {path!r}")
    path = Path(path)
    if path.is_dir():
        raise InvalidInputError(f"the checkpoint {path} is a folder; name a file in it")
    if not path.parent.is_dir():
        raise InvalidInputError(
            f"there is no folder {path.parent} for the checkpoint {path}; make it first"
        )
    return path


def _there(path: Path) -> str:
    """Say what is there already, and what to do."""
    try:
        _, document = read_kept(path)
        facts = document["facts"]
        iteration = sum(line[0] == _PHASE for line in document["history"])
        m, n = facts["V's shape"]
        told = f"a run of rank {facts['rank']} on {m} x {n}, after {iteration} iterations"
    except (ModelFormatError, KeyError, TypeError, ValueError):
        return (
            f"{path} is there already, and is no checkpoint that could be gone on from; name "
            "another file, or delete it"
        )
    return f"{path} is there already: {told}. resume=True goes on from it; delete it to begin anew"


def _check_shapes(arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> None:
    """Refuse factors of other shapes, which NumPy would spread out."""
    m, n = facts["V's shape"]
    for name, F in arrays.items():
        wanted = facts["rank"], m if name[0] == "W" else n
        if name in _FACTORS and (F.shape != wanted or F.dtype.kind != "f"):
            raise ValueError(f"{name} is {F.dtype} {F.shape}, and should be {wanted}")


def _record(line: Any) -> Record:
    phase, iteration, seconds, objective, kkt, passes = line
    if not isinstance(phase, str) or not isinstance(iteration, int):
        raise TypeError("a line of the history makes no sense")
    return Record(phase, iteration, float(seconds), float(objective), float(kkt), float(passes))


def _plain(value: Any) -> Any:
    """Return a value as JSON holds it: NaN and infinity as strings, arrays as lists."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, np.ndarray):
        return {"array": value.tolist(), "dtype": value.dtype.str}
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def _revived(value: Any) -> Any:
    """Return the state of a bit generator as it was before `_plain`."""
    if not isinstance(value, dict):
        return value
    if set(value) == {"array", "dtype"}:
        return np.array(value["array"], np.dtype(str(value["dtype"])))
    return {name: _revived(inner) for name, inner in value.items()}
