"""Force and equivariance errors of every preset on every architecture, quantized without training.

python -m benchmarks.accuracy.architectures
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
from gaq.engine.pytorch import TorchEngine
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
    settings = checked(
        {"epochs": epochs, "data": {"file": "embedded", "validation": 20}, "model": {"architecture": name, **SIZE}},
        TrainConfig,
    )
    with tempfile.TemporaryDirectory() as folder:
        prepared = prepare_training(settings, training, Path(folder))
        return finish_training(fit(prepared.start, prepared.task), prepared.task).model


def of_presets(name: str, model: Layered, training: Dataset, test: Dataset) -> Iterator[Row]:
    for recipe in all_presets():
        print(name, recipe, flush=True)
        engine = TorchEngine(quantize(model, preset(recipe, 0), training.structures[:CALIBRATION]), name, recipe)
        yield find(accuracy(engine, test), "force_mae")
        yield find(symmetry(engine, test.structures[:TURNED], ROTATIONS, data=test.name), "lee_max")


def table(rows: list[Row]) -> str:
    names = [architecture.name for architecture in ARCHITECTURES]
    found = {(row.model, row.recipe, row.metric): row.value for row in rows}
    lines = []
    for recipe in all_presets():
        cells = [(f"{found[name, recipe, 'force_mae']:.1f}", f"{found[name, recipe, 'lee_max']:.1e}") for name in names]
        lines.append([recipe, *(cell for pair in cells for cell in pair)])
    head = ["recipe", *(f"{name}: {what}" for name in names for what in ("F MAE", "LEE max"))]
    return markdown(head, lines)


if __name__ == "__main__":
    main()
