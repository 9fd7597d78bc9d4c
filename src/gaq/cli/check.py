"""`gaq check`: check the physics of a gaq model or of any ASE calculator."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from gaq.cli.check_limits import PARAMETERS, chosen, limit
from gaq.cli.check_subject import errors_of, open_subject, structures_for
from gaq.cli.outputs import OverwriteOption, claim_rows, expect_different

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gaq.measure.ledger import Row
    from gaq.measure.traces import Trace

OWN_CHOICE = "gaq chose the structures; name others with --data or --structure."
FEWEST_STEPS = 100  # 50 fs, about five of the fastest vibrations
MOST_FRAMES = 10  # by default


def check(
    context: typer.Context,
    model: Annotated[
        str | None,
        typer.Argument(metavar="MODEL", help="A checkpoint, a packed file, module:Class or file.py:function."),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Frames to check on (default: those in the model, or small molecules)."),
    ] = None,
    structure: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="One structure in any ASE format; random copies of it are checked."),
    ] = None,
    calculator: Annotated[
        str | None, typer.Option(metavar="module:Class", help="An ASE calculator in place of MODEL.")
    ] = None,
    arguments: Annotated[
        str, typer.Option("--args", metavar="JSON", help="Arguments of the calculator, a JSON object.")
    ] = "{}",
    python: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="Interpreter of the environment in which the calculator is installed."),
    ] = None,
    number: Annotated[
        int, typer.Option("--limit", min=1, metavar="N", help="Number of frames; fewer are faster.")
    ] = MOST_FRAMES,
    rotations: Annotated[int, typer.Option(min=1, help="Rotations per frame.")] = 8,
    steps: Annotated[
        int | None,
        typer.Option(
            min=0,
            metavar="N",
            help="Steps of the run at constant energy; 0: none. Default: 20000 in the native engine, fewer for large "
            "structures; 400 elsewhere.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of all random numbers.")] = 0,
    threads: Annotated[int, typer.Option(min=1, help="Threads of the engine.")] = 1,
    engine: Annotated[str | None, typer.Option(metavar="NAME", help="Force an engine: torch or native.")] = None,
    device: Annotated[str, typer.Option(help="Device of the engine: cpu or cuda.")] = "cpu",
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse structures unlike the training data, instead of warning.")
    ] = False,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the rows, one JSON object a line.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE.png", help="Plot every check against its limit, and the run.")
    ] = None,
    limits: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            rich_help_panel="Limits",
            help="Limits from a TOML file, one line such as `lee_max = 2.0` each.",
        ),
    ] = None,
    least_force: Annotated[float | None, limit("least_force")] = None,
    max_lee: Annotated[float | None, limit("lee")] = None,
    max_reflection: Annotated[float | None, limit("reflection")] = None,
    max_energy_change: Annotated[float | None, limit("energy_change")] = None,
    max_force_change: Annotated[float | None, limit("force_change")] = None,
    max_net_force: Annotated[float | None, limit("net_force")] = None,
    max_torque: Annotated[float | None, limit("torque")] = None,
    max_slope_error: Annotated[float | None, limit("slope_error")] = None,
    max_relative_slope_error: Annotated[float | None, limit("relative_slope_error")] = None,
    max_path_work: Annotated[float | None, limit("path_work")] = None,
    max_open_work: Annotated[float | None, limit("open_work")] = None,
    max_asymmetry: Annotated[float | None, limit("asymmetry")] = None,
    max_energy_jump: Annotated[float | None, limit("energy_jump")] = None,
    max_force_jump: Annotated[float | None, limit("force_jump")] = None,
    max_drift: Annotated[float | None, limit("drift")] = None,
    max_momentum: Annotated[float | None, limit("momentum")] = None,
    max_angular_momentum: Annotated[float | None, limit("angular_momentum")] = None,
    max_force_error: Annotated[float | None, limit("force_error")] = None,
    max_relative_force_error: Annotated[float | None, limit("relative_force_error")] = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Check the physics of a force field; exit with status 1 if a limit is exceeded.

    A checkpoint is packed in memory and checked as the file that `gaq export` would write.
    Force errors are checked if the frames of `--data` have labels.
    Metrics and the reasons for their limits: docs/physics.md.
    """
    from gaq.cli.kept import keep, verdict_lines
    from gaq.cli.pictures import expect_picture
    from gaq.cli.stage_progress import StageProgress
    from gaq.engine.protocol import unwatched
    from gaq.errors import BadStructure
    from gaq.measure.check import check as run_checks
    from gaq.measure.dynamics import steps_for
    from gaq.measure.ledger import write_rows
    from gaq.measure.limits import failures, judged
    from gaq.measure.traces import Trace
    from gaq.report.tables import findings_table, print_table

    inputs = [model, data, structure, limits]
    claim_rows(json_file, overwrite, inputs)
    expect_picture(plot, overwrite, inputs)
    expect_different(json_file, plot)
    held = chosen({name: context.params[name] for name in context.params if name in PARAMETERS}, limits)
    _expect_steps(steps)
    subject = open_subject(model, calculator, arguments, python, engine, device, threads, data, strict)
    own, traces = data is None and structure is None, list[Trace]()
    # Nobody asked for structures of our own choice, so nobody is warned of them.
    engine_under_test = unwatched(subject.engine) if own and not strict else subject.engine
    tried_on = structures_for(engine_under_test, data, structure, number, seed)
    made = steps_for(engine_under_test, max(map(len, tried_on.structures))) if steps is None else steps
    try:
        with StageProgress() as watch:
            rows = run_checks(
                *(engine_under_test, tried_on.structures, held, rotations, seed, watch, tried_on.name),
                steps=made,
                keep=traces.append,
            )
    except BadStructure as error:
        raise BadStructure(f"{error}{' ' + OWN_CHOICE if own else ''}") from error
    rows += judged(errors_of(engine_under_test, data, number, tried_on.name), held)
    rows = [replace(entry, identity=subject.identity, threads=threads) for entry in rows]
    if json_file is not None:
        write_rows(json_file, rows)
    title = f"{subject.name} ({engine_under_test.recipe}) on {tried_on.name}, {_counted(len(tried_on.structures))}"
    if plot is not None:
        _draw(plot, rows, traces, title)
    console = Console(highlight=False)
    print_table(findings_table(rows, title), console)
    _conclude(rows, console, own)
    for line in verdict_lines(subject.file, rows):
        console.print(line, soft_wrap=True, markup=False)
    notes = [subject.note] if subject.note else []
    notes += [] if subject.file is None else keep(subject.file, rows)
    for note in notes:
        console.print(note, style="dim", soft_wrap=True, markup=False)
    if failures(rows):
        raise typer.Exit(1)


