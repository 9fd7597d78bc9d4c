"""One self-contained HTML file: table, plots, trajectory, findings of the check, origin.

It opens from disk without a network, in light and dark, on phones and on paper.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gaq.report.charts import costs, learning, sensitivity
from gaq.report.clouds import names_of, parity
from gaq.report.gather import Found
from gaq.report.html_tables import compared, name_of
from gaq.report.inline import code_script, data_script, own, safe
from gaq.report.ladder import ladder
from gaq.report.libraries import Libraries
from gaq.report.panels import Palette, Section, themes
from gaq.report.parts import (
    Facts,
    absent_part,
    comparison_part,
    details_part,
    missing_part,
    movie_part,
    navigation,
    section_part,
)
from gaq.report.strips import energies
from gaq.report.tables import by_model
from gaq.version import __version__

# The browser blocks all loading from other places. plotly.js compiles number formats, so it needs to evaluate code.
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' blob:; style-src 'unsafe-inline'; "
    "img-src data: blob:; worker-src blob:; font-src data:"
)

# Commands that produce each missing part.
MAKERS = {
    "table": ("comparison with verdicts", "gaq evaluate MODEL… --data FILE --json rows.jsonl"),
    "costs": ("LEE, torque and path work", "gaq check MODEL --data FILE --json check.jsonl"),
    "parity": ("parity plots", "gaq evaluate MODEL… --data FILE --predictions predictions.npz"),
    "learning": ("learning curves", "gaq train CONFIG.toml --data FILE --out DIR"),
    "energy": ("energy along runs", "gaq md MODEL START.xyz --steps 20000 -o nve.xyz"),
    "movie": ("trajectory", "gaq md MODEL START.xyz --steps 20000 -o nve.xyz"),
    "sensitivity": ("sensitivity of slots", "python -m studies.few_bits.slots --parent MODEL.ckpt --data DIR"),
    "speed": ("speed", "gaq bench MODEL… --json bench.jsonl"),
    "files": ("facts of model files", "gaq export MODEL.ckpt -o MODEL.gaq"),
}


@dataclass(frozen=True)
class Text:
    """The text above the table: a heading, a sentence below it, and a description of each row."""

    title: str
    lead: str
    about: Mapping[str, str]


def text_of(found: Found, runs: Sequence[str]) -> Text:
    """Return the text of a manifest, or one that fits any runs."""
    for manifest in found.manifests.values():
        words = manifest.get("page")
        if isinstance(words, dict) and isinstance(words.get("title"), str):
            about = words.get("about")
            texts = {str(k): str(v) for k, v in about.items()} if isinstance(about, dict) else {}
            return Text(words["title"], str(words.get("lead", "")), texts)
    compared_rows = compared(found.rows)
    judged = [r for r in compared_rows if r.metric in ("force_mae", "lee_mean")] or compared_rows
    data = list(dict.fromkeys(r.data for r in judged))
    models = len({(r.model, r.recipe, r.engine) for r in compared_rows if r.control is None})
    said = f"{models} {'model' if models == 1 else 'models'}" if models else "No measured model"
    on = f" measured on {', '.join(data[:3])}{' and more' if len(data) > 3 else ''}" if models else ""
    return Text(", ".join(runs), f"{said}{on}.", {})


def page(text: Text, found: Found, files: Sequence[tuple[str, Facts]], libraries: Libraries) -> str:
    """Return the document. External text is escaped; numbers are those of the rows and files."""
    rows = compared(found.rows)
    sections = [section for section in drawn(found) if section is not None]
    there = {section.key for section in sections}
    there |= {key for key, held in (("table", rows), ("movie", found.movies), ("files", files)) if held}
    parts = (
        _header(text),
        missing_part(libraries.missing),
        comparison_part(rows, text.about),
        navigation(sections, bool(found.movies)),
        *(section_part(section, bool(libraries.plotly)) for section in sections),
        movie_part(found.movies, bool(libraries.viewer)),
        absent_part([maker for key, maker in MAKERS.items() if key not in there]),
        details_part(found, rows, files),
        _footer(libraries),
    )
    body = "\n".join(part for part in parts if part)
    scripts = _scripts(sections, found, libraries)
    return f"{_head(text.title)}<body>\n<main>\n{body}\n</main>\n{scripts}\n</body>\n</html>\n"


def drawn(found: Found) -> list[Section | None]:
    """Return the plots in order."""
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


def _head(title: str) -> str:
    return (
        "<!doctype html>\n<html lang='en'>\n<head>\n<meta charset='utf-8'>\n"
        "<meta name='generator' content='gaq report'>\n"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>\n"
        "<meta name='color-scheme' content='light dark'>\n"
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        "<link rel='icon' href='data:,'>\n"
        f"<title>{safe(title)}</title>\n<style>{own('page.css')}</style>\n</head>\n"
    )


def _header(text: Text) -> str:
    lead = f"<p class='lead'>{safe(text.lead)}</p>" if text.lead else ""
    return f"<header><p class='eyebrow'>gaq report</p><h1>{safe(text.title)}</h1>{lead}</header>"


def _footer(libraries: Libraries) -> str:
    licences = [
        *(["plotly.js, © Plotly, MIT licence"] if libraries.plotly else []),
        *(["3Dmol.js, © University of Pittsburgh and contributors, BSD 3-clause licence"] if libraries.viewer else []),
    ]
    inside = f" Inside: {'; '.join(licences)}." if licences else ""
    return f"<footer class='note'>Written by gaq {safe(__version__)} from rows and files.{inside}</footer>"


def _scripts(sections: Sequence[Section], found: Found, libraries: Libraries) -> str:
    """Return the data, the libraries, and the code that draws them."""
    plots = {
        f"{section.key}-{v}-{p}": panel.plain()
        for section in sections
        for v, view in enumerate(section.views)
        for p, panel in enumerate(view.panels)
    }
    data = {"themes": themes(), "plots": plots, "movies": [movie.plain() for movie in found.movies]}
    code = [libraries.plotly, libraries.viewer, own("page.js"), own("viewer.js")]
    return "\n".join([data_script("page-data", data), *(code_script(one) for one in code if one)])
