"""The ledger: one row per measurement, one JSON object a line. Tables, plots and reports are made from rows
alone.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from gaq.engine.protocol import Engine, isa_of
from gaq.errors import BadFile, nearest
from gaq.files import lines_of, write_atomically
from gaq.locks import locked


@dataclass(frozen=True)
class Row:
    """One measured number with its unit and the conditions under which it was found.

    Optional keys are written only where they apply. Definitions of the metrics: docs/physics.md.
    """

    metric: str
    value: float
    unit: str
    model: str
    recipe: str
    engine: str
    data: str
    n: int  # number of samples that the value is made of; what a sample is, docs/physics.md says
    std_error: float | None = None  # of the value, in its unit
    threads: int | None = None
    isa: str | None = None
    device: str | None = None
    batch: int | None = None
    atoms: int | None = None
    p10: float | None = None
    p90: float | None = None
    rotations: int | None = None
    frames_identical: float | None = None  # share of (frame, rotation) pairs with bit-equal energies
    seed: int | None = None
    control: str | None = None  # what the value is a ratio to, or which reference row this is
    limit: float | None = None
    passed: bool | None = None
    identity: str | None = None  # of the model: the SHA-256 of its checkpoint, shortened, and how it runs
    busy: float | None = None  # share of the time in which other programs had the processor


KEPT_ENDING = ".rows.jsonl"
MOST_KEPT = 2000  # rows beside one model; the oldest are dropped
MOST_ROWS = 1_000_000  # that are read of one file
_KEYS = tuple(field.name for field in fields(Row))
_REQUIRED = ("metric", "value", "unit", "model", "recipe", "engine", "data", "n")
# Keys by the kind of their values; `passed` is true or false, all others are numbers.
TEXTS = frozenset({"metric", "unit", "model", "recipe", "engine", "data", "isa", "device", "control", "identity"})
COUNTS = frozenset({"n", "threads", "batch", "atoms", "rotations", "seed"})
_NOT_FINITE = frozenset({"NaN", "Infinity", "-Infinity"})


def row(engine: Engine, data: str, metric: str, value: float, unit: str, n: int) -> Row:
    """Return a row about this engine; further conditions are added with `dataclasses.replace`."""
    about = (engine.model, engine.recipe, engine.name, data)
    return Row(metric, float(value), unit, *about, int(n), isa=isa_of(engine))


def to_line(entry: Row) -> str:
    """Return one line of JSON, without the keys that do not apply. NaN and infinities are written as texts: JSON has
    none.
    """
    values = {name: getattr(entry, name) for name in _KEYS}
    kept = {name: _plain(value) for name, value in values.items() if value is not None}
    return json.dumps(kept, ensure_ascii=False, allow_nan=False)


def write_rows(path: str | Path, rows: Iterable[Row]) -> None:
    """Write rows to a new file, or in place of an old one, at one stroke."""
    text = "".join(to_line(entry) + "\n" for entry in rows)
    write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def append_rows(path: str | Path, rows: Iterable[Row]) -> None:
    """Add rows to a ledger, which is read and checked first, or begin a new one."""
    file = Path(path)
    old = read_rows(file) if file.is_file() and file.stat().st_size else []
    write_rows(path, [*old, *rows])


def kept_beside(model: str | Path) -> Path:
    """Return the ledger that commands keep beside a model file: `model.rows.jsonl` beside `model.ckpt`."""
    path = Path(model)
    return path.with_name(path.stem + KEPT_ENDING)


def keep_rows(path: str | Path, rows: Sequence[Row]) -> None:
    """Add rows to the ledger beside a model. A row takes the place of an older one of the same measurement.

    Rows of an earlier file of the same name, which another identity tells, are dropped. Raises `BadFile` when the file
    is no ledger, which stays as it is, cannot be written, or is being written by another process.
    """
    file = Path(path)
    with locked(file):
        old = read_rows(file) if file.is_file() and file.stat().st_size else []
        new = {_measurement(entry): entry for entry in rows}
        now = {(entry.model, _checkpoint(entry)) for entry in rows if entry.identity is not None}
        names = {model for model, _ in now}
        current = [r for r in old if r.identity is None or r.model not in names or (r.model, _checkpoint(r)) in now]
        kept = [entry for entry in current if _measurement(entry) not in new]
        write_rows(file, [*kept, *new.values()][-MOST_KEPT:])


def read_rows(path: str | Path) -> list[Row]:
    """Return all rows of a ledger. Raises `BadFile` with the line number for anything that is not a row."""
    rows: list[Row] = []
    try:
        for number, line in enumerate(lines_of(path, errors="strict"), start=1):
            if line.strip():
                rows.append(_from_line(f"{path}, line {number}", line))
            if len(rows) > MOST_ROWS:
                raise BadFile(f"{path} has more than {MOST_ROWS:,} rows. Split it, or keep only what is needed")
    except UnicodeDecodeError as error:
        raise BadFile(f"{path} is not a ledger: {error}. A ledger is text, one JSON object a line") from error
    return rows


def find(rows: Sequence[Row], metric: str) -> Row | None:
    """Return the last row of this metric, or None; a row with a `control` is another quantity and is skipped."""
    return next((r for r in reversed(rows) if r.metric == metric and r.control is None), None)


def _measurement(entry: Row) -> tuple[object, ...]:
    """Return what was measured, and of what; another value of it is another answer to the same question."""
    about = (entry.metric, entry.model, entry.recipe, entry.engine, entry.data, entry.control)
    return (*about, entry.batch, entry.seed, entry.identity)


def _checkpoint(entry: Row) -> str | None:
    """Return the part of an identity that is the checkpoint's."""
    return None if entry.identity is None else entry.identity.partition("-")[0]


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    return value


def _from_line(where: str, line: str) -> Row:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadFile(f"{where}: not JSON ({error}); was the file cut short? Measure again") from error
    if not isinstance(found, dict):
        raise BadFile(f"{where}: a row is a JSON object, not {type(found).__name__}")
    missing = [name for name in _REQUIRED if name not in found]
    if missing:
        raise BadFile(f"{where}: the row lacks {', '.join(missing)}; it is older or broken. Measure again")
    for name in found:
        if name not in _KEYS:
            raise BadFile(f"{where}: unknown key {name!r}.{nearest(name, _KEYS)} The file is of another version of gaq")
    return Row(**{name: _checked(where, name, value) for name, value in found.items()})


def _checked(where: str, name: str, given: Any) -> Any:
    value = given
    if name in TEXTS:
        wanted, fits = "a text", isinstance(value, str)
    elif name == "passed":
        wanted, fits = "true or false", isinstance(value, bool)
    elif name in COUNTS:
        wanted, fits = "an integer", isinstance(value, int) and not isinstance(value, bool)
    else:
        wanted, value = "a number", _number(value)
        fits = value is not None
    if not fits:
        raise BadFile(f"{where}: {name} is {repr(given)[:60]}, not {wanted}")
    return value


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and value not in _NOT_FINITE:
        return None
    try:
        return float(value)
    except OverflowError:
        return None
