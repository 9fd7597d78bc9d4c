"""Options of `gaq md`, checked and turned into sessions."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from gaq.claims import AlreadyThere, claim
from gaq.cli.outputs import COSTLY
from gaq.engine._library import load_library
from gaq.engine.motion import Dynamics, Thermostat
from gaq.engine.open import check_backward, is_packed, open_engine
from gaq.engine.protocol import Engine
from gaq.errors import BadFile, NotAvailable, UsageError
from gaq.files import readable_file, sha256_of, writable_folder
from gaq.simulate.blame import remarks
from gaq.simulate.integrate import check_run
from gaq.simulate.integrate import start as start_state
from gaq.simulate.replicas import replica_path
from gaq.simulate.session import Files, RunPlan, Session, run_settings
from gaq.simulate.start import RunStart, freedom_of, read_start
from gaq.simulate.trajectory import check_ending

RELAXATION = {"langevin": 1000.0, "csvr": 100.0}  # fs


@dataclass(frozen=True)
class Asked:
    """The options of the verb."""

    start: Path
    out: Path
    plan: RunPlan  # of the first replica; seeds and degrees of freedom are filled in later
    seed: int
    replicas: int
    resume: bool
    overwrite: bool
    frame: int
    keep_velocities: bool
    data: str = ""  # what rows call the file of the start


def thermostat_of(kind: str, temperature: float, relaxation: float | None, seed: int) -> Thermostat:
    """Return the thermostat, without its degrees of freedom. Raises `UsageError`."""
    time = RELAXATION[kind] if relaxation is None else relaxation
    if not (time > 0 and math.isfinite(time)):
        raise UsageError(f"--relaxation {time} fs: expected a positive time")
    return Thermostat(kind, temperature, time, seed, 0)


def check(asked: Asked) -> None:
    """Raise `UsageError` or `BadFile` for invalid options, before any model is opened."""
    plan = asked.plan
    check_run(plan.steps, plan.dynamics.dt, plan.log_every)
    if not (plan.temperature >= 0 and math.isfinite(plan.temperature)):
        raise UsageError(f"--temperature {plan.temperature} K: expected zero or more")
    if asked.resume and asked.overwrite:
        raise UsageError("--resume continues a trajectory and --overwrite starts it again; choose one")
    check_ending(asked.out)
    writable_folder(asked.out.parent)


def files_of(asked: Asked) -> list[Files]:
    """Return the files of each replica."""
    return [Files(replica_path(asked.out, replica, asked.replicas)) for replica in range(asked.replicas)]


def claim_files(asked: Asked, model: str) -> None:
    """Lock the files of a run, and refuse to overwrite existing ones. Raises `BadFile`, `UsageError`."""
    allowed = asked.resume or asked.overwrite
    for files in files_of(asked):
        three = (files.trajectory, files.log, files.checkpoint)
        for path in three:
            try:
                claim(path, COSTLY, overwrite=allowed, inputs=(model, asked.start))
            except AlreadyThere as error:
                raise BadFile(
                    f"{error} --resume continues its run, --overwrite starts it again; or choose another name."
                ) from error
        there = [path for path in three[:2] if path.exists() and path.stat().st_size]
        if asked.resume and there and not files.checkpoint.exists():
            raise BadFile(
                f"{there[0]} exists without its checkpoint {files.checkpoint}, so there is nothing to resume "
                f"from. Put the checkpoint back, choose another name, or start again with --overwrite."
            )


@dataclass(frozen=True)
class RunEngineChoice:
    """The requested engine and its settings."""

    engine: str | None
    device: str
    backward: int | None
    cores: int
    strict: bool = False  # atoms unlike the training data end the run


def open_engines(model: str, choice: RunEngineChoice, replicas: int) -> list[Engine]:
    """Return an engine for each replica. One system uses all threads; several replicas have one each."""
    check_backward(choice.backward)
    name, threads = choice.engine, choice.cores if replicas == 1 else 1
    if name is None and choice.device == "cpu" and not is_packed(readable_file(model)) and _has_native_engine():
        name = "native"  # checkpoints are packed in memory: dynamics runs in compiled code
    return [
        open_engine(
            model,
            engine=name,
            device=choice.device,
            threads=threads,
            backward_bits=choice.backward,
            strict=choice.strict,
        )
        for _ in range(replicas)
    ]


def start_of(asked: Asked, tell: Callable[[str], None]) -> RunStart:
    """Return the first frame. `tell` receives remarks on unused or suspicious content of the file."""
    first = read_start(asked.start, asked.frame)
    given = first.velocities is not None and bool(np.any(first.velocities))
    if asked.keep_velocities and first.velocities is None:
        raise UsageError(f"--velocities keep: {asked.start} has no momenta in frame {asked.frame}. Draw them")
    for note in (*first.notes, *remarks(first.structure, asked.plan.dynamics)):
        tell(note)
    if given and not asked.keep_velocities:
        tell(
            f"{asked.start} has momenta, which are not used: velocities are drawn at {asked.plan.temperature:g} K "
            f"(--velocities keep takes those of the file)."
        )
    return first


def sessions(asked: Asked, model: str, engines: list[Engine], first: RunStart) -> list[Session]:
    """Return a session for each replica, started or resumed."""
    return [_session(asked, sha256_of(model), engine, replica, first) for replica, engine in enumerate(engines)]


def _has_native_engine() -> bool:
    try:
        load_library()
    except NotAvailable:
        return False
    return True


def _session(asked: Asked, model_hash: str, engine: Engine, replica: int, first: RunStart) -> Session:
    seed = asked.seed + replica
    velocities = first.velocities if asked.keep_velocities else None
    state = start_state(engine, first.structure, asked.plan.temperature, seed, velocities, first.masses, first.fixed)
    bath = asked.plan.dynamics.thermostat
    freedom = freedom_of(
        state.structure, state.masses, state.velocities, None if bath is None else bath.kind, state.fixed
    )
    if bath is not None:
        bath = replace(bath, seed=seed, freedom=freedom)
    plan = replace(asked.plan, dynamics=Dynamics(asked.plan.dynamics.dt, bath), freedom=freedom)
    files = Files(replica_path(asked.out, replica, asked.replicas))
    session = Session(engine, plan, files, run_settings(model_hash, engine, plan, seed, state, asked.keep_velocities))
    if asked.resume and files.checkpoint.exists():
        session.take_up()
    else:
        session.begin(state)
    return session
