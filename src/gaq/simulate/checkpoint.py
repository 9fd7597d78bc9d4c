"""The checkpoint of a run: its exact state, the valid length of its files, and its settings.

Files are not trusted: types, shapes, ranges and finite numbers are checked before a state is built, because the
compiled engine reads and writes as many numbers as there are atoms.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gaq.atoms.checks import check_structure
from gaq.atoms.structure import Structure
from gaq.engine.motion import MotionState
from gaq.errors import BadFile, BadStructure, UsageError
from gaq.files import write_atomically
from gaq.formats.arrays import read_arrays
from gaq.formats.texts import strict_json
from gaq.simulate.growing import Mark

FORMAT, EARLIER = "gaq-dynamics-2", ("gaq-dynamics-1",)
WAY_OUT = "Put back the file of the run, or start again under another name."
MOST_STEPS = 2**62
# Contents of each array, in the order of writing; `n` is the number of atoms.
ARRAYS: dict[str, tuple[str, tuple[str | int, ...]]] = {
    "species": ("i", ("n",)),
    "positions": ("f", ("n", 3)),
    "cell": ("f", (3, 3)),
    "periodic": ("b", (3,)),
    "velocities": ("f", ("n", 3)),
    "masses": ("f", ("n",)),
    "forces": ("f", ("n", 3)),
    "fixed": ("b", ("n",)),
    "first": ("f", ("n", 3)),
}
TYPES = {"i": np.dtype(np.int64), "f": np.dtype(np.float64), "b": np.dtype(np.bool_)}


@dataclass(frozen=True, eq=False)
class RunCheckpoint:
    """The state of a run after a step."""

    state: MotionState
    first: np.ndarray  # [atom, 3] Å, positions at step 0, the reference of stability
    trajectory: Mark
    log: Mark
    settings: dict[str, Any]  # model, dt, thermostat, seed, …: must be equal to resume


def save(path: Path, checkpoint: RunCheckpoint) -> None:
    """Write the file in one step. Raises `BadFile`."""
    state, structure = checkpoint.state, checkpoint.state.structure
    about = {
        "format": FORMAT,
        "step": state.step,
        "energy": state.energy,
        "heat": state.heat,
        "trajectory": checkpoint.trajectory,
        "log": checkpoint.log,
        "told": checkpoint.settings,
    }
    values = {
        "species": structure.species,
        "positions": structure.positions,
        "cell": structure.cell,
        "periodic": structure.periodic,
        "velocities": state.velocities,
        "masses": state.masses,
        "forces": state.forces,
        "fixed": state.is_fixed,
        "first": checkpoint.first,
    }
    arrays = {name: np.asarray(values[name], dtype=TYPES[kind]) for name, (kind, _) in ARRAYS.items()}

    def fill(temporary: Path) -> None:
        with temporary.open("wb") as stream:
            np.savez(stream, about=np.array(json.dumps(about)), **arrays)  # type: ignore[arg-type]

    write_atomically(path, fill)


def load(path: Path) -> RunCheckpoint:
    """Read a checkpoint, checked. Raises `BadFile`."""
    held = read_arrays(path, WAY_OUT, ("about", *ARRAYS))
    try:
        about = _about(held.pop("about"))
        arrays = _arrays(held)
        structure = Structure(arrays["species"], arrays["positions"], arrays["cell"], arrays["periodic"])
        check_structure(structure)
        step, energy, heat = _count(about, "step"), _number(about, "energy"), _number(about, "heat")
        trajectory, log = _mark(about, "trajectory"), _mark(about, "log")
        if not isinstance(about["told"], dict):
            raise ValueError("the settings of the run are missing")
    except KeyError as error:
        raise BadFile(f"{path} is not the checkpoint of a run: it has no {error}. {WAY_OUT}") from None
    except (ValueError, TypeError, BadFile, BadStructure) as error:
        reason = str(error).rstrip(".") or type(error).__name__
        raise BadFile(f"{path} is not the checkpoint of a run: {reason}. {WAY_OUT}") from None
    state = MotionState(
        structure, arrays["velocities"], arrays["masses"], energy, arrays["forces"], step, heat, arrays["fixed"]
    )
    return RunCheckpoint(state, arrays["first"], trajectory, log, about["told"])


def check_same(path: Path, before: dict[str, Any], now: dict[str, Any]) -> None:
    """Raise `UsageError` with the settings that differ from those of the start."""
    changed = [name for name, value in now.items() if before.get(name) != value]
    if changed:
        raise UsageError(
            f"{path} belongs to another run: {'; '.join(_difference(n, before.get(n), now[n]) for n in changed)}. Give "
            f"what it began with to continue it, or choose another name for the trajectory to start again"
        )


def _difference(name: str, before: object, now: object) -> str:
    """Describe a difference; long arrays and hashes are not printed."""
    if isinstance(before, list) or isinstance(now, list) or name in ("start", "model"):
        return f"the {name} is different"
    return f"{name} was {before!r} and is {now!r}"


def _about(array: np.ndarray) -> dict[str, Any]:
    if array.shape != () or array.dtype.kind != "U":
        raise ValueError(f"its description is {array.dtype} of shape {array.shape}; expected a text")
    about = strict_json(str(array), "its description", "It is damaged.")
    if not isinstance(about, dict):
        raise ValueError("its description is not an object")
    if about["format"] in EARLIER:
        raise ValueError(f"it is of an earlier version of gaq ({about['format']}), which can finish that run")
    if about["format"] != FORMAT:
        raise ValueError(f"its format is {str(about['format'])[:40]!r}; expected {FORMAT!r}")
    return about


def _arrays(held: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the arrays after checking types, shapes and finite numbers."""
    atoms = len(held["species"]) if held["species"].ndim == 1 else 0
    for name, (kind, form) in ARRAYS.items():
        array, shape = held[name], tuple(atoms if size == "n" else size for size in form)
        if array.dtype != TYPES[kind] or array.shape != shape:
            raise ValueError(
                f"{name} is {array.dtype} of shape {array.shape}; expected {TYPES[kind]} of shape {shape} for {atoms} "
                f"atoms"
            )
        if kind == "f" and not np.isfinite(array).all():
            raise ValueError(f"{name} has numbers that are not finite")
    if not (held["masses"] > 0).all():
        raise ValueError("masses are not all positive")
    if held["velocities"][held["fixed"]].any():
        raise ValueError("atoms that are fixed have velocities")
    return held


def _number(about: dict[str, Any], name: str) -> float:
    value = about[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{name} is {str(value)[:40]}; expected a finite number")
    return float(value)


def _count(about: dict[str, Any], name: str) -> int:
    value = about[name]
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_STEPS:
        raise ValueError(f"{name} is {str(value)[:40]}; expected an integer of 0 or more")
    return value


def _mark(about: dict[str, Any], name: str) -> Mark:
    value = about[name]
    if not isinstance(value, dict) or "bytes" not in value:
        raise ValueError(f"the mark of the {name} is {str(value)[:40]}; expected its length")
    return {key: _count(value, key) for key in value}
