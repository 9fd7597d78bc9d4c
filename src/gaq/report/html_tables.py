"""Tables of a page: the comparison, which can be sorted, the check's findings, speed, files, and all rows."""

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
    """Return rows of models of which more is known than how fast and how large they are."""
    known = [r for r in rows if r.control is None]
    judged = {(r.model, r.recipe, r.engine) for r in known if r.metric not in SPEED_METRICS}
    kept = judged or {(r.model, r.recipe, r.engine) for r in known}
    return [r for r in rows if (r.model, r.recipe, r.engine) in kept and not r.model.startswith(SLOTS)]


def comparison_html(rows: Sequence[Row]) -> str:
    """Return the comparison; clicking a heading sorts by it, the smallest first."""
    headings, lines = comparison(rows)
    marks = [MARKS[judge(group).verdict] for group in by_model(rows).values()]
    names = headings.index("recipe") + 1  # the verdict follows what a model is called: a telephone shows that much
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
    return table(head, body, "comparison sortable", "Comparison of models", "Press a heading to sort by it.", "table")


def findings_html(rows: Sequence[Row]) -> str:
    """Return the check's checks: a line for each, a column for each model; nothing without limits."""
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
    return table(head, body, "findings", "What the check found")


def all_rows_html(rows: Sequence[Row]) -> str:
    """Return every row that was read, metrics that nothing else shows among them."""
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
    """Return names and what they are."""
    lines = "".join(f"<dt>{safe(name)}</dt><dd>{safe(value)}</dd>" for name, value in facts)
    return f"<dl class='facts'>{lines}</dl>"


def conditions_of(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """On what, by what and with how much everything was measured, from the rows alone."""
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
    """Return what plots call a model: its recipe, and its file and engine where that is not enough."""
    keys = list(by_model(rows))
    model, recipe, engine = key
    if sum(k[1] == recipe for k in keys) == 1:
        return recipe
    return f"{recipe}, {model}" if sum(k[:2] == key[:2] for k in keys) == 1 else f"{recipe}, {model}, {engine}"


def table(head: str, body: Sequence[str], kind: str, name: str, caption: str = "", role: str = "") -> str:
    """Return a table that scrolls by itself where it is too wide, by keys too.

    A `role` tells readers of screens that it is a table where a style makes cards of its rows.
    """
    said = f"<caption>{safe(caption)}</caption>" if caption else ""
    plays = f" role='{role}'" if role else ""
    inside = f"<table class='{kind}'{plays}>{said}<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"
    return f"<div class='scroll' role='region' aria-label='{safe(name)}' tabindex='0'>{inside}</div>"


def _cell(label: str, cell: str) -> str:
    """Return a value, and its heading for a telephone, where rows are cards; a cell without a value is left out
    there.
    """
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
    """The unit, which is the last word where there is one, goes below the name."""
    name, _, unit = heading.rpartition(" ")
    return f"{safe(name)}<small>{safe(unit)}</small>" if name else safe(heading)


def _key(cell: str) -> str:
    """Return what a cell is sorted by; nothing where nothing was measured."""
    found = NUMBER.match(cell)
    return found.group() if found else ("" if cell in (NOTHING, NO_LABELS, "not finite") else safe(cell))


def _number(cell: str) -> str:
    """The spread of a value goes below it, smaller."""
    value, _, rest = cell.partition(" ± ")
    spread, slash, largest = rest.partition(" / ")
    below = f"<small>± {safe(spread)}</small>" if spread else ""
    return f"{safe(value + slash + largest)}{below}"
