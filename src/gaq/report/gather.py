"""Read files of runs for a page, with a message about everything incomplete."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from gaq.errors import BadFile, GaqError
from gaq.formats.texts import read_json
from gaq.measure.ledger import Row
from gaq.measure.predictions import Predictions, read_predictions
from gaq.report.discover import Inventory, ReportSource, SourceKind
from gaq.report.movie import Movie, read_movie
from gaq.report.old_rows import read_old_rows
from gaq.report.series import Curve, RunSeries, read_curve, read_run
from gaq.report.speed_table import SPEED_METRICS

MOST_MOVIES = 8
PACKED = ".gaq"


@dataclass
class Found:
    """The data of runs, ready to be drawn."""

    rows: list[Row] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)
    predictions: list[Predictions] = field(default_factory=list)
    runs: list[RunSeries] = field(default_factory=list)
    movies: list[Movie] = field(default_factory=list)
    atoms: dict[str, int] = field(default_factory=dict)  # of each run, by name
    manifests: dict[str, Mapping[str, Any]] = field(default_factory=dict)  # by folder
    models: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def gather(inventory: Inventory) -> Found:
    """Read everything; failures become notes."""
    found = Found(notes=list(inventory.notes))
    sources = inventory.sources
    labels = run_labels(sources)
    for source in sources:
        if source.kind is SourceKind.MANIFEST:
            _keep(found, partial(_read_manifest, found, source, labels[source.run]))
    after = _epochs_before(sources, found, labels)
    names = file_labels([s for s in sources if s.kind in (SourceKind.LOG, SourceKind.TRAJECTORY)], labels)
    ledgers: list[tuple[str, list[Row]]] = []
    for source in sources:
        label = labels[source.run]
        match source.kind:
            case SourceKind.ROWS:
                old = read_old_rows(source.path)
                found.notes += old.notes
                ledgers.append((label, list(old.rows)))
            case SourceKind.CURVE:
                _keep(found, partial(_curve, found, source, label, after.get(source.run, 0)))
            case SourceKind.PREDICTIONS:
                _keep(found, partial(_predictions, found, source))
            case SourceKind.LOG:
                _keep(found, partial(_run, found, source, names[source.path]))
            case SourceKind.TRAJECTORY:
                _keep(found, partial(_movie, found, source, names[source.path]))
            case SourceKind.MODEL:
                found.models.append(source.path)
    found.rows = merged(ledgers)
    return found


def run_labels(sources: Sequence[ReportSource]) -> dict[Path, str]:
    """Return a name for each folder: its last part, or as many parts as make it unique."""
    folders = list(dict.fromkeys(source.run for source in sources))
    whole = {folder: folder.resolve().parts for folder in folders}
    labels: dict[Path, str] = {}
    for folder in folders:
        parts = whole[folder]
        depth = 1
        while depth < len(parts) and any(
            other != parts and other[-depth:] == parts[-depth:] for other in whole.values()
        ):
            depth += 1
        labels[folder] = "/".join(parts[-depth:]).lstrip("/") or "."
    return labels


def file_labels(sources: Sequence[ReportSource], labels: Mapping[Path, str]) -> dict[Path, str]:
    """Return a name for each log and trajectory: the file name if unique, otherwise with its folder."""
    keys = {(s.run, s.path.stem) for s in sources}
    stems = Counter(stem for _, stem in keys)
    alone = Counter(run for run, _ in keys)
    names = {}
    for source in sources:
        stem, run = source.path.stem, source.run
        if stems[stem] == 1:
            names[source.path] = stem
        else:
            names[source.path] = labels[run] if alone[run] == 1 else f"{labels[run]}/{stem}"
    return names


def merged(ledgers: Sequence[tuple[str, list[Row]]]) -> list[Row]:
    """Return the rows of all runs. Rows of one model measured differently in several runs are labelled by the run.

    Repeated rows are merged: a demo stores its rows by model and all together.
    """
    ledgers = _named(sorted(ledgers, key=_place))
    values: dict[tuple[Any, ...], dict[str, float]] = {}
    for label, rows in ledgers:
        for row in rows:
            if row.metric not in SPEED_METRICS:
                values.setdefault(_measured(row), {}).setdefault(label, row.value)
    torn = {key[:3] for key, by_run in values.items() if len({repr(v) for v in by_run.values()}) > 1}
    kept: dict[Row, None] = {}
    for label, rows in ledgers:
        for row in rows:
            apart = (row.model, row.recipe, row.engine) in torn and row.identity is None
            kept[replace(row, model=f"{label}/{row.model}") if apart else row] = None
    return list(kept)


def _named(ledgers: Sequence[tuple[str, list[Row]]]) -> list[tuple[str, list[Row]]]:
    """Return the same ledgers with one name for each model, however many files it has.

    A checkpoint and the packed file made of it have one identity, and get the name of the packed file. Two models with
    the same name and recipe are distinguished by their runs.
    """
    known = [(label, row, row.identity) for label, rows in ledgers for row in rows if row.identity is not None]
    first: dict[str, tuple[str, Row]] = {}
    models: dict[str, str] = {}
    for label, row, identity in known:
        first.setdefault(identity, (label, row))
        if not models.get(identity, "").endswith(PACKED):
            models[identity] = row.model if row.model.endswith(PACKED) else models.get(identity, row.model)
    called = Counter((models[identity], row.recipe) for identity, (_, row) in first.items())

    def name(row: Row) -> Row:
        if row.identity is None:
            return row
        label, about = first[row.identity]
        model = models[row.identity]
        alone = called[model, about.recipe] == 1
        return replace(row, model=model if alone else f"{label}/{model}", recipe=about.recipe)

    return [(label, [name(row) for row in rows]) for label, rows in ledgers]


def _place(ledger: tuple[str, list[Row]]) -> int:
    """Order ledgers: accuracy first, which orders the models; times of `gaq bench` last, which take precedence."""
    metrics = {row.metric for row in ledger[1]}
    return 0 if "force_mae" in metrics else (2 if "throughput_per_s" in metrics else 1)


def _measured(row: Row) -> tuple[Any, ...]:
    """Return the measured quantity of a row; two values from two runs are two measurements."""
    about = (row.model, row.recipe, row.engine, row.metric, row.control, row.data)
    return (*about, row.n, row.rotations, row.threads, row.seed, row.device, row.isa)


def _keep(found: Found, read: Callable[[], None]) -> None:
    """Turn a failure to read into a note."""
    try:
        read()
    except GaqError as error:
        found.notes.append(f"{error}")
    except OSError as error:
        found.notes.append(f"{error.filename or 'a file'} cannot be read: {error.strerror}.")


def _read_manifest(found: Found, source: ReportSource, label: str) -> None:
    path = source.path
    content = read_json(path, "It is skipped.")
    if not isinstance(content, dict):
        raise BadFile(f"{path} is not a manifest; expected a JSON object. It is skipped.")
    found.manifests[label] = content


def _epochs_before(sources: Sequence[ReportSource], found: Found, labels: Mapping[Path, str]) -> dict[Path, int]:
    """Return the earlier epochs of a training, from the manifest of the folder above (`epochs_before`)."""
    said: dict[Path, int] = {}
    for source in sources:
        manifest = found.manifests.get(labels.get(source.run.parent, ""), {})
        before = manifest.get("epochs_before")
        epochs = before.get(source.run.name) if isinstance(before, dict) else None
        if isinstance(epochs, int):
            said[source.run] = epochs
    return said


def _curve(found: Found, source: ReportSource, name: str, after: int) -> None:
    curve, notes = read_curve(source.path, name, after)
    found.curves.append(curve)
    found.notes += notes
    if not (source.run / "model.ckpt").exists():
        found.notes.append(
            f"{name} has a learning curve and no model.ckpt: it was interrupted, and `gaq train` can resume it."
        )


def _predictions(found: Found, source: ReportSource) -> None:
    found.predictions += read_predictions(source.path)


def _run(found: Found, source: ReportSource, name: str) -> None:
    run, notes = read_run(source.path, name)
    found.runs.append(run)
    found.notes += notes


def _movie(found: Found, source: ReportSource, name: str) -> None:
    if len(found.movies) >= MOST_MOVIES:
        found.notes.append(
            f"{source.path} is not shown: a page shows at most {MOST_MOVIES} trajectories; name it separately."
        )
        return
    movie, notes = read_movie(source.path, name)
    found.movies.append(movie)
    found.atoms[name] = len(movie.symbols)
    found.notes += notes
