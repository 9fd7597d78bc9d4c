"""What `gaq check` inspects, and on which structures: from the words of a command line to an engine and frames."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gaq.engine.protocol import Engine
    from gaq.measure.subjects import Subjects

SPEC = re.compile(r"([A-Za-z_][\w.]*|.+\.py):[A-Za-z_]\w*")


def open_subject(
    model: str | None,
    calculator: str | None = None,
    arguments: str = "{}",
    python: str | None = None,
    engine: str | None = None,
    device: str = "cpu",
    threads: int | None = None,
    strict: bool = False,
) -> Engine:
    """The engine to inspect. Raises `UsageError` unless exactly one of a model and a calculator was named, and for
    options that belong to the other kind.
    """
    from gaq.engine.ase import AseEngine
    from gaq.engine.open import open_engine
    from gaq.errors import UsageError

    if (model is None) == (calculator is None):
        raise UsageError("name one thing to check: a MODEL file, or a calculator as module:Class")
    spec = calculator
    if spec is None and model is not None and SPEC.fullmatch(model) and not Path(model).exists():
        spec = model
    if spec is not None:
        if engine is not None:
            raise UsageError(f"--engine {engine} belongs to a model file; a calculator is its own engine. Leave it out")
        return AseEngine.from_spec(spec, arguments, python=python, threads=threads)
    for option, given in (("--args", arguments != "{}"), ("--python", python is not None)):
        if given:
            raise UsageError(f"{option} belongs to a calculator module:Class; a model file has none")
    return open_engine(str(model), engine=engine, device=device, threads=threads, strict=strict)


def structures_for(engine: Engine, data: str | None, structure: Path | None, limit: int, seed: int) -> Subjects:
    """Frames of a file, or one structure rattled `limit` times, or what `own_subjects` finds."""
    from gaq.data.read import read_structures
    from gaq.errors import UsageError
    from gaq.measure.subjects import Subjects, own_subjects, rattled_copies

    if data is not None and structure is not None:
        raise UsageError("--data and --structure were both given; choose one")
    if data is not None:
        return Subjects(Path(data).name, read_structures(data, limit))
    if structure is not None:
        return Subjects(structure.name, rattled_copies(read_structures(structure, 1)[0], limit, seed))
    return own_subjects(engine, limit, seed)
