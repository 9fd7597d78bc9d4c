"""`gaq evaluate`: accuracy, fidelity to the float parent, symmetry, path work and size of one or several models."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from gaq.cli.cluster import ClusterOption
from gaq.cli.labels import LabelsOption
from gaq.cli.outputs import PREDICTIONS, OverwriteOption, claim_output, claim_rows, expect_different

if TYPE_CHECKING:
    from gaq.atoms.structure import Prediction, Structure
    from gaq.cli.deployed import Deployed
    from gaq.cli.stage_progress import StageProgress
    from gaq.data.dataset import Dataset
    from gaq.engine.protocol import Engine
    from gaq.farm.protocol import Farm
    from gaq.measure.ledger import Row
    from gaq.measure.predictions import Predictions

UNITS_OF_SIZE = {"file_bytes": "bytes", "weight_bytes": "bytes", "bits_per_weight": "bits"}
FLOOR = "fp32-floor"
WORTH_A_PROCESS = 500  # structures; a PyTorch process takes seconds to start
STARTS = 100  # frames from which the start of the short run is chosen
LIE_FRAMES = 10  # frames whose Lie derivative is computed, six evaluations each


def evaluate(
    models: Annotated[list[str], typer.Argument(metavar="MODEL...", help="Checkpoints or packed files.")],
    data: Annotated[str, typer.Option(metavar="FILE", help="Labelled frames: npz or extended XYZ; `embedded`.")],
    limit: Annotated[int | None, typer.Option(metavar="N", help="Take the first N frames.")] = None,
    labels: LabelsOption = "",
    rotations: Annotated[int, typer.Option(min=1, help="Rotations per frame of the symmetry test.")] = 8,
    symmetry_frames: Annotated[int, typer.Option(min=0, help="Frames of the symmetry test; 0: none.")] = 100,
    path_frames: Annotated[int, typer.Option(min=0, help="Frames of the closed-path test; 0: none.")] = 10,
    steps: Annotated[
        int | None,
        typer.Option(
            min=0, metavar="N", help="Steps of the run at constant energy, 0 for none; by default up to 20000."
        ),
    ] = None,
    parent: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Float parent: for fidelity and the floor of the LEE.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of rotations, paths and velocities.")] = 0,
    threads: Annotated[
        int | None,
        typer.Option(min=1, help="CPU cores to use (default: all). Results do not depend on this."),
    ] = None,
    cluster: ClusterOption = None,
    engine: Annotated[str | None, typer.Option(metavar="NAME", help="Force an engine: torch or native.")] = None,
    device: Annotated[str, typer.Option(help="Device of the engine: cpu or cuda.")] = "cpu",
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse structures unlike the training data, instead of warning.")
    ] = False,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the rows, one JSON object a line.")
    ] = None,
    predictions: Annotated[
        Path | None,
        typer.Option(metavar="FILE.npz", help="Write energies and forces to one file, for parity plots."),
    ] = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Measure accuracy, symmetry, conservation, stability and size of models, and compare them in one table.

    A checkpoint is measured as the packed file that `gaq export` would write; `--engine torch` measures it in
    PyTorch. The rows are also stored next to each model, in MODEL.rows.jsonl, for `gaq report`.
    """
    from gaq.cli.cluster import farm_of
    from gaq.cli.kept import keep, keep_predictions
    from gaq.cli.stage_progress import StageProgress
    from gaq.cli.summary import say_remark
    from gaq.data.read import read_dataset
    from gaq.data.states import evaluation_remarks
    from gaq.farm.open import check_cores
    from gaq.measure.ledger import write_rows
    from gaq.measure.predictions import write_predictions
    from gaq.process import usable_cores
    from gaq.report.tables import comparison_table, print_table, reasons

    inputs = [*models, data, parent]
    claim_rows(json_file, overwrite, inputs)
    claim_output(predictions, PREDICTIONS, overwrite, inputs)
    expect_different(json_file, predictions)
    names = list(dict.fromkeys(models))
    check_cores("threads", threads, cluster)
    cores = 1 if cluster else threads or usable_cores()
    dataset = read_dataset(data, limit, energies_only=True, labels=labels)
    for remark in evaluation_remarks(dataset):
        say_remark(remark)
    turned, circled = dataset.structures[:symmetry_frames], dataset.structures[:path_frames]
    plan = EvaluationPlan(dataset, turned, circled, rotations, seed, steps)
    kept: list[Predictions] = []
    with farm_of(cluster, cores) as farm, StageProgress() as watch:
        choice = EngineChoice(engine, device, cores, farm, cluster is not None, data, strict)
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
    notes = [model.deployed.note for model in opened.values() if model.deployed.note]
    for (label, model), said in zip(labelled(opened), kept, strict=True):
        file = model.deployed.path
        notes += keep(file, [replace(r, model=file.name) for r in rows if r.model == label and r.control is None])
        notes += keep_predictions(file, said)
    for line in [*reasons(rows), *_floor_line(rows), *notes]:
        console.print(line, style="dim", soft_wrap=True, markup=False)


@dataclass(frozen=True)
class Opened:
    """A model under test: the engine that evaluates frames, possibly on a farm, and the model as deployed."""

    engine: Engine
    deployed: Deployed


