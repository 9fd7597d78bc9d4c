"""`gaq evaluate`: accuracy, fidelity to the float parent, symmetry, path work and size; several models are
one comparison.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from gaq.cli.cluster import ClusterOption

if TYPE_CHECKING:
    from gaq.atoms.structure import Prediction, Structure
    from gaq.cli.stage_progress import Watch
    from gaq.data.dataset import Dataset
    from gaq.engine.protocol import Engine
    from gaq.farm.protocol import Farm
    from gaq.measure.ledger import Row
    from gaq.measure.predictions import Predictions

UNITS = {"file_bytes": "bytes", "weight_bytes": "bytes", "bits_per_weight": "bits"}
FLOOR = "fp32-floor"
WORTH_A_PROCESS = 500  # structures; a process of PyTorch takes seconds to start
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
    threads: Annotated[
        int | None,
        typer.Option(min=1, help="Cores that share the structures, by default all; no number depends on it."),
    ] = None,
    cluster: ClusterOption = None,
    engine: Annotated[str | None, typer.Option(metavar="NAME", help="Force an engine: torch or native.")] = None,
    device: Annotated[str, typer.Option(help="Where the engine computes: cpu or cuda.")] = "cpu",
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse structures unlike the training data, instead of warning of them.")
    ] = False,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the rows, one JSON object a line.")
    ] = None,
    predictions: Annotated[
        Path | None,
        typer.Option(metavar="FILE.npz", help="Keep energies and forces, for parity plots of `gaq report`."),
    ] = None,
) -> None:
    """Measure accuracy, symmetry, path work and size of models on labelled frames, and compare them in one
    table.
    """
    from gaq.cli.cluster import farm_of
    from gaq.cli.stage_progress import Watch
    from gaq.data.read import read_dataset
    from gaq.farm.open import check_cores
    from gaq.measure.ledger import expect_rows, write_rows
    from gaq.measure.predictions import write_predictions
    from gaq.process import usable_cores
    from gaq.report.tables import comparison_table, print_table, reasons

    expect_rows(json_file)
    expect_rows(predictions)
    names = list(dict.fromkeys(models))
    check_cores("--threads", threads, cluster)
    cores = 1 if cluster else threads or usable_cores()
    dataset = read_dataset(data, limit)
    plan = Plan(dataset, dataset.structures[:symmetry_frames], dataset.structures[:path_frames], rotations, seed)
    kept: list[Predictions] = []
    with farm_of(cluster, cores) as farm, Watch() as watch:
        choice = Choice(engine, device, cores, farm, cluster is not None, strict)
        opened = {name: choice.open(name) for name in names}
        reference = None if parent is None else choice.open(parent)
        rows = measure(labelled(opened), reference, plan, watch, kept.append)
    rows = [replace(entry, threads=cores, device=device) for entry in rows]
    if json_file is not None:
        write_rows(json_file, rows)
    if predictions is not None:
        write_predictions(predictions, kept)
    console = Console(highlight=False)
    print_table(comparison_table(rows, f"{dataset.name}, {len(dataset)} frames"), console)
    for line in [*reasons(rows), *_floor_line(rows)]:
        console.print(line, style="dim", soft_wrap=True, markup=False)


@dataclass(frozen=True)
class Choice:
    """Which engine is asked for, and where it is to compute."""

    engine: str | None
    device: str
    cores: int
    farm: Farm
    elsewhere: bool  # the farm is a cluster
    strict: bool  # whether structures unlike the training data are refused

    def open(self, model: str) -> Engine:
        """The engine of a model. One of PyTorch has one thread: its bits depend on how many there are, so that on
        several cores each has an engine; the native one shares structures among threads itself.
        """
        from gaq.engine.farmed import FarmedEngine
        from gaq.engine.open import is_packed, open_engine
        from gaq.errors import UsageError
        from gaq.files import readable_file

        if self.elsewhere and self.device != "cpu":
            raise UsageError(f"--device {self.device}: a cluster computes on the CPUs of its workers. Leave it out")
        native = self.engine == "native" or is_packed(readable_file(model))
        threads = self.cores if native else 1
        opened = open_engine(model, engine=self.engine, device=self.device, threads=threads, strict=self.strict)
        if self.elsewhere:
            return FarmedEngine(opened, self.farm)
        if native or self.cores == 1 or self.device != "cpu":
            return opened
        return FarmedEngine(opened, self.farm, WORTH_A_PROCESS)


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


def measure(
    models: list[tuple[str, Engine]],
    parent: Engine | None,
    plan: Plan,
    watch: Watch,
    keep: Callable[[Predictions], object] = lambda kept: None,
) -> list[Row]:
    """Rows of all models, and of the parent's symmetry as the floor below which no figure means anything; `keep` is
    given what each model said.
    """
    from gaq.measure.predictions import predictions
    from gaq.measure.statistics import predict
    from gaq.measure.symmetry import symmetry

    truth = None
    if parent is not None:
        truth = predict(parent, plan.dataset.structures, watch.stage("parent: predictions"))
    rows: list[Row] = []
    for label, engine in models:
        found = predict(engine, plan.dataset.structures, watch.stage(f"{label}: accuracy"))
        about = (label, engine.recipe, engine.name, plan.dataset.name)
        keep(predictions(about, plan.dataset.labels, found))
        rows += [replace(r, model=label) for r in measure_model(label, engine, parent, (found, truth), plan, watch)]
    if parent is not None and plan.turned:
        told = watch.stage("parent: rotations")
        floor = symmetry(parent, plan.turned, plan.rotations, plan.seed, told, plan.dataset.name)
        rows += [replace(entry, control=FLOOR) for entry in floor]
    return rows


def measure_model(
    label: str,
    engine: Engine,
    parent: Engine | None,
    said: tuple[list[Prediction], list[Prediction] | None],
    plan: Plan,
    watch: Watch,
) -> list[Row]:
    """All rows of one model; `said` is what it and its parent said of the frames."""
    from gaq.measure.accuracy import accuracy, fidelity
    from gaq.measure.conservation import path_work
    from gaq.measure.symmetry import lie_derivative, symmetry

    data, (found, truth) = plan.dataset.name, said
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
