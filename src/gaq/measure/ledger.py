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

from gaq.engine.protocol import Engine
from gaq.errors import BadFile, nearest
from gaq.files import readable_file, write_atomically


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


_KEYS = tuple(field.name for field in fields(Row))
_REQUIRED = ("metric", "value", "unit", "model", "recipe", "engine", "data", "n")
_TEXTS = frozenset({"metric", "unit", "model", "recipe", "engine", "data", "isa", "device", "control"})
_COUNTS = frozenset({"n", "threads", "batch", "atoms", "rotations", "seed"})
_NOT_FINITE = frozenset({"NaN", "Infinity", "-Infinity"})


def row(engine: Engine, data: str, metric: str, value: float, unit: str, n: int) -> Row:
    """A row about this engine; further conditions are added with `dataclasses.replace`."""
    about = (engine.model, engine.recipe, engine.name, data)
    return Row(metric, float(value), unit, *about, int(n), isa=getattr(engine, "isa", None))


def to_line(entry: Row) -> str:
    """One line of JSON, without the keys that do not apply. NaN and infinities are written as texts: JSON has
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


def read_rows(path: str | Path) -> list[Row]:
    """All rows of a ledger. Raises `BadFile` with the line number for anything that is not a row."""
    try:
        text = readable_file(path).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise BadFile(f"{path} is not a ledger: {error}. A ledger is text, one JSON object a line") from error
    lines = enumerate(text.splitlines(), start=1)
    return [_from_line(f"{path}, line {number}", line) for number, line in lines if line.strip()]


def find(rows: Sequence[Row], metric: str) -> Row | None:
    """The last row of this metric, or None; a row with a `control` is another quantity and is passed over."""
    return next((r for r in reversed(rows) if r.metric == metric and r.control is None), None)


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    return value


def _from_line(where: str, line: str) -> Row:
    try:
        found = json.loads(line)
    except json.JSONDecodeError as error:
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


def _checked(where: str, name: str, value: Any) -> Any:
    if name in _TEXTS:
        wanted, fits = "a text", isinstance(value, str)
    elif name == "passed":
        wanted, fits = "true or false", isinstance(value, bool)
    elif name in _COUNTS:
        wanted, fits = "a whole number", isinstance(value, int) and not isinstance(value, bool)
    else:
        value = float(value) if value in _NOT_FINITE else value
        wanted, fits = "a number", isinstance(value, int | float) and not isinstance(value, bool)
        value = float(value) if fits else value
    if not fits:
        raise BadFile(f"{where}: {name} is {value!r}, not {wanted}")
    return value
