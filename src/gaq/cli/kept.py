"""Files that commands write next to a model for `gaq report`: rows, and predictions for parity plots."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gaq.errors import GaqError

if TYPE_CHECKING:
    from gaq.measure.ledger import Row
    from gaq.measure.predictions import Predictions

LONGEST_STEP = 1.0  # fs, for molecules with hydrogen
MOST_SETS = 3  # data sets that a run is judged with
MOST_COMPONENTS = 1_000_000  # force components that are stored unasked: about 8 MB


def signed(rows: Sequence[Row], identity: str | None, busy: float | None) -> list[Row]:
    """Add the identity of their model to rows; rows of times also get the processor share of other programs."""
    from gaq.report.speed_table import TIMES

    return [replace(r, identity=identity, busy=busy if r.metric in TIMES else None) for r in rows]


def counts(row: Row, timestep: float) -> bool:
    """Return whether a row of a run is about the model; steps longer than a femtosecond break any model."""
    return timestep <= LONGEST_STEP or row.metric not in ("stability", "drift", "drift_ratio")


def keep(model: Path, rows: Sequence[Row]) -> list[str]:
    """Add rows to the ledger of a model file. A failure is no error: return a message."""
    from gaq.measure.ledger import keep_rows, kept_beside

    if not rows:
        return []
    try:
        keep_rows(kept_beside(model), rows)
    except GaqError as error:
        return [f"The rows were not written next to {model.name}: {error}"]
    return []


def keep_each(files: Mapping[str, Path], rows: Sequence[Row]) -> list[str]:
    """Add rows to the ledgers of several models, by the model names in the rows."""
    notes: list[str] = []
    for file in dict.fromkeys(files.values()):
        mine = [replace(r, model=file.name) for r in rows if files.get(r.model) == file]
        notes += keep(file, mine)
    return notes


def keep_predictions(model: Path, said: Predictions) -> list[str]:
    """Write predictions next to a model file, replacing older ones; return a message if that failed."""
    from gaq.measure.predictions import holds_predictions, predictions_beside, write_predictions

    path = predictions_beside(model)
    if len(said.forces) > MOST_COMPONENTS:
        return [f"The predictions are too many to be written by default; --predictions {path.name} writes them."]
    if path.exists() and not holds_predictions(path):
        return [f"The predictions were not written: {path} holds something else."]
    try:
        write_predictions(path, [said])
    except GaqError as error:
        return [f"The predictions were not written next to {model.name}: {error}"]
    return []


def known_of(model: Path, identities: Collection[str]) -> list[Row]:
    """Return the stored rows of a model file that are about one of these identities; none if no ledger can be read."""
    from gaq.measure.ledger import kept_beside, read_rows

    path = kept_beside(model)
    try:
        return [r for r in read_rows(path) if r.identity in identities] if path.is_file() else []
    except GaqError:  # writing rows there reports the error
        return []


def verdict_lines(model: Path | None, rows: Sequence[Row]) -> list[str]:
    """Return the verdict on a model: from these rows, and from those that were kept beside it before.

    Rows of one data set do not count in the verdict on another. Rows of a run, which belong to no data set, give a
    verdict with each of the last data sets on which the model was measured.
    """
    from gaq.measure.verdict import data_sets, on_data

    known = {r.identity for r in rows if r.identity is not None}
    before = [] if model is None else known_of(model, known)
    now = {(r.metric, r.data) for r in rows}
    together = [*(r for r in before if (r.metric, r.data) not in now), *rows]
    measured, about = data_sets(together), {r.data for r in rows}
    mine = [data for data in measured if data in about]
    if mine or not measured:
        return [_verdict(on_data(together, data)) for data in mine] or [_verdict(together)]
    return [f"{_verdict(on_data(together, data))}, with the measurements on {data}" for data in measured[-MOST_SETS:]]


def _verdict(rows: Sequence[Row]) -> str:
    from gaq.measure.verdict import Verdict, judge
    from gaq.report.tables import explained

    judgement = judge(rows)
    said = explained(judgement, rows)
    return said if judgement.verdict is Verdict.UNKNOWN else f"verdict: {said}"
