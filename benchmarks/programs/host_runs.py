"""Evaluations and NVE steps in each program."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gaq.atoms.from_ase import to_ase
from gaq.atoms.structure import Structure
from gaq.engine.motion import Dynamics, MotionState
from gaq.engine.native import NativeEngine
from gaq.simulate.calculator import Calculator
from gaq.simulate.integrate import advance
from gaq.units import ACCELERATION, BOHR, HARTREE, KJ_PER_MOL, NANOMETER, PICOSECOND

DT = 0.5  # fs
BATCH = 32  # systems that torch-sim moves at once
ATOMIC_TIME = (ACCELERATION / (5.48579909065e-4 * BOHR**2) * HARTREE) ** -0.5  # fs: ħ/Hartree, by the electron's mass


@dataclass(frozen=True)
class Host:
    """A program with a loaded model."""

    evaluate: Callable[[Structure], tuple[float, np.ndarray]]  # eV and eV/Å
    run: Callable[[int], None]  # continues by so many steps


@contextmanager
def engine_alone(model: Path, state: MotionState) -> Iterator[Host]:
    """`gaq md` without files, in compiled code."""
    engine, now = NativeEngine.from_file(model), [state]

    def evaluate(structure: Structure) -> tuple[float, np.ndarray]:
        (prediction,) = engine.evaluate([structure])
        return prediction.energy, prediction.forces

    def run(steps: int) -> None:
        now[0] = advance(engine, now[0], Dynamics(DT), steps)

    yield Host(evaluate, run)


@contextmanager
def ase(model: Path, state: MotionState) -> Iterator[Host]:
    from ase import units
    from ase.md.verlet import VelocityVerlet

    atoms = to_ase(state.structure)
    atoms.calc = Calculator(model)
    atoms.set_masses(state.masses)
    atoms.set_velocities(state.velocities / units.fs)
    dynamics = VelocityVerlet(atoms, timestep=DT * units.fs)

    def evaluate(structure: Structure) -> tuple[float, np.ndarray]:
        other = to_ase(structure)
        other.calc = atoms.calc
        return other.get_potential_energy(), other.get_forces()

    yield Host(evaluate, dynamics.run)


@contextmanager
def openmm_reference(model: Path, state: MotionState) -> Iterator[Host]:
    yield _openmm(model, state, "Reference")


@contextmanager
def openmm_cpu(model: Path, state: MotionState) -> Iterator[Host]:
    """OpenMM in single precision."""
    yield _openmm(model, state, "CPU")


def _openmm(model: Path, state: MotionState, platform: str) -> Host:
    import openmm
    from openmm.unit import kilojoule_per_mole, nanometer

    from gaq.simulate.openmm import create_system

    def context() -> openmm.Context:
        integrator = openmm.VerletIntegrator(DT / PICOSECOND)
        system = create_system(model, state.structure.species)
        return openmm.Context(system, integrator, openmm.Platform.getPlatform(platform))

    moving, still = context(), context()
    moving.setPositions(state.structure.positions / NANOMETER)
    moving.setVelocities(state.velocities * (PICOSECOND / NANOMETER))

    def evaluate(structure: Structure) -> tuple[float, np.ndarray]:
        still.setPositions(structure.positions / NANOMETER)
        found = still.getState(getEnergy=True, getForces=True)
        forces = found.getForces(asNumpy=True).value_in_unit(kilojoule_per_mole / nanometer)
        energy = found.getPotentialEnergy().value_in_unit(kilojoule_per_mole)
        return energy * KJ_PER_MOL, forces * (KJ_PER_MOL / NANOMETER)

    def run(steps: int) -> None:
        moving.getIntegrator().step(steps)

    return Host(evaluate, run)


@contextmanager
def ipi_direct(model: Path, state: MotionState) -> Iterator[Host]:
    """i-PI, model loaded in its process."""
    source = """<ffdirect name='gaq' pbc='false'> <pes> custom </pes> <pes_path> pes.py </pes_path>
      <parameters> {template: start.xyz, model: MODEL} </parameters> </ffdirect>"""
    with _in_a_folder(state), _ipi(source.replace("MODEL", str(model)), state) as host:
        yield host


@contextmanager
def ipi_socket(model: Path, state: MotionState) -> Iterator[Host]:
    """`python -m gaq.simulate.ipi` on a local socket."""
    name = f"gaq-{uuid.uuid4().hex[:12]}"
    source = f"<ffsocket name='gaq' mode='unix' pbc='false'> <address> {name} </address> </ffsocket>"
    command = [sys.executable, "-P", "-m", "gaq.simulate.ipi", str(model), "start.xyz", "--unix", name]
    with _in_a_folder(state), subprocess.Popen(command, stdout=subprocess.DEVNULL) as client:
        try:
            with _ipi(source, state) as host:
                yield host
        finally:
            client.kill()


@contextmanager
def _in_a_folder(state: MotionState) -> Iterator[None]:
    """Run in a temporary folder."""
    import ase.io

    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        ase.io.write("start.xyz", to_ase(state.structure), format="xyz")
        atoms = to_ase(state.structure)
        atoms.positions /= BOHR
        ase.io.write("bohr.xyz", atoms, format="xyz", fmt="%25.15f")
        Path("pes.py").write_text("from gaq.simulate.ipi_pes import __DRIVER_CLASS__, Driver\n")
        try:
            yield
        finally:
            os.chdir(before)


@contextmanager
def _ipi(source: str, state: MotionState) -> Iterator[Host]:
    """i-PI in this process, in atomic units."""
    from ipi.scripting import InteractiveSimulation
    from ipi.utils.softexit import softexit

    electron = 5.48579909065e-4  # amu
    masses = ", ".join(repr(float(mass / electron)) for mass in state.masses)
    speeds = ", ".join(repr(float(v * ATOMIC_TIME / BOHR)) for v in state.velocities.ravel())
    simulation = InteractiveSimulation(
        f"""<simulation verbosity='quiet'> <output prefix='run'> </output> <total_steps> 100000000 </total_steps>
    {source}
    <system> <initialize nbeads='1'> <file mode='ase' units='atomic_unit'> bohr.xyz </file>
      <cell mode='abc' units='angstrom'> [50, 50, 50] </cell> <masses mode='manual'> [{masses}] </masses>
      <velocities mode='manual'> [{speeds}] </velocities> </initialize>
      <forces> <force forcefield='gaq'/> </forces>
      <ensemble> <temperature units='kelvin'> 300 </temperature> </ensemble>
      <motion mode='dynamics'> <dynamics mode='nve'> <timestep> {DT / ATOMIC_TIME} </timestep> </dynamics> </motion>
    </system> </simulation>"""
    )
    system, here = simulation.syslist[0], Path.cwd()

    def evaluate(structure: Structure) -> tuple[float, np.ndarray]:
        kept = np.array(system.beads.q)
        system.beads.q[:] = structure.positions.reshape(1, -1) / BOHR
        found = float(system.forces.pot) * HARTREE, np.array(system.forces.f).reshape(-1, 3) * (HARTREE / BOHR)
        system.beads.q[:] = kept
        return found

    def run(steps: int) -> None:
        os.chdir(here)  # i-PI writes restarts here
        simulation.run(steps, write_outputs=False)

    try:
        simulation.run(1, write_outputs=False)
        yield Host(evaluate, run)
    finally:
        simulation.stop()
        softexit.triggered = False


@contextmanager
def torch_sim_one(model: Path, state: MotionState) -> Iterator[Host]:
    yield _torch_sim(model, state, 1)


@contextmanager
def torch_sim_batch(model: Path, state: MotionState) -> Iterator[Host]:
    """torch-sim with `BATCH` systems."""
    yield _torch_sim(model, state, BATCH)


def _torch_sim(model: Path, state: MotionState, systems: int) -> Host:
    import torch
    import torch_sim

    from gaq.simulate.torch_sim import model_of

    wrapped, unit = model_of(model), ACCELERATION**-0.5

    def state_of(*structures: Structure) -> Any:
        return torch_sim.initialize_state([to_ase(s) for s in structures], torch.device("cpu"), torch.float64)

    begin, step = torch_sim.nve(wrapped, dt=torch.tensor(DT / unit, dtype=torch.float64), kT=torch.tensor(0.0))
    now = [begin(state_of(*[state.structure] * systems))]
    masses = torch.as_tensor(state.masses).repeat(systems)
    now[0].masses = masses
    now[0].momenta = masses[:, None] * torch.as_tensor(state.velocities * unit).repeat(systems, 1)

    def evaluate(structure: Structure) -> tuple[float, np.ndarray]:
        found = wrapped(state_of(*[structure] * systems))
        return float(found["energy"][-1]), found["forces"].numpy()[-len(structure) :]

    def run(steps: int) -> None:
        for _ in range(steps):
            now[0] = step(now[0])

    return Host(evaluate, run)


HOSTS = {
    "gaq": engine_alone,
    "ASE": ase,
    "OpenMM, Reference": openmm_reference,
    "OpenMM, CPU": openmm_cpu,
    "i-PI, direct": ipi_direct,
    "i-PI, socket": ipi_socket,
    "torch-sim": torch_sim_one,
    "torch-sim, batch": torch_sim_batch,
}
