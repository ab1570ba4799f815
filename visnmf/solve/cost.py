"""What a factorization costs, counted beforehand: the work of its stages, and how many iterations.

Work is counted in multiply-adds of matrix products, those of sweeps, numbers read or
written, and calls. A product of V with one row of a factor is `work` multiply-adds: m n where
V is dense, some times its stored entries where it is sparse. With r the rank:

- an iteration with a quadratic model: two products, 2 r work; the two Gram matrices, r^2 (m + n);
  eight sweeps over both factors and one look at how W does, 8 r^2 (m + n) + r^2 m;
- on a stand-in of rank q the same with work = q (m + n), on a sample of s columns with n = s;
- an iteration with a split model: W H and one or two products with it for each factor, 4 r work,
  and a division and a logarithm an entry;
- the range finder, for q directions: V V' and a product, m^2 n / 2 + q work, where the short side m
  is at most 6 q, else four products, 4 q work; and an orthonormal basis, 2 q^2 (m + n);
- the closing: two products and the residuals, 3 r work, and a dozen sweeps over H.

Seconds are work times rates. The usual ones are of one core of 2023 or so; `calibrate`
measures how far this machine is from them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from visnmf.matrices.lowrank import takes_gram

__all__ = [
    "Rates",
    "Size",
    "Work",
    "closing",
    "iteration",
    "iterations_expected",
    "on_low_rank",
    "range_finding",
    "share_of_low_rank",
    "split_iteration",
    "taking_in",
]

SWEEPS = 8
_CLOSING_SWEEPS = 12
_MOVES = 12  # numbers moved for each one of the factors in an iteration
_SPLIT_MOVES = 24
_HARD = 12.0  # what a division and a logarithm cost, in numbers moved


class Work(NamedTuple):
    """Counts of what is done."""

    products: float = 0.0
    """Multiply-adds of matrix products."""
    sweeps: float = 0.0
    """Multiply-adds of sweeps."""
    rows: float = 0.0
    """Rows of a factor renewed."""
    moved: float = 0.0
    """Numbers read or written outside of both."""
    calls: float = 0.0
    """Steps of either factor, whose handling takes time however small they are."""

    def times(self, count: float) -> Work:
        """Return the work of doing this so many times."""
        return Work(*(count * each for each in self))

    def plus(self, other: Work) -> Work:
        """Return the work of doing this and the other."""
        return Work(*(a + b for a, b in zip(self, other, strict=True)))


@dataclass(frozen=True)
class Rates:
    """Seconds that a unit of each kind of work takes.

    Parameters
    ----------
    product, sweep, row, move, call
        As of `Work`.
    """

    product: float = 3e-11
    sweep: float = 3e-11
    row: float = 0.0
    move: float = 2.5e-10
    call: float = 5e-5

    def seconds(self, work: Work) -> float:
        """Return what some work takes."""
        rates = (self.product, self.sweep, self.row, self.move, self.call)
        return sum(count * rate for count, rate in zip(work, rates, strict=True))

    @classmethod
    def of_numpy(cls) -> Rates:
        """Return the rates where the sweeps are NumPy's."""
        return cls(sweep=6e-11, row=4e-6)

    def in_double(self) -> Rates:
        """Return the rates in float64, where half as many numbers go through a register."""
        return replace(self, product=2 * self.product, sweep=2 * self.sweep, move=2 * self.move)


@dataclass(frozen=True)
class Size:
    """How large a problem is.

    Parameters
    ----------
    m, n, rank
        Of V and its factors.
    work : float
        Multiply-adds of a product of V with one row.
    entries : float
        Numbers that V stores.
    """

    m: int
    n: int
    rank: int
    work: float
    entries: float

    @classmethod
    def dense(cls, m: int, n: int, rank: int) -> Size:
        """Return the size of a problem with a dense V."""
        return cls(m, n, rank, float(m) * n, float(m) * n)

    @property
    def short(self) -> int:
        """The shorter side."""
        return min(self.m, self.n)

    @property
    def long(self) -> int:
        """The longer side."""
        return max(self.m, self.n)

    def sampled(self, count: int) -> Size:
        """Return the size of a sample of so many columns, or rows if they are more."""
        share = count / self.long
        m, n = (self.m, count) if self.n >= self.m else (count, self.n)
        return replace(self, m=m, n=n, work=share * self.work, entries=share * self.entries)


