"""The first two kinds of jobs of the demo: label frames, train the float model.

PyTorch is imported when a job runs, because labelling does not need it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gaq.data.dataset import Dataset
from gaq.data.label import label
from gaq.data.partial import Settings
from gaq.demo.plan import DemoPlan
from gaq.demo.workers import Tell
from gaq.files import writable_folder


@dataclass(frozen=True)
class LabelJob:
    """Makes the test frames: dynamics with GFN2-xTB, with another seed than the embedded frames."""

    settings: Settings
    output: Path
    name: str = "label"

    def run(self, tell: Tell) -> str:
        """Write the frames."""
        asked = self.settings
        label(asked, self.output, progress=lambda done: tell("frames", done, asked.frames))
        return f"{asked.frames} new frames of {asked.molecule}, GFN2-xTB at {asked.temperature:.0f} K"


@dataclass(frozen=True)
class TrainJob:
    """Trains the float model."""

    plan: DemoPlan
    data: Dataset
    out: Path
    threads: int
    name: str = "train"

    def run(self, tell: Tell) -> str:
        """Write the parent's checkpoint and learning curve."""
        from gaq.train.config import TrainConfig
        from gaq.train.fit import fit
        from gaq.train.session import finish_training, prepare_training

        set_threads(self.threads)
        plan = self.plan
        config = TrainConfig.model_validate(
            {
                "seed": plan.seed,
                "epochs": plan.epochs,
                "data": {"train": plan.train, "validation": plan.validation, "split_seed": plan.seed},
                "model": {"channels": plan.channels, "layers": plan.layers},
            }
        )
        prepared = prepare_training(config, self.data, writable_folder(self.out))
        best = fit(prepared.start, prepared.task, show=lambda p: tell("training", p.step, p.steps))
        errors = finish_training(best, prepared.task).manifest["validation"]
        energy, force = errors["energy_mae_mev"], errors["force_mae_mev_per_angstrom"]
        return (
            f"float model, {plan.train} frames, {plan.epochs} epochs: "
            f"E {energy:.1f} meV, F {force:.1f} meV/Å (validation)"
        )


def set_threads(threads: int) -> None:
    """Prepare a process for PyTorch."""
    from gaq.train.memory import keep_freed_memory, use_threads

    use_threads(threads)
    keep_freed_memory()
