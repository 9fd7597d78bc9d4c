"""Tables of `gaq check` on other force fields."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.common.markdown import markdown
from benchmarks.common.places import rows_of
from gaq.measure.ledger import Row, find
from gaq.measure.limits import failures
from gaq.report.diagnosis import meanings
from gaq.report.numbers import significant

NOTHING = "–"
METRICS = (
    ("force_norm", "mean force"),
    ("lee_max", "turned, ΔF"),
    ("permutation_energy", "reordered, ΔE"),
    ("finite_difference_relative", "slope"),
    ("path_work", "closed paths"),
    ("path_work_open", "open paths"),
    ("cutoff_energy_jump", "energy jump"),
    ("drift", "drift"),
)
SHORT = {
    "answers": "raises an error",
    "force_norm": "no forces",
    "lee_max": "turned",
    "energy_invariance": "turned",
    "lee_reflection": "mirrored",
    "translation_energy": "moved",
    "translation_force": "moved",
    "permutation_energy": "reordered",
    "permutation_force": "reordered",
    "net_force": "net force",
    "net_torque": "torque",
    "finite_difference": "slope",
    "finite_difference_relative": "slope",
    "path_work": "closed paths",
    "path_work_open": "open paths",
    "jacobian_asymmetry": "Jacobian",
    "cutoff_energy_jump": "energy jump",
    "cutoff_force_jump": "force jump",
    "momentum_change": "momentum",
    "angular_momentum_change": "angular momentum",
    "stability": "fell apart",
}


def subjects() -> str:
    """Return figures and failed checks."""
    head = ["subject", "passed", *(heading for _, heading in METRICS), "fails"]
    lines = [
        [name, _passed(rows), *(_cell(rows, metric) for metric, _ in METRICS), _failed(rows)]
        for name, rows in _by_subject().items()
    ]
    return markdown(head, lines)


def diagnoses() -> str:
    """Return diagnoses of invalid forces."""
    return " ".join(f"*{name}*: {words[0]}." for name, rows in _by_subject().items() if len(words := _grave(rows)) == 1)


def _by_subject() -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for entry in rows_of("checked"):
        found.setdefault(entry.model, []).append(entry)
    return found


def _grave(rows: Sequence[Row]) -> list[str]:
    force = find(rows, "force_norm")
    return meanings(rows) if force is not None and force.passed is False else []


def _failed(rows: Sequence[Row]) -> str:
    return ", ".join(dict.fromkeys(SHORT.get(r.metric, r.metric) for r in failures(rows))) or NOTHING


def _passed(rows: Sequence[Row]) -> str:
    return f"{len(rows) - len(failures(rows))} of {len(rows)}"


def _cell(rows: Sequence[Row], metric: str) -> str:
    entry = find(rows, metric)
    if entry is None:
        return NOTHING
    text = significant(entry.value, 2)
    return text if entry.passed else f"**{text}**"
