"""Rows of any version of gaq: missing fields are filled in, unreadable lines are skipped and reported."""

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
MOST_LINES = 200_000  # read from one file
MOST_KEYS = 20  # unknown keys reported
DEFAULTS: dict[str, Any] = {"unit": "", "recipe": UNKNOWN, "engine": UNKNOWN, "data": UNKNOWN, "n": 0}
NAMES = frozenset(field.name for field in fields(Row))
NUMBERS = NAMES - TEXTS - COUNTS - {"passed"}


@dataclass(frozen=True)
class OldRows:
    """Rows of a file, and messages about invalid lines."""

    rows: tuple[Row, ...]
    notes: tuple[str, ...]


def read_old_rows(path: Path) -> OldRows:
    """Return every row with a metric and a value, of any version."""
    rows: list[Row] = []
    notes = Notes()
    unknown: set[str] = set()
    lacking: set[str] = set()
    broken = 0  # the last invalid line
    number = 0
    try:
        for number, line in enumerate(lines_of(path), start=1):
            if number > MOST_LINES:
                notes.add(f"{path.name}: what follows line {MOST_LINES:,} is skipped.")
                break
            if not line.strip():
                continue
            try:
                found = json.loads(line)
            except (ValueError, RecursionError):
                notes.add(f"{path.name}, line {number}: invalid JSON; skipped.")
                broken = number
                continue
            row = _row(found, path)
            if isinstance(row, str):
                notes.add(f"{path.name}, line {number}: {row}; skipped.")
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
        said.append(f"{path.name}: some rows lack {', '.join(sorted(lacking))}; they come from an older version.")
    return OldRows(tuple(rows), tuple(said))


def _row(found: object, path: Path) -> Row | str:
    """Return the row, or the reason why there is none."""
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
    """Return a number, also from a JSON string; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None
