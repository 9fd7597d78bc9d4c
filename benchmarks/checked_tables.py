"""The section of docs/results.md on what the check found in other force fields; rows of check_peers.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gaq.measure.ledger import Row, find
from gaq.measure.limits import failures
from gaq.report.diagnosis import meanings
from gaq.report.numbers import significant
from tables import markdown

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
INTRO = """## Other force fields under `gaq check`

`gaq check` on what others made and on what is shipped here: every subject has the same checks, bold is past the limit
([definitions and limits](physics.md#limits-of-the-check)). Forces in meV/Å, energies in meV, work in meV/Å, the
slope as a share of it, the drift of 200 fs at constant energy in meV/atom/ps. GFN2-xTB, MACE and PaiNN ran in
environments of their own (`--python`). MACE and PaiNN have drawn weights, which show what their arithmetic keeps and
breaks; a molecule does not hold together with them, so that they made no run. PyTorch's `quantize_dynamic` was given
PaiNN as it is, whose layers it passes over in silence; then its *representation*, with the layers written as
`nn.Linear`; then *all* of it, where PyTorch refuses to differentiate; then all of it with the *allow_unused* that
PyTorch's message advises. Commands:

    python benchmarks/peers/install.py --into build/peers --only xtb mace painn
    python benchmarks/check_peers.py --data rmd17 --peers build/peers
    gaq check benchmarks/peers/calculator_painn.py:make --python build/peers/painn/bin/python \\
        --args '{"quantized": "representation"}' --steps 0 --plot painn.png
"""


def checked_section(rows_of: Callable[[str], list[Row]]) -> list[str]:
    """The parts of the section; empty while nothing has been inspected."""
    by_subject: dict[str, list[Row]] = {}
    for entry in rows_of("checked"):
        by_subject.setdefault(entry.model, []).append(entry)
    if not by_subject:
        return []
    head = ["subject", "passed", *(heading for _, heading in METRICS), "fails"]
    lines = [
        [name, _passed(rows), *(_cell(rows, metric) for metric, _ in METRICS), _failed(rows)]
        for name, rows in by_subject.items()
    ]
    graves = [f"*{name}*: {words[0]}." for name, rows in by_subject.items() if len(words := _grave(rows)) == 1]
    return [INTRO, markdown(head, lines), *([f"In the words of the command: {' '.join(graves)}\n"] if graves else [])]


def _grave(rows: Sequence[Row]) -> list[str]:
    """What the command says of a subject whose forces are no forces."""
    force = find(rows, "force_norm")
    return meanings(rows) if force is not None and force.passed is False else []


def _failed(rows: Sequence[Row]) -> str:
    return ", ".join(dict.fromkeys(SHORT.get(r.metric, r.metric) for r in failures(rows))) or NOTHING


def _passed(rows: Sequence[Row]) -> str:
    return f"{len(rows) - len(failures(rows))} of {len(rows)}"


def _cell(rows: Sequence[Row], metric: str) -> str:
    """The value, bold where it is past its limit."""
    entry = find(rows, metric)
    if entry is None:
        return NOTHING
    text = significant(entry.value, 2)
    return text if entry.passed else f"**{text}**"
