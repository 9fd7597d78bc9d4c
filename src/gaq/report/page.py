"""One HTML file that needs nothing else: table, pictures, the inspector's findings, where it came from.

No script, no network, light and dark by what the reader prefers, readable on a telephone.
"""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gaq.measure.ledger import Row
from gaq.report.numbers import significant
from gaq.report.tables import QUESTIONS, by_model, comparison, reasons
from gaq.report.verdict import Verdict

MARKS = {Verdict.NVE: "good", Verdict.THERMOSTAT: "fair", Verdict.NOT_MD: "bad", Verdict.UNKNOWN: "none"}


@dataclass(frozen=True)
class Picture:
    """A PNG in both dresses, what it shows, and how to read it."""

    title: str
    caption: str
    light: bytes
    dark: bytes


@dataclass(frozen=True)
class Text:
    """What stands around the table: a heading, a sentence below it, and what each row of the table is."""

    title: str
    lead: str
    about: Mapping[str, str]


def page(text: Text, rows: Sequence[Row], pictures: Sequence[Picture], manifest: Mapping[str, Any]) -> str:
    """The document. Whatever comes from outside is escaped."""
    parts = (
        f"<h1>{_safe(text.title)}</h1>",
        f"<p class='lead'>{_safe(text.lead)}</p>",
        _table(rows),
        _lines(reasons(rows)),
        _glossary(text.about),
        *(_picture(picture) for picture in pictures),
        _findings(rows),
        _manifest(manifest),
    )
    return (
        "<!doctype html>\n<html lang='en'>\n<head>\n<meta charset='utf-8'>\n"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>\n"
        "<meta name='color-scheme' content='light dark'>\n"
        f"<title>{_safe(text.title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(part for part in parts if part)
        + "\n</main>\n</body>\n</html>\n"
    )


