"""`gaq md`: molecular dynamics in the engine, with files from which a killed run can continue."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from gaq.cli.cluster import ClusterOption
from gaq.cli.outputs import claim_rows, expect_different

if TYPE_CHECKING:
    from gaq.cli.md_setup import Asked
    from gaq.engine.protocol import Engine
    from gaq.process import Contention
    from gaq.simulate.session import Ending


class Ensemble(StrEnum):
    """Conserved or controlled quantity."""

    NVE = "nve"
    NVT = "nvt"


class Heat(StrEnum):
    """Thermostats."""

    LANGEVIN = "langevin"
    CSVR = "csvr"


class Velocities(StrEnum):
    """Source of the first velocities."""

    DRAW = "draw"
    KEEP = "keep"


def md(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A checkpoint or a packed file.")],
    start: Annotated[Path, typer.Argument(metavar="START", help="Starting structure: any format of ASE, or an npz.")],
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="TRAJ", help="Trajectory: .xyz, or .traj, ASE's binary format.")
    ],
    steps: Annotated[int, typer.Option(min=1, help="Total number of steps, also with --resume.")],
    ensemble: Annotated[Ensemble, typer.Option(help="Constant energy, or with a thermostat.")] = Ensemble.NVE,
    dt: Annotated[float, typer.Option(metavar="FS", help="Time step.")] = 0.5,
    temperature: Annotated[float, typer.Option(metavar="K", help="Seed of first velocities and thermostat.")] = 300.0,
    thermostat: Annotated[Heat, typer.Option(help="Thermostat of --ensemble nvt.")] = Heat.LANGEVIN,
    relaxation: Annotated[
        float | None,
        typer.Option(metavar="FS", help="1/friction of langevin (1000), time constant of csvr (100)."),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, max=2**62, help="Seed of velocities and noise; replica k has seed + k.")
    ] = 0,
    replicas: Annotated[int, typer.Option(min=1, help="Runs at once, into TRAJ-0, TRAJ-1, …")] = 1,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Cores: for one system, or shared by replicas (then all).")
    ] = None,
    cluster: ClusterOption = None,
    resume: Annotated[bool, typer.Option("--resume", help="Resume from the checkpoint next to TRAJ.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace existing files.")] = False,
    every: Annotated[int, typer.Option(min=1, metavar="N", help="Steps between frames.")] = 200,
    log_every: Annotated[int, typer.Option(min=1, metavar="N", help="Steps between lines of the log.")] = 50,
    frame: Annotated[int, typer.Option(help="Frame of START; negative: from the end.")] = 0,
    velocities: Annotated[Velocities, typer.Option(help="Draw velocities, or keep those of START.")] = Velocities.DRAW,
    bonds_may_break: Annotated[
        bool, typer.Option("--bonds-may-break", help="For reactions: do not stop at a bond that is off by 0.5 Å.")
    ] = False,
    checkpoint_seconds: Annotated[float, typer.Option(min=0.0, help="Time between checkpoints.")] = 10.0,
    engine: Annotated[str | None, typer.Option(metavar="NAME", help="Force an engine: torch or native.")] = None,
    device: Annotated[str, typer.Option(help="Device of the torch engine: cpu or cuda.")] = "cpu",
    strict: Annotated[
        bool, typer.Option("--strict", help="Stop at structures unlike the training data, instead of warning.")
    ] = False,
    backward: Annotated[
        int | None,
        typer.Option(metavar="BITS", help="Bits of the backward pass: 8, 16 or 32 (default: that of the file)."),
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the rows, one JSON object a line.")
    ] = None,
) -> None:
    """Run molecular dynamics at constant energy or with a thermostat. Exits with status 1 if a run becomes unstable.

    A log (.log: energies, temperature, momenta) and a checkpoint (.state) are written next to TRAJ. Ctrl-C or a kill
    loses a few steps at most; --resume continues bit for bit.
    """
    from gaq.cli.cluster import farm_of
    from gaq.cli.md_report import RunProgress
    from gaq.cli.md_setup import (
        Asked,
        RunEngineChoice,
        check,
        claim_files,
        files_of,
        open_engines,
        sessions,
        start_of,
        thermostat_of,
    )
    from gaq.cli.stage_progress import StageProgress
    from gaq.data.read import data_name
    from gaq.engine.motion import Dynamics
    from gaq.farm.open import check_cores
    from gaq.locks import locked
    from gaq.process import Contention, usable_cores
    from gaq.simulate.replicas import run_all, run_on
    from gaq.simulate.session import RunPlan
    from gaq.train.interrupt import graceful_interrupt

    claim_rows(json_file, overwrite, [model, start])
    check_cores("threads", threads, cluster)
    bath = thermostat_of(thermostat, temperature, relaxation, seed) if ensemble is Ensemble.NVT else None
    plan = RunPlan(
        steps, Dynamics(dt, bath), temperature, 0, every, log_every, bonds_may_break, checkpoint_seconds
    )  # degrees of freedom are known with the first velocities
    asked = Asked(start, out, plan, seed, replicas, resume, overwrite, frame, velocities is Velocities.KEEP)
    check(asked)
    outputs = files_of(asked)
    expect_different(json_file, *(path for f in outputs for path in (f.trajectory, f.log, f.checkpoint)))
    cores = threads or (1 if replicas == 1 or cluster else usable_cores())
    contention = Contention()
    with contextlib.ExitStack() as stack:
        for files in outputs:
            stack.enter_context(locked(files.checkpoint))
        claim_files(asked, model)
        first = start_of(asked, lambda sentence: typer.echo(sentence, err=True))
        asked = replace(asked, data=data_name(start))  # now: a run is long, and files go away
        engines = open_engines(
            model, RunEngineChoice(engine, device, backward, cores, strict), 1 if cluster else replicas
        )
        farm = None if cluster is None else stack.enter_context(farm_of(cluster))
        interrupt, watch = stack.enter_context(graceful_interrupt()), stack.enter_context(StageProgress())
        engines *= replicas // len(engines)  # on a farm, copies of one engine run the replicas
        runs, progress = sessions(asked, model, engines, first), RunProgress(watch, replicas, steps, dt)
        if farm is not None:
            endings = run_on(farm, engines[0], runs, lambda: interrupt.asked, progress.listener)
        else:
            endings = run_all(
                engines, lambda replica, _: runs[replica].go(lambda: interrupt.asked, progress.listener(replica)), cores
            )
    _conclude(Path(model), asked, engines, endings, cores, contention, json_file)


def _conclude(
    model: Path,
    asked: Asked,
    engines: list[Engine],
    endings: list[Ending],
    cores: int,
    contention: Contention,
    json_file: Path | None,
) -> None:
    """Print how the runs ended, store their rows, and exit with status 1 if one became unstable."""
    from gaq.cli.deployed import identity_of
    from gaq.cli.kept import counts, keep, signed, verdict_lines
    from gaq.cli.md_report import rows_of, say
    from gaq.engine.protocol import backward_bits_of
    from gaq.measure.ledger import write_rows
    from gaq.simulate.blame import MODEL

    rows = rows_of(engines, endings, asked, cores if asked.replicas == 1 else 1)
    rows = signed(rows, identity_of(model, backward_bits_of(engines[0])), contention.share())
    if json_file is not None:
        write_rows(json_file, rows)
    console = Console(highlight=False)
    say(endings, rows, asked, console)
    # A run that broke because of its settings is not evidence about the model.
    spoiled = {asked.seed + k for k, e in enumerate(endings) if e.blame is not None and e.blame.cause != MODEL}
    counted = [r for r in rows if r.seed not in spoiled and counts(r, asked.plan.dynamics.dt)]
    for line in verdict_lines(model, counted):
        console.print(line, soft_wrap=True, markup=False)
    for note in keep(model, [replace(r, model=model.name) for r in counted]):
        console.print(note, style="dim", soft_wrap=True, markup=False)
    if any(ending.because for ending in endings):
        raise typer.Exit(1)
