"""The third kind of job: quantize the float model by a recipe, train it if required, and measure it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gaq.cli.deployed import open_deployed
from gaq.cli.kept import signed
from gaq.data.dataset import Dataset
from gaq.data.read import read_dataset
from gaq.demo.dynamics import DemoMotion, move
from gaq.demo.folder import MODEL, PREDICTIONS, ROWS, TRAJECTORY
from gaq.demo.jobs import set_threads
from gaq.demo.plan import PARENT, DemoModel, DemoPlan
from gaq.demo.workers import Tell
from gaq.errors import Diverged
from gaq.files import writable_folder
from gaq.measure.accuracy import accuracy, fidelity
from gaq.measure.check import check
from gaq.measure.ledger import Row, find, row, write_rows
from gaq.measure.limits import failures
from gaq.measure.predictions import predictions, write_predictions
from gaq.measure.statistics import predict
from gaq.process import Contention

UNITS_OF_SIZE = {"file_bytes": "bytes", "weight_bytes": "bytes", "bits_per_weight": "bits"}


@dataclass(frozen=True)
class DemoModelJob:
    """Makes and measures one candidate."""

    candidate: DemoModel
    plan: DemoPlan
    data: Dataset
    test: Path
    folder: Path  # of the whole demo
    threads: int
    engine: str | None = None

    @property
    def name(self) -> str:
        """Return its name in progress reports."""
        return self.candidate.name

    @property
    def out(self) -> Path:
        """Return the folder of this candidate."""
        return self.folder / self.candidate.name

    def run(self, tell: Tell) -> str:
        """Write the model, its rows, its predictions and a run of dynamics; no rows if its training diverged."""
        set_threads(self.threads)
        began = time.monotonic()
        if self.candidate != PARENT:
            try:
                self._make(tell)
            except Diverged as error:
                return f"diverged and is not in the table: {error}"
        made = time.monotonic() - began
        rows = self._measure(tell)
        return self._summary(rows, made)

    def _make(self, tell: Tell) -> None:
        from gaq.quant.install import preset
        from gaq.train.checkpoint import load_checkpoint
        from gaq.train.quantization import QuantizationPlan, run_quantization

        tell("calibration", 0, 1)
        plan, epochs = self.plan, self.plan.tuning if self.candidate.trained else 0
        recipe = preset(self.candidate.recipe, epochs // 8)
        run_quantization(
            load_checkpoint(self.folder / PARENT.name / MODEL),
            self.data,
            QuantizationPlan(recipe, epochs, lr=plan.tuning_rate, seed=plan.seed),
            writable_folder(self.out),
            show=lambda p: tell("training", p.step, p.steps),
        )

    def _measure(self, tell: Tell) -> list[Row]:
        test, plan = read_dataset(self.test), self.plan
        deployed = open_deployed(
            *(self.out / MODEL, str(self.test)), engine=self.engine, threads=self.threads, torch_threads=self.threads
        )
        engine = deployed.engine
        tell("accuracy", 0, 1)
        found = predict(engine, test.structures)
        rows = accuracy(engine, test, predictions=found)
        if self.candidate != PARENT:
            parent = open_deployed(self.folder / PARENT.name / MODEL, str(self.test), engine=self.engine).engine
            rows += fidelity(engine, parent, test, predictions=found)
        turned = test.structures[: plan.checked]
        # Without the short run, since a longer one follows.
        rows += check(engine, turned, rotations=plan.rotations, seed=plan.seed, watch=tell, data=test.name, steps=0)
        motion = DemoMotion(plan.steps, plan.slow_steps, plan.timestep, plan.temperature, plan.seed)
        files = self.out / MODEL, self.out / TRAJECTORY
        contention = Contention()
        moved = move(engine, test.structures[0], motion, files, test.name, lambda *done: tell("dynamics", *done))
        rows += signed(moved, deployed.identity, contention.share())
        sizes = deployed.sizes()
        rows += [
            row(engine, test.name, name, sizes[name], unit, 1) for name, unit in UNITS_OF_SIZE.items() if name in sizes
        ]
        rows = [replace(self._signed(entry), identity=deployed.identity) for entry in rows]
        write_rows(self.out / ROWS, rows)
        about = (f"{self.name}/{MODEL}", self.name, engine.name, test.name)
        write_predictions(self.out / PREDICTIONS, [predictions(about, test.labels, found)])
        return rows

    def _signed(self, entry: Row) -> Row:
        """Return the row under this candidate's name: the control has its parent's recipe but its own row."""
        return replace(entry, model=f"{self.name}/{MODEL}", recipe=self.name, threads=self.threads, device="cpu")

    def _summary(self, rows: Sequence[Row], made: float) -> str:
        force, judged = find(rows, "force_mae"), [r for r in rows if r.limit is not None]
        passed = len(judged) - len(failures(judged))
        error = "" if force is None else f"F {force.value:.1f} meV/Å; "
        before = "" if self.candidate == PARENT else f"made in {made:.0f} s; "
        return f"{before}{error}{passed} of {len(judged)} checks passed"
