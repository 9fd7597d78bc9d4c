"""Rows of the ledger as tables for a terminal or in Markdown: the comparison of models, and findings of the check."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gaq.measure.ledger import Row
from gaq.measure.limits import STABLE_STEPS, Aspect
from gaq.measure.verdict import Judgement, Verdict, data_sets, decisive, judge, on_data
from gaq.report.numbers import significant, with_spread
from gaq.report.speed_table import MARK, busy_notes, disturbed

NOTHING = "–"
NO_LABELS = "no labels"  # none of this kind in the test set
# Checks in words; other metrics are shown by name.
QUESTIONS = {
    "force_norm": "nonzero forces: mean force",
    "lee_max": "rotated: largest force error",
    "energy_invariance": "rotated: largest energy change",
    "lee_reflection": "mirrored: largest force error",
    "translation_energy": "translated: largest energy change",
    "translation_force": "translated: largest force change",
    "permutation_energy": "atoms reordered: energy change",
    "permutation_force": "atoms reordered: force change",
    "net_force": "net force",
    "net_torque": "net torque",
    "finite_difference": "force against slope of energy",
    "finite_difference_relative": "force against slope, relative",
    "path_work": "work on closed paths",
    "path_work_open": "work against energy on open paths",
    "jacobian_asymmetry": "asymmetry of the force Jacobian",
    "cutoff_energy_jump": "energy jump at the cutoff",
    "cutoff_force_jump": "force jump at the cutoff",
    "drift": "short run: drift of the energy",
    "momentum_change": "short run: momentum gained",
    "angular_momentum_change": "short run: angular momentum gained",
    "stability": "short run: stable steps",
    "force_mae": "error of forces against the labels",
    "force_mae_relative": "force error relative to the typical force",
}
AT_LEAST = frozenset({"force_norm", "stability"})  # metrics with a lower limit
SPEEDS = ("latency_ms", "ns_per_day")
COLOURS = {
    Verdict.NVE: "green",
    Verdict.THERMOSTAT: "yellow",
    Verdict.NOT_MD: "red",
    Verdict.UNKNOWN: "dim",
}


@dataclass(frozen=True)
class Column:
    """A heading and the function that returns the cell of a model."""

    heading: str
    cell: Callable[[Sequence[Row]], str]


def _metric(name: str, scale: float = 1.0) -> Callable[[Sequence[Row]], str]:
    def cell(rows: Sequence[Row]) -> str:
        entry = decisive(rows, name)
        if entry is None:
            return NOTHING
        error = None if entry.std_error is None else entry.std_error * scale
        return with_spread(entry.value * scale, error) + (MARK if disturbed(entry) else "")

    return cell


def _lee(rows: Sequence[Row]) -> str:
    mean, largest = decisive(rows, "lee_mean"), decisive(rows, "lee_max")
    if mean is None or largest is None:
        return NOTHING
    return f"{with_spread(mean.value, mean.std_error)} / {significant(largest.value, 2)}"


def _labelled(metric: str, other: str) -> Callable[[Sequence[Row]], str]:
    """Return a cell of an error that says so if the test set only has labels of the other kind."""
    known = _metric(metric)

    def cell(rows: Sequence[Row]) -> str:
        entry = decisive(rows, metric)
        if entry is not None and entry.n > 0:
            return known(rows)
        return NOTHING if decisive(rows, other) is None else NO_LABELS

    return cell


COLUMNS = (
    Column("bits/weight", _metric("bits_per_weight")),
    Column("file kB", _metric("file_bytes", 1e-3)),
    Column("E MAE meV", _labelled("energy_mae", "force_mae")),
    Column("F MAE meV/Å", _labelled("force_mae", "energy_mae")),
    Column("stress MAE meV/Å³", _metric("stress_mae")),
    Column("F RMSE vs FP32 meV/Å", _metric("force_fidelity")),
    Column("LEE mean / max meV/Å", _lee),
    Column("path work meV/Å", _metric("path_work")),
    Column("NVE drift meV/atom/ps", _metric("drift")),
    Column("ms/step", _metric("latency_ms")),
    Column("ns/day", _metric("ns_per_day")),
)


def by_model(rows: Sequence[Row]) -> dict[tuple[str, str, str], list[Row]]:
    """Return rows of each (model, recipe, engine), in order of appearance, without reference rows.

    A model measured on several data sets has a group for each, whose name ends with that of the data.
    """
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for entry in rows:
        if entry.control is None:
            groups.setdefault((entry.model, entry.recipe, entry.engine), []).append(entry)
    split: dict[tuple[str, str, str], list[Row]] = {}
    for key, group in groups.items():
        sets = data_sets(group)
        if len(sets) < 2:
            split[key] = group
        else:
            split |= {(f"{key[0]} on {data}", *key[1:]): on_data(group, data) for data in sets}
    return split


def comparison(rows: Sequence[Row]) -> tuple[list[str], list[list[str]]]:
    """Return headings and one line of texts per model, without empty columns.

    Models are named by their recipe, and also by their file if two share a recipe.
    """
    groups = by_model(rows)
    kept = [c for c in COLUMNS if any(c.cell(group) != NOTHING for group in groups.values())]
    recipes = [recipe for _, recipe, _ in groups]
    ambiguous = len(set(recipes)) < len(recipes)
    headings = [*(["model"] if ambiguous else []), "recipe", *(c.heading for c in kept), "verdict"]
    lines = [
        [*([model] if ambiguous else []), recipe, *(c.cell(group) for c in kept), judge(group).label]
        for (model, recipe, _), group in groups.items()
    ]
    return headings, lines


def comparison_table(rows: Sequence[Row], title: str | None = None) -> Table:
    """Return the comparison for a terminal."""
    headings, lines = comparison(rows)
    judgements = [judge(group) for group in by_model(rows).values()]
    table = Table(title=title, title_justify="left", header_style="bold", box=box.SIMPLE, padding=(0, 1, 0, 0))
    for heading in headings:
        words = heading in {"model", "recipe", "verdict"}
        stacked = heading.replace("/weight", "/ weight").replace("/atom/ps", "/ atom/ ps").replace(" / ", " /")
        stacked = stacked.replace(" ", "\n")
        if words:
            table.add_column(heading, overflow="fold", min_width=10)
        else:
            table.add_column(stacked, justify="right", no_wrap=True)
    for (*cells, label), judgement in zip(lines, judgements, strict=True):
        # Spreads and maxima are below their values: ten columns must fit into eighty characters.
        narrow = (Text(cell.replace(" ± ", "\n± ").replace(" / ", "\n/ ")) for cell in cells)
        table.add_row(*narrow, Text(_stacked(label), style=COLOURS[judgement.verdict]))
    return table


def _stacked(label: str) -> str:
    """Break a verdict into short lines."""
    return label.replace(", ", ",\n").replace(" not measured", "\nnot measured")


def print_table(table: Table, console: Console) -> None:
    """Print a table without shortening numbers; on a narrow terminal lines wrap."""
    needed = console.measure(table, options=console.options.update(width=1000)).maximum
    before = console.width
    console.width = max(before, needed)
    console.print(table)
    console.width = before


def reasons(rows: Sequence[Row]) -> list[str]:
    """Return one line for each model that is not fit for NVE, with the reason or what was not measured; and one about
    marked times.
    """
    lines = []
    for (model, recipe, _), group in by_model(rows).items():
        judgement = judge(group)
        if judgement.verdict is not Verdict.NVE:
            lines.append(f"{model} ({recipe}): {explained(judgement, group)}")
    shown = [entry for group in by_model(rows).values() for name in SPEEDS if (entry := decisive(group, name))]
    return [*lines, *busy_notes(shown)]


def explained(judgement: Judgement, rows: Sequence[Row]) -> str:
    """Return a verdict with its reasons in one sentence."""
    values = _values(rows, judgement.because)
    if judgement.verdict is Verdict.UNKNOWN:
        said = f"no verdict: {judgement.label}{_short_run(judgement, rows)}"
        return f"{said}; not fit for NVE because of {values}" if values else said
    return f"{judgement.verdict.value} because of {values}" if values else judgement.verdict.value


def _short_run(judgement: Judgement, rows: Sequence[Row]) -> str:
    """Return what a stable run lacks to count, if anything."""
    held = decisive(rows, "stability")
    if held is None or Aspect.STABILITY not in judgement.missing:
        return ""
    return f" (a run held for {held.value:.0f} steps; the verdict asks for {STABLE_STEPS:,})"


def findings_table(rows: Sequence[Row], title: str | None = None) -> Table:
    """Return the rows of the check with a limit: value, limit, verdict."""
    table = Table(title=title, title_justify="left", header_style="bold", box=box.SIMPLE)
    table.add_column("check")
    for heading in ("value", "limit"):
        table.add_column(heading, justify="right")
    table.add_column("unit")
    table.add_column("verdict")
    for entry in rows:
        if entry.limit is None:
            continue
        verdict = Text("ok", style="green") if entry.passed else Text("FAILS", style="bold red")
        unit = "" if entry.unit == "1" else entry.unit
        table.add_row(question(entry), value_of(entry), limit_of(entry), unit, verdict)
    return table


def value_of(entry: Row) -> str:
    """Return the value of a check; of a drift with its error, which decides."""
    if entry.unit == "steps":
        return f"{entry.value:.0f}"
    return with_spread(entry.value, entry.std_error if entry.metric == "drift" else None)


def limit_of(entry: Row) -> str:
    """Return `≤ 0.1`, or `≥ 1` for a lower limit."""
    return f"{'≥' if entry.metric in AT_LEAST else '≤'} {entry.limit:g}"


def question(entry: Row) -> str:
    """Return the check in words."""
    return QUESTIONS.get(entry.metric, entry.metric)


def _values(rows: Sequence[Row], metrics: Sequence[str]) -> str:
    found, sets = [decisive(rows, metric) for metric in metrics], data_sets(rows)
    return ", ".join(_value(entry, sets) for entry in found if entry is not None)


def _value(entry: Row, sets: Sequence[str]) -> str:
    if entry.metric == "stability":
        start = f" from {entry.data}" if sets and entry.data not in sets else ""
        return f"a run{start} that broke at step {entry.value:.0f}"
    if entry.metric == "force_mae_relative":
        return f"force_mae {100 * entry.value:.0f} % of the typical force"
    return f"{entry.metric} {significant(entry.value)} {entry.unit}"
