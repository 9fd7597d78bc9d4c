"""Measurements common to all benchmarks."""

from __future__ import annotations

from gaq.data.dataset import Dataset
from gaq.engine.protocol import Engine
from gaq.measure.accuracy import accuracy, fidelity
from gaq.measure.conservation import path_work
from gaq.measure.ledger import Row, row
from gaq.measure.statistics import predict
from gaq.measure.symmetry import symmetry

UNITS = {"file_bytes": "bytes", "weight_bytes": "bytes", "bits_per_weight": "bits"}
PATH_FRAMES = 10


def measured(engine: Engine, parent: Engine, test: Dataset, rotations: int, frames: int | None) -> list[Row]:
    """Measure accuracy, fidelity, path work, size, and symmetry of the first `frames` frames."""
    found = predict(engine, test.structures)
    rows = accuracy(engine, test, predictions=found)
    rows += fidelity(engine, parent, test, predictions=found)
    rows += symmetry(engine, test.structures[:frames], rotations, data=test.name)
    rows += path_work(engine, test.structures[:PATH_FRAMES], data=test.name)
    sizes: dict[str, float] = engine.footprint() if hasattr(engine, "footprint") else {}
    return rows + [row(engine, test.name, metric, value, UNITS[metric], 1) for metric, value in sizes.items()]
