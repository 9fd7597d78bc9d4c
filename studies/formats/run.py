"""Bits, error and time of number formats on one float model, rounded after training.

python -m studies.formats.run --data PATH/rmd17
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks.common.setup import float_parent, on_one_core, parser_of, train_and_test
from benchmarks.speed.engine_systems import first_frame
from gaq.cli.bench import measured
from gaq.cli.bench_models import open_models
from gaq.cli.candidates import Conditions, Field, enter_native
from gaq.cli.stage_progress import StageProgress
from gaq.data.dataset import Dataset
from gaq.engine.packing import packed_in_memory
from gaq.engine.protocol import Engine
from gaq.engine.pytorch import TorchEngine
from gaq.files import write_atomically
from gaq.measure.accuracy import accuracy, fidelity
from gaq.measure.ledger import Row, write_rows
from gaq.measure.statistics import predict
from gaq.model.layered import Layered
from gaq.quant.install import preset
from gaq.quant.recipe import Recipe, Rule
from gaq.quant.rules import in_float, recipe_of, weight_only
from gaq.quant.slot import Role
from gaq.quant.spec import Spec
from gaq.train.session import load, quantize
from studies.formats.mantissa import Mantissa

PRODUCTS = (Role.SCALAR_WEIGHT, Role.VECTOR_WEIGHT, Role.SCALAR_FEATURE, Role.VECTOR_FEATURE)
OTHERS = (Role.QUERY_KEY, Role.SCALAR_MESSAGE, Role.VECTOR_MESSAGE)
INTEGERS = ("fp32", "w8a16", "mixed-w4a16", "w4a16", "frame-w8a8", "frame-w4a8")
TEST_FRAMES, CALIBRATION_FRAMES = 200, 100
TIMESTEP = 0.5  # fs


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--molecule", default="azobenzene")
    parser.add_argument("--out", type=Path, default=Path("runs/formats"))
    parser.add_argument("--seconds", type=float, default=5.0, help="time for each format")
    arguments = parser.parse_args()
    on_one_core()
    arguments.out.mkdir(parents=True, exist_ok=True)
    train, test = train_and_test(arguments.data, arguments.molecule, CALIBRATION_FRAMES, TEST_FRAMES)
    parent = load(float_parent(arguments.molecule))
    control = TorchEngine(parent, "fp32", "fp32")
    rows: list[Row] = []
    for recipe in formats():
        model = quantize(parent, recipe, train)
        rows += errors(TorchEngine(model, recipe.name, recipe.name), control, test)
        print(f"{recipe.name:12s} {rows[-1].value:8.3f} {rows[-1].unit}", flush=True)
        if recipe.name in INTEGERS:
            pack(model, recipe, arguments.out / f"{recipe.name}.gaq")
    conditions = Conditions(first_frame(arguments.data, arguments.molecule), arguments.molecule)
    rows += times([arguments.out / f"{name}.gaq" for name in INTEGERS], conditions, arguments.seconds)
    write_rows(arguments.out / "rows.jsonl", rows)


def formats() -> Iterator[Recipe]:
    """Yield recipes, float formats first."""
    yield preset("fp32")
    for name, bits in (("tf32", 10), ("bf16", 7)):
        yield in_every_product(name, Mantissa(bits))
    w8a16 = preset("w4a16", 0).with_rules(*weight_only(8, False, None))
    yield replace(w8a16, name="w8a16")
    for name in INTEGERS[2:]:
        yield replace(preset(f"{name}+gptq" if name.startswith(("w4", "frame-w4")) else name, 0), name=name)


def in_every_product(name: str, spec: Spec) -> Recipe:
    """Return a recipe with one format for all that is multiplied with weights."""
    return recipe_of(name, "products in this format", tuple(Rule(role, spec) for role in PRODUCTS), in_float(*OTHERS))


def errors(engine: Engine, control: Engine, test: Dataset) -> list[Row]:
    """Return force error, and root mean square change of forces, which comes last."""
    found = predict(engine, test.structures)
    rows = accuracy(engine, test, predictions=found) + fidelity(engine, control, test, predictions=found)
    return [row for name in ("force_mae", "force_fidelity") for row in rows if row.metric == name]


def pack(model: Layered, recipe: Recipe, target: Path) -> None:
    """Write a packed model."""
    content = packed_in_memory(model, recipe)
    write_atomically(target, lambda temporary: temporary.write_bytes(content))


def times(files: list[Path], conditions: Conditions, seconds: float) -> list[Row]:
    """Return times of packed models, in turns."""
    field = Field()
    for model in open_models([str(file) for file in files], torch=False):
        enter_native(field, model, conditions, None)
    with StageProgress() as watch:
        return measured(field, conditions, seconds, TIMESTEP, False, watch)


if __name__ == "__main__":
    main()