def _table(rows: Sequence[Row]) -> str:
    headings, lines = comparison(rows)
    marks = {verdict.value: mark for verdict, mark in MARKS.items()}
    head = "".join(f"<th scope='col'>{_heading(h)}</th>" for h in headings)
    body = []
    for first, *cells, verdict in lines:
        middle = "".join(f"<td>{_number(cell)}</td>" for cell in cells)
        pill = f"<td><span class='pill {marks[verdict]}'>{_safe(verdict)}</span></td>"
        body.append(f"<tr><th scope='row'>{_safe(first)}</th>{middle}{pill}</tr>")
    return _scrolled(f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody>", "comparison")


def _findings(rows: Sequence[Row]) -> str:
    """The inspector's checks: a line per check, a column per model."""
    groups = {recipe: group for (_, recipe, _), group in by_model(rows).items()}
    judged = {name: {r.metric: r for r in group if r.limit is not None} for name, group in groups.items()}
    metrics = list(dict.fromkeys(metric for found in judged.values() for metric in found))
    if not metrics:
        return ""
    head = "".join(f"<th scope='col'>{_safe(name)}</th>" for name in ("check", "limit", *groups))
    body = []
    for metric in metrics:
        found = [judged[name].get(metric) for name in groups]
        one = next(r for r in found if r is not None)
        unit = "" if one.unit == "1" else f" {one.unit}"
        sign = "≥" if metric == "force_norm" else "≤"
        cells = "".join(_finding(r) for r in found)
        question = _safe(QUESTIONS.get(metric, metric))
        body.append(f"<tr><th scope='row'>{question}</th><td>{sign} {one.limit:g}{_safe(unit)}</td>{cells}</tr>")
    table = _scrolled(f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody>", "findings")
    return f"<section><h2>What the inspector found</h2>{table}</section>"


def _finding(entry: Row | None) -> str:
    if entry is None:
        return "<td>–</td>"
    mark, word = ("good", "✓") if entry.passed else ("bad", "✗")
    return f"<td><span class='{mark}'>{word}</span> {_safe(significant(entry.value, 2))}</td>"


def _picture(picture: Picture) -> str:
    dark, light = (base64.b64encode(image).decode("ascii") for image in (picture.dark, picture.light))
    return (
        f"<figure><h2>{_safe(picture.title)}</h2><div class='wide'><picture>"
        f"<source media='(prefers-color-scheme: dark)' srcset='data:image/png;base64,{dark}'>"
        f"<img alt='{_safe(picture.title)}' src='data:image/png;base64,{light}'></picture></div>"
        f"<figcaption>{_safe(picture.caption)}</figcaption></figure>"
    )


def _glossary(about: Mapping[str, str]) -> str:
    terms = "".join(f"<dt>{_safe(name)}</dt><dd>{_safe(meaning)}</dd>" for name, meaning in about.items())
    return f"<dl>{terms}</dl>" if terms else ""


def _lines(lines: Sequence[str]) -> str:
    return "".join(f"<p class='note'>{_safe(line)}</p>" for line in lines)


def _manifest(manifest: Mapping[str, Any]) -> str:
    text = json.dumps(manifest, indent=2, ensure_ascii=False, default=str)
    return f"<details><summary>How this was made</summary><pre>{_safe(text)}</pre></details>"


def _scrolled(inside: str, name: str) -> str:
    return f"<div class='scroll'><table class='{name}'>{inside}</table></div>"


def _heading(heading: str) -> str:
    """The unit, which is the last word where there is one, goes below the name."""
    name, _, unit = heading.rpartition(" ")
    return f"{_safe(name)}<br><small>{_safe(unit)}</small>" if name else _safe(heading)


def _number(cell: str) -> str:
    """The spread of a value goes below it, smaller."""
    value, _, rest = cell.partition(" ± ")
    spread, slash, largest = rest.partition(" / ")
    below = f"<br><small>± {_safe(spread)}</small>" if spread else ""
    return f"{_safe(value + slash + largest)}{below}"


def _safe(text: str) -> str:
    return html.escape(text, quote=True)


STYLE = """
:root{--paper:#fff;--ink:#1f2328;--faint:#656d76;--line:#d9dde2;--band:#f6f8fa;--good:#0b6e4f;--fair:#8a5a00;--bad:#b3261e}
@media(prefers-color-scheme:dark){:root{--paper:#14171c;--ink:#e6e9ed;--faint:#98a1ac;--line:#2f3640;--band:#1b2027;
--good:#4cc38a;--fair:#e2a93b;--bad:#ff8a80}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:74rem;margin:0 auto;padding:1.5rem 1rem 4rem}
h1{font-size:1.6rem;line-height:1.2;margin:.5rem 0}
h2{font-size:1.1rem;margin:2.5rem 0 .6rem}
.lead{max-width:46rem;margin:.2rem 0 1.4rem}
.note{color:var(--faint);font-size:.88rem;margin:.25rem 0;max-width:56rem}
.scroll{overflow-x:auto;border:1px solid var(--line);border-radius:8px;margin:.5rem 0 .8rem}
table{border-collapse:collapse;width:100%;font-size:.86rem;font-variant-numeric:tabular-nums}
th,td{padding:.5rem .55rem;text-align:right;white-space:nowrap;
border-bottom:1px solid var(--line);vertical-align:top}
small{line-height:1.2}
tbody tr:last-child>*{border-bottom:0}
thead th{background:var(--band);font-weight:600;white-space:normal;line-height:1.25;vertical-align:bottom}
th:first-child{text-align:left;position:sticky;left:0;background:var(--band)}
tbody th{font-weight:600}
.findings tbody th{font-weight:400}
small{color:var(--faint);font-weight:400}
.pill{border:1px solid currentColor;border-radius:1rem;padding:.05rem .55rem;font-size:.8rem}
.good{color:var(--good)}.fair{color:var(--fair)}.bad{color:var(--bad)}.none{color:var(--faint)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;font-size:.9rem;margin:1.2rem 0}
dt{font-weight:600}dd{margin:0;color:var(--faint)}
figure{margin:0}
img{width:100%;max-width:58rem;height:auto;display:block}
figcaption{color:var(--faint);font-size:.88rem;max-width:46rem;margin-top:.5rem}
details{margin-top:2.5rem}summary{cursor:pointer;font-weight:600}
pre{overflow-x:auto;background:var(--band);border:1px solid var(--line);border-radius:8px;
padding:.8rem;font-size:.78rem}
@media(max-width:40rem){.wide{overflow-x:auto}img{min-width:36rem}dl{grid-template-columns:1fr}dd{margin-bottom:.5rem}
.findings th:first-child{white-space:normal;min-width:9rem}}
"""
