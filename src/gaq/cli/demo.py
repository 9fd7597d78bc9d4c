"""`gaq demo`: the whole workflow on the embedded data."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

if TYPE_CHECKING:
    from gaq.demo.run import Order, Outcome


def demo(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Output folder.")] = Path("runs/demo"),
    quick: Annotated[
        bool, typer.Option("--quick", help="A short version to test the installation; the models are poor.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Seed of all random numbers.")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Processes at once.")] = 2,
    threads: Annotated[int, typer.Option(min=1, help="Threads per process.")] = 1,
    engine: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Engine: native or torch (default: native if built)."),
    ] = None,
) -> None:
    """Label, train, quantize, check and run MD on ethanol, and write a report, in some minutes.

    A float model is trained on the embedded frames while new test frames
    are labelled with GFN2-xTB. Five quantized models are made from it, the first with the
    recommended recipe, and all are measured on the new frames. Every start begins anew.
    """
    from gaq.cli.job_progress import JobProgress
    from gaq.demo.plan import QUICK, DemoPlan
    from gaq.demo.run import Order, run_demo
    from gaq.engine.open import known_engine
    from gaq.extras import expect_torch
    from gaq.files import writable_folder
    from gaq.locks import locked
    from gaq.quant.recommended import RECOMMENDED

    expect_torch()  # some processes need torch only after minutes
    plan = replace(QUICK if quick else DemoPlan(), seed=seed)
    order = Order(plan, out, workers, threads, known_engine(engine))
    console = Console(highlight=False)
    began = time.monotonic()
    console.print(f"[bold]gaq demo[/bold]  ethanol, {workers} processes at once, into {out}")
    with locked(writable_folder(out)), JobProgress(console) as progress:
        outcome = run_demo(order, progress)
    _print_table(order, outcome, console)
    minutes, seconds = divmod(round(time.monotonic() - began), 60)
    console.print(f"\ndone in {minutes} min {seconds} s", style="bold")
    console.print(f"next: gaq check {out}/{RECOMMENDED}/model.ckpt --data {outcome.test}", soft_wrap=True)
    console.print(f"page: {outcome.page}", soft_wrap=True)


def _print_table(order: Order, outcome: Outcome, console: Console) -> None:
    """Print the table, the reasons for its verdicts, and its terms."""
    from gaq.demo.plan import DEMO_MODELS
    from gaq.report.tables import comparison_table, print_table, reasons

    rows, frames = outcome.rows, f"{order.plan.test} frames, {outcome.test.name}"
    table = comparison_table(rows, f"ethanol, {frames}")
    whole = console.measure(table, options=console.options.update(width=1000)).maximum
    console.print()
    print_table(table, Console(highlight=False, width=max(console.width, whole)))
    seen = {entry.recipe for entry in rows}
    notes = [
        *reasons(rows),
        "",
        *(f"{c.name}: {c.about}" for c in DEMO_MODELS if c.name in seen),
        "path work: energy that forces make on closed paths; NVE drift: a coarse check, the run being short",
        f"ms/step, ns/day: dynamics in the {rows[0].engine} engine, {order.threads} thread each, "
        f"{order.workers} at once",
    ]
    for note in notes:
        console.print(note, style="dim", soft_wrap=True, markup=False)
