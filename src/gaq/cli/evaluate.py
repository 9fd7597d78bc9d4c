"""`gaq evaluate`: accuracy, fidelity to the float parent, symmetry, path work and size; several models are
one comparison.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

if TYPE_CHECKING:
    from gaq.atoms.structure import Prediction, Structure
    from gaq.cli.stage_progress import Watch
    from gaq.data.dataset import Dataset
    from gaq.engine.protocol import Engine
    from gaq.measure.ledger import Row

UNITS = {"file_bytes": "bytes", "weight_bytes": "bytes", "bits_per_weight": "bits"}
FLOOR = "fp32-floor"
LIE_FRAMES = 10  # frames whose Lie derivative is taken, six evaluations each


def evaluate(
    models: Annotated[list[str], typer.Argument(metavar="MODEL...", help="Checkpoints or packed files.")],
    data: Annotated[str, typer.Option(metavar="FILE", help="Labelled frames: npz or extended XYZ; `embedded`.")],
    limit: Annotated[int | None, typer.Option(metavar="N", help="Take the first N frames.")] = None,
    rotations: Annotated[int, typer.Option(min=1, help="Rotations per frame of the symmetry test.")] = 8,
    symmetry_frames: Annotated[int, typer.Option(min=0, help="Frames that are turned; 0 for none.")] = 100,
    path_frames: Annotated[int, typer.Option(min=0, help="Frames that closed paths go around; 0 for none.")] = 10,
    parent: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Float parent: for fidelity and the floor of the LEE.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of rotations and paths.")] = 0,
    threads: Annotated[int, typer.Option(min=1, help="Threads of the engine.")] = 1,
    engine: Annotated[str | None, typer.Option(metavar="NAME", help="Force an engine: torch or native.")] = None,
    device: Annotated[str, typer.Option(help="Where the engine computes: cpu or cuda.")] = "cpu",
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the rows, one JSON object a line.")
    ] = None,
) -> None:
    """Measure accuracy, symmetry, path work and size of models on labelled frames, and compare them in one
    table.
    """
    from gaq.cli.stage_progress import Watch
    from gaq.data.read import read_dataset
    from gaq.engine.open import open_engine
    from gaq.measure.ledger import expect_rows, write_rows
    from gaq.report.tables import comparison_table, print_table, reasons

    expect_rows(json_file)
    names = list(dict.fromkeys(models))
    opened = {name: open_engine(name, engine=engine, device=device, threads=threads) for name in names}
    reference = None if parent is None else open_engine(parent, engine=engine, device=device, threads=threads)
    dataset = read_dataset(data, limit)
    plan = Plan(dataset, dataset.structures[:symmetry_frames], dataset.structures[:path_frames], rotations, seed)
    with Watch() as watch:
        rows = measure(labelled(opened), reference, plan, watch)
    rows = [replace(entry, threads=threads, device=device) for entry in rows]
    if json_file is not None:
        write_rows(json_file, rows)
    console = Console(highlight=False)
    print_table(comparison_table(rows, f"{dataset.name}, {len(dataset)} frames"), console)
    for line in [*reasons(rows), *_floor_line(rows)]:
        console.print(line, style="dim", soft_wrap=True, markup=False)


@dataclass(frozen=True)
class Plan:
    """What every model is measured on."""

    dataset: Dataset
    turned: tuple[Structure, ...]  # frames of the symmetry test
    circled: tuple[Structure, ...]  # frames that closed paths go around
    rotations: int
    seed: int


def labelled(opened: dict[str, Engine]) -> list[tuple[str, Engine]]:
    """Engines with what the table calls them: the file name, or the path as given where two files have the
    same name.
    """
    names = [engine.model for engine in opened.values()]
    return [(path if names.count(e.model) > 1 else e.model, e) for path, e in opened.items()]


def measure(models: list[tuple[str, Engine]], parent: Engine | None, plan: Plan, watch: Watch) -> list[Row]:
    """Rows of all models, and of the parent's symmetry as the floor below which no figure means anything."""
    from gaq.measure.statistics import predict
    from gaq.measure.symmetry import symmetry

    truth = None
    if parent is not None:
        truth = predict(parent, plan.dataset.structures, watch.stage("parent: predictions"))
    rows: list[Row] = []
    for label, engine in models:
        rows += [replace(r, model=label) for r in measure_model(label, engine, parent, truth, plan, watch)]
    if parent is not None and plan.turned:
        told = watch.stage("parent: rotations")
        floor = symmetry(parent, plan.turned, plan.rotations, plan.seed, told, plan.dataset.name)
        rows += [replace(entry, control=FLOOR) for entry in floor]
    return rows


def measure_model(
    label: str,
    engine: Engine,
    parent: Engine | None,
    truth: list[Prediction] | None,
    plan: Plan,
    watch: Watch,
) -> list[Row]:
    """All rows of one model."""
    from gaq.measure.accuracy import accuracy, fidelity
    from gaq.measure.conservation import path_work
    from gaq.measure.statistics import predict
    from gaq.measure.symmetry import lie_derivative, symmetry

    data = plan.dataset.name
    found = predict(engine, plan.dataset.structures, watch.stage(f"{label}: accuracy"))
    rows = accuracy(engine, plan.dataset, predictions=found)
    if parent is not None:
        rows += fidelity(engine, parent, plan.dataset, predictions=found, parent_predictions=truth)
    if plan.turned:
        told = watch.stage(f"{label}: rotations")
        rows += symmetry(engine, plan.turned, plan.rotations, plan.seed, told, data)
        rows += lie_derivative(engine, plan.turned[:LIE_FRAMES], data=data)
    if plan.circled:
        told = watch.stage(f"{label}: closed paths")
        rows += path_work(engine, plan.circled, seed=plan.seed, progress=told, data=data)
    return rows + footprint(engine, data)


def footprint(engine: Engine, data: str) -> list[Row]:
    """Size rows of an engine that knows its sizes; none otherwise."""
    from gaq.measure.ledger import row

    sizes: dict[str, float] = engine.footprint() if hasattr(engine, "footprint") else {}
    return [row(engine, data, metric, sizes[metric], unit, 1) for metric, unit in UNITS.items() if metric in sizes]


def _floor_line(rows: list[Row]) -> list[str]:
    from gaq.report.numbers import significant

    floor = {r.metric: r for r in rows if r.control == FLOOR}
    if "lee_mean" not in floor:
        return []
    mean, largest = floor["lee_mean"], floor["lee_max"]
    numbers = f"{significant(mean.value)} / {significant(largest.value, 2)} {mean.unit}"
    return [f"LEE floor, mean / max of the float parent {mean.model}: {numbers}"]
