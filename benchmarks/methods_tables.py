"""The sections of docs/results.md on all methods alike: the papers' tables beside ours, and every recipe by size."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from gaq.measure.ledger import Row
from gaq.report.numbers import significant
from methods_rows import CONTROL, excess_in_words, mean, over_seeds, rows_named
from methods_texts import (
    BY_SIZE,
    DEGREES,
    DYNAMICS,
    FIRST_PAPER,
    INTRO,
    LONGER,
    MOLECULES,
    OTHER_MOLECULES,
    OTHER_RECIPES,
    OTHERS,
    OURS,
    PUBLISHED,
    SECOND_PAPER,
    SIZES,
)
from nanosecond_tables import methods_dynamics
from tables import markdown

RowsOf = Callable[[str], list[Row]]
COLUMNS = ("energy_mae", "force_mae", "force_fidelity")
HEAD = ("recipe", "seeds", "bits / weight", "E MAE meV", "F MAE meV/Å", "F against the control", "F RMSE to FP32")
PHYSICS = ("LEE mean meV/Å", "net torque meV", "path work meV/Å")


def methods_sections(rows_of: RowsOf) -> list[str]:
    """The parts of the page; those that nothing has been measured for are left out."""
    measured = {molecule: rows_of(f"methods-{molecule}") for molecule in MOLECULES}
    if not any(measured.values()):
        return []
    return [
        INTRO,
        *_papers(measured),
        *_by_size(measured),
        *_moving(rows_of),
        *_longer(rows_of),
        *_others(rows_of),
        *_degrees(rows_of),
    ]


def _papers(measured: dict[str, list[Row]]) -> Iterator[str]:
    """The rows of each paper for both molecules; published figures stand beside the molecule that they are of."""
    for text, paper, published in ((SECOND_PAPER, "2603.05343", "azobenzene"), (FIRST_PAPER, "2601.02213", "ethanol")):
        yield text
        for molecule, rows in measured.items():
            head = [molecule, "published E / F / LEE", "ours", "E MAE meV", "F MAE meV/Å", "F against the control"]
            wanted = [
                (row, name, said) for row, name, said in PUBLISHED[paper] if said != OURS or rows_named(rows, name)
            ]
            lines = [_beside(row, name, said if molecule == published else "–", rows) for row, name, said in wanted]
            yield markdown([*head, *PHYSICS], lines)


def _beside(row: str, name: str, said: str, rows: Sequence[Row]) -> list[str]:
    mine = rows_named(rows, name)
    line = [row, said, f"`{name}`" if mine else "–", *(over_seeds(mine, m) for m in ("energy_mae", "force_mae"))]
    return [*line, excess_in_words(mine, rows), *_physics(mine)]


def _by_size(measured: dict[str, list[Row]]) -> Iterator[str]:
    yield BY_SIZE
    for molecule, rows in measured.items():
        if rows:
            yield f"#### {molecule}\n"
            yield f"![force error against LEE](pictures/rmd17-{molecule}.png)\n"
            yield f"![force error against bits and milliseconds](pictures/pareto-{molecule}.png)\n"
            yield markdown([*HEAD, *PHYSICS, "engine"], list(_sized(rows)))


def _sized(rows: Sequence[Row]) -> Iterator[list[str]]:
    """Rows by size, the best force error of each size first and in bold; what has no weights to count comes last."""
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


def _moving(rows_of: RowsOf) -> Iterator[str]:
    if rows := rows_of("nanosecond-methods"):
        yield DYNAMICS
        yield methods_dynamics(rows)


def _longer(rows_of: RowsOf) -> Iterator[str]:
    measured = {molecule: rows_of(f"methods-long-{molecule}") for molecule in MOLECULES}
    if any(measured.values()):
        yield LONGER
    for molecule, rows in measured.items():
        if rows:
            yield f"#### {molecule}, longer\n"
            trained = [r for r in rows if r.model.endswith("/qat")]
            yield markdown([*HEAD, *PHYSICS, "engine"], list(_sized(trained)))


def _others(rows_of: RowsOf) -> Iterator[str]:
    measured = {molecule: rows for molecule in OTHER_MOLECULES if (rows := rows_of(f"methods-{molecule}"))}
    if not measured:
        return
    yield OTHERS
    names = ("fp32/ptq", CONTROL, *(f"{name}/qat" for name in OTHER_RECIPES))
    lines = [[molecule, *(_in_short(rows_named(rows, n), rows) for n in names)] for molecule, rows in measured.items()]
    yield markdown(["molecule", *(name.replace("/", ", ") for name in names)], lines)


def _degrees(rows_of: RowsOf) -> Iterator[str]:
    rows = rows_of("methods-qm7x")
    spread = {r.metric: significant(r.value, 3) for r in rows if r.metric.startswith("neighbors")}
    if not spread:
        return
    yield DEGREES.format(mean=spread["neighbors_mean"], std=spread["neighbors_std"])
    names = dict.fromkeys(r.model for r in rows if r.metric == "force_mae")
    yield markdown([*HEAD, *PHYSICS, "engine"], [_line(name, rows) for name in names])


def _in_short(mine: Sequence[Row], rows: Sequence[Row]) -> str:
    """E / F / LEE, and the force error against the control."""
    if not mine:
        return "–"
    errors = [f"{mean(mine, metric):.2f}" for metric in ("energy_mae", "force_mae")]
    beside = "" if mine[0].recipe == "fp32" else f" ({excess_in_words(mine, rows)})"
    return " / ".join((*errors, _physics(mine)[0])) + beside


def _physics(rows: Sequence[Row]) -> list[str]:
    found = [mean(rows, metric) for metric in ("lee_mean", "net_torque", "path_work")]
    return ["–" if value is None else significant(value, 2) for value in found]
