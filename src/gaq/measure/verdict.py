"""The verdict: what dynamics a model is fit for, from its rows alone. One rule for every command and table.

Limits: `gaq.measure.limits`. Reasons for them: docs/physics.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from gaq.measure.ledger import Row
from gaq.measure.limits import BOUNDS, DOUBT, STABLE_STEPS, Aspect, Bound, within


class Verdict(Enum):
    """What dynamics a model is fit for."""

    NVE = "NVE"
    THERMOSTAT = "thermostat only"
    NOT_MD = "not for MD"
    UNKNOWN = "not measured"


@dataclass(frozen=True)
class Judgement:
    """A verdict, the metrics that prevent a better one, and the aspects that were not measured."""

    verdict: Verdict
    because: tuple[str, ...] = ()
    missing: tuple[Aspect, ...] = ()

    @property
    def label(self) -> str:
        """The verdict in a few words; without one, what was not measured."""
        if self.verdict is not Verdict.UNKNOWN or not self.missing:
            return self.verdict.value
        return f"{', '.join(aspect.value for aspect in self.missing)} not measured"


OF_RUNS = ("drift", "stability")  # a run has a start, and needs no data set


def data_sets(rows: Sequence[Row]) -> list[str]:
    """Return the data sets on which symmetry, forces along paths or accuracy were measured, the last one last."""
    metrics = {bound.metric for bound in BOUNDS} - set(OF_RUNS)
    names = [r.data for r in rows if r.control is None and r.metric in metrics]
    return list(dict.fromkeys(reversed(names)))[::-1]


def on_data(rows: Sequence[Row], data: str) -> list[Row]:
    """Return the rows that count in the verdict on one data set: its own, and those that belong to no data set, which
    are runs from other starts, sizes and times.
    """
    others = set(data_sets(rows)) - {data}
    return [r for r in rows if r.data not in others]


def judge(rows: Sequence[Row]) -> Judgement:
    """Return the verdict on one model from its rows, which are about one data set (`on_data`).

    A model is fit for constant energy only if its symmetry, conservation of energy, accuracy and stability were all
    measured and are within their limits. What fails is held against a model whatever else was measured; what was not
    measured is named, and nothing is promised beyond it. A value that is not a number is past every limit. A drift
    within three standard errors of zero passes: a short run cannot show it.
    """
    if (broken := _broken(rows)) is not None:
        return Judgement(Verdict.NOT_MD, (broken.metric,))
    measured = [(bound, entry) for bound in BOUNDS if (entry := decisive(rows, bound.metric)) is not None]
    unfit = _beyond(measured, [bound.thermostat for bound, _ in measured])
    if unfit:
        return Judgement(Verdict.NOT_MD, unfit)
    past_nve = _beyond(measured, [bound.nve for bound, _ in measured])
    missing = _missing(rows)
    if missing:
        return Judgement(Verdict.UNKNOWN, past_nve, missing)
    return Judgement(Verdict.THERMOSTAT, past_nve) if past_nve else Judgement(Verdict.NVE)


def decisive(rows: Sequence[Row], metric: str) -> Row | None:
    """Return the row of a metric that tables show and verdicts use, or None; reference rows do not count.

    Of several drifts it is the one with the smallest standard error; of several runs the one that broke, or else the
    longest; of anything else the last, where rows of all frames count before rows of `gaq check`, which takes a few. A
    value that is not a number comes first of all.
    """
    found = [r for r in rows if r.metric == metric and r.control is None]
    if not found:
        return None
    if metric == "stability":
        return _broken(found) or max(reversed(found), key=lambda r: r.value)
    lost = [r for r in found if not math.isfinite(r.value)]
    if lost:
        return lost[-1]
    if metric == "drift":
        return min(reversed(found), key=_error)
    return ([r for r in found if r.limit is None] or found)[-1]


def _broken(rows: Sequence[Row]) -> Row | None:
    """Return the last run that did not hold."""
    fell = [r for r in rows if r.metric == "stability" and r.control is None and r.passed is False]
    return fell[-1] if fell else None


def _beyond(measured: Sequence[tuple[Bound, Row]], most: Sequence[float]) -> tuple[str, ...]:
    pairs = zip(measured, most, strict=True)
    return tuple(bound.metric for (bound, entry), limit in pairs if not within(entry, limit, DOUBT))


def _missing(rows: Sequence[Row]) -> tuple[Aspect, ...]:
    lacking = {bound.aspect for bound in BOUNDS if bound.required and decisive(rows, bound.metric) is None}
    if Aspect.CONSERVATION in lacking and _shows_drifts(decisive(rows, "drift")):
        lacking.remove(Aspect.CONSERVATION)
    held = decisive(rows, "stability")
    if held is None or held.passed is None or not held.value >= STABLE_STEPS:
        lacking.add(Aspect.STABILITY)
    return tuple(aspect for aspect in Aspect if aspect in lacking)


def _shows_drifts(entry: Row | None) -> bool:
    """Return whether a run was long enough to show a drift at the limit for constant energy."""
    (bound,) = (b for b in BOUNDS if b.metric == "drift")
    return entry is not None and DOUBT * _error(entry) <= bound.nve


def _error(entry: Row) -> float:
    error = entry.std_error
    return error if error is not None and math.isfinite(error) else math.inf
