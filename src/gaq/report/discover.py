"""Find the files of a run in a folder, by their contents."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import islice
from pathlib import Path

from gaq.errors import BadFile
from gaq.files import lines_of
from gaq.measure.ledger import kept_beside
from gaq.measure.predictions import holds_predictions, predictions_beside
from gaq.simulate.log_file import HEAD
from gaq.simulate.trajectory import BINARY, XYZ

DEEPEST, MOST_FILES = 3, 5000  # levels of subfolders, and files read
MOST_LINES = 1000  # read to determine the kind of a file
TRAINING_STATE = "last.ckpt"
MODELS = (".gaq", ".ckpt")
WANTED = (
    "rows (*.rows.jsonl next to models, *.jsonl), learning curves (curve.jsonl), predictions (*.npz of "
    "`gaq evaluate`), logs and trajectories of `gaq md` (*.log, *.xyz, *.traj), models (*.gaq, *.ckpt), "
    "manifest.json"
)


class SourceKind(Enum):
    """The kind of a file in a report."""

    ROWS = "rows"
    CURVE = "learning curve"
    PREDICTIONS = "predictions"
    LOG = "log of a run"
    TRAJECTORY = "trajectory"
    MODEL = "model"
    MANIFEST = "manifest"


@dataclass(frozen=True)
class ReportSource:
    """A file, its kind, and the folder that names its run."""

    kind: SourceKind
    path: Path

    @property
    def run(self) -> Path:
        """Return the folder of the file."""
        return self.path.parent


@dataclass(frozen=True)
class Inventory:
    """The files found, in command-line order, and messages about skipped ones."""

    sources: tuple[ReportSource, ...]
    notes: tuple[str, ...]


def discover(runs: Sequence[Path]) -> Inventory:
    """Return everything that a report can show. Raises `BadFile` if there is nothing, listing what was looked for."""
    found: dict[Path, ReportSource] = {}
    notes: list[str] = []
    for run in runs:
        if not run.exists():
            raise BadFile(f"{run} is not there. Name a folder of a run, or files of one: {WANTED}.")
        for path in [*_files(run), *_beside(run)]:
            kind = kind_of(path, named=path == run)
            if kind is not None:
                found.setdefault(path.resolve(), ReportSource(kind, path))
            elif path == run:
                notes.append(f"{path} was skipped: it is none of {WANTED}.")
            elif path.suffix in XYZ + BINARY and path.stat().st_size:
                notes.append(f"{path} has no log of `gaq md` next to it and is not shown; name it to show it.")
    if not found:
        names = ", ".join(map(str, runs))
        raise BadFile(f"{names}: nothing to report on. Looked for {WANTED}, down to {DEEPEST} folders.")
    return Inventory(tuple(found.values()), tuple(notes))


def kind_of(path: Path, named: bool = False) -> SourceKind | None:
    """Return the kind of a file, None for unsupported ones. A trajectory without a log counts only if `named`."""
    suffix = path.suffix.lower()
    if path.name == TRAINING_STATE:
        return None
    if suffix == ".jsonl":
        return _lines(path)
    if suffix == ".npz":
        return SourceKind.PREDICTIONS if holds_predictions(path) else None
    if suffix == ".log":
        return SourceKind.LOG if _begins(path, HEAD[:20].encode()) else None
    if suffix in XYZ + BINARY:
        beside = path.with_suffix(".log")
        return SourceKind.TRAJECTORY if named or (beside.is_file() and _begins(beside, HEAD[:20].encode())) else None
    if suffix in MODELS:
        return SourceKind.MODEL
    return SourceKind.MANIFEST if path.name == "manifest.json" else None


def _lines(path: Path) -> SourceKind | None:
    """Distinguish rows from a learning curve, by the first line that is a JSON object."""
    try:
        for line in islice(lines_of(path), MOST_LINES):
            try:
                first = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(first, dict):
                curve = "epoch" in first and "metric" not in first
                return SourceKind.CURVE if curve else (SourceKind.ROWS if "metric" in first else None)
    except BadFile:  # empty or unreadable: reading it reports the error
        pass
    return SourceKind.CURVE if path.name == "curve.jsonl" else None


def _beside(run: Path) -> list[Path]:
    """Return files that belong to a named one: rows and predictions of a model, the log of a trajectory."""
    if not run.is_file():
        return []
    suffix = run.suffix.lower()
    if suffix in MODELS:
        found = [kept_beside(run), predictions_beside(run)]
    elif suffix in XYZ + BINARY:
        found = [run.with_suffix(".log")]
    else:
        found = []
    return [path for path in found if path.is_file()]


def _begins(path: Path, bytes_: bytes) -> bool:
    try:
        with path.open("rb") as stream:
            return stream.read(len(bytes_)) == bytes_
    except OSError:
        return False


def _files(run: Path) -> Iterator[Path]:
    """Yield the file itself, or the files of a folder, upper levels first, without hidden ones."""
    if run.is_file():
        yield run
        return
    seen = 0
    level = [run]
    for _ in range(DEEPEST + 1):
        below: list[Path] = []
        for folder in level:
            for path in sorted(folder.iterdir()):
                if path.name.startswith("."):
                    continue
                if path.is_dir():
                    below.append(path)
                elif path.is_file() and seen < MOST_FILES:
                    seen += 1
                    yield path
        level = below
