"""One HTML file that needs nothing else: the table, plots, the trajectory, the inspector's findings, where it came from.

It opens from disk without a network, in light and dark, on a telephone and on paper.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gaq.report.charts import costs, ladder, learning, sensitivity
from gaq.report.clouds import names_of, parity
from gaq.report.gather import Found
from gaq.report.html_tables import (
    all_rows_html,
    compared,
    comparison_html,
    conditions_of,
    facts_html,
    findings_html,
    name_of,
)
from gaq.report.inline import code_script, data_script, own, safe
from gaq.report.libraries import Libraries
from gaq.report.panels import Palette, Panel, Section, themes
from gaq.report.strips import energies
from gaq.report.tables import by_model, reasons

Facts = tuple[tuple[str, str], ...]

# What makes each part, where it is not there.
MAKERS = {
    "table": ("comparison with verdicts", "gaq evaluate MODEL… --data FILE --json rows.jsonl"),
    "costs": ("LEE, torque and path work", "gaq check MODEL --data FILE --json check.jsonl"),
    "parity": ("parity plots", "gaq evaluate MODEL… --data FILE --predictions predictions.npz"),
    "learning": ("learning curves", "gaq train CONFIG.toml --data FILE --out DIR"),
    "energy": ("energy along runs", "gaq md MODEL START.xyz --steps 20000 -o nve.xyz"),
    "movie": ("trajectory", "gaq md MODEL START.xyz --steps 20000 -o nve.xyz"),
    "sensitivity": ("sensitivity of slots", "python benchmarks/slots.py --parent MODEL.ckpt --data DIR"),
    "speed": ("speed", "gaq bench MODEL… --json bench.jsonl"),
    "files": ("facts of model files", "gaq export MODEL.ckpt -o MODEL.gaq"),
}


@dataclass(frozen=True)
class Text:
    """What stands above the table: a heading, a sentence below it, and what each row of the table is."""

    title: str
    lead: str
    about: Mapping[str, str]


def text_of(found: Found, runs: Sequence[str]) -> Text:
    """The words that a manifest has for its page, or those that can be said of any runs."""
    for manifest in found.manifests.values():
        words = manifest.get("page")
        if isinstance(words, dict) and isinstance(words.get("title"), str):
            about = words.get("about")
            texts = {str(k): str(v) for k, v in about.items()} if isinstance(about, dict) else {}
            return Text(words["title"], str(words.get("lead", "")), texts)
    models = len(by_model(compared(found.rows)))
    data = list(dict.fromkeys(r.data for r in compared(found.rows)))
    said = f"{models} {'model' if models == 1 else 'models'}" if models else "No measured model"
    on = f" measured on {', '.join(data[:3])}{' and more' if len(data) > 3 else ''}" if models else ""
    return Text(", ".join(runs), f"{said}{on}.", {})


def page(text: Text, found: Found, files: Sequence[tuple[str, Facts]], libraries: Libraries) -> str:
    """The document. Whatever comes from outside is escaped; numbers are those of the rows and files."""
    rows = compared(found.rows)
    sections = [s for s in drawn(found) if s is not None]
    present = {s.key for s in sections} | ({"table"} if rows else set())
    present |= ({"movie"} if found.movies else set()) | ({"files"} if files else set())
    plots = {
        f"{s.key}-{v}-{p}": panel.plain()
        for s in sections
        for v, view in enumerate(s.views)
        for p, panel in enumerate(view.panels)
    }
    movies = [movie.plain() for movie in found.movies]
    parts = (
        f"<header><p class='eyebrow'>gaq report</p><h1>{safe(text.title)}</h1><p class='lead'>{safe(text.lead)}</p></header>",
        _missing(libraries),
        _comparison(rows, text.about),
        _navigation(sections, bool(movies)),
        *(_section(section, bool(libraries.plotly)) for section in sections),
        _movie(movies, found, bool(libraries.viewer)),
        _absent(present),
        _details(found, rows, files),
    )
    scripts = [data_script("page-data", {"themes": themes(), "plots": plots, "movies": movies})]
    scripts += [code_script(code) for code in (libraries.plotly, libraries.viewer) if code]
    scripts += [code_script(own(name)) for name in ("page.js", "viewer.js")]
    return (
        "<!doctype html>\n<html lang='en'>\n<head>\n<meta charset='utf-8'>\n"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>\n"
        "<meta name='color-scheme' content='light dark'>\n"
        "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' "
        "blob:; style-src 'unsafe-inline'; img-src data: blob:; worker-src blob:; font-src data:\">\n"
        "<link rel='icon' href='data:,'>\n"
        f"<title>{safe(text.title)}</title>\n<style>{own('page.css')}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(part for part in parts if part)
        + "\n</main>\n"
        + "\n".join(scripts)
        + "\n</body>\n</html>\n"
    )


def drawn(found: Found) -> list[Section | None]:
    """The plots, in their order."""
    rows = compared(found.rows)
    models = {name_of(key, rows): group for key, group in by_model(rows).items()}
    palette = Palette(
        [*models, *names_of(found.predictions), *(c.name for c in found.curves), *(r.name for r in found.runs)]
    )
    return [
        costs(models, palette),
        parity(found.predictions, palette),
        learning(found.curves, palette),
        energies(found.runs, found.atoms, palette),
        sensitivity(found.rows),
        ladder(found.rows),
    ]


def _comparison(rows: Sequence[Any], about: Mapping[str, str]) -> str:
    if not rows:
        return ""
    terms = "".join(f"<dt>{safe(name)}</dt><dd>{safe(meaning)}</dd>" for name, meaning in about.items())
    glossary = f"<dl class='glossary'>{terms}</dl>" if terms else ""
    lines = "".join(f"<li>{safe(line)}</li>" for line in reasons(rows))
    why = f"<ul class='note'>{lines}</ul>" if lines else ""
    return f"<section id='table' aria-label='Comparison'>{comparison_html(rows)}{why}{glossary}</section>"


def _navigation(sections: Sequence[Section], movie: bool) -> str:
    links = [(s.key, s.title) for s in sections] + ([("movie", "Trajectory")] if movie else [])
    if len(links) < 2:
        return ""
    return (
        "<nav aria-label='Parts of this page'>" + "".join(f"<a href='#{k}'>{safe(t)}</a>" for k, t in links) + "</nav>"
    )


def _section(section: Section, plotly: bool) -> str:
    views = []
    for number, view in enumerate(section.views):
        panels = "".join(_panel(f"{section.key}-{number}-{p}", panel, plotly) for p, panel in enumerate(view.panels))
        hidden = " hidden" if number else ""
        views.append(f"<div class='panels columns-{view.columns}' data-view='{number}'{hidden}>{panels}</div>")
    switch = ""
    if len(section.views) > 1:
        options = "".join(
            f"<label><input type='radio' name='{section.key}-view' value='{n}'{' checked' if n == 0 else ''}><span>{safe(v.name)}</span></label>"
            for n, v in enumerate(section.views)
        )
        switch = f"<fieldset class='switch'><legend class='unseen'>{safe(section.title)}: what is shown</legend>{options}</fieldset>"
    return (
        f"<section id='{section.key}'><div class='head'><h2>{safe(section.title)}</h2>{switch}</div>"
        f"<p class='caption'>{safe(section.caption)}</p>{''.join(views)}</section>"
    )


def _panel(key: str, panel: Panel, plotly: bool) -> str:
    """A place for a plot; without plotly, what it would have said."""
    if not plotly:
        return f"<p class='note'>{safe(panel.told)}</p>"
    height = f"style='height:{panel.height}px'"
    return f"<div class='plot' id='plot-{key}' data-plot='{key}' role='img' aria-label='{safe(panel.told)}' {height}></div>"


def _movie(movies: Sequence[Mapping[str, Any]], found: Found, viewer: bool) -> str:
    if not movies:
        return ""
    about = "".join(
        f"<li>{safe(m.name)}: {m.frames} frames of {len(m.symbols)} atoms, {len(m.positions)} in this page</li>"
        for m in found.movies
    )
    choice = ""
    if len(movies) > 1:
        options = "".join(f"<option value='{n}'>{safe(m['name'])}</option>" for n, m in enumerate(movies))
        choice = f"<label class='choice'>Run <select id='movie-choice'>{options}</select></label>"
    stage = ""
    if viewer:
        stage = (
            f"{choice}<div id='stage' role='img' aria-label='Atoms of the trajectory, in three dimensions'></div>"
            "<div class='controls'><button type='button' id='play' aria-pressed='false'>Play</button>"
            "<input type='range' id='scrub' min='0' max='0' value='0' step='1' aria-label='Frame'>"
            "<output id='when' for='scrub'></output></div>"
            "<p class='note' id='stage-note'>Drag to turn, scroll to come nearer.</p>"
        )
    return f"<section id='movie'><h2>Trajectory</h2>{stage}<ul class='note'>{about}</ul></section>"


def _missing(libraries: Libraries) -> str:
    lines = "".join(f"<li>{safe(line)}</li>" for line in libraries.missing)
    return f"<ul class='warning' role='note'>{lines}</ul>" if lines else ""


def _absent(present: set[str]) -> str:
    lines = [
        f"<li>{safe(what)}: <code>{safe(command)}</code></li>"
        for key, (what, command) in MAKERS.items()
        if key not in present
    ]
    if not lines:
        return ""
    return f"<section id='absent'><h2>Not measured here</h2><p class='caption'>What would add it:</p><ul class='note'>{''.join(lines)}</ul></section>"


def _details(found: Found, rows: Sequence[Any], files: Sequence[tuple[str, Facts]]) -> str:
    folds = [("What the inspector found", findings_html(rows), True)]
    folds += [("Conditions", facts_html(conditions_of(found.rows)), True)] if found.rows else []
    folds += [(f"File: {name}", facts_html(facts), False) for name, facts in files]
    folds += [(f"Manifest: {name}", _json(manifest), False) for name, manifest in found.manifests.items()]
    folds += [(f"All {len(found.rows)} rows", all_rows_html(found.rows), False)] if found.rows else []
    notes = "".join(f"<li>{safe(note)}</li>" for note in found.notes)
    folds += [(f"What was passed over ({len(found.notes)})", f"<ul class='note'>{notes}</ul>", True)] if notes else []
    body = "".join(
        f"<details{' open' if is_open else ''}><summary>{safe(title)}</summary>{inside}</details>"
        for title, inside, is_open in folds
        if inside
    )
    return f"<section id='details'><h2>Details</h2>{body}</section>" if body else ""


def _json(manifest: Mapping[str, Any]) -> str:
    kept = {key: value for key, value in manifest.items() if key != "page"}
    text = json.dumps(kept, indent=2, ensure_ascii=False, default=str)
    return f"<pre tabindex='0'>{safe(text)}</pre>"
