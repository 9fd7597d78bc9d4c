"""`gaq report`: one page with all results of runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from gaq.cli.outputs import REPORT, OverwriteOption, claim_output, claim_rows, expect_different

if TYPE_CHECKING:
    from gaq.report.parts import Facts

PAGE = "report.html"


def report(
    runs: Annotated[
        list[Path],
        typer.Argument(metavar="RUN...", help="Folders of runs, or files of them: rows, logs, trajectories."),
    ],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="PAGE.html", help="Output page (default: report.html in RUN).")
    ] = None,
    viewer: Annotated[
        Path | None, typer.Option(metavar="FILE", help="3Dmol-min.js, where npm cannot fetch it.")
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the rows that were read, as one ledger.")
    ] = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Write one HTML page of runs: table with verdicts, plots, trajectories, facts. It opens without a network.

    Nothing is computed: the page shows the results that exist and the commands for those that are missing.
    """
    from gaq.measure.ledger import write_rows
    from gaq.report.discover import discover
    from gaq.report.gather import gather
    from gaq.report.page import text_of
    from gaq.report.publish import publish

    target = out if out is not None else _place(runs[0])
    claim_rows(json_file, overwrite)
    claim_output(target, REPORT, overwrite, [*runs, viewer])
    expect_different(json_file, target)
    found = gather(discover(runs))
    files, notes = file_facts(found.models)
    found.notes += notes
    if json_file is not None:
        write_rows(json_file, found.rows)
    folders = [run for run in runs if run.is_dir()] or runs
    text = text_of(found, [run.resolve().name for run in folders])
    done = publish(target, text, found, files, viewer)
    console = Console(highlight=False)
    for note in [*found.notes, *done.missing]:
        console.print(note, style="dim", soft_wrap=True, markup=False)
    console.print(f"page: {target}, {done.said}", soft_wrap=True, markup=False)


def file_facts(models: list[Path]) -> tuple[list[tuple[str, Facts]], list[str]]:
    """Return the output of `gaq show` for each model, and messages about files that it cannot read."""
    from gaq.cli.contents import contents_of
    from gaq.errors import GaqError

    facts, notes = [], []
    for path in models:
        try:
            contents = contents_of(path)
        except GaqError as error:
            notes.append(str(error))
            continue
        sizes = tuple((f"bytes, {group}", f"{size:,}") for group, size in contents.groups.items())
        facts.append((str(path), (*contents.facts, ("bytes", f"{contents.file_bytes:,}"), *sizes)))
    return facts, notes


def _place(run: Path) -> Path:
    return (run if run.is_dir() else run.parent) / PAGE
