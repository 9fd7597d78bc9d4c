"""`gaq check`: the physics inspector, for a model of ours or for any ASE calculator."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from gaq.cli.inspected import open_subject, structures_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gaq.measure.ledger import Row
    from gaq.measure.traces import Trace

# One option may set the limits of several metrics.
METRICS_OF = {
    "lee": ("lee_max",),
    "reflection": ("lee_reflection",),
    "energy_change": ("energy_invariance", "translation_energy", "permutation_energy"),
    "force_change": ("translation_force", "permutation_force"),
    "net_force": ("net_force",),
    "torque": ("net_torque",),
    "slope_error": ("finite_difference",),
    "path_work": ("path_work",),
    "open_work": ("path_work_open",),
    "asymmetry": ("jacobian_asymmetry",),
    "energy_jump": ("cutoff_energy_jump",),
    "force_jump": ("cutoff_force_jump",),
    "drift": ("drift",),
    "momentum": ("momentum_change",),
    "angular_momentum": ("angular_momentum_change",),
}

OWN_CHOICE = "It was tried on structures of gaq's own choice; name yours with --data or --structure."
FEWEST_STEPS = 100  # 50 fs, some five of the fastest vibrations
LimitOption = Annotated[float | None, typer.Option(min=0.0, metavar="X", rich_help_panel="Limits")]


def check(
    model: Annotated[
        str | None,
        typer.Argument(metavar="MODEL", help="A checkpoint, a packed file, module:Class or file.py:function."),
    ] = None,
    data: Annotated[
        str | None, typer.Option(metavar="FILE", help="Frames to try it on; without, its own or small molecules.")
    ] = None,
    structure: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="One structure in any format of ASE, rattled into some."),
    ] = None,
    calculator: Annotated[
        str | None, typer.Option(metavar="module:Class", help="An ASE calculator in place of MODEL.")
    ] = None,
    arguments: Annotated[
        str, typer.Option("--args", metavar="JSON", help="Arguments of the calculator, a JSON object.")
    ] = "{}",
    python: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="Interpreter of another environment, in which the calculator is installed."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="Number of frames; fewer are faster.")] = 10,
    rotations: Annotated[int, typer.Option(min=1, help="Rotations per frame.")] = 8,
    steps: Annotated[
        int, typer.Option(min=0, metavar="N", help="Steps of the run at constant energy; 0 for none.")
    ] = 400,
    seed: Annotated[int, typer.Option(min=0, help="Seed of all that is drawn.")] = 0,
    threads: Annotated[int, typer.Option(min=1, help="Threads of the engine.")] = 1,
    engine: Annotated[str | None, typer.Option(metavar="NAME", help="Force an engine: torch or native.")] = None,
    device: Annotated[str, typer.Option(help="Where the engine computes: cpu or cuda.")] = "cpu",
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse structures unlike the training data, instead of warning of them.")
    ] = False,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the rows, one JSON object a line.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE.png", help="Draw every check against its limit, and the run.")
    ] = None,
    max_lee: LimitOption = None,
    max_reflection: LimitOption = None,
    max_energy_change: LimitOption = None,
    max_force_change: LimitOption = None,
    max_net_force: LimitOption = None,
    max_torque: LimitOption = None,
    max_slope_error: LimitOption = None,
    max_path_work: LimitOption = None,
    max_open_work: LimitOption = None,
    max_asymmetry: LimitOption = None,
    max_energy_jump: LimitOption = None,
    max_force_jump: LimitOption = None,
    max_drift: LimitOption = None,
    max_momentum: LimitOption = None,
    max_angular_momentum: LimitOption = None,
) -> None:
    """Inspect the physics of a force field: symmetry, smoothness, conservation. Leaves with 1 if a limit is
    passed.

    Units of the limits are those of the table: meV, meV/Å; docs/physics.md has their definitions and reasons.
    """
    from gaq.cli.pictures import expect_picture
    from gaq.cli.stage_progress import Watch
    from gaq.errors import BadStructure
    from gaq.measure.check import check as run_checks
    from gaq.measure.ledger import expect_rows, write_rows
    from gaq.measure.limits import failures, with_limits
    from gaq.measure.traces import Trace
    from gaq.report.tables import findings_table, print_table

    expect_rows(json_file)
    expect_picture(plot)
    given = {
        "lee": max_lee,
        "reflection": max_reflection,
        "energy_change": max_energy_change,
        "force_change": max_force_change,
        "net_force": max_net_force,
        "torque": max_torque,
        "slope_error": max_slope_error,
        "path_work": max_path_work,
        "open_work": max_open_work,
        "asymmetry": max_asymmetry,
        "energy_jump": max_energy_jump,
        "force_jump": max_force_jump,
        "drift": max_drift,
        "momentum": max_momentum,
        "angular_momentum": max_angular_momentum,
    }
    limits = with_limits({m: x for name, x in given.items() if x is not None for m in METRICS_OF[name]})
    _expect_steps(steps)
    subject = open_subject(model, calculator, arguments, python, engine, device, threads, strict)
    tried_on = structures_for(subject, data, structure, limit, seed)
    own, traces = data is None and structure is None, list[Trace]()
    try:
        with Watch() as watch:
            rows = run_checks(
                *(subject, tried_on.structures, limits, rotations, seed, watch, tried_on.name),
                steps=steps,
                keep=traces.append,
            )
    except BadStructure as error:
        raise BadStructure(f"{error}{' ' + OWN_CHOICE if own else ''}") from error
    if json_file is not None:
        write_rows(json_file, rows)
    title = f"{subject.model} ({subject.recipe}) on {tried_on.name}, {_counted(len(tried_on.structures))}"
    if plot is not None:
        _draw(plot, rows, traces, title)
    console = Console(highlight=False)
    print_table(findings_table(rows, title), console)
    _conclude(rows, console, own)
    if failures(rows):
        raise typer.Exit(1)


def _expect_steps(steps: int) -> None:
    from gaq.errors import UsageError

    if 0 < steps < FEWEST_STEPS:
        raise UsageError(f"--steps {steps}: fewer than {FEWEST_STEPS} show no drift; 0 leaves the run out")


def _draw(plot: Path, rows: Sequence[Row], traces: Sequence[Trace], title: str) -> None:
    from gaq.report.findings import findings
    from gaq.report.style import LIGHT, write_png

    write_png(plot, findings(rows, traces, title, LIGHT))


def _conclude(rows: Sequence[Row], console: Console, own: bool) -> None:
    """How many checks failed, which, and what that means."""
    from gaq.measure.limits import failures
    from gaq.report.diagnosis import meanings
    from gaq.report.tables import question

    failed, judged = failures(rows), sum(r.passed is not None for r in rows)
    if not failed:
        console.print(f"all {judged} checks within their limits", style="green")
        return
    names = ", ".join(question(r) for r in failed)
    console.print(f"{len(failed)} of {judged} checks past their limit: {names}", style="bold red", soft_wrap=True)
    for meaning in meanings(rows):
        console.print(f"- {meaning}", soft_wrap=True)
    if own:
        console.print(OWN_CHOICE, style="dim", soft_wrap=True)


def _counted(structures: int) -> str:
    return "1 structure" if structures == 1 else f"{structures} structures"
