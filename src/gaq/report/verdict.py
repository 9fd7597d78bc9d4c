"""What a model is fit for, from stated limits on measured rows. Reasons for the limits: docs/physics.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from gaq.measure.ledger import Row, find
from gaq.measure.limits import within


class Verdict(Enum):
    """What dynamics a model is fit for."""

    NVE = "NVE"
    THERMOSTAT = "thermostat only"
    NOT_MD = "not for MD"
    UNKNOWN = "not measured"


@dataclass(frozen=True)
class Bound:
    """The most |value| of a metric may be for constant energy, and with a thermostat."""

    metric: str
    nve: float
    thermostat: float
    required: bool = False  # without this row there is no verdict


BOUNDS = (
    Bound("lee_mean", nve=0.1, thermostat=2.0, required=True),  # meV/Å
    Bound("path_work", nve=0.1, thermostat=2.0, required=True),  # meV/Å
    Bound("net_torque", nve=0.1, thermostat=20.0),  # meV
    Bound("drift", nve=0.005, thermostat=0.5),  # meV/atom/ps
    Bound("force_fidelity", nve=43.4, thermostat=43.4),  # meV/Å: 1 kcal/mol/Å
)

DOUBT = 3.0  # standard errors of a drift: of six models in a table, two would cry wolf over one in every fourth table


@dataclass(frozen=True)
class Judgement:
    """A verdict and the metrics that stood in the way of a better one."""

    verdict: Verdict
    because: tuple[str, ...] = ()


def judge(rows: Sequence[Row]) -> Judgement:
    """The verdict on one model from its rows; a row that is not a number counts as past every bound.

    A drift within three standard errors of zero is not held against a model: a short run cannot show one. A run
    that fell apart (`stability` not passed) is not for MD whatever else was measured.
    """
    found = {bound.metric: find(rows, bound.metric) for bound in BOUNDS}
    missing = tuple(b.metric for b in BOUNDS if b.required and found[b.metric] is None)
    held = find(rows, "stability")
    if held is not None and held.passed is False:
        return Judgement(Verdict.NOT_MD, ("stability",))
    measured = [(bound, entry) for bound in BOUNDS if (entry := found[bound.metric]) is not None]
    beyond_thermostat = tuple(b.metric for b, entry in measured if not within(entry, b.thermostat, DOUBT))
    if beyond_thermostat:
        return Judgement(Verdict.NOT_MD, beyond_thermostat)
    if missing:
        return Judgement(Verdict.UNKNOWN, missing)
    beyond_nve = tuple(b.metric for b, entry in measured if not within(entry, b.nve, DOUBT))
    return Judgement(Verdict.THERMOSTAT, beyond_nve) if beyond_nve else Judgement(Verdict.NVE)
