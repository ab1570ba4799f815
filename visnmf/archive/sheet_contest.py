"""One search for the best contact sheets, over all codecs: on a sample first, then on all."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from visnmf.archive.dials import Dial, dial_of
from visnmf.archive.goal import Goal
from visnmf.archive.lossy import LossyCodec
from visnmf.archive.progress import Report
from visnmf.archive.registry import Coder
from visnmf.archive.seeking import Expected, Sought, cost_of, seek_notch
from visnmf.archive.sheet_exact import lossless_within
from visnmf.archive.sheet_fit import SheetFit, Tried
from visnmf.archive.sheet_trial import Laid, SheetTrial

__all__ = ["USUAL_TRIALS", "WORK", "Contest"]

WORK = {
    Coder.JPEG: 0.1,
    Coder.WEBP: 0.35,
    Coder.JPEG2000: 0.2,
    Coder.JXL_LOSSY: 0.5,
    Coder.AVIF: 4.0,
}
"""Microseconds that a pixel takes to be written and read, of one core of 2023 or so."""

USUAL_TRIALS = 3
"""Of a codec, if it has begun with a good guess."""

_SLACK = {True: math.log2(1.12), False: 0.5}
"""How much worse than the best a codec may be on a sample (log2 of bytes, or dB) and go on."""

_TOO_LARGE = math.log2(1.3)  # above `to_beat` in an estimate: surely larger
_TOO_FAR = 1.0  # dB below `to_beat` in an estimate


@dataclass(eq=False)
class Contest:
    """One search over all codecs.

    Attributes
    ----------
    laid : Laid
        The pictures.
    goal : Goal
        A PSNR, or bytes.
    codecs : sequence of LossyCodec
        The quick ones first.
    to_beat : float, optional
        Bytes or, where the goal is bytes, dB of something else.
    report : Report, optional
        Told what is tried now.
    """

    laid: Laid
    goal: Goal
    codecs: Sequence[LossyCodec]
    to_beat: float | None = None
    report: Report | None = None
    tried: dict[str, Tried] = field(default_factory=dict)
    shifts: list[tuple[float, float]] = field(default_factory=list)
    trials: dict[tuple[Coder, bool], int] = field(default_factory=dict)

    def run(self) -> SheetFit | None:
        """Return the winner; None if nothing meets the goal, or no codec takes the sheets."""
        laid = self.laid
        codecs = [codec for codec in self.codecs if laid.taken_by(codec)]
        if self.goal.nbytes is not None:
            exact = lossless_within(laid, self.goal.nbytes)
            if exact is not None:
                return exact  # nothing is better
        sample, start = laid.sample(), {}
        if sample is not laid and codecs:
            share = laid.share(sample)
            few = self._all(sample, codecs, {}, share)
            least = min(found.cost for found in few.values())
            if self._is_beaten(least):
                return self._estimated(min(few.values(), key=lambda found: found.cost))
            codecs = [c for c in codecs if few[c].cost <= least + _SLACK[self._by_psnr]]
            codecs.sort(key=lambda codec: few[codec].cost)
            start = {codec: few[codec].expected for codec in codecs}
            if self._by_psnr and math.isinf(least):
                codecs = []  # even the best quality does not do
        whole = self._all(laid, codecs, start, 1.0)
        met = [found.best for found in whole.values() if found.best is not None]
        best = min(met, key=lambda trial: cost_of(self.goal, trial), default=None)
        exact = None
        if self._by_psnr:
            exact = lossless_within(laid, math.inf if best is None else best.nbytes)
        if exact is not None:
            return replace(exact, tried=tuple(self.tried.values()))
        if best is not None:
            return self._fit(best)
        if self._by_psnr or not whole:
            return None
        smallest = min((f.smallest for f in whole.values()), key=lambda trial: trial.nbytes)
        return self._fit(laid.attempt(smallest.codec, smallest.quality), fits=False)

    @property
    def _by_psnr(self) -> bool:
        return self.goal.psnr is not None

    def _all(
        self,
        laid: Laid,
        codecs: Sequence[LossyCodec],
        start: dict[LossyCodec, Expected],
        share: float,
    ) -> dict[LossyCodec, Sought]:
        """Search with each codec on some of the pictures; bytes are counted up to all."""
        found: dict[LossyCodec, Sought] = {}
        limit, rough = math.inf, share < 1.0
        for codec in codecs:
            dial = dial_of(codec.coder)

            def attempt(quality: float, codec: LossyCodec = codec) -> SheetTrial:
                told = self._telling(codec, quality, codecs, rough)
                trial = laid.attempt(codec, quality, told)
                return replace(trial, nbytes=round(trial.nbytes / share)) if rough else trial

            sought = seek_notch(
                dial,
                attempt,
                self.goal,
                start.get(codec) or self._usual(dial),
                limit=limit,
                slack=_SLACK[self._by_psnr] if rough else 0.0,
                roughly=rough,
            )
            found[codec] = sought
            self._note(codec, sought, rough)
            if codec.coder != Coder.JPEG2000:  # its quality is a PSNR, whatever the pictures
                self._learn(dial, sought)
            if rough:
                limit = min(limit, sought.cost)
            elif sought.best is not None:
                limit = min(limit, cost_of(self.goal, sought.best))
        return found

    def _telling(
        self, codec: LossyCodec, quality: float, codecs: Sequence[LossyCodec], rough: bool
    ) -> Callable[[float], object] | None:
        """Return what tells of a trial, given which share of its sheets is written."""
        report = self.report
        if report is None:
            return None
        words = f"{codec.name} sheets of quality {quality:g}" + (" of a sample" if rough else "")
        key = codec.coder, rough
        tried = self.trials[key] = self.trials.get(key, 0) + 1
        behind = sum(WORK[c.coder] for c in codecs[: codecs.index(codec)])
        total = sum(WORK[c.coder] for c in codecs)

        def tell(share: float) -> None:
            mine = (tried - 1 + share) / max(USUAL_TRIALS, tried)
            report(words, None if rough else (behind + mine * WORK[codec.coder]) / total)

        tell(0.0)
        return tell

    def _usual(self, dial: Dial) -> Expected:
        """Return what is usual, as much better or worse as other codecs found it."""
        usual = Expected.usual(dial, self.laid.plan.pixels)
        if not self.shifts or dial.codec.coder == Coder.JPEG2000:
            return usual
        count = len(self.shifts)
        return Expected(
            usual.psnr + sum(shift for shift, _ in self.shifts) / count,
            usual.log_bytes + sum(shift for _, shift in self.shifts) / count,
        )

    def _learn(self, dial: Dial, sought: Sought) -> None:
        """Note how these pictures differ from usual ones near the goal."""
        usual = Expected.usual(dial, self.laid.plan.pixels)
        seen = sought.expected
        if self.goal.psnr is not None:
            at = int(abs(seen.psnr - self.goal.psnr).argmin())
        else:
            at = int(abs(seen.log_bytes - math.log2(max(self.goal.nbytes or 1.0, 1.0))).argmin())
        shift = float(seen.psnr[at] - usual.psnr[at])
        self.shifts.append((shift, float(seen.log_bytes[at] - usual.log_bytes[at])))

    def _is_beaten(self, cost: float) -> bool:
        """Tell whether something else surely does better, by what a sample costs."""
        if self.to_beat is None or math.isinf(cost):
            return False
        if self._by_psnr:
            return cost > math.log2(max(self.to_beat, 1.0)) + _TOO_LARGE
        return -cost < self.to_beat - _TOO_FAR

    def _note(self, codec: LossyCodec, sought: Sought, rough: bool) -> None:
        """Keep how a codec did."""
        best = sought.best
        if best is not None and not rough:
            entry = Tried(codec.name, best.quality, best.nbytes, best.fidelity.psnr, False)
        elif math.isfinite(sought.cost):
            nbytes = 2.0**sought.cost if self._by_psnr else self.goal.nbytes
            psnr = self.goal.psnr if self._by_psnr else -sought.cost
            assert nbytes is not None
            assert psnr is not None
            entry = Tried(codec.name, sought.nearest, round(nbytes), psnr, True)
        else:
            return
        self.tried[codec.name] = entry

    def _fit(self, trial: SheetTrial, *, fits: bool = True) -> SheetFit:
        codec, plan = trial.codec, self.laid.plan
        apart = plan.apart and plan.channels > 1
        return SheetFit(
            (codec.coder,) * plan.sheets,
            trial.quality,
            trial.data,
            trial.nbytes,
            trial.fidelity,
            trial.fidelity.psnr,
            f"{codec.name} sheets of quality {trial.quality:g}"
            + (", channels apart" if apart else ""),
            apart=apart,
            fits=fits,
            tried=tuple(self.tried.values()),
        )

    def _estimated(self, sought: Sought) -> SheetFit:
        """Return what a sample says."""
        entry = self.tried[sought.smallest.codec.name]
        plan = self.laid.plan
        return SheetFit(
            (sought.smallest.codec.coder,) * plan.sheets,
            entry.quality,
            (),
            entry.nbytes,
            None,
            entry.psnr,
            f"{entry.name} sheets of quality {entry.quality:g}, by a sample",
            apart=plan.apart and plan.channels > 1,
            estimated=True,
            tried=tuple(self.tried.values()),
        )
