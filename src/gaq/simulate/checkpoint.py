"""Where a run can be taken up: the state to the last bit, how far its files are whole, and what it was told."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gaq.atoms.structure import Structure
from gaq.engine.motion import State
from gaq.errors import BadFile, UsageError
from gaq.files import readable_file, write_atomically
from gaq.simulate.growing import Mark

FORMAT = "gaq-dynamics-1"
ARRAYS = ("species", "positions", "cell", "periodic", "velocities", "masses", "forces", "first")


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """One whole step of a run."""

    state: State
    first: np.ndarray  # [atom, 3] Å, positions at step 0, which stability is judged by
    trajectory: Mark
    log: Mark
    told: dict[str, Any]  # model, dt, thermostat, seed, …: what must be the same to go on


def save(path: Path, checkpoint: Checkpoint) -> None:
    """Write the file at one stroke."""
    state, structure = checkpoint.state, checkpoint.state.structure
    about = {
        "format": FORMAT,
        "step": state.step,
        "energy": state.energy,
        "heat": state.heat,
        "trajectory": checkpoint.trajectory,
        "log": checkpoint.log,
        "told": checkpoint.told,
    }
    arrays = (
        structure.species,
        structure.positions,
        structure.cell,
        structure.periodic,
        state.velocities,
        state.masses,
        state.forces,
        checkpoint.first,
    )

    def fill(temporary: Path) -> None:
        with temporary.open("wb") as stream:
            np.savez(stream, about=np.array(json.dumps(about)), **dict(zip(ARRAYS, arrays, strict=True)))  # type: ignore[arg-type]

    write_atomically(path, fill)


def load(path: Path) -> Checkpoint:
    """Read it back. Raises `BadFile`."""
    try:
        with readable_file(path).open("rb") as stream, np.load(stream, allow_pickle=False) as given:
            about = json.loads(str(given["about"]))
            if about["format"] != FORMAT:
                raise ValueError(f"format {about['format']!r}")
            species, positions, cell, periodic, velocities, masses, forces, first = (given[name] for name in ARRAYS)
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise BadFile(f"{path} is not the checkpoint of a run of `gaq md` ({error})") from error
    structure = Structure(species, positions, cell, periodic)
    state = State(structure, velocities, masses, about["energy"], forces, about["step"], about["heat"])
    return Checkpoint(state, first, about["trajectory"], about["log"], about["told"])


def check_same(path: Path, before: dict[str, Any], now: dict[str, Any]) -> None:
    """Raises `UsageError` that names what was told otherwise when the run began."""
    differences = [
        f"{name} was {before.get(name)!r} and is {value!r}" for name, value in now.items() if before.get(name) != value
    ]
    if differences:
        raise UsageError(
            f"{path} belongs to another run: {'; '.join(differences)}. Say the same to go on with it, or choose "
            f"another name for the trajectory to begin anew"
        )
