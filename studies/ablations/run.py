"""Ablations on one rMD17 molecule. Finished rows are not measured again.

python -m studies.ablations.run --parent models/rmd17-ethanol-fp32.ckpt --data PATH/rmd17
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.common.evaluation import measured
from benchmarks.common.setup import on_one_core, parser_of, train_and_test
from gaq.cli.training_progress import shown_training
from gaq.data.dataset import Dataset
from gaq.engine.open import open_engine
from gaq.measure.ledger import append_rows, read_rows
from gaq.quant.direction_spec import Component, DirectionCode, Fibonacci, Icosahedral, Octahedral
from gaq.quant.install import preset
from gaq.quant.presets import gaq_w4a8, gaq_w8a8
from gaq.quant.recipe import Recipe
from gaq.train.checkpoint import load_checkpoint
from gaq.train.config import OptimizerConfig, TrainConfig
from gaq.train.fit import fit
from gaq.train.quantization import QuantizationPlan, run_quantization
from gaq.train.session import finish_training, prepare_training

TEST_FRAMES, SYMMETRY_FRAMES, ROTATIONS = 300, 50, 16
MOLECULE = "ethanol"


@dataclass(frozen=True)
class Row:
    """One ablation."""

    name: str
    parent: Path
    plan: QuantizationPlan


@dataclass(frozen=True)
class Bench:
    """What all rows share."""

    parent: Path
    train: Dataset
    test: Dataset
    out: Path
    epochs: int


def directions(bench: Bench) -> Iterator[Row]:
    codes: list[tuple[str, DirectionCode]] = [(f"octahedral-{b}", Octahedral(b)) for b in (8, 10, 12, 14, 16)]
    codes += [(f"fibonacci-{b}", Fibonacci(b)) for b in (8, 12, 16)]
    codes += [(f"icosahedral-{b}", Icosahedral(b)) for b in (8, 12, 16)]
    codes += [("component-8", Component(8))]
    for name, code in codes:
        yield Row(f"directions/{name}/ptq", bench.parent, QuantizationPlan(gaq_w8a8(0, code)))
    yield Row("directions/cartesian-per-vector/ptq", bench.parent, QuantizationPlan(preset("int8-per-vector", 0)))
    for bits in (8, 12, 16):
        yield Row(f"directions/octahedral-{bits}/qat", bench.parent, trained(bench, gaq_w8a8(0, Octahedral(bits))))


def training(bench: Bench) -> Iterator[Row]:
    code = Octahedral(12)
    yield Row("training/base", bench.parent, trained(bench, gaq_w4a8(0, code)))
    yield Row("training/warm-up", bench.parent, trained(bench, gaq_w4a8(max(1, bench.epochs // 3), code)))
    yield Row("training/plain-gradient", bench.parent, trained(bench, gaq_w4a8(0, code, gradient="plain")))
    yield Row("training/log-magnitude", bench.parent, trained(bench, gaq_w4a8(0, code, magnitude="log")))
    yield Row("training/lee-penalty-0.1", bench.parent, replace(trained(bench, gaq_w4a8(0, code)), symmetry=0.1))


def attention(bench: Bench) -> Iterator[Row]:
    for kind in ("cosine", "dot"):
        parent = scratch(bench, f"attention-{kind}", 2 * bench.epochs, attention=kind)
        yield Row(f"attention/{kind}/fp32", parent, QuantizationPlan(preset("fp32")))
        yield Row(f"attention/{kind}/ptq", parent, QuantizationPlan(preset("gaq-w8a8", 0)))
        yield Row(f"attention/{kind}/qat", parent, trained(bench, preset("gaq-w4a8", bench.epochs // 8)))


def regularises(bench: Bench) -> Iterator[Row]:
    young = scratch(bench, "under-trained", 2 * bench.epochs)
    for name, parent in (("converged", bench.parent), ("under-trained", young)):
        yield Row(f"regularises/{name}/fp32", parent, QuantizationPlan(preset("fp32")))
        yield Row(f"regularises/{name}/gaq-w4a8", parent, trained(bench, preset("gaq-w4a8", bench.epochs // 8)))
        yield Row(f"regularises/{name}/fp32-control", parent, trained(bench, preset("fp32")))


GROUPS: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "directions": directions,
    "training": training,
    "attention": attention,
    "regularises": regularises,
}


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--parent", type=Path, required=True, help="float checkpoint of ethanol")
    parser.add_argument("--out", type=Path, default=Path("runs/ablations"))
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--groups", nargs="*", choices=tuple(GROUPS), default=tuple(GROUPS))
    arguments = parser.parse_args()
    on_one_core()
    train, test = train_and_test(arguments.data, MOLECULE, test=TEST_FRAMES)
    arguments.out.mkdir(parents=True, exist_ok=True)
    bench = Bench(arguments.parent, train, test, arguments.out, arguments.epochs)
    for group in arguments.groups:
        for item in GROUPS[group](bench):
            run(bench, item)


def run(bench: Bench, item: Row) -> None:
    """Make and measure one row."""
    ledger = bench.out / "rows.jsonl"
    if ledger.exists() and any(entry.model == item.name for entry in read_rows(ledger)):
        return
    folder = bench.out / item.name
    folder.mkdir(parents=True, exist_ok=True)
    with shown_training(item.name) as show:
        run_quantization(load_checkpoint(item.parent), bench.train, item.plan, folder, show=show)
    engine = open_engine(folder / "model.ckpt")
    rows = measured(engine, open_engine(item.parent), bench.test, ROTATIONS, SYMMETRY_FRAMES)
    entries = [replace(entry, model=item.name, recipe=item.plan.recipe.name, threads=1) for entry in rows]
    append_rows(ledger, entries)


def trained(bench: Bench, recipe: Recipe) -> QuantizationPlan:
    return QuantizationPlan(recipe, bench.epochs)


def scratch(bench: Bench, name: str, epochs: int, attention: str = "cosine") -> Path:
    """Return a float model trained from scratch."""
    folder = bench.out / name
    if not (folder / "model.ckpt").exists():
        folder.mkdir(parents=True, exist_ok=True)
        base = TrainConfig(epochs=epochs, optimizer=OptimizerConfig())
        network = base.model.model_copy(update={"layers": 3, "attention": attention})
        prepared = prepare_training(base.model_copy(update={"model": network}), bench.train, folder)
        with shown_training(name) as show:
            finish_training(fit(prepared.start, prepared.task, show=show), prepared.task)
    return folder / "model.ckpt"


if __name__ == "__main__":
    main()
