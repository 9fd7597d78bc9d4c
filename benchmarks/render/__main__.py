"""Write the pages of results from templates and rows. `template.py` explains the fields.

python -m benchmarks.render                  # pages and the table of the README
python -m benchmarks.render --pictures       # also the pictures
python -m benchmarks.render --collect runs   # first copy rows of runs/
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.common.places import HERE, ledger, rows_of
from benchmarks.render.parity import measured_tables
from benchmarks.render.readme import readme_table
from benchmarks.render.template import filled, wrapped
from gaq.files import write_atomically
from gaq.measure.ledger import read_rows, write_rows

FOOT = "Every figure comes from a row of `docs/ledger`; this page is written by `python -m benchmarks.render`."
RESULTS = Path("benchmarks", "render", "pages")
MOLECULES = ("azobenzene", "ethanol")
# Tables are written between these markers.
MARKED = (("README.md", "table", readme_table), ("docs/parity.md", "measured", measured_tables))
# folder in runs/, ledger
COLLECTED = {
    "ablations": "ablations-ethanol",
    "slots": "slots-azobenzene",
    "untouched": "untouched-ethanol",
    "exactness": "exactness",
    "formats": "formats",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pictures", action="store_true", help="draw the pictures too")
    parser.add_argument("--collect", type=Path, help="folder with the outputs of the other benchmarks")
    arguments = parser.parse_args()
    if arguments.collect:
        collect(arguments.collect)
    for target, text in rendered().items():
        (HERE / target).parent.mkdir(parents=True, exist_ok=True)
        write_atomically(HERE / target, lambda temporary, text=text: temporary.write_text(text, encoding="utf-8"))
    if arguments.pictures:
        draw()


def templates() -> dict[Path, Path]:
    """Return the template of every page."""
    pages = {Path("docs", "results", path.stem): path for path in sorted((HERE / RESULTS).glob("*.md.in"))}
    pages |= {path.parent.relative_to(HERE) / "README.md": path for path in sorted(HERE.glob("studies/*/page.md.in"))}
    pages[Path("models", "README.md")] = HERE / "benchmarks" / "models" / "page.md.in"
    return pages


def rendered() -> dict[Path, str]:
    """Return the text of every page."""
    found = {page: page_of(template) for page, template in templates().items()}
    for name, marker, tables in MARKED:
        text = (HERE / name).read_text(encoding="utf-8")
        begin, end = f"<!-- {marker} -->", f"<!-- /{marker} -->"
        if begin in text:
            before, after = text.split(begin)[0], text.split(end)[1]
            found[Path(name)] = "\n".join([before + begin, wrapped("\n".join(tables())), end + after])
    return found


def page_of(template: Path) -> str:
    """Return one page."""
    of_results = template.parent.name == "pages"
    folder = template.parent.parent if of_results else template.parent
    package = ".".join(folder.relative_to(HERE).parts)
    text = template.read_text(encoding="utf-8")
    return filled(f"{text}\n{FOOT}\n" if of_results else text, package)


def collect(runs: Path) -> None:
    """Copy rows of runs/ into the ledgers."""
    for folder, name in COLLECTED.items():
        if (rows := runs / folder / "rows.jsonl").exists():
            write_rows(ledger(name), read_rows(rows))
    for folder in ("methods", "methods-long"):
        for rows in (runs / folder).glob("*.jsonl"):
            write_rows(ledger(f"{folder}-{rows.stem}"), read_rows(rows))
    for rows in (runs / "engine").glob("engine-*.jsonl"):
        write_rows(ledger(rows.stem), read_rows(rows))


def draw() -> None:
    """Draw the pictures of force errors."""
    from benchmarks.render.pareto_picture import pareto
    from benchmarks.render.symmetry_picture import force_against_symmetry
    from studies.formats.tables import draw as draw_formats

    pictures = HERE / "docs" / "pictures"
    draw_formats(pictures / "formats.png")
    for molecule in MOLECULES:
        methods = rows_of(f"methods-{molecule}")
        title = f"{molecule} (rMD17), all trained alike; size of a point: bits per weight"
        force_against_symmetry(methods, title, pictures / f"rmd17-{molecule}.png")
        speed = [r for r in rows_of("engine-methods") if r.engine == "native" and r.data == molecule]
        title = f"{molecule} (rMD17), all methods alike; the line is what nothing beats in both"
        pareto(methods, speed, title, pictures / f"pareto-{molecule}.png")


if __name__ == "__main__":
    main()
