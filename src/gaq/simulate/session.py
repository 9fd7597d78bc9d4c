"""One run of dynamics with its files: trajectory, log and checkpoint. No step is lost or made twice.

Files only grow; the checkpoint, written under another name and renamed, holds their valid length. It always holds a
step at which the engine rebuilds its neighbour list (`REBUILD_STEPS`), from which a run continues bit for bit.
Steps are made by the session's own engine (`go`), or leg by leg on a farm (`next_leg`, `take`, `end`), into the
same files.
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from gaq.engine.motion import REBUILD_STEPS, Dynamics, MotionState, Unstable
from gaq.engine.protocol import Engine, backward_bits_of
from gaq.errors import BadFile
from gaq.simulate.blame import Blame, blame
from gaq.simulate.checkpoint import RunCheckpoint, check_same, load, save
from gaq.simulate.growing import end_of
from gaq.simulate.integrate import advance
from gaq.simulate.leg import Leg, Made, next_stop
from gaq.simulate.log import NveLog, Record, as_log, recorded
from gaq.simulate.log_file import LogFile, read_log
from gaq.simulate.stability import complaint, reference
from gaq.simulate.trajectory import Trajectory, open_trajectory

LONGEST_CALL = 0.3  # s between checks for Ctrl-C
SECONDS_OF_A_LEG = 2.0  # on a farm: the time lost with a worker
SECONDS_BETWEEN_CHECKPOINTS = 10.0

Show = Callable[[Record, float], None]  # the last record, and seconds a step


@dataclass(frozen=True)
class RunPlan:
    """Settings of a run."""

    steps: int
    dynamics: Dynamics
    temperature: float  # K, of the start and reference for overheating
    freedom: int  # degrees of freedom of the kinetic energy
    every: int = 200  # steps between frames
    log_every: int = 50  # steps between records
    bonds_may_break: bool = False
    seconds_between_checkpoints: float = SECONDS_BETWEEN_CHECKPOINTS


@dataclass(frozen=True)
class Files:
    """The three files of a run, named after its trajectory."""

    trajectory: Path

    @property
    def log(self) -> Path:
        """Return the path of the log, a text table."""
        return self.trajectory.with_suffix(".log")

    @property
    def checkpoint(self) -> Path:
        """Return the path of the checkpoint, a NumPy archive."""
        return self.trajectory.with_suffix(".state")


@dataclass(frozen=True, eq=False)
class Ending:
    """How a run ended."""

    log: NveLog
    state: MotionState
    made: int  # steps of this call
    seconds: float  # output included
    interrupted: bool = False
    because: str = ""  # what became unstable, if anything
    blame: Blame | None = None  # and why
    bond: bool = False  # whether a bond broke


class Session:
    """A run in progress."""

    def __init__(self, engine: Engine, plan: RunPlan, files: Files, settings: dict[str, Any]) -> None:
        self._engine, self._plan, self._files, self._settings = engine, plan, files, settings
        self._records: list[Record] = []
        self._trajectory: Trajectory
        self._log: LogFile
        self._held: RunCheckpoint

    def begin(self, state: MotionState) -> None:
        """Write files with the first state, replacing existing ones."""
        self._files.checkpoint.unlink(missing_ok=True)
        self._trajectory = open_trajectory(self._files.trajectory, self._plan.dynamics.dt)
        self._log = LogFile(self._files.log)
        self._state, self._first = state, state.structure.positions
        self._record()
        self._trajectory.write(state)
        self._hold()
        self._save()
        self._set_out()

    def take_up(self) -> None:
        """Resume from the checkpoint. Raises `BadFile`, and `UsageError` if it belongs to another run."""
        held = load(self._files.checkpoint)
        check_same(self._files.checkpoint, held.settings, self._settings)
        for file, mark in ((self._files.trajectory, held.trajectory), (self._files.log, held.log)):
            if not file.is_file() or file.stat().st_size < mark["bytes"]:
                raise BadFile(
                    f"{file} is missing or shorter than {self._files.checkpoint.name} says. Put it back, or start "
                    f"again under another name"
                )
            end_of(file, mark)  # before anything is cut back
        self._records = read_log(self._files.log, held.log)
        self._trajectory = open_trajectory(self._files.trajectory, self._plan.dynamics.dt, held.trajectory)
        self._log = LogFile(self._files.log, held.log)
        self._state, self._first, self._held, self._saved = held.state, held.first, held, held.state.step
        self._set_out()

    def go(self, asked_to_stop: Callable[[], bool], show: Show) -> Ending:
        """Make the remaining steps; end early on request or if the molecule breaks."""
        interrupted, per_step = False, 0.0
        with self._explained():
            while self._goes_on() and not interrupted:
                stop = next_stop(self._state.step, self._stops())
                called, before = time.perf_counter(), self._state.step
                try:
                    self._state = advance(self._engine, self._state, self._plan.dynamics, self._call(stop, per_step))
                except Unstable as broken:
                    self._break(broken.last, str(broken))
                    break
                per_step = (time.perf_counter() - called) / (self._state.step - before)
                interrupted = asked_to_stop()
                if self._state.step == stop:
                    self._arrive(show)
        return self.end(interrupted)

    def next_leg(self) -> Leg | None:
        """Return the next leg to be made on a farm; None at the end of the run."""
        return Leg(self._state, self._plan.dynamics, self._stops(), SECONDS_OF_A_LEG) if self._goes_on() else None

    def take(self, made: Made, show: Show) -> None:
        """Record a leg, up to the point where the molecule breaks."""
        with self._explained():
            for state in made.states:
                self._state = state
                self._arrive(show)
                if not self._goes_on():
                    return
            if made.broken is not None:
                self._break(*made.broken)

    def end(self, interrupted: bool) -> Ending:
        """Write the last checkpoint and return how the run ended."""
        with self._explained():
            self._save()
        self._close()
        seconds, made = time.perf_counter() - self._began, self._state.step - self._began_at
        atoms, dt = len(self._state.structure), self._plan.dynamics.dt
        log = as_log(self._records, self._engine.model, atoms, dt, self._state.step, self._unstable)
        blamed = self._blame() if self._because else None
        return Ending(log, self._state, made, seconds, interrupted, self._because, blamed, self._bond)

    def _blame(self) -> Blame:
        state, nothing = self._state, np.zeros_like(self._first)
        first = replace(state, structure=state.structure.moved(self._first), velocities=nothing)
        return blame(self._engine, self._plan.dynamics, first, self._plan.temperature)

    def _set_out(self) -> None:
        bonds = reference(self._state.structure.moved(self._first), self._plan.temperature)
        self._bonds = bonds.without_bonds() if self._plan.bonds_may_break else bonds
        self._began_at = self._state.step
        self._began = self._saved_at = time.perf_counter()
        self._unstable: int | None = None
        self._because, self._bond = "", False

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """Close the files after an error, and name the disk if it is the cause."""
        try:
            yield
        except OSError as error:
            self._close()
            raise BadFile(
                f"{self._files.trajectory}: {(error.strerror or str(error)).lower()} at step {self._state.step}. "
                f"The checkpoint is of step {self._saved}; with `resume` the run goes on from there"
            ) from error
        except BaseException:
            self._close()
            raise

    def _close(self) -> None:
        for file in (self._trajectory, self._log):
            with contextlib.suppress(OSError):  # the full disk is reported already
                file.close()

    def _goes_on(self) -> bool:
        return self._state.step < self._plan.steps and self._unstable is None

    def _arrive(self, show: Show) -> None:
        """Handle a stop."""
        if self._due(self._plan.log_every):
            self._record()
            show(self._records[-1], (time.perf_counter() - self._began) / (self._state.step - self._began_at))
            fault = complaint(self._bonds, self._state.structure, self._records[-1].temperature)
            if fault is not None:
                self._unstable, self._because = self._state.step, f"step {self._state.step}: {fault.sentence}"
                self._bond = fault.bond
        if self._due(self._plan.every) or self._unstable is not None:
            self._trajectory.write(self._state)
        if self._state.step % REBUILD_STEPS == 0:
            self._hold()
            now = time.perf_counter()
            if now - self._saved_at >= self._plan.seconds_between_checkpoints:
                self._save()
                self._saved_at = now

    def _break(self, last: MotionState, why: str) -> None:
        """Handle a failed step: the files end with the state before it."""
        self._state, self._unstable, self._because = last, last.step + 1, why
        self._record_anyway()

    def _stops(self) -> tuple[int, int, int]:
        return self._plan.steps, self._plan.every, self._plan.log_every

    def _call(self, stop: int, per_step: float) -> int:
        """Return the steps of one call: all until the next stop, unless Ctrl-C would wait too long."""
        left = stop - self._state.step
        return left if per_step == 0 else max(1, min(left, int(LONGEST_CALL / per_step)))

    def _due(self, every: int) -> bool:
        return self._state.step % every == 0 or self._state.step == self._plan.steps

    def _record(self) -> None:
        record = recorded(self._state, self._plan.dynamics.dt, self._plan.freedom)
        self._records.append(record)
        self._log.write(record)

    def _record_anyway(self) -> None:
        """Record the last state, unless the files have it already."""
        if self._records[-1].step != self._state.step:
            self._record()
        if self._state.step % self._plan.every:
            self._trajectory.write(self._state)

    def _hold(self) -> None:
        self._held = RunCheckpoint(self._state, self._first, self._trajectory.mark(), self._log.mark(), self._settings)

    def _save(self) -> None:
        self._trajectory.sync()  # a checkpoint must not reach the disk before the data it refers to
        self._log.sync()
        save(self._files.checkpoint, self._held)
        self._saved = self._held.state.step


def run_settings(
    model_hash: str, engine: Engine, plan: RunPlan, seed: int, start: MotionState, keeps_velocities: bool = False
) -> dict[str, Any]:
    """Return the settings that must be equal to resume a run: everything but its length.

    Initial velocities count if they come from a file; drawn ones follow from the other settings.
    """
    heat_bath, structure = plan.dynamics.thermostat, start.structure
    given = (structure.species, structure.positions, structure.cell, structure.periodic, start.masses, start.is_fixed)
    arrays = (*given, start.velocities) if keeps_velocities else given
    return {
        "model": model_hash,
        "engine": engine.name,
        "backward_bits": backward_bits_of(engine),
        "atoms": len(start.structure),
        "start": hashlib.sha256(b"".join(np.ascontiguousarray(a).tobytes() for a in arrays)).hexdigest(),
        "dt": plan.dynamics.dt,
        "thermostat": None if heat_bath is None else heat_bath.kind,
        "relaxation": None if heat_bath is None else heat_bath.relaxation,
        "temperature": plan.temperature,
        "bonds_may_break": plan.bonds_may_break,
        "seed": seed,
        "every": plan.every,
        "log_every": plan.log_every,
    }
