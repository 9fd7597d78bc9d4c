"""The log of a run as a text table, one line per record: for plots, for `numpy.loadtxt`, and to resume."""

from __future__ import annotations

from pathlib import Path

from gaq.errors import BadFile
from gaq.simulate.growing import GrowingFile, Mark
from gaq.simulate.log import Record

HEAD = "# step  time/fs  potential/eV  kinetic/eV  heat/eV  temperature/K  Px Py Pz/(amu Å/fs)  Lx Ly Lz/(amu Å²/fs)\n"
COLUMNS = 12


class LogFile(GrowingFile):
    """A file of records, with enough digits to restore the same bits."""

    def __init__(self, path: Path, at: Mark | None = None) -> None:
        super().__init__(path, at)
        if at is None:
            self.append(HEAD)

    def write(self, record: Record) -> None:
        """Add a line."""
        numbers = (record.time, record.potential, record.kinetic, record.heat, record.temperature)
        line = " ".join(f"{x:.17g}" for x in (*numbers, *record.momentum, *record.angular_momentum))
        self.append(f"{record.step} {line}\n")


def read_log(path: Path, at: Mark | None = None) -> list[Record]:
    """Return the records of a log, up to a mark if given. Raises `BadFile`."""
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
        raise BadFile(f"{path} is not a complete log of a run ({error}): {line[:60]!r}") from error
    return Record(step, time, potential, kinetic, heat, temperature, (rest[0], rest[1], rest[2]), tuple(rest[3:]))  # type: ignore[arg-type]