def on_low_rank(size: Size, rank: int) -> Size:
    """Return the size of the same problem with V of low rank."""
    numbers = float(rank) * (size.m + size.n)
    return replace(size, work=numbers, entries=numbers)


def taking_in(size: Size) -> Work:
    """Return what checking V and taking its norm costs."""
    return Work(moved=3 * size.entries, calls=4)


def range_finding(size: Size, rank: int) -> Work:
    """Return what a stand-in of a rank costs to make."""
    if takes_gram(size.short, size.long, rank):
        products = 0.5 * size.short * size.work + rank * size.work
        basis = 4.0 * rank * rank * size.short
    else:
        products = 4.0 * rank * size.work
        basis = 4.0 * rank * rank * (size.short + 2.0 * size.long)
    # Householder steps run in float64, at a third of the speed of a product
    return Work(products=products + 3 * basis, moved=8.0 * rank * (size.m + size.n), calls=6)


def iteration(size: Size, sweeps: int = SWEEPS) -> Work:
    """Return what an iteration with a quadratic model costs."""
    r, both = float(size.rank), size.m + size.n
    return Work(
        products=2 * r * size.work + r * r * both,
        sweeps=sweeps * r * r * both + r * r * size.m,
        rows=2 * sweeps * r,
        moved=_MOVES * r * both,
        calls=2,
    )


def split_iteration(size: Size, halves: int = 1) -> Work:
    """Return what an iteration with a split model costs.

    Parameters
    ----------
    size : Size
        Of the problem; with a loss that must look at every entry, `work` is m n.
    halves : int
        Products for each half of the gradient: 1 for the Kullback-Leibler loss, else 2.
    """
    r = float(size.rank)
    return Work(
        products=2 * (1 + halves) * r * size.work,
        moved=2 * _HARD * halves * size.entries + _SPLIT_MOVES * r * (size.m + size.n),
        calls=6,
    )


def closing(size: Size) -> Work:
    """Return what the last fit of H, the objective and the KKT norm cost."""
    r, both = float(size.rank), size.m + size.n
    return Work(
        products=3 * r * size.work + r * r * both,
        sweeps=_CLOSING_SWEEPS * r * r * size.n + r * r * both,
        rows=_CLOSING_SWEEPS * r,
        moved=size.entries + 4 * r * both,
        calls=3,
    )


def share_of_low_rank(
    shape: tuple[int, int], rank: int, low: int, work: float, sweeps: float
) -> float:
    """Return the cost of an iteration on V of low rank, over that of one on V.

    Parameters
    ----------
    shape, rank
        Of the factorization.
    low : int
        The rank of the stand-in.
    work : float
        Multiply-adds of a product of V with one row.
    sweeps : float
        Sweeps of each factor in an iteration, each as many products' worth as it costs.
    """
    both = sum(shape)
    swept = sweeps * rank * both
    return (2.0 * low * both + swept) / (2.0 * work + swept)


def iterations_expected(size: Size, loss: str, max_iter: int, stand_in: int) -> tuple[int, int]:
    """Return how many iterations are usual on stand-ins and on V, at the default tolerances.

    They are not known beforehand. These are the middle of what pictures took, of six sets at
    ranks from 8 to 80 (`python tools/bench estimate` prints both): with the Frobenius
    loss 20 r^0.7 / max(m, n)^(1/7) in all, of which stand-ins take up to three quarters; with
    other losses 650 r over the 0.4th power of the entries. One run in two is within a factor of
    1.4 of that, nine in ten within 2.5.

    Parameters
    ----------
    size : Size
        Of the problem.
    loss : {"quadratic", "split"}
        Which models its steps see.
    max_iter : int
        The most iterations on V.
    stand_in : int
        The most iterations on a stand-in, 0 if there is none.
    """
    if loss == "split":
        return 0, _within(650 * size.rank / size.entries**0.4, max_iter)
    whole = 20 * size.rank**0.7 / size.long ** (1 / 7)
    warm = round(min(0.75 * whole, 0.9 * stand_in))
    return warm, _within(whole - warm, max_iter)


def _within(count: float, most: int) -> int:
    return max(1, min(round(max(count, 5)), most))
