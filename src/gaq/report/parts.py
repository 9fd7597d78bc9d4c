"""The parts of a page as HTML: the table with its reasons, plots, the viewer, missing parts, details."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from gaq.measure.ledger import Row
from gaq.report.gather import Found
from gaq.report.html_tables import all_rows_html, comparison_html, conditions_of, facts_html, findings_html
from gaq.report.inline import safe
from gaq.report.movie import Movie
from gaq.report.panels import Panel, Section
from gaq.report.tables import reasons

Facts = tuple[tuple[str, str], ...]


def comparison_part(rows: Sequence[Row], about: Mapping[str, str]) -> str:
    """Return the table, the reasons for its verdicts, and a description of its rows."""
    if not rows:
        return ""
    terms = "".join(f"<dt>{safe(name)}</dt><dd>{safe(meaning)}</dd>" for name, meaning in about.items())
    glossary = f"<dl class='glossary'>{terms}</dl>" if terms else ""
    lines = "".join(f"<li>{safe(line)}</li>" for line in reasons(rows))
    why = f"<ul class='note'>{lines}</ul>" if lines else ""
    return f"<section id='table' aria-label='Comparison'>{comparison_html(rows)}{why}{glossary}</section>"


def navigation(sections: Sequence[Section], movie: bool) -> str:
    """Return links to the parts."""
    links = [(s.key, s.title) for s in sections] + ([("movie", "Trajectory")] if movie else [])
    if len(links) < 2:
        return ""
    inside = "".join(f"<a href='#{key}'>{safe(title)}</a>" for key, title in links)
    return f"<nav aria-label='Parts of this page'>{inside}</nav>"


def section_part(section: Section, plotly: bool) -> str:
    """Return a heading, a switch for several views, a caption, and elements for the plots."""
    views = []
    for number, view in enumerate(section.views):
        panels = "".join(_panel(f"{section.key}-{number}-{p}", panel, plotly) for p, panel in enumerate(view.panels))
        hidden = " hidden" if number else ""
        views.append(f"<div class='panels columns-{view.columns}' data-view='{number}'{hidden}>{panels}</div>")
    switch = _switch(section) if len(section.views) > 1 else ""
    return (
        f"<section id='{section.key}'><div class='head'><h2>{safe(section.title)}</h2>{switch}</div>"
        f"<p class='caption'>{safe(section.caption)}</p>{''.join(views)}</section>"
    )


def _switch(section: Section) -> str:
    options = []
    for number, view in enumerate(section.views):
        chosen = "" if number else " checked"
        button = f"<input type='radio' name='{section.key}-view' value='{number}'{chosen}>"
        options.append(f"<label>{button}<span>{safe(view.name)}</span></label>")
    legend = f"<legend class='unseen'>{safe(section.title)}: what is shown</legend>"
    return f"<fieldset class='switch'>{legend}{''.join(options)}</fieldset>"


def _panel(key: str, panel: Panel, plotly: bool) -> str:
    """Return the element of a plot; without plotly, its text."""
    if not plotly:
        return f"<p class='note'>{safe(panel.description)}</p>"
    about = f"role='img' aria-label='{safe(panel.description)}' style='height:{panel.height}px'"
    return f"<div class='plot' id='plot-{key}' data-plot='{key}' {about}></div>"


def movie_part(movies: Sequence[Movie], viewer: bool) -> str:
    """Return the viewer with its controls and a list of trajectories; without 3Dmol.js only the list."""
    if not movies:
        return ""
    about = "".join(
        f"<li>{safe(m.name)}: {m.frames} frames of {len(m.symbols)} atoms, {len(m.positions)} in this page</li>"
        for m in movies
    )
    choice = ""
    if len(movies) > 1:
        options = "".join(f"<option value='{n}'>{safe(m.name)}</option>" for n, m in enumerate(movies))
        choice = f"<label class='choice'>Run <select id='movie-choice'>{options}</select></label>"
    stage = ""
    if viewer:
        stage = (
            f"{choice}<div id='stage' role='img' aria-label='Atoms of the trajectory, in three dimensions'></div>"
            "<div class='controls'><button type='button' id='play'>Play</button>"
            "<input type='range' id='scrub' min='0' max='0' value='0' step='1' aria-label='Frame'>"
            "<output id='when' for='scrub'></output></div>"
            "<p class='note' id='stage-note'>Drag to rotate, scroll to zoom.</p>"
        )
    return f"<section id='movie'><h2>Trajectory</h2>{stage}<ul class='note'>{about}</ul></section>"


def missing_part(missing: Sequence[str]) -> str:
    """Return the missing libraries and how to install them."""
    lines = "".join(f"<li>{safe(line)}</li>" for line in missing)
    return f"<ul class='warning' role='note'>{lines}</ul>" if lines else ""


def absent_part(makers: Sequence[tuple[str, str]]) -> str:
    """Return what was not measured, and the commands for it."""
    lines = "".join(f"<li>{safe(what)}: <code>{safe(command)}</code></li>" for what, command in makers)
    if not lines:
        return ""
    caption = "<p class='caption'>Commands that add them:</p>"
    return f"<section id='absent'><h2>Not measured here</h2>{caption}<ul class='note'>{lines}</ul></section>"


def details_part(found: Found, rows: Sequence[Row], files: Sequence[tuple[str, Facts]]) -> str:
    """Return collapsed findings, conditions, files, manifests, all rows, and skipped files."""
    folds = [("Results of the check", findings_html(rows), True)]
    folds += [("Conditions", facts_html(conditions_of(found.rows)), True)] if found.rows else []
    folds += [(f"File: {name}", facts_html(facts), False) for name, facts in files]
    folds += [(f"Manifest: {name}", _json(manifest), False) for name, manifest in found.manifests.items()]
    folds += [(f"All {len(found.rows)} rows", all_rows_html(found.rows), False)] if found.rows else []
    notes = "".join(f"<li>{safe(note)}</li>" for note in found.notes)
    folds += (
        [(f"Skipped files and lines ({len(found.notes)})", f"<ul class='note'>{notes}</ul>", True)] if notes else []
    )
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
