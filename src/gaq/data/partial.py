"""Settings of a labelling run, and the partial file of an unfinished one.

A partial file holds the frames so far and the exact state of the dynamics, so that a resumed run gives the same
frames as an uninterrupted one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from gaq.errors import BadFile, UsageError
from gaq.files import write_atomically
from gaq.formats.arrays import read_arrays
from gaq.formats.texts import strict_json

WAY_OUT = "Delete it and start again without `resume`."


@dataclass(frozen=True)
class Settings:
    """Everything that determines the frames."""

    molecule: str  # as the user named it, without folders
    species: tuple[int, ...]
    positions: tuple[tuple[float, float, float], ...]  # Å
    method: str  # gfn2-xtb or gfn1-xtb
    temperature: float  # K
    frames: int
    interval: int  # steps between frames
    timestep: float  # fs
    equilibration: float  # fs before the first frame of each replica
    seed: int
    replicas: int
    charge: int
    multiplicity: int

    def frames_of(self, replica: int) -> int:
        """Return the number of frames of a replica: equal shares, the first ones take the remainder."""
        return self.frames // self.replicas + (replica < self.frames % self.replicas)


@dataclass(frozen=True)
class LabelProgress:
    """Frames of a replica so far, and the state of its dynamics. Å, eV, eV/Å, ASE momenta."""

    segments: int  # finished stretches of `interval` steps, equilibration included
    positions: np.ndarray
    momenta: np.ndarray
    random_state: Mapping[str, Any]
    frames: tuple[tuple[np.ndarray, float, np.ndarray], ...] = field(default=())


def save_progress(partial: Path, progress: LabelProgress, settings: Settings) -> None:
    """Write everything needed to continue exactly. Raises BadFile."""
    shape = (-1, len(settings.species), 3)
    arrays: dict[str, Any] = {
        "positions": np.array([f[0] for f in progress.frames]).reshape(shape),
        "energies": np.array([f[1] for f in progress.frames]),
        "forces": np.array([f[2] for f in progress.frames]).reshape(shape),
        "last_positions": progress.positions,
        "last_momenta": progress.momenta,
        "segments": np.array(progress.segments),
        "random_state": np.array(json.dumps(progress.random_state)),
        "settings": np.array(settings_text(settings)),
    }

    def write(temporary: Path) -> None:
        with open(temporary, "wb") as stream:
            np.savez(stream, **arrays)

    write_atomically(partial, write)


def load_progress(partial: Path, settings: Settings) -> LabelProgress:
    """Read a partial file. Raises BadFile if it is broken, UsageError for other settings."""
    arrays = read_arrays(partial, WAY_OUT)
    try:
        made_with = _table(arrays, "settings", partial)
        frames = tuple(zip(arrays["positions"], map(float, arrays["energies"]), arrays["forces"], strict=True))
        shape = (len(settings.species), 3)
        fits = all(one.shape == shape and one.dtype == np.float64 for frame in frames for one in (frame[0], frame[2]))
        progress = LabelProgress(
            int(arrays["segments"]),
            arrays["last_positions"],
            arrays["last_momenta"],
            _table(arrays, "random_state", partial),
            frames,
        )
        fits &= progress.positions.shape == progress.momenta.shape == shape and progress.segments >= 0
    except (KeyError, ValueError, TypeError, OverflowError) as error:
        raise BadFile(f"{partial} is damaged ({error}). {WAY_OUT}") from None
    wanted = json.loads(settings_text(settings))
    # The file of the molecule may have been renamed; its atoms must be the same.
    different = [
        f"{key} {made_with.get(key)} then, {wanted[key]} now"
        for key in wanted
        if key != "molecule" and made_with.get(key) != wanted[key]
    ]
    if different:
        raise UsageError(
            f"{partial} was made with other settings: {'; '.join(different)}. Repeat the earlier options "
            f"with `resume`, or delete the partial files."
        )
    if not fits:
        raise BadFile(f"{partial} is damaged: its arrays do not fit the molecule. {WAY_OUT}")
    return progress


def _table(arrays: Mapping[str, np.ndarray], key: str, partial: Path) -> dict[str, Any]:
    table = strict_json(str(arrays[key]), f"{partial} is damaged: {key}", WAY_OUT)
    if not isinstance(table, dict):
        raise BadFile(f"{partial} is damaged: {key} is no table. {WAY_OUT}")
    return table


def settings_text(settings: Settings) -> str:
    """Return the settings as JSON; equal settings give equal texts."""
    return json.dumps(asdict(settings), sort_keys=True)
