"""Tables of a page: the sortable comparison, findings of the check, speed, files, and all rows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from gaq.measure.ledger import Row
from gaq.measure.verdict import Verdict, judge
from gaq.report.charts import SLOTS
from gaq.report.inline import safe
from gaq.report.numbers import significant, with_spread
from gaq.report.speed_table import SPEED_METRICS
from gaq.report.tables import AT_LEAST, NO_LABELS, NOTHING, QUESTIONS, by_model, comparison

MARKS = {
    Verdict.NVE: ("good", 0),
    Verdict.THERMOSTAT: ("fair", 1),
    Verdict.NOT_MD: ("bad", 2),
    Verdict.UNKNOWN: ("none", 3),
}
MOST_ROWS = 2000
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")


def compared(rows: Sequence[Row]) -> list[Row]:
    """Return rows of models with more than speed and size."""
    known = [r for r in rows if r.control is None]
    judged = {(r.model, r.recipe, r.engine) for r in known if r.metric not in SPEED_METRICS}
    kept = judged or {(r.model, r.recipe, r.engine) for r in known}
    return [r for r in rows if (r.model, r.recipe, r.engine) in kept and not r.model.startswith(SLOTS)]


def comparison_html(rows: Sequence[Row]) -> str:
    """Return the comparison; clicking a heading sorts by it, smallest first."""
    headings, lines = comparison(rows)
    marks = [MARKS[judge(group).verdict] for group in by_model(rows).values()]
    names = headings.index("recipe") + 1  # the verdict follows the name: a phone shows that much
    headings = [*headings[:names], headings[-1], *headings[names:-1]]
    head = "".join(
        f"<th scope='col' role='columnheader' aria-sort='none'><button type='button'>{_heading(h)}</button></th>"
        for h in headings
    )
    labels = [*headings[1:names], *headings[names + 1 :]]
    body = []
    for (first, *cells, verdict), (mark, rank) in zip(lines, marks, strict=True):
        filled = [_cell(label, cell) for label, cell in zip(labels, cells, strict=True)]
        pill = f"<span class='pill {mark}'>{safe(verdict)}</span>"
        judged = f"<td role='cell' class='verdict' data-value='{rank}'>{pill}</td>"
        others = "".join([*filled[: names - 1], judged, *filled[names - 1 :]])
        named = f"<th scope='row' role='rowheader' data-value='{safe(first)}'>{safe(first)}</th>"
        body.append(f"<tr role='row'>{named}{others}</tr>")
    return table(head, body, "comparison sortable", "Comparison of models", "Click a heading to sort by it.", "table")


def findings_html(rows: Sequence[Row]) -> str:
    """Return the findings of the check: a line per check, a column per model; nothing without limits."""
    groups = {name_of(key, rows): group for key, group in by_model(rows).items()}
    judged = {name: {r.metric: r for r in group if r.limit is not None} for name, group in groups.items()}
    judged = {name: found for name, found in judged.items() if found}
    metrics = list(dict.fromkeys(metric for found in judged.values() for metric in found))
    if not metrics:
        return ""
    head = "".join(f"<th scope='col'>{safe(name)}</th>" for name in ("check", "limit", *judged))
    body = []
    for metric in metrics:
        one = next(found[metric] for found in judged.values() if metric in found)
        unit = "" if one.unit == "1" else f" {one.unit}"
        sign = "≥" if metric in AT_LEAST else "≤"
        cells = "".join(_finding(found.get(metric)) for found in judged.values())
        question = safe(QUESTIONS.get(metric, metric))
        body.append(f"<tr><th scope='row'>{question}</th><td>{sign} {one.limit:g}{safe(unit)}</td>{cells}</tr>")
    return table(head, body, "findings", "Results of the check")


def all_rows_html(rows: Sequence[Row]) -> str:
    """Return every row that was read, including metrics shown nowhere else."""
    names = ("metric", "value", "unit", "model", "recipe", "engine", "data", "n")
    head = "".join(f"<th scope='col'>{name}</th>" for name in (*names, "conditions"))
    body = []
    for r in rows[:MOST_ROWS]:
        cells = (r.metric, with_spread(r.value, r.std_error), r.unit, r.model, r.recipe, r.engine, r.data, str(r.n))
        first, *others = (safe(cell) for cell in cells)
        middle = "".join(f"<td>{cell}</td>" for cell in others)
        body.append(f"<tr><th scope='row'>{first}</th>{middle}<td>{safe(_conditions(r))}</td></tr>")
    more = f"<p class='note'>and {len(rows) - MOST_ROWS} more</p>" if len(rows) > MOST_ROWS else ""
    return table(head, body, "rows", "All rows") + more


def facts_html(facts: Sequence[tuple[str, str]]) -> str:
    """Return a list of facts."""
    lines = "".join(f"<dt>{safe(name)}</dt><dd>{safe(value)}</dd>" for name, value in facts)
    return f"<dl class='facts'>{lines}</dl>"


def conditions_of(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """Return the conditions of all measurements, from the rows."""
    asked: Mapping[str, Sequence[object]] = {
        "data": [r.data for r in rows],
        "engines": [r.engine for r in rows],
        "instruction sets": [r.isa for r in rows],
        "threads": [r.threads for r in rows],
        "devices": [r.device for r in rows],
        "rotations a frame": [r.rotations for r in rows],
    }
    known = {name: [str(v) for v in dict.fromkeys(values) if v is not None] for name, values in asked.items()}
    return [(name, ", ".join(values)) for name, values in known.items() if values]


def name_of(key: tuple[str, str, str], rows: Sequence[Row]) -> str:
    """Return the name of a model in plots: its recipe, with file and engine if needed."""
    keys = list(by_model(rows))
    model, recipe, engine = key
    if sum(k[1] == recipe for k in keys) == 1:
        return recipe
    return f"{recipe}, {model}" if sum(k[:2] == key[:2] for k in keys) == 1 else f"{recipe}, {model}, {engine}"


def table(head: str, body: Sequence[str], kind: str, name: str, caption: str = "", role: str = "") -> str:
    """Return a table that scrolls if it is too wide, also by keyboard.

    `role` keeps the table semantics for screen readers where a style turns rows into cards.
    """
    said = f"<caption>{safe(caption)}</caption>" if caption else ""
    plays = f" role='{role}'" if role else ""
    inside = f"<table class='{kind}'{plays}>{said}<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"
    return f"<div class='scroll' role='region' aria-label='{safe(name)}' tabindex='0'>{inside}</div>"


def _cell(label: str, cell: str) -> str:
    """Return a cell with its heading for phones, where rows are cards without empty cells."""
    kind = " class='nothing'" if cell == NOTHING else ""
    return f"<td role='cell'{kind} data-label='{safe(label)}' data-value='{_key(cell)}'>{_number(cell)}</td>"


def _finding(entry: Row | None) -> str:
    if entry is None:
        return f"<td>{NOTHING}</td>"
    mark, sign, word = ("good", "✓", "passed") if entry.passed else ("bad", "✗", "failed")
    value = safe(significant(entry.value, 2))
    return f"<td><span class='{mark}' role='img' aria-label='{word}'>{sign}</span> {value}</td>"


def _conditions(r: Row) -> str:
    named = (
        "control",
        "threads",
        "isa",
        "device",
        "batch",
        "atoms",
        "p10",
        "p90",
        "rotations",
        "seed",
        "limit",
        "passed",
    )
    return ", ".join(f"{name} {getattr(r, name)}" for name in named if getattr(r, name) is not None)


def _heading(heading: str) -> str:
    """Put the unit, the last word of a heading, below the name."""
    name, _, unit = heading.rpartition(" ")
    return f"{safe(name)}<small>{safe(unit)}</small>" if name else safe(heading)


def _key(cell: str) -> str:
    """Return the sort key of a cell; empty for a missing value."""
    found = NUMBER.match(cell)
    return found.group() if found else ("" if cell in (NOTHING, NO_LABELS, "not finite") else safe(cell))


def _number(cell: str) -> str:
    """Put the spread of a value below it, smaller."""
    value, _, rest = cell.partition(" ± ")
    spread, slash, largest = rest.partition(" / ")
    below = f"<small>± {safe(spread)}</small>" if spread else ""
    return f"{safe(value + slash + largest)}{below}"
