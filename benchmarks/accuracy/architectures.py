"""Every preset on every architecture: float networks of one size, trained alike, quantized without training.

    python -m benchmarks.accuracy.architectures

Trains on embedded frames of ethanol for some minutes, quantizes each network by every preset, and prints the table:
force error and largest equivariance error of the forces, in PyTorch and, packed, in the native engine. Rows go to
docs/ledger/architectures.jsonl; a model is called by its architecture.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.common.markdown import markdown
from benchmarks.common.places import LEDGERS
from benchmarks.common.setup import on_one_core
from gaq.config import checked
from gaq.data.dataset import Dataset
from gaq.data.read import read_dataset
from gaq.engine.native import NativeEngine
from gaq.engine.packing import packed_in_memory
from gaq.engine.protocol import Engine
from gaq.engine.pytorch import TorchEngine
from gaq.errors import RecipeError
from gaq.measure.accuracy import accuracy
from gaq.measure.ledger import Row, find, write_rows
from gaq.measure.symmetry import symmetry
from gaq.model.architectures import ARCHITECTURES
from gaq.model.layered import Layered
from gaq.quant.install import preset
from gaq.quant.presets import all_presets
from gaq.train.config import TrainConfig
from gaq.train.fit import fit
from gaq.train.session import finish_training, prepare_training, quantize

TRAIN, TEST, CALIBRATION = 200, 50, 50  # frames
TURNED, ROTATIONS = 10, 4
SIZE = {"channels": 32, "layers": 2, "basis": 16}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--out", type=Path, default=LEDGERS / "architectures.jsonl")
    arguments = parser.parse_args()
    on_one_core()
    data = read_dataset("embedded", TRAIN + TEST)
    training, test = data.subset(range(TRAIN)), data.subset(range(TRAIN, TRAIN + TEST))
    rows: list[Row] = []
    for architecture in ARCHITECTURES:
        model = trained(architecture.name, training, arguments.epochs)
        rows += of_presets(architecture.name, model, training, test)
    write_rows(arguments.out, rows)
    print(table(rows))


def trained(name: str, training: Dataset, epochs: int) -> Layered:
    """A float network of this architecture."""
    settings = checked(
        {"epochs": epochs, "data": {"file": "embedded", "validation": 20}, "model": {"architecture": name, **SIZE}},
        TrainConfig,
    )
    with tempfile.TemporaryDirectory() as folder:
        prepared = prepare_training(settings, training, Path(folder))
        return finish_training(fit(prepared.start, prepared.task), prepared.task).model


def of_presets(name: str, model: Layered, training: Dataset, test: Dataset) -> Iterator[Row]:
    """The rows of every preset."""
    for recipe in all_presets():
        print(name, recipe, flush=True)
        quantized = quantize(model, preset(recipe, 0), training.structures[:CALIBRATION])
        yield from of_engine(TorchEngine(quantized, name, recipe), test)
        try:
            content = packed_in_memory(quantized, preset(recipe, 0))
        except RecipeError:  # a method of others that packed files have no place for
            continue
        yield from of_engine(NativeEngine(content, name), test)


def of_engine(engine: Engine, test: Dataset) -> Iterator[Row]:
    """The force error and the largest equivariance error in one engine."""
    yield find(accuracy(engine, test), "force_mae")
    yield find(symmetry(engine, test.structures[:TURNED], ROTATIONS, data=test.name), "lee_max")


def table(rows: list[Row]) -> str:
    """A line a preset; for each architecture the force error, and the equivariance error in PyTorch and in the native
    engine.
    """
    measured = {row.model for row in rows}
    names = [architecture.name for architecture in ARCHITECTURES if architecture.name in measured]
    found = {(row.model, row.recipe, row.engine, row.metric): row.value for row in rows}
    lines = []
    for recipe in all_presets():
        line = [recipe]
        for name in names:
            lee = [found.get((name, recipe, engine, "lee_max")) for engine in ("torch", "native")]
            line.append(f"{found[name, recipe, 'torch', 'force_mae']:.1f}")
            line += ["–" if value is None else f"{value:.1e}" for value in lee]
        lines.append(line)
    head = ["recipe", *(f"{name}: {what}" for name in names for what in ("F MAE", "LEE max", "LEE max, native"))]
    return markdown(head, lines)


if __name__ == "__main__":
    main()
