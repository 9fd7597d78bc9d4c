"""The demo from start to end: its jobs, their order, and their files."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from gaq.data.dataset import Dataset
from gaq.data.labelled_npz import write_labelled_npz
from gaq.data.molecules import find_molecule
from gaq.data.partial import Settings
from gaq.data.read import read_dataset
from gaq.data.splits import make_split
from gaq.demo.folder import FRESH, HELD_OUT, LEDGER, start_anew, write_manifest
from gaq.demo.jobs import LabelJob, TrainJob
from gaq.demo.model_job import DemoModelJob
from gaq.demo.plan import DEMO_MODELS, PARENT, DemoModel, DemoPlan
from gaq.demo.present import collect, epochs_before, present, words
from gaq.demo.workers import Job, JobDone, Listen, Workers
from gaq.engine.open import known_engine
from gaq.errors import Diverged, NotAvailable
from gaq.measure.ledger import Row, write_rows
from gaq.version import __version__

MOLECULE, TEMPERATURE = "ethanol", 500.0  # those of the embedded data
FRESH_SEED = 1_000_000  # far from seeds that users choose; the embedded frames have seed 0


@dataclass(frozen=True)
class Order:
    """Options of the demo."""

    plan: DemoPlan
    out: Path
    workers: int
    threads: int
    engine: str | None = None  # as for `open_engine`; None for the best available


@dataclass(frozen=True)
class Outcome:
    """Results for the final output."""

    rows: tuple[Row, ...]
    page: Path
    test: Path


def run_demo(order: Order, listen: Listen) -> Outcome:
    """Run everything. `listen` receives progress; files appear in `order.out`.

    Raises `UsageError` for an output folder that is not a demo's, and the errors of its jobs. No process
    survives it.
    """
    order = replace(order, engine=chosen_engine(order.engine, listen))
    embedded = read_dataset("embedded")
    facts = _facts(order, embedded)
    start_anew(order.out, facts)
    data, held_out = divided(embedded, order.plan)
    began = time.monotonic()
    with Workers(order.workers) as workers:
        test = label_and_train(order, data, held_out, workers, listen)
        workers.run([_job(c, order, data, test) for c in _longest_first()], listen)
    rows = collect(order.out)
    if not rows:
        raise Diverged("no candidate could be measured: all trainings diverged. Try another `seed`.")
    write_rows(order.out / LEDGER, rows)
    drawing = time.monotonic()
    facts |= {"seconds": round(drawing - began, 1), "test": test.name}
    facts |= {"epochs_before": epochs_before(order.out, order.plan), "page": words(rows, facts)}
    write_manifest(order.out, facts)
    page, done = present(order.out)
    said = " ".join([f"{len(rows)} rows, and a page of {done.said}.", *done.missing])
    listen(JobDone("report", time.monotonic() - drawing, said))
    return Outcome(rows, page, test)


def chosen_engine(asked: str | None, listen: Listen) -> str:
    """Return the engine for measurements and dynamics: the requested one, otherwise native, otherwise PyTorch with a
    message.
    """
    if asked is not None:
        return asked
    try:
        known_engine("native")
    except NotAvailable as error:
        listen(JobDone("engine", 0.0, f"PyTorch runs checks and dynamics instead, in shorter runs: {error}"))
        return "torch"
    return "native"


def label_and_train(order: Order, data: Dataset, held_out: Dataset, workers: Workers, listen: Listen) -> Path:
    """Label and train in parallel; return the file of the test frames."""
    train = TrainJob(order.plan, data, order.out / PARENT.name, order.threads)
    if importlib.util.find_spec("tblite") is not None:
        fresh = order.out / FRESH
        jobs: list[Job] = [train, LabelJob(_settings(order.plan), fresh)]
        workers.run(jobs, listen)
        return fresh
    file = order.out / HELD_OUT
    frames = held_out.subset(range(min(order.plan.test, len(held_out))))
    write_labelled_npz(file, frames.structures, frames.labels, f"held-out frames of {held_out.name}")
    text = f"tblite is not installed, so models are tested on {len(frames)} embedded frames outside the training set"
    listen(JobDone("label", 0.0, text))
    workers.run([train], listen)
    return file


def divided(embedded: Dataset, plan: DemoPlan) -> tuple[Dataset, Dataset]:
    """Return the frames to train and validate on, and those that no training sees."""
    split = make_split(embedded, plan.train, plan.validation, seed=plan.seed)
    return embedded.subset((*split.train, *split.validation)), embedded.subset(split.test)


def _longest_first() -> list[DemoModel]:
    """Return an order in which two processes end at about the same time: quantized vectors take longest."""
    return sorted(DEMO_MODELS, key=lambda c: (c.trained, c.recipe not in ("fp32", "w4")), reverse=True)


def _job(candidate: DemoModel, order: Order, data: Dataset, test: Path) -> DemoModelJob:
    return DemoModelJob(candidate, order.plan, data, test, order.out, order.threads, order.engine)


def _settings(plan: DemoPlan) -> Settings:
    """Return the settings of the test frames: those of the embedded ones with another seed."""
    molecule = find_molecule(MOLECULE).structure
    return Settings(
        molecule=MOLECULE,
        species=tuple(molecule.species.tolist()),
        positions=tuple(tuple(row) for row in molecule.positions.tolist()),
        method="gfn2-xtb",
        temperature=TEMPERATURE,
        frames=plan.test,
        interval=plan.interval,
        timestep=0.5,
        equilibration=plan.equilibration,
        seed=FRESH_SEED + plan.seed,
        replicas=plan.replicas,
        charge=0,
        multiplicity=1,
    )


def _facts(order: Order, embedded: Dataset) -> dict[str, Any]:
    """Return the manifest: options, data and machine."""
    names = ("torch", "numpy", "ase", "tblite", "plotly")
    present = [name for name in names if importlib.util.find_spec(name) is not None]
    return {
        "gaq": __version__,
        "plan": asdict(order.plan),
        "workers": order.workers,
        "threads_per_worker": order.threads,
        "engine": order.engine,
        "data": {"name": embedded.name, "frames": len(embedded), "sha256": embedded.sha256},
        "versions": {"python": platform.python_version()} | {n: importlib.metadata.version(n) for n in present},
        "machine": {"system": platform.system(), "processor": platform.machine(), "cores": os.cpu_count()},
    }