def _expect_steps(steps: int | None) -> None:
    from gaq.errors import UsageError

    if steps is not None and 0 < steps < FEWEST_STEPS:
        raise UsageError(f"--steps {steps}: fewer than {FEWEST_STEPS} show no drift; 0 skips the run")


def _draw(plot: Path, rows: Sequence[Row], traces: Sequence[Trace], title: str) -> None:
    from gaq.report.findings import findings
    from gaq.report.style import LIGHT, write_png

    write_png(plot, findings(rows, traces, title, LIGHT))


def _conclude(rows: Sequence[Row], console: Console, own: bool) -> None:
    """Print how many checks failed, which, and what that means."""
    from gaq.measure.limits import failures
    from gaq.report.diagnosis import meanings
    from gaq.report.tables import question

    failed, judged = failures(rows), sum(r.passed is not None for r in rows)
    if not failed:
        console.print(f"all {judged} checks are within their limits", style="green")
        return
    names = ", ".join(question(r) for r in failed)
    console.print(f"{len(failed)} of {judged} checks past their limit: {names}", style="bold red", soft_wrap=True)
    for meaning in meanings(rows):
        console.print(f"- {meaning}", soft_wrap=True)
    if own:
        console.print(OWN_CHOICE, style="dim", soft_wrap=True)


def _counted(structures: int) -> str:
    return "1 structure" if structures == 1 else f"{structures} structures"
