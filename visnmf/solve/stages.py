"""A factorization as the stages that it goes through, each with its work and how often it is done.

What `visnmf.solve.cost` counts is put together here for a problem: this is the cost model of a run.
"""

from __future__ import annotations

from dataclasses import dataclass

from visnmf.losses.frobenius import Frobenius
from visnmf.solve.alternate import Composition
from visnmf.solve.begin import OVERSAMPLED
from visnmf.solve.composed import closing_steps
from visnmf.solve.cost import (
    Size,
    Work,
    closing,
    iteration,
    iterations_expected,
    on_low_rank,
    range_finding,
    split_iteration,
    taking_in,
)
from visnmf.solve.plan import Plan
from visnmf.solve.warmup import StandIns

__all__ = ["Kind", "Stages", "stages_of"]

_OPENING = 12, 4  # iterations of the fit that other losses start from: on a stand-in, on V
_PART_ITERATIONS = 25  # on some columns of V of low rank
_CLOSING_STEP = 0.9  # of an iteration


@dataclass(frozen=True)
class Kind:
    """Which stages there are.

    Parameters
    ----------
    exact : bool
        Whether its models are quadratics that hold for every F: HALS, every entry known.
    begun : bool
        Whether it begins with a Frobenius fit, as other losses do.
    halves : int
        Products for each half of the gradient; 0 where models are quadratic.
    """

    exact: bool
    begun: bool
    halves: int

    @classmethod
    def of(cls, problem: Composition) -> Kind:
        """Return the kind of a problem put together."""
        loss = problem.loss
        quadratic = problem.W.kind == "quadratic"
        exact = isinstance(loss, Frobenius) and not problem.matrix.weighted and quadratic
        if "quadratic" not in loss.kinds:
            return cls(False, True, 1 if loss.name == "kullback-leibler" else 2)
        return cls(exact, False, 0 if exact else 1)


@dataclass(frozen=True)
class Stages:
    """The work of each stage of a run.

    Parameters
    ----------
    start, warm, iteration, closing : Work
        Of the start (with what makes a stand-in), one iteration on a stand-in, one on V, the end.
    warm_iter, n_iter : int
        How many iterations are expected.
    warm_most : int
        The most on a stand-in.
    directions : int
        Of the range finder at the start.
    """

    start: Work
    warm: Work
    iteration: Work
    closing: Work
    warm_iter: int
    n_iter: int
    warm_most: int
    directions: int

    def works(self) -> tuple[Work, Work, Work, Work]:
        """Return the four, as they are in `Stages`."""
        return self.start, self.warm, self.iteration, self.closing


def stages_of(size: Size, kind: Kind, stand_ins: StandIns, plan: Plan) -> Stages:
    """Return the stages of a run.

    Parameters
    ----------
    size : Size
        Of the problem.
    kind : Kind
        Which stages there are.
    stand_ins : StandIns
        What a Frobenius fit of it passes through.
    plan : Plan
        Its most iterations; what it says of V's values is not looked at.
    """
    most = plan.rule.max_iter
    shared = stand_ins.rank > 0 and not stand_ins.sample
    directions = 0
    start = taking_in(size)
    if plan.init_for((size.m, size.n)) != "random":
        directions = stand_ins.rank if shared else min(size.rank + OVERSAMPLED, size.short)
        start = start.plus(range_finding(size, directions))
    warm, making = _stand_in(size, stand_ins, shared and directions > 0)
    if kind.exact:
        warm_most = plan.stand_in_iter if warm else 0
        expected = iterations_expected(size, "quadratic", most, warm_most)
        return Stages(
            start.plus(making), warm or Work(), iteration(size, plan.sweeps), closing(size),
            expected[0], expected[1], warm_most, directions,
        )  # fmt: skip
    step = split_iteration(size, max(kind.halves, 1))
    loss = "split" if kind.begun else "quadratic"
    _, count = iterations_expected(size, loss, most, 0)
    if kind.begun:
        few, then = _OPENING
        fit = start.plus(making).plus(iteration(size).times(then)).plus(closing(size))
        start = fit.plus((warm or Work()).times(few)).plus(step)
    end = step.times(_CLOSING_STEP * (1 + closing_steps(count)))
    return Stages(start, Work(), step, end, 0, count, 0, directions)


def _stand_in(size: Size, stand_ins: StandIns, made: bool) -> tuple[Work | None, Work]:
    """Return the work of an iteration on the stand-in, and of making it and of leaving it."""
    making, part = Work(), size
    if stand_ins.sample:
        part = size.sampled(stand_ins.sample)
        making = iteration(size).times(0.5).plus(Work(moved=4 * part.entries))
    if stand_ins.rank:
        if not made:
            making = making.plus(range_finding(part, stand_ins.rank))
        part = on_low_rank(part, stand_ins.rank)
        if stand_ins.part:  # some of its columns first, for about as long as may be
            making = making.plus(iteration(part.sampled(stand_ins.part)).times(_PART_ITERATIONS))
    if part is size:
        return None, making
    return iteration(part), making
