"""Rows of any age: what a line lacks is filled in, what cannot be read is passed over and named."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from gaq.errors import BadFile
from gaq.files import lines_of
from gaq.measure.ledger import COUNTS, TEXTS, Row
from gaq.report.notes import Notes

UNKNOWN = "unknown"
MOST_LINES = 200_000  # that are read of one file
MOST_KEYS = 20  # unknown ones that are named
DEFAULTS: dict[str, Any] = {"unit": "", "recipe": UNKNOWN, "engine": UNKNOWN, "data": UNKNOWN, "n": 0}
NAMES = frozenset(field.name for field in fields(Row))
NUMBERS = NAMES - TEXTS - COUNTS - {"passed"}


@dataclass(frozen=True)
class OldRows:
    """Rows of a file, and sentences about the lines that are not whole."""

    rows: tuple[Row, ...]
    notes: tuple[str, ...]


def read_old_rows(path: Path) -> OldRows:
    """Return every row that has a metric and a value, whatever version wrote it."""
    rows: list[Row] = []
    notes = Notes()
    unknown: set[str] = set()
    lacking: set[str] = set()
    broken = 0  # the last line that is not whole
    number = 0
    try:
        for number, line in enumerate(lines_of(path), start=1):
            if number > MOST_LINES:
                notes.add(f"{path.name}: what follows line {MOST_LINES:,} is passed over.")
                break
            if not line.strip():
                continue
            try:
                found = json.loads(line)
            except (ValueError, RecursionError):
                notes.add(f"{path.name}, line {number}: not whole JSON; passed over.")
                broken = number
                continue
            row = _row(found, path)
            if isinstance(row, str):
                notes.add(f"{path.name}, line {number}: {row}; passed over.")
                continue
            unknown |= set(found) - NAMES
            lacking |= {name for name in (*DEFAULTS, "model") if name not in found}
            rows.append(row)
    except BadFile as error:
        return OldRows((), (str(error),))
    said = notes.said
    if broken == number > 0:
        said.append(f"{path.name} ends in the middle of a line: the file was cut short.")
    if unknown:
        said.append(f"{path.name}: keys of another version are not shown: {', '.join(sorted(unknown)[:MOST_KEYS])}.")
    if lacking:
        said.append(f"{path.name}: some rows lack {', '.join(sorted(lacking))}; they are of an older version.")
    return OldRows(tuple(rows), tuple(said))


def _row(found: object, path: Path) -> Row | str:
    """The row, or why there is none."""
    if not isinstance(found, dict):
        return f"a row is a JSON object, not {type(found).__name__}"
    if not isinstance(found.get("metric"), str):
        return "it has no metric"
    if _number(found.get("value")) is None:
        return f"the value of {found['metric']} is {repr(found.get('value'))[:60]}, no number"
    values = DEFAULTS | {"model": path.stem} | {k: v for k, v in found.items() if k in NAMES and v is not None}
    return Row(**{name: fit for name, value in values.items() if (fit := _fitted(name, value)) is not None})


def _fitted(name: str, value: Any) -> Any:
    if name in NUMBERS:
        return _number(value)
    if name in COUNTS:
        number = _number(value)
        whole = number is not None and abs(number) < 2**63
        return int(number) if whole and number is not None else DEFAULTS.get(name)
    if name == "passed":
        return value if isinstance(value, bool) else None
    return str(value)


def _number(value: object) -> float | None:
    """Return a number, also one that JSON writes as a text; None for all else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None
