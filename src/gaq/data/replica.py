"""One replica of a labelling run: Langevin dynamics of a molecule with xTB, in stretches.

A frame is labelled by a calculation from scratch, and the dynamics continue from that same calculation. So nothing
depends on earlier calculations: a replica continues bit for bit from the end of any stretch, in another process or
on another machine. The xTB library gives the same bits with the same number of threads; the processes of a farm have
one.
"""

from __future__ import annotations

import contextlib
import importlib.util
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from gaq.data.partial import LabelProgress, Settings
from gaq.errors import Diverged, NotAvailable
from gaq.extras import how_to_install

FRICTION = 0.02  # 1/fs; decorrelates within tens of fs and preserves bond vibrations
RELAXED = 0.01  # eV/Å, largest force of the starting geometry


@dataclass(frozen=True, eq=False)
class Stretch:
    """The next work of a replica."""

    replica: int
    start: LabelProgress | None  # its state, without frames; None before its start
    wanted: int  # frames that are missing
    seconds: float  # the stretch ends at the first frame after this time


def make_stretch(settings: Settings, stretch: Stretch) -> LabelProgress:
    """Return the new state of the replica, with the frames of this stretch only.

    Raises Diverged if the self-consistent field does not converge, NotAvailable without tblite.
    """
    expect_tblite()
    began = time.monotonic()
    progress = stretch.start or _start(settings, stretch.replica)
    made = settings.frames_of(stretch.replica) - stretch.wanted
    while len(progress.frames) < stretch.wanted:
        progress = _advance(progress, settings, stretch.replica, made)
        if time.monotonic() - began > stretch.seconds:
            break
    return progress


def expect_tblite() -> None:
    """Raise NotAvailable if tblite is not installed."""
    if importlib.util.find_spec("tblite") is None:
        raise NotAvailable(f"labels are made with tblite, which is not installed. {how_to_install('label')}")


def _start(settings: Settings, replica: int) -> LabelProgress:
    """Return the relaxed molecule with thermal velocities from this replica's random generator."""
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
    return LabelProgress(0, atoms.positions.copy(), momenta, generator.bit_generator.state)


def _advance(progress: LabelProgress, settings: Settings, replica: int, made: int) -> LabelProgress:
    """Label the current frame, unless the dynamics are still equilibrating, then run `interval` steps.

    `made` frames were made in earlier stretches.
    """
    from ase import Atoms, units
    from ase.md.langevin import Langevin

    atoms = Atoms(numbers=settings.species, positions=progress.positions, momenta=progress.momenta)
    atoms.positions -= atoms.get_center_of_mass()  # diffusion through empty space only costs digits
    atoms.calc = _calculator(settings)
    warm = round(np.ceil(settings.equilibration / (settings.interval * settings.timestep)))
    frames = progress.frames
    generator = np.random.default_rng(0)
    generator.bit_generator.state = progress.random_state
    with _explained(settings, f"replica {replica}, frame {made + len(frames)}"):
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
            f"{settings.molecule}, replica {replica}: positions are no longer finite. "
            "Lower `timestep` or `temperature`."
        )
    state = generator.bit_generator.state
    return LabelProgress(progress.segments + 1, atoms.positions.copy(), atoms.get_momenta(), state, frames)


def _calculator(settings: Settings) -> Any:
    from tblite.ase import TBLite

    return TBLite(
        method={"gfn2-xtb": "GFN2-xTB", "gfn1-xtb": "GFN1-xTB"}[settings.method],
        charge=settings.charge,
        multiplicity=settings.multiplicity,
        accuracy=0.01,  # forces accurate to 1e-7 eV/Å; the default, 1e-5, is a tenth faster
        verbosity=0,
    )


@contextlib.contextmanager
def _explained(settings: Settings, place: str) -> Iterator[None]:
    """Turn failures of the xTB library into an error with the place and the way out."""
    try:
        yield
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise Diverged(
            f"{settings.method} failed for {settings.molecule} ({place}): {reason}. Lower `timestep` or "
            f"`temperature`, or check the elements, the charge and the multiplicity."
        ) from error
