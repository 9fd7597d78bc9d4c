"""Tables of published methods and all recipes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from benchmarks.common.markdown import markdown
from benchmarks.common.method_rows import CONTROL, excess_in_words, mean, over_seeds, rows_named
from benchmarks.common.places import FIRST, rows_of
from benchmarks.render.published import METHODS, OF_MOLECULE, OURS
from gaq.measure.ledger import Row
from gaq.report.numbers import significant

OTHER_MOLECULES = ("aspirin", "benzene", "naphthalene", "paracetamol", "salicylic", "uracil")
OTHER_RECIPES = ("w4", "frame-w4a8", "w4a16", "gaq-w4a8")
SIZES = ((0.0, 5.0), (5.0, 6.0), (6.0, 8.0), (8.0, 16.0), (16.0, 33.0))  # bits per weight, half-open
COLUMNS = ("energy_mae", "force_mae", "force_fidelity")
HEAD = ("recipe", "seeds", "bits / weight", "E MAE meV", "F MAE meV/Å", "F against the control", "F RMSE to FP32")
PHYSICS = ("LEE mean meV/Å", "net torque meV", "path work meV/Å")


def papers(paper: str, molecule: str) -> str:
    """Return the rows of one paper."""
    rows = rows_of(f"{FIRST}methods-{molecule}")
    head = [molecule, "published E / F / LEE", "ours", "E MAE meV", "F MAE meV/Å", "F against the control"]
    wanted = [(row, name, said) for row, name, said in METHODS[paper] if said != OURS or rows_named(rows, name)]
    here = molecule == OF_MOLECULE[paper]
    return markdown([*head, *PHYSICS], [_beside(row, name, said if here else "–", rows) for row, name, said in wanted])


def _beside(row: str, name: str, said: str, rows: Sequence[Row]) -> list[str]:
    mine = rows_named(rows, name)
    line = [row, said, f"`{name}`" if mine else "–", *(over_seeds(mine, m) for m in ("energy_mae", "force_mae"))]
    return [*line, excess_in_words(mine, rows), *_physics(mine)]


def by_size(molecule: str) -> str:
    return markdown([*HEAD, *PHYSICS, "engine"], list(_sized(rows_of(f"{FIRST}methods-{molecule}"))))


def _sized(rows: Sequence[Row]) -> Iterator[list[str]]:
    """Group rows by size, best in bold."""
    names = list(dict.fromkeys(r.model for r in rows))
    force = {name: mean(rows_named(rows, name), "force_mae") for name in names}
    for low, high in SIZES:
        group = [n for n in names if low <= (mean(rows_named(rows, n), "bits_per_weight") or 0.0) < high]
        for place, name in enumerate(sorted(group, key=lambda n: force[n] if force[n] is not None else math.inf)):
            line = _line(name, rows)
            yield [f"**{cell}**" if cell and place == 0 else cell for cell in line]


def _line(name: str, rows: Sequence[Row]) -> list[str]:
    mine = rows_named(rows, name)
    bits = mean(mine, "bits_per_weight")
    seeds = len({r.seed for r in mine})
    lost = sum(r.value for r in mine if r.metric == "diverged")
    said = name.replace("/", ", ") + (f" ({lost:.0f} of {seeds} diverged)" if lost else "")
    line = [said, str(seeds), f"{bits:.1f}" if bits else "–", *(over_seeds(mine, m) for m in COLUMNS)]
    engines = {r.engine for r in mine if r.metric == "force_mae"}
    return [*line[:5], excess_in_words(mine, rows), line[5], *_physics(mine), ", ".join(sorted(engines))]


def longer(molecule: str) -> str:
    """Return the long trainings."""
    trained = [r for r in rows_of(f"{FIRST}methods-long-{molecule}") if r.model.endswith("/qat")]
    return markdown([*HEAD, *PHYSICS, "engine"], list(_sized(trained)))


def other_molecules() -> str:
    measured = {molecule: rows_of(f"methods-{molecule}") for molecule in OTHER_MOLECULES}
    names = ("fp32/ptq", CONTROL, *(f"{name}/qat" for name in OTHER_RECIPES))
    lines = [[molecule, *(_in_short(rows_named(rows, n), rows) for n in names)] for molecule, rows in measured.items()]
    return markdown(["molecule", *(name.replace("/", ", ") for name in names)], lines)


def every_row(ledger: str) -> str:
    rows = rows_of(ledger)
    names = dict.fromkeys(r.model for r in rows if r.metric == "force_mae")
    return markdown([*HEAD, *PHYSICS, "engine"], [_line(name, rows) for name in names])


def _in_short(mine: Sequence[Row], rows: Sequence[Row]) -> str:
    if not mine:
        return "–"
    errors = [f"{mean(mine, metric):.2f}" for metric in ("energy_mae", "force_mae")]
    beside = "" if mine[0].recipe == "fp32" else f" ({excess_in_words(mine, rows)})"
    return " / ".join((*errors, _physics(mine)[0])) + beside


def _physics(rows: Sequence[Row]) -> list[str]:
    found = [mean(rows, metric) for metric in ("lee_mean", "net_torque", "path_work")]
    return ["–" if value is None else significant(value, 2) for value in found]
