"""The iteration for models that hold at one point only, or with terms beside the loss.

As in `visnmf.solve.iterate`, a step of H and a step of W, extrapolated. But what is known
of a pair comes with the model that is built there: so the pair is W after its step beside
H as extrapolated, W begins its step extrapolated (Hien, Leplat & Gillis 2023, block
majorization-minimization with extrapolation), and the objective is known when the next
model of H is built. When it rises, the last pair takes a plain step, which cannot raise it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from visnmf.kernels.choose import Kernels
from visnmf.losses.models import Point, Quadratic, Split, length
from visnmf.losses.protocol import Loss
from visnmf.matrices.protocol import Matrix
from visnmf.solve.bold import Bold, bold_steps
from visnmf.solve.extrapolation import Extrapolation
from visnmf.solve.iterate import Pair, balance, effort_of
from visnmf.solve.side import Model, Side
from visnmf.solve.stopping import Rule, Trace, kkt_norm

__all__ = ["Composition", "alternate", "pull_of", "value_built"]

_MEASURE_EVERY = 10  # iterations between two measurements of the projected gradient
_NOISE = 4.0  # rounding of the objective, in units of eps times its largest summand
_IDLE = 50  # iterations without any gain after which only rounding is at work


@dataclass(frozen=True)
class Composition:
    """A problem put together: what is minimized, and by which steps of either factor.

    Parameters
    ----------
    matrix : Matrix
        V.
    loss : Loss
        What it is fitted by.
    W, H : Side
        What is asked of the factors, and their updates.
    kernels : Kernels
        The sums that tell how a pair does.
    mixing : ndarray (rank, rank), optional
        S in V ~ W S H (nsNMF), symmetric.
    bold : bool
        Whether steps that may raise the objective go first, where there are any.
    """

    matrix: Matrix
    loss: Loss
    W: Side
    H: Side
    kernels: Kernels
    mixing: np.ndarray | None = None
    bold: bool = False

    def extrapolation(self) -> Extrapolation:
        """Return the extrapolation that suits the steps."""
        on_logs = self.W.positive and self.H.positive
        return Extrapolation.on_logs() if on_logs else Extrapolation()

    def bold_steps(self, extrapolate: bool) -> Bold | None:
        """Return the scaled Newton steps that go before multiplicative ones, or None."""
        if not (self.bold and self.plain and self.W.positive and self.H.positive):
            return None
        return bold_steps(self.loss, self.matrix, self.kernels, extrapolate=extrapolate)

    @property
    def plain(self) -> bool:
        """Whether parts may be scaled up and their encodings down at no cost."""
        return self.W.plain and self.H.plain and self.mixing is None

    def mixed(self, F: np.ndarray) -> np.ndarray:
        """Return what the other factor is multiplied by."""
        return F if self.mixing is None else self.mixing @ F

    def model_H(self, pair: Pair) -> Model:
        """Return what H is to lower, built at a pair."""
        return self.H.model(self.loss, self.matrix, self.mixed(pair.W), pair.H)

    def model_W(self, pair: Pair) -> Model:
        """Return what W is to lower, built at a pair; a `Split` without its objective."""
        return self.W.model(self.loss, self.matrix.T, self.mixed(pair.H), pair.W, objective=False)

    def objective(self, pair: Pair) -> float:
        """Return loss and penalties, from the entries outright."""
        loss = self.loss.value(self.matrix, self.mixed(pair.W), pair.H)
        return loss + self.W.value(pair.W) + self.H.value(pair.H)

    def measure(self, pair: Pair, model_H: Model) -> tuple[Point, Point, float]:
        """Return the KKT residuals of H and of W, and the size of the gradient's halves.

        Costs a model of W.
        """
        model_W = self.model_W(pair)
        of_H = self.H.point(pair.H, model_H, self.kernels)
        of_W = self.W.point(pair.W, model_W, self.kernels)
        return of_H, of_W, math.hypot(pull_of(model_H), pull_of(model_W))


def alternate(
    problem: Composition,
    pair: Pair,
    *,
    phase: str,
    rule: Rule,
    trace: Trace,
    extrapolation: Extrapolation | None,
    cold: bool = False,
) -> str:
    """Iterate on a pair until a rule ends it; return which.

    Parameters
    ----------
    problem : Composition
        What is minimized.
    pair : Pair
        Where to start, admitted by both sides; holds the best pair at all times, also when
        interrupted.
    phase, rule, trace, extrapolation, cold
        As of `visnmf.solve.iterate.iterate`.
    """
    before = Pair(pair.W, pair.H)  # where the steps that led to the pair began
    model_H = problem.model_H(pair)
    best = _objective(problem, model_H, pair)
    eps = _NOISE * float(np.finfo(pair.W.dtype).eps)
    if pair.start is None and rule.absolute:
        pair.start = problem.measure(pair, model_H)[:2]
    slow = idle = 0
    plain = False  # whether the last step was taken back
    steps = _Steps(problem, extrapolation)
    for iteration in range(1, rule.max_iter + 1):
        measured = iteration % _MEASURE_EVERY == 0 or iteration == rule.max_iter
        effort = effort_of(iteration) if cold else 1.0
        steps.begin(iteration, effort, plain)
        stepped = pair.H.copy()
        steps.step("H", stepped, pair.W, model_H)
        trial = Pair(steps.ahead("W", before.W, pair.W), steps.ahead("H", before.H, stepped))
        steps.step("W", trial.W, trial.H, problem.model_W(trial))
        if measured and problem.plain:
            balance((trial.W, pair.W), (trial.H, stepped, pair.H))
            steps.forget()
        model = problem.model_H(trial)
        objective = _objective(problem, model, trial)

        fell = objective <= best + eps * max(abs(best), abs(problem.loss.const))
        gain = best - objective
        if fell:
            before = Pair(pair.W, stepped)
            pair.W, pair.H, model_H = trial.W, trial.H, model
            best = min(best, objective)
        else:
            before = Pair(pair.W, pair.H)
        kkt = violation = math.nan
        if measured:
            if not fell and problem.plain:
                model_H = problem.model_H(pair)  # it was balanced
            of_H, of_W, size = problem.measure(pair, model_H)
            kkt = kkt_norm(of_H, of_W)
            now = of_H, of_W
            violation = rule.violation(pair.start or now, now, size)
        reason = trace.add(phase, iteration, best, kkt)
        if rule.tol and violation <= rule.tol:
            return "kkt"
        idle = 0 if fell and gain > 0 else idle + 1
        if fell:
            slow = slow + 1 if gain < rule.change * abs(best) else 0
        if rule.change and slow == rule.patience:
            if not steps.leave_bold():
                return "change"
            slow = 0  # whether multiplicative steps gain more is still to be seen
        if reason:
            return reason
        if idle == _IDLE or (not fell and steps.safe):
            return "precision"
        plain = not fell
        steps.note(fell)
    return "max_iter"


class _Steps:
    """The steps of either factor: bold ones while they pay, else those of the sides.

    Parameters
    ----------
    problem : Composition
        Whose sides step.
    extrapolation : Extrapolation or None
        That of the sides' steps.
    """

    def __init__(self, problem: Composition, extrapolation: Extrapolation | None) -> None:
        self.problem = problem
        self.usual = extrapolation
        self.bold = problem.bold_steps(extrapolation is not None)
        self.boldly = False  # whether this iteration's are
        self.beta = 0.0

    def begin(self, iteration: int, effort: float, plain: bool) -> None:
        """Settle how an iteration steps; plainly where the last one was taken back."""
        self.iteration, self.effort = iteration, effort
        bold = self.bold if self.bold and not self.bold.left else None
        # After a bold step that was not extrapolated, and rose, one that cannot
        self.boldly = bold is not None and not (plain and self.boldly and not self.extrapolated)
        chosen = bold.extrapolation if bold and self.boldly else self.usual
        self.beta = chosen.beta if chosen and not plain else 0.0

    def leave_bold(self) -> bool:
        """Leave bold steps for good; tell whether they were not left before."""
        if self.bold is None or self.bold.left:
            return False
        self.bold.left = True
        return True

    @property
    def extrapolated(self) -> bool:
        """Whether this iteration goes beyond its steps."""
        return self.beta > 0

    @property
    def safe(self) -> bool:
        """Whether the steps of this iteration cannot raise the objective but by rounding."""
        return not self.boldly and not self.extrapolated

    def step(self, factor: str, F: np.ndarray, other: np.ndarray, model: Model) -> None:
        """Step on the factor "W" or "H", in place, beside the other one."""
        if self.boldly:
            assert self.bold is not None
            assert isinstance(model, Split)
            self.bold.step(factor, F, other, model, self.effort, self.iteration)
        else:
            getattr(self.problem, factor).step(F, model, self.effort)

    def ahead(self, factor: str, behind: np.ndarray, F: np.ndarray) -> np.ndarray:
        """Return a factor pushed on along the way from `behind`; a copy."""
        if self.boldly:
            assert self.bold is not None
            return self.bold.push(behind, F, self.extrapolated)
        side = getattr(self.problem, factor)
        return side.ahead(behind, F, self.beta)

    def forget(self) -> None:
        """Note that the factors were scaled."""
        if self.bold:
            self.bold.forget()

    def note(self, fell: bool) -> None:
        """Note what came of the iteration."""
        if self.boldly:
            assert self.bold is not None
            self.bold.note(fell, self.extrapolated)
        elif self.usual and self.extrapolated:
            if fell:
                self.usual.grow()
            else:
                self.usual.back()


def _objective(problem: Composition, model_H: Model, pair: Pair) -> float:
    """Return loss and penalties of the pair that a model of H was built at."""
    return value_built(model_H, pair.H, problem.kernels) + problem.W.value(pair.W)


def value_built(model: Model, F: np.ndarray, kernels: Kernels) -> float:
    """Return the value of a model at the F that it was built at."""
    if isinstance(model, Split):
        return model.objective
    if model.built is not None:
        return model.built
    return model.at(F, kernels).objective


def pull_of(model: Model) -> float:
    """Return the size of what a gradient pulls up by."""
    return length(model.B if isinstance(model, Quadratic) else model.neg)
