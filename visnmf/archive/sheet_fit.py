"""What a search over contact sheets found."""

from __future__ import annotations

from dataclasses import dataclass

from visnmf.archive.coders import Coder
from visnmf.archive.fidelity import Fidelity
from visnmf.errors import InvalidInputError

__all__ = ["SheetFit", "Tried"]


@dataclass(frozen=True)
class Tried:
    """How one codec did.

    Attributes
    ----------
    name : str
        Of the codec.
    quality : float
        The one that meets the goal, or the best one tried.
    nbytes : int
        Of all sheets.
    psnr : float
        Over the whole set.
    estimated : bool
        Whether bytes and PSNR are read off trials that did not end at the goal, or of a sample.
    """

    name: str
    quality: float
    nbytes: int
    psnr: float
    estimated: bool


@dataclass(frozen=True)
class SheetFit:
    """A set on contact sheets.

    Attributes
    ----------
    coders : tuple of Coder
        What wrote each sheet. Sheets with loss have one coder.
    quality : float or None
        Of the codec; None where sheets keep every level, or every level within a bound.
    data : tuple of bytes
        The sheets; empty where this is only an estimate.
    nbytes : int
        Of all sheets.
    fidelity : Fidelity or None
        Of what comes back; None where this is only an estimate.
    psnr : float
        Over the whole set; infinite if nothing is lost.
    told : str
        What they are, in words: "AVIF sheets of quality 43".
    step : int
        0 where a codec loses what it likes; otherwise sheets hold whole numbers q that stand for
        the levels clip(step * q), 1 where they are levels themselves.
    apart : bool
        Whether channels lie apart.
    fits : bool
        Whether the goal is met.
    estimated : bool
        Whether this is only an estimate, from a sample, that something else is better.
    tried : tuple of Tried
        How each codec did, in the order in which they were tried.
    under : tuple of bytes
        AVIF sheets that `data` is the residual over; empty where it stands for itself.
    """

    coders: tuple[Coder, ...]
    quality: float | None
    data: tuple[bytes, ...]
    nbytes: int
    fidelity: Fidelity | None
    psnr: float
    told: str
    step: int = 0
    apart: bool = False
    fits: bool = True
    estimated: bool = False
    tried: tuple[Tried, ...] = ()
    under: tuple[bytes, ...] = ()

    @property
    def coder(self) -> Coder:
        """The coder of all sheets.

        Raises
        ------
        InvalidInputError
            If there are several.
        """
        if len(set(self.coders)) != 1:
            names = ", ".join(sorted({coder.name for coder in self.coders}))
            raise InvalidInputError(f"these sheets have several coders ({names}): use `coders`")
        return self.coders[0]

    @property
    def worst_psnr(self) -> float:
        """PSNR of the worst picture; that of the set where this is only an estimate."""
        return self.psnr if self.fidelity is None else self.fidelity.worst_psnr
