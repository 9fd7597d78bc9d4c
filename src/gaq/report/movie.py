"""Trajectories for a viewer: a selection of frames with integer positions, read without the others."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np

from gaq.atoms.elements import SYMBOLS
from gaq.errors import BadFile
from gaq.files import readable_file
from gaq.simulate.trajectory import BINARY, TABLE, TABLE_AT

MOST_FRAMES, MOST_POSITIONS = 240, 300_000  # frames, and atoms of all frames together
MOST_PLACES = 1_000_000  # frames that are located
LONGEST_COUNT = 64  # bytes of the line with the number of atoms
SHORTEST_LINE = 8  # bytes of an atom: `H 0 0 0` and the end of the line
PLACE_BYTES = 8  # per entry in the frame table of ASE's binary files
STEP = 1e-3  # Å, of positions in the page


@dataclass(frozen=True, eq=False)
class Movie:
    """Frames of a trajectory of one system."""

    name: str
    symbols: tuple[str, ...]
    positions: np.ndarray  # [frame, atom, 3] Å
    time: np.ndarray | None  # [frame] fs, where the file says
    cell: np.ndarray | None  # [3, 3] Å, of the first frame, where it is periodic
    frames: int  # in the file

    def plain(self) -> dict[str, Any]:
        """Return JSON: positions as integers in thousandths of Å, little-endian, base64."""
        largest = float(np.abs(self.positions).max(initial=0.0)) / STEP
        kind = "<i2" if largest < 2**15 else "<i4"
        codes = np.rint(self.positions / STEP).astype(kind)
        return {
            "name": self.name,
            "symbols": list(self.symbols),
            "frames": len(self.positions),
            "bits": 16 if kind == "<i2" else 32,
            "positions": base64.b64encode(codes.tobytes()).decode("ascii"),
            "time": None if self.time is None else [round(float(t), 3) for t in self.time],
            "cell": None if self.cell is None else np.round(self.cell, 4).tolist(),
        }


def read_movie(path: Path, name: str) -> tuple[Movie, list[str]]:
    """Return evenly spaced frames including the last, and messages about incomplete ones. Raises `BadFile`."""
    readable_file(path)
    try:
        return _binary(path, name) if path.suffix in BINARY else _text(path, name)
    except BadFile:
        raise
    except Exception as error:  # damaged files raise all kinds of errors
        raise BadFile(f"{path} cannot be read as a trajectory ({error}). Run `gaq md` again.") from error


def chosen(frames: int, atoms: int) -> np.ndarray:
    """Return the indices of the selected frames."""
    most = max(1, min(MOST_FRAMES, MOST_POSITIONS // max(atoms, 1)))
    return np.unique(np.linspace(0, frames - 1, min(frames, most)).round().astype(int)) if frames else np.arange(0)


def _text(path: Path, name: str) -> tuple[Movie, list[str]]:
    """Read extended XYZ: locate the frames, then read the selected ones."""
    from ase.io import read

    places, atoms, notes = _places(path)
    if not places:
        raise BadFile(f"{path} has no complete frame. Was the run killed at its start?")
    frames = []
    with path.open("rb") as stream:
        for index in chosen(len(places), atoms):
            begin, end = places[index]
            stream.seek(begin)
            text = stream.read(end - begin).decode("utf-8", "replace")
            try:
                frames.append(read(io.StringIO(text), format="extxyz"))
            except Exception:  # an incomplete or edited line
                notes.append(f"{path.name}: frame {index} is incomplete; skipped.")
    if not frames:
        raise BadFile(f"{path} has no complete frame. Was the run killed at its start?")
    return _movie(path, name, frames, len(places), notes)


def _places(path: Path) -> tuple[list[tuple[int, int]], int, list[str]]:
    """Return begin and end of each complete frame, atoms of the first, and a note if the last is incomplete."""
    places: list[tuple[int, int]] = []
    atoms, notes = 0, []
    size = path.stat().st_size
    with path.open("rb") as stream:
        while len(places) < MOST_PLACES:
            begin = stream.tell()
            head = stream.readline(LONGEST_COUNT)
            if not head.strip():
                break
            try:
                count = int(head)
            except ValueError:
                notes.append(f"{path.name}: what follows frame {len(places)} is not a frame; skipped.")
                break
            if not 0 < count <= (size - begin) // SHORTEST_LINE:  # more atoms than the file can hold
                notes.append(f"{path.name}: frame {len(places)} is incomplete; skipped.")
                break
            lines = [stream.readline() for _ in range(count + 1)]
            # A last line without an end may contain half a number; files of one frame may be written this way.
            ended = all(line.endswith(b"\n") for line in lines[:-1]) and lines[-1].strip() != b""
            if not ended or (places and not lines[-1].endswith(b"\n")):
                notes.append(f"{path.name}: frame {len(places)} is incomplete; skipped.")
                break
            atoms = atoms or count
            if count == atoms:
                places.append((begin, stream.tell()))
            elif not notes:
                notes.append(f"{path.name}: frames of another number of atoms than the first are left out.")
    return places, atoms, notes


def _binary(path: Path, name: str) -> tuple[Movie, list[str]]:
    from ase.io.trajectory import TrajectoryReader

    _check_header(path)
    with TrajectoryReader(str(path)) as reader:
        count = len(reader)
        if count == 0:
            raise BadFile(f"{path} has no frame. Was the run killed at its start?")
        frames = [reader[int(index)] for index in chosen(count, len(reader[0]))]
    return _movie(path, name, frames, count, [])


def _check_header(path: Path) -> None:
    """Raise `BadFile` if the header promises more frames than the file can hold."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        stream.seek(TABLE_AT)
        head = stream.read(TABLE.size)
    frames, table = TABLE.unpack(head) if len(head) == TABLE.size else (-1, -1)
    if frames < 0 or not 0 <= table <= size or frames > (size - table) // PLACE_BYTES:
        reason = "its header names places outside of the file"
        raise BadFile(f"{path} cannot be read as a trajectory ({reason}). Run `gaq md` again.")


def _movie(path: Path, name: str, frames: list[Any], count: int, notes: list[str]) -> tuple[Movie, list[str]]:
    first = frames[0]
    alike = [f for f in frames if len(f) == len(first) and np.isfinite(f.get_positions()).all()]
    if len(alike) < len(frames):
        notes = [
            *notes,
            f"{path.name}: {len(frames) - len(alike)} frames with positions that are no numbers are left out.",
        ]
    if not alike:
        raise BadFile(f"{path} has no frame whose positions are numbers. Run `gaq md` again.")
    times = [f.info.get("time") for f in alike]
    known = all(isinstance(t, Real) for t in times)
    cell = np.asarray(first.cell) if first.pbc.any() else None
    symbols = tuple(SYMBOLS[z] for z in first.numbers)
    positions = np.array([f.get_positions() for f in alike])
    return Movie(name, symbols, positions, np.array(times, dtype=float) if known else None, cell, count), notes
