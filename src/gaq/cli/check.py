"""`gaq check`: the physics inspector, for a model of ours or for any ASE calculator."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

if TYPE_CHECKING:
    from gaq.engine.protocol import Engine
    from gaq.measure.subjects import Subjects

SPEC = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")

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
}

LimitOption = Annotated[float | None, typer.Option(min=0.0, metavar="X", rich_help_panel="Limits")]


def check(
    model: Annotated[
        str | None, typer.Argument(metavar="MODEL", help="A checkpoint, a packed file, or module:Class.")
    ] = None,
    data: Annotated[
        str | None, typer.Option(metavar="FILE", help="Frames to try it on; without, small molecules.")
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
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="Number of frames.")] = 10,
    rotations: Annotated[int, typer.Option(min=1, help="Rotations per frame.")] = 8,
    seed: Annotated[int, typer.Option(min=0, help="Seed of all that is drawn.")] = 0,
    threads: Annotated[int, typer.Option(min=1, help="Threads of the engine.")] = 1,
    engine: Annotated[str | None, typer.Option(metavar="NAME", help="Force an engine: torch or native.")] = None,
    device: Annotated[str, typer.Option(help="Where the engine computes: cpu or cuda.")] = "cpu",
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the rows, one JSON object a line.")
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
) -> None:
    """Inspect the physics of a force field: symmetry, smoothness, conservation. Leaves with 1 if a limit is
    passed.

    Units of the limits are those of the table: meV, meV/Å; docs/physics.md has their definitions and reasons.
    """
    from gaq.cli.stage_progress import Watch
    from gaq.measure.check import check as run_checks
    from gaq.measure.check import failures, with_limits
    from gaq.measure.ledger import expect_rows, write_rows
    from gaq.report.tables import findings_table, print_table, question

    expect_rows(json_file)
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
    }
    limits = with_limits({m: x for name, x in given.items() if x is not None for m in METRICS_OF[name]})
    subject = open_subject(model, calculator, arguments, engine, device, threads)
    tried_on = structures_for(subject, data, structure, limit, seed)
    with Watch() as watch:
        rows = run_checks(subject, tried_on.structures, limits, rotations, seed, watch, tried_on.name)
    if json_file is not None:
        write_rows(json_file, rows)
    console = Console(highlight=False)
    title = f"{subject.model} ({subject.recipe}) on {tried_on.name}, {len(tried_on.structures)} structures"
    print_table(findings_table(rows, title), console)
    failed = failures(rows)
    judged = sum(r.passed is not None for r in rows)
    if failed:
        names = ", ".join(question(r) for r in failed)
        console.print(f"{len(failed)} of {judged} checks past their limit: {names}", style="bold red", soft_wrap=True)
        raise typer.Exit(1)
    console.print(f"all {judged} checks within their limits", style="green")


def open_subject(
    model: str | None,
    calculator: str | None,
    arguments: str,
    engine: str | None,
    device: str,
    threads: int | None,
) -> Engine:
    """The engine to inspect. Raises `UsageError` unless exactly one of a model and a calculator was named."""
    from gaq.engine.ase import AseEngine
    from gaq.engine.open import open_engine
    from gaq.errors import UsageError

    if (model is None) == (calculator is None):
        raise UsageError("name one thing to check: a MODEL file, or --calculator module:Class")
    spec = calculator
    if spec is None and model is not None and SPEC.fullmatch(model) and not Path(model).exists():
        spec = model
    if spec is not None:
        return AseEngine.from_spec(spec, arguments)
    if arguments != "{}":
        raise UsageError("--args belongs to a calculator module:Class; a model file has none")
    return open_engine(str(model), engine=engine, device=device, threads=threads)


def structures_for(engine: Engine, data: str | None, structure: Path | None, limit: int, seed: int) -> Subjects:
    """Frames of a file, or one structure rattled `limit` times, or what `own_subjects` finds."""
    from gaq.data.read import read_structures
    from gaq.errors import UsageError
    from gaq.measure.subjects import Subjects, own_subjects, rattled_copies

    if data is not None and structure is not None:
        raise UsageError("--data and --structure were both given; choose one")
    if data is not None:
        return Subjects(Path(data).name, read_structures(data, limit))
    if structure is not None:
        return Subjects(structure.name, rattled_copies(read_structures(structure, 1)[0], limit, seed))
    return own_subjects(engine, limit, seed)
