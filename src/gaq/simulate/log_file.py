"""The log of a run as a table of text, a line a record: for a plot, for `numpy.loadtxt`, and for a resume."""

from __future__ import annotations

import os
from pathlib import Path

from gaq.errors import BadFile
from gaq.simulate.log import Record
from gaq.simulate.trajectory import Mark

HEAD = "# step  time/fs  potential/eV  kinetic/eV  heat/eV  temperature/K  Px Py Pz/(amu Å/fs)  Lx Ly Lz/(amu Å²/fs)\n"
COLUMNS = 12


class LogFile:
    """A file that records are added to, with as many digits as give back the same bits."""

    def __init__(self, path: Path, at: Mark | None = None) -> None:
        """Begins a new log, or goes on with one that is cut back to a mark."""
        self._stream = path.open("wb" if at is None else "r+b")
        if at is None:
            self._stream.write(HEAD.encode())
        else:
            self._stream.truncate(at["bytes"])
            self._stream.seek(at["bytes"])

    def write(self, record: Record) -> None:
        """Add a line."""
        numbers = (record.time, record.potential, record.kinetic, record.heat, record.temperature)
        line = " ".join(f"{x:.17g}" for x in (*numbers, *record.momentum, *record.angular_momentum))
        self._stream.write(f"{record.step} {line}\n".encode())

    def mark(self) -> Mark:
        """Where the file ends now."""
        return {"bytes": self._stream.tell()}

    def sync(self) -> None:
        """Wait until what was written is on the disk."""
        self._stream.flush()
        os.fsync(self._stream.fileno())

    def close(self) -> None:
        """Nothing more is written."""
        self._stream.close()


def read_log(path: Path, at: Mark | None = None) -> list[Record]:
    """The records of a log, up to a mark if one is given. Raises `BadFile`."""
    try:
        text = path.read_bytes()[: None if at is None else at["bytes"]].decode()
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile(f"{path} cannot be read as the log of a run: {error}") from error
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [_record(path, line) for line in lines]


def _record(path: Path, line: str) -> Record:
    parts = line.split()
    try:
        if len(parts) != COLUMNS:
            raise ValueError(f"{len(parts)} columns")
        step, (time, potential, kinetic, heat, temperature, *rest) = int(parts[0]), map(float, parts[1:])
    except ValueError as error:
        raise BadFile(f"{path} is not a whole log of a run ({error}): {line[:60]!r}") from error
    return Record(step, time, potential, kinetic, heat, temperature, (rest[0], rest[1], rest[2]), tuple(rest[3:]))  # type: ignore[arg-type]
