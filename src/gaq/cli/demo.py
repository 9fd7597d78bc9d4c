"""`gaq demo`: the main job, end to end, on the embedded data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console


def demo(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for everything that is made.")] = Path(
        "runs/demo"
    ),
    quick: Annotated[
        bool, typer.Option("--quick", help="A few seconds of each step, to see that it works; bad models.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Decides all random numbers.")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Processes at once.")] = 2,
    threads: Annotated[int, typer.Option(min=1, help="Threads of PyTorch in each.")] = 1,
) -> None:
    """Label, train, quantize, check, move and report, on ethanol, in some minutes.

    A float model is trained on the embedded frames while fresh test frames are labelled with GFN2-xTB; five
    others are made from it; all are measured on the fresh frames. Each start begins anew.
    """
    import time

    from gaq.cli.job_progress import JobProgress
    from gaq.demo.plan import CONTENDERS, QUICK, Plan
    from gaq.demo.run import Order, run_demo
    from gaq.report.tables import comparison_table, print_table, reasons

    console = Console(highlight=False)
    plan = replace(QUICK if quick else Plan(), seed=seed)
    began = time.monotonic()
    console.print(f"[bold]gaq demo[/bold]  ethanol, {workers} processes at once, into {out}")
    with JobProgress(console) as progress:
        outcome = run_demo(Order(plan, out, workers, threads), progress)
    rows = outcome.rows
    frames = f"ethanol, {plan.test} frames of {outcome.test.name}"
    console.print()
    print_table(comparison_table(rows, frames), console)
    for line in reasons(rows):
        console.print(line, style="dim", soft_wrap=True, markup=False)
    seen = {r.recipe for r in rows}
    for contender in CONTENDERS:
        if contender.name in seen:
            console.print(f"{contender.name}: {contender.about}", style="dim", soft_wrap=True, markup=False)
    console.print(
        f"ms/step, ns/day: ASE's loop around PyTorch, {threads} thread each, {workers} processes at once",
        style="dim",
        soft_wrap=True,
    )
    minutes, seconds = divmod(round(time.monotonic() - began), 60)
    console.print(f"\ndone in {minutes} min {seconds} s", style="bold")
    console.print(f"next: gaq check {out}/frame-w4a8/model.ckpt --data {outcome.test}", soft_wrap=True)
    console.print(f"page: {outcome.page}", soft_wrap=True)
