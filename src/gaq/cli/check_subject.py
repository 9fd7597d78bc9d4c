"""The subject of `gaq check`: from command-line options to an engine and structures."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gaq.engine.protocol import Engine
    from gaq.measure.ledger import Row
    from gaq.measure.subjects import Subjects


@dataclass(frozen=True)
class CheckSubject:
    """What is checked: a model file as deployed, or a calculator, which has no file."""

    engine: Engine
    name: str
    file: Path | None = None
    identity: str | None = None
    note: str = ""  # why the packed file is not what is checked


SPEC = re.compile(r"([A-Za-z_][\w.]*|.+\.py):[A-Za-z_]\w*")


def open_subject(
    model: str | None,
    calculator: str | None = None,
    arguments: str = "{}",
    python: str | None = None,
    engine: str | None = None,
    device: str = "cpu",
    threads: int | None = None,
    frames: str | None = None,
    strict: bool = False,
) -> CheckSubject:
    """Open the subject of the check. `frames` is the file of structures to check it on.

    Raises `UsageError` unless exactly one model or calculator was named, and for options that apply only to the other.
    """
    from gaq.cli.deployed import open_deployed
    from gaq.engine.ase import AseEngine
    from gaq.errors import UsageError

    if (model is None) == (calculator is None):
        raise UsageError("name one thing to check: a MODEL file, or a calculator as module:Class")
    spec = calculator
    if spec is None and model is not None and SPEC.fullmatch(model) and not Path(model).exists():
        spec = model
    if spec is not None:
        if engine is not None:
            raise UsageError(f"--engine {engine} belongs to a model file; a calculator is its own engine. Leave it out")
        found = AseEngine.from_spec(spec, arguments, python=python, threads=threads)
        return CheckSubject(found, found.model)
    for option, given in (("--args", arguments != "{}"), ("--python", python is not None)):
        if given:
            raise UsageError(f"{option} belongs to a calculator module:Class; a model file has none")
    opened = open_deployed(str(model), frames, engine=engine, device=device, threads=threads, strict=strict)
    return CheckSubject(opened.engine, opened.path.name, opened.path, opened.identity, opened.note)


def structures_for(engine: Engine, data: str | None, structure: Path | None, limit: int, seed: int) -> Subjects:
    """Return frames of a file, or `limit` rattled copies of one structure, or the structures of `own_subjects`."""
    from gaq.data.read import data_name, read_structures
    from gaq.errors import UsageError
    from gaq.measure.subjects import Subjects, own_subjects, rattled_copies

    if data is not None and structure is not None:
        raise UsageError("--data and --structure were both given; choose one")
    if data is not None:
        return Subjects(data_name(data), read_structures(data, limit))
    if structure is not None:
        return Subjects(structure.name, rattled_copies(read_structures(structure, 1)[0], limit, seed))
    return own_subjects(engine, limit, seed)


def errors_of(engine: Engine, data: str | None, number: int, name: str) -> list[Row]:
    """Return rows of force errors on the first frames of a file; none if they have no force labels."""
    from gaq.data.labels import has_forces
    from gaq.data.read import read_dataset
    from gaq.errors import GaqError
    from gaq.measure.accuracy import accuracy

    if data is None:
        return []
    try:
        dataset = read_dataset(data, number)
    except GaqError:  # no labels; the structures were read without error before
        return []
    if not all(map(has_forces, dataset.labels)):
        return []
    rows = accuracy(engine, dataset)
    return [replace(r, data=name) for r in rows if r.metric in ("force_mae", "force_mae_relative")]
