"""Trajectories that grow frame by frame: extended XYZ, which most programs read, and ASE's smaller binary format."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from gaq.atoms.from_ase import to_ase
from gaq.engine.motion import MotionState
from gaq.errors import BadFile, UsageError
from gaq.simulate.growing import GrowingFile, Mark
from gaq.simulate.velocities import masses_of

XYZ, BINARY = (".xyz", ".extxyz"), (".traj",)
# ASE's binary files begin with a header of 48 bytes; its last 16, the number of frames and the position of their table,
# change in place.
BEGINNING = b"- of Ulm"
TABLE_AT = 32
TABLE = struct.Struct("<qq")


class Trajectory(Protocol):
    """A file of frames."""

    def write(self, state: MotionState) -> None:
        """Add a frame: positions, energy, forces, momenta, time and step."""
        ...

    def mark(self) -> Mark:
        """Return the current length of the file."""
        ...

    def sync(self) -> None:
        """Wait until everything written is on the disk."""
        ...

    def close(self) -> None:
        """Close the file."""
        ...


def open_trajectory(path: Path, dt: float, at: Mark | None = None) -> Trajectory:
    """Open a trajectory in the format of its ending: a new one, or an old one cut back to a mark."""
    check_ending(path)
    return XyzTrajectory(path, dt, at) if path.suffix in XYZ else BinaryTrajectory(path, dt, at)


def check_ending(path: Path) -> None:
    """Raise `UsageError` for another ending."""
    if path.suffix not in XYZ + BINARY:
        raise UsageError(
            f"{path}: a trajectory is extended XYZ ({', '.join(XYZ)}) or ASE's binary format ({', '.join(BINARY)}); "
            f"{path.suffix or 'no ending'} is neither"
        )


class XyzTrajectory(GrowingFile):
    """Extended XYZ with 17 significant digits, which restore the same bits."""

    def __init__(self, path: Path, dt: float, at: Mark | None = None) -> None:
        super().__init__(path, at)
        self._dt = dt

    def write(self, state: MotionState) -> None:
        """Add a frame."""
        self.append(frame_text(state, self._dt))


class BinaryTrajectory:
    """ASE's own format, eight bytes per number."""

    def __init__(self, path: Path, dt: float, at: Mark | None = None) -> None:
        from ase.io.trajectory import TrajectoryWriter

        self._dt, self._path = dt, path
        if at is not None:
            with path.open("r+b") as stream:
                if stream.read(len(BEGINNING)) != BEGINNING:
                    raise BadFile(f"{path} is not an ASE trajectory; expected the one of its checkpoint")
                stream.truncate(at["bytes"])
                stream.seek(TABLE_AT)
                stream.write(TABLE.pack(at["frames"], at["table"]))
        self._writer = TrajectoryWriter(str(path), "w" if at is None else "a")

    def write(self, state: MotionState) -> None:
        atoms = to_ase(state.structure)
        if _has_own_masses(state):
            atoms.set_masses(state.masses)
        atoms.set_momenta(momenta(state))
        if state.is_fixed.any():
            from ase.constraints import FixAtoms

            atoms.set_constraint(FixAtoms(mask=state.is_fixed))
        atoms.info.update(time=state.step * self._dt, step=state.step)
        self._writer.write(atoms, energy=state.energy, forces=state.forces)

    def mark(self) -> Mark:
        file = self._writer.backend
        return {"bytes": int(file.fd.tell()), "frames": int(file.nitems), "table": int(file.pos0)}

    def sync(self) -> None:
        stream = self._writer.backend.fd
        stream.flush()
        os.fsync(stream.fileno())

    def close(self) -> None:
        self._writer.close()


def _has_own_masses(state: MotionState) -> bool:
    """Return whether masses differ from the standard ones, which readers assume."""
    return not np.array_equal(state.masses, masses_of(state.structure))


def momenta(state: MotionState) -> Any:
    """Return momenta [atom, 3] in ASE's units, with time in Å √(amu/eV)."""
    from ase import units

    return state.masses[:, None] * state.velocities / units.fs


def frame_text(state: MotionState, dt: float) -> str:
    """Return one frame: Lattice and pbc if periodic, energy (eV), time (fs), step; per atom positions (Å), forces
    (eV/Å), momenta (ASE's units) and, unless standard, masses (amu) and mobility.
    """
    from ase.data import chemical_symbols

    structure = state.structure
    head = f"energy={state.energy:.17g} time={state.step * dt:.17g} step={state.step}"
    if structure.periodic.any():
        lattice = " ".join(f"{x:.17g}" for x in structure.cell.ravel())
        head = f'Lattice="{lattice}" {head}'
    periodic = " ".join("T" if p else "F" for p in structure.periodic)
    columns = "species:S:1:pos:R:3:forces:R:3:momenta:R:3"
    table = [structure.positions, state.forces, momenta(state)]
    if _has_own_masses(state):
        columns += ":masses:R:1"
        table.append(state.masses[:, None])
    ends = [""] * len(structure)
    if state.is_fixed.any():
        columns += ":move_mask:L:1"
        ends = [" F" if fixed else " T" for fixed in state.is_fixed.tolist()]
    atoms = [
        f"{chemical_symbols[z]} " + " ".join(f"{x:.17g}" for x in line) + end
        for z, line, end in zip(structure.species.tolist(), np.hstack(table).tolist(), ends, strict=True)
    ]
    return "\n".join([str(len(structure)), f'Properties={columns} pbc="{periodic}" {head}', *atoms]) + "\n"