@dataclass(frozen=True)
class EngineChoice:
    """The requested engine and where it computes."""

    engine: str | None
    device: str
    cores: int
    farm: Farm
    elsewhere: bool  # the farm is a cluster
    frames: str  # the test set; golden frames may be taken from it
    strict: bool  # refuse structures unlike the training data

    def open(self, model: str) -> Opened:
        """Open the engine of a model, or several. PyTorch gets one thread per engine, because its bits depend on the
        number
        of threads; on several cores there are several engines. The native engine distributes structures over threads
        itself.
        """
        from gaq.cli.deployed import open_deployed
        from gaq.engine.farmed import FarmedEngine
        from gaq.errors import UsageError

        if self.elsewhere and self.device != "cpu":
            raise UsageError(f"--device {self.device}: a cluster computes on the CPUs of its workers. Leave it out")
        deployed = open_deployed(
            *(model, self.frames),
            engine=self.engine,
            device=self.device,
            threads=self.cores,
            torch_threads=1,
            strict=self.strict,
        )
        opened = deployed.engine
        if self.elsewhere:
            return Opened(FarmedEngine(opened, self.farm), deployed)
        if opened.name != "torch" or self.cores == 1 or self.device != "cpu":
            return Opened(opened, deployed)
        return Opened(FarmedEngine(opened, self.farm, WORTH_A_PROCESS), deployed)


@dataclass(frozen=True)
class EvaluationPlan:
    """The data and lengths of all measurements."""

    dataset: Dataset
    turned: tuple[Structure, ...]  # frames of the symmetry test
    circled: tuple[Structure, ...]  # frames of the closed-path test
    rotations: int
    seed: int
    steps: int | None = None  # of the short run; None: the engine's default


def labelled(opened: dict[str, Opened]) -> list[tuple[str, Opened]]:
    """Return engines with their names in the table: the file name, or the given path if two file names are equal."""
    names = [model.engine.model for model in opened.values()]
    return [(path if names.count(m.engine.model) > 1 else m.engine.model, m) for path, m in opened.items()]


def measure(
    models: list[tuple[str, Opened]],
    parent: Opened | None,
    plan: EvaluationPlan,
    watch: StageProgress,
    keep: Callable[[Predictions], object] = lambda kept: None,
) -> list[Row]:
    """Return rows of all models, and of the parent's symmetry as the floor of the LEE. `keep` receives the predictions
    of
    each model.
    """
    from gaq.measure.predictions import predictions
    from gaq.measure.statistics import predict
    from gaq.measure.symmetry import symmetry

    truth = None
    if parent is not None:
        truth = predict(parent.engine, plan.dataset.structures, watch.stage("parent: predictions"))
    rows: list[Row] = []
    for label, model in models:
        found = predict(model.engine, plan.dataset.structures, watch.stage(f"{label}: accuracy"))
        about = (label, model.engine.recipe, model.engine.name, plan.dataset.name)
        keep(predictions(about, plan.dataset.labels, found))
        mine = measure_model(label, model, parent, (found, truth), plan, watch)
        rows += [replace(r, model=label, identity=model.deployed.identity) for r in mine]
    if parent is not None and plan.turned:
        on_progress = watch.stage("parent: rotations")
        floor = symmetry(parent.engine, plan.turned, plan.rotations, plan.seed, on_progress, plan.dataset.name)
        rows += [replace(entry, control=FLOOR) for entry in floor]
    return rows


def measure_model(
    label: str,
    model: Opened,
    parent: Opened | None,
    said: tuple[list[Prediction], list[Prediction] | None],
    plan: EvaluationPlan,
    watch: StageProgress,
) -> list[Row]:
    """Return all rows of one model; `said` holds its predictions and its parent's."""
    from gaq.measure.accuracy import accuracy, fidelity
    from gaq.measure.conservation import path_work
    from gaq.measure.symmetry import lie_derivative, symmetry

    engine, data, (found, truth) = model.engine, plan.dataset.name, said
    rows = accuracy(engine, plan.dataset, predictions=found)
    if parent is not None:
        rows += fidelity(engine, parent.engine, plan.dataset, predictions=found, parent_predictions=truth)
    if plan.turned:
        on_progress = watch.stage(f"{label}: rotations")
        rows += symmetry(engine, plan.turned, plan.rotations, plan.seed, on_progress, data)
        rows += lie_derivative(engine, plan.turned[:LIE_FRAMES], data=data)
    if plan.circled:
        on_progress = watch.stage(f"{label}: closed paths")
        rows += path_work(engine, plan.circled, seed=plan.seed, progress=on_progress, data=data)
    rows += moved(model.deployed.engine, plan, watch.stage(f"{label}: run at constant energy"))
    return rows + footprint(model.deployed, data)


def moved(engine: Engine, plan: EvaluationPlan, on_progress: Callable[[int, int], None]) -> list[Row]:
    """Return rows of a short run from the calmest of the first frames; none if `plan.steps` is 0 or atoms are alone."""
    from gaq.measure.dynamics import calmest, short_run, steps_for

    first = calmest(engine, plan.dataset.structures[:STARTS])
    steps = steps_for(engine, len(first)) if plan.steps is None else plan.steps
    if not steps or len(first) < 2:
        return []
    return short_run(engine, first, steps, plan.seed, on_progress, plan.dataset.name)


def footprint(model: Deployed, data: str) -> list[Row]:
    """Return size rows of a model as a packed file."""
    from gaq.measure.ledger import row

    sizes = model.sizes()
    return [
        row(model.engine, data, metric, sizes[metric], unit, 1)
        for metric, unit in UNITS_OF_SIZE.items()
        if metric in sizes
    ]


def _floor_line(rows: list[Row]) -> list[str]:
    from gaq.report.numbers import significant

    floor = {r.metric: r for r in rows if r.control == FLOOR}
    if "lee_mean" not in floor:
        return []
    mean, largest = floor["lee_mean"], floor["lee_max"]
    numbers = f"{significant(mean.value)} / {significant(largest.value, 2)} {mean.unit}"
    return [f"LEE floor, mean / max of the float parent {mean.model}: {numbers}"]
