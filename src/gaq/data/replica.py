"""One replica of a labelling run: Langevin dynamics of a molecule with xTB, in a process of its own.

Run as `python -m gaq.data.replica`: jobs come as one JSON object on standard input, each finished frame
leaves as one JSON line. A process of its own gets its own thread count and output before the xTB library is
loaded, and can be stopped at any frame.

A frame is labelled by a calculation from scratch, and the dynamics after it start from that same
calculation. So nothing depends on what was computed before, and a replica that was interrupted goes on bit
for bit.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from gaq.data.partial import Progress, Settings, load_progress, save_progress
from gaq.errors import Diverged, GaqError

FRICTION = 0.02  # 1/fs; decorrelates within tens of fs and leaves bond vibrations intact
RELAXED = 0.01  # eV/Å, largest force of the starting geometry
SECONDS_BETWEEN_SAVES = 2.0


def run_replica(
    settings: Settings, replica: int, partial: Path, stop: Callable[[], bool], report: Callable[[int], None]
) -> None:
    """Makes the frames of one replica, from `partial` on if it is there, saving to it now and then.

    `stop` is asked after each frame; `report` is told how many frames there are. Raises Diverged when the
    self-consistent field does not converge, BadFile when `partial` cannot be read or written.
    """
    progress = load_progress(partial, settings) if partial.exists() else _start(settings, replica)
    report(len(progress.frames))
    saved = time.monotonic()
    while len(progress.frames) < settings.frames_of(replica):
        progress = _advance(progress, settings, replica)
        report(len(progress.frames))
        if stop() or time.monotonic() - saved > SECONDS_BETWEEN_SAVES:
            save_progress(partial, progress, settings)
            saved = time.monotonic()
        if stop():
            return
    save_progress(partial, progress, settings)


def _start(settings: Settings, replica: int) -> Progress:
    """The relaxed molecule with velocities drawn for the temperature, by this replica's own generator."""
    from ase import Atoms, units
    from ase.optimize import BFGS

    atoms = Atoms(numbers=settings.species, positions=settings.positions)
    atoms.calc = _calculator(settings)
    with _explained(settings, f"replica {replica}, relaxation"):
        converged = BFGS(atoms, logfile=None).run(fmax=RELAXED, steps=1000)
    if not converged:
        raise Diverged(
            f"{settings.molecule} did not relax below {RELAXED} eV/Å in 1000 steps with {settings.method}. "
            f"Give a better starting geometry, or check charge and multiplicity."
        )
    generator = np.random.default_rng(np.random.SeedSequence([settings.seed, replica]))
    width = np.sqrt(units.kB * settings.temperature * atoms.get_masses())[:, None]
    momenta = width * generator.standard_normal((len(atoms), 3))
    return Progress(0, atoms.positions.copy(), momenta, generator.bit_generator.state)


def _advance(progress: Progress, settings: Settings, replica: int) -> Progress:
    """A label where the dynamics stand, unless they are still equilibrating, then `interval` steps."""
    from ase import Atoms, units
    from ase.md.langevin import Langevin

    atoms = Atoms(numbers=settings.species, positions=progress.positions, momenta=progress.momenta)
    atoms.positions -= atoms.get_center_of_mass()  # diffusion through empty space only costs digits
    atoms.calc = _calculator(settings)
    warm = round(np.ceil(settings.equilibration / (settings.interval * settings.timestep)))
    frames = progress.frames
    generator = np.random.default_rng(0)
    generator.bit_generator.state = progress.random_state
    with _explained(settings, f"replica {replica}, frame {len(frames)}"):
        if progress.segments >= warm:
            frames = (
                *frames,
                (atoms.positions.copy(), float(atoms.get_potential_energy()), atoms.get_forces()),
            )
        dynamics = Langevin(
            atoms,
            settings.timestep * units.fs,
            temperature_K=settings.temperature,
            friction=FRICTION / units.fs,
            fixcm=False,
            rng=generator,
        )
        dynamics.run(settings.interval)
    if not np.isfinite(atoms.positions).all():
        raise Diverged(
            f"{settings.molecule}, replica {replica}: positions are no longer finite. Lower --dt or --temperature."
        )
    state = generator.bit_generator.state
    return Progress(progress.segments + 1, atoms.positions.copy(), atoms.get_momenta(), state, frames)


def _calculator(settings: Settings) -> Any:
    from tblite.ase import TBLite

    return TBLite(
        method={"gfn2-xtb": "GFN2-xTB", "gfn1-xtb": "GFN1-xTB"}[settings.method],
        charge=settings.charge,
        multiplicity=settings.multiplicity,
        accuracy=0.01,  # forces good to 1e-7 eV/Å; costs a tenth more than the default, which gives 1e-5
        verbosity=0,
    )


@contextlib.contextmanager
def _explained(settings: Settings, place: str) -> Iterator[None]:
    """Turns the failures of the xTB library into an error that says where and what to do."""
    try:
        yield
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise Diverged(
            f"{settings.method} failed for {settings.molecule} ({place}): {reason}. Lower --dt or "
            f"--temperature, or check the elements, the charge and the multiplicity."
        ) from error


def main() -> int:
    """Reads a job from standard input, runs its replicas in turn, and reports on standard output."""
    job = json.loads(sys.stdin.readline())
    protocol = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the Fortran library writes to file descriptor 1
    stopped: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: stopped.append(number))
    raw = job["settings"]
    settings = Settings(**{**raw, "species": tuple(raw["species"]), "positions": tuple(map(tuple, raw["positions"]))})

    def send(message: dict[str, Any]) -> None:
        try:
            print(json.dumps(message), file=protocol, flush=True)
        except BrokenPipeError:  # whoever started us is gone: save and leave
            stopped.append(0)

    try:
        for replica, partial in job["replicas"]:
            if not stopped:
                report = functools.partial(_send_count, send, replica)
                run_replica(settings, replica, Path(partial), lambda: bool(stopped), report)
    except GaqError as error:
        send({"error": type(error).__name__, "text": str(error)})
        return error.exit_code
    return 0


def _send_count(send: Callable[[dict[str, Any]], None], replica: int, frames: int) -> None:
    send({"replica": replica, "frames": frames})


if __name__ == "__main__":
    sys.exit(main())
