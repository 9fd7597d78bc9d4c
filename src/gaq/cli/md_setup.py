"""What `gaq md` was asked for, checked and made into sessions."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

from gaq.engine._library import load_library
from gaq.engine.motion import Dynamics, Thermostat
from gaq.engine.open import check_backward, is_packed, open_engine
from gaq.engine.protocol import Engine
from gaq.errors import BadFile, NotAvailable, UsageError
from gaq.files import readable_file, sha256_of, writable_folder
from gaq.simulate.integrate import check_run
from gaq.simulate.integrate import start as start_state
from gaq.simulate.replicas import replica_path
from gaq.simulate.session import Files, Plan, Session, told
from gaq.simulate.start import freedom_of, read_start
from gaq.simulate.trajectory import check_ending

RELAXATION = {"langevin": 1000.0, "csvr": 100.0}  # fs


@dataclass(frozen=True)
class Asked:
    """The options of the verb."""

    start: Path
    out: Path
    plan: Plan  # for the first replica; seeds and degrees of freedom are filled in later
    seed: int
    replicas: int
    resume: bool
    overwrite: bool
    frame: int
    keep_velocities: bool


def thermostat_of(kind: str, temperature: float, relaxation: float | None, seed: int) -> Thermostat:
    """The thermostat, its degrees of freedom still to be counted. Raises `UsageError`."""
    time = RELAXATION[kind] if relaxation is None else relaxation
    if not (time > 0 and math.isfinite(time)):
        raise UsageError(f"--relaxation {time} fs: expected a positive time")
    return Thermostat(kind, temperature, time, seed, 0)


def check(asked: Asked) -> None:
    """Raises `UsageError` or `BadFile` for what cannot be, before any model is opened."""
    plan = asked.plan
    check_run(plan.steps, plan.dynamics.dt, plan.log_every)
    if not (plan.temperature >= 0 and math.isfinite(plan.temperature)):
        raise UsageError(f"--temperature {plan.temperature} K: expected zero or more")
    if asked.resume and asked.overwrite:
        raise UsageError("--resume goes on with a trajectory and --overwrite begins it anew; choose one")
    check_ending(asked.out)
    writable_folder(asked.out.parent)
    for replica in range(asked.replicas):
        path = replica_path(asked.out, replica, asked.replicas)
        if path.exists() and not (asked.resume or asked.overwrite):
            raise BadFile(
                f"{path} is there already. --resume goes on with it, --overwrite begins it anew; or choose another name"
            )


@dataclass(frozen=True)
class Choice:
    """Which engine is asked for, and how it is to compute."""

    engine: str | None
    device: str
    backward: int | None
    cores: int
    strict: bool = False  # whether atoms unlike the training data end the run


def open_engines(model: str, choice: Choice, replicas: int) -> list[Engine]:
    """An engine for each replica. Threads of one system are all cores; replicas have one each."""
    check_backward(choice.backward)
    name, threads = choice.engine, choice.cores if replicas == 1 else 1
    if name is None and choice.device == "cpu" and not is_packed(readable_file(model)) and _has_native_engine():
        name = "native"  # a checkpoint is packed in memory: dynamics belongs in compiled code
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


def sessions(asked: Asked, model: str, engines: list[Engine]) -> list[Session]:
    """A session for each replica, begun or taken up."""
    return [_session(asked, sha256_of(model), engine, replica) for replica, engine in enumerate(engines)]


def _has_native_engine() -> bool:
    try:
        load_library()
    except NotAvailable:
        return False
    return True


def _session(asked: Asked, model_hash: str, engine: Engine, replica: int) -> Session:
    seed = asked.seed + replica
    first = read_start(asked.start, asked.frame)
    if asked.keep_velocities and first.velocities is None:
        raise UsageError(f"--velocities keep: {asked.start} has no momenta in frame {asked.frame}. Draw them")
    velocities = first.velocities if asked.keep_velocities else None
    state = start_state(engine, first.structure, asked.plan.temperature, seed, velocities)
    bath = asked.plan.dynamics.thermostat
    freedom = freedom_of(state.structure, state.masses, state.velocities, None if bath is None else bath.kind)
    if bath is not None:
        bath = replace(bath, seed=seed, freedom=freedom)
    plan = replace(asked.plan, dynamics=Dynamics(asked.plan.dynamics.dt, bath), freedom=freedom)
    files = Files(replica_path(asked.out, replica, asked.replicas))
    session = Session(engine, plan, files, told(model_hash, engine, plan, seed, state))
    if asked.resume and files.checkpoint.exists():
        session.take_up()
    else:
        session.begin(state)
    return session
