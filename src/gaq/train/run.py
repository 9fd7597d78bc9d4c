"""A training run as it stands between two steps, and how it is kept on disk."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from torch import Tensor

from gaq.errors import BadFile
from gaq.files import write_atomically
from gaq.train.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from gaq.train.config import TrainConfig
from gaq.train.optimizer import Average, Optimizers, build_optimizers


@dataclass(frozen=True)
class Epoch:
    """One line of the learning curve. Energies in meV, forces in meV/Å."""

    epoch: int
    loss: float
    energy_mae: float
    force_mae: float
    complete: bool  # whether all quantizers were on
    best: bool  # whether model.ckpt was written
    seconds: float


@dataclass
class Run:
    """Everything that changes from step to step."""

    checkpoint: Checkpoint
    optimizers: Optimizers
    average: Average
    step: int = 0
    loss_sum: float = 0.0
    seconds: float = 0.0
    best: float = float("inf")
    curve: tuple[Epoch, ...] = ()


def begin(start: Checkpoint, config: TrainConfig, device: str) -> Run:
    """A run at its first step."""
    start.model.to(device)
    optimizers = build_optimizers(start.model, config.optimizer)
    return Run(start, optimizers, Average(start.model, config.optimizer.ema))


def save_state(run: Run, out: Path) -> None:
    """Writes `last.ckpt`: weights, averaged weights, optimizer state and counters."""
    counters = {
        "step": run.step,
        "loss_sum": run.loss_sum.hex(),
        "seconds": run.seconds,
        "best": run.best.hex(),
        "curve": [asdict(e) for e in run.curve],
    }
    state = {f"average.{name}": t for name, t in run.average.weights.items()}
    state |= {f"optimizer.{name}": t for name, t in run.optimizers.tensors().items()}
    manifest = run.checkpoint.manifest | {"run": counters}
    save_checkpoint(out / "last.ckpt", replace(run.checkpoint, manifest=manifest, state=state))


def restore_(run: Run, out: Path) -> None:
    """Puts a fresh run where `last.ckpt` left off."""
    path = out / "last.ckpt"
    if not path.exists():
        raise BadFile(f"{out} has no last.ckpt to resume from. Leave out --resume to start a new run there.")
    saved = load_checkpoint(path)
    counters = saved.manifest.get("run")
    if counters is None or saved.model.config != run.checkpoint.model.config:
        raise BadFile(
            f"{path} is not the state of this run: its model or recipe is another. Choose another --out."
        )
    if saved.recipe != run.checkpoint.recipe:
        raise BadFile(
            f"{path} was trained with recipe {saved.recipe.name!r}, not {run.checkpoint.recipe.name!r}."
        )
    run.checkpoint.model.load_state_dict(saved.model.state_dict())
    run.average.weights = _under(saved.state, "average.", run.average.weights)
    run.optimizers.restore(_under(saved.state, "optimizer."))
    run.step, run.seconds = counters["step"], counters["seconds"]
    run.loss_sum, run.best = float.fromhex(counters["loss_sum"]), float.fromhex(counters["best"])
    run.curve = tuple(Epoch(**line) for line in counters["curve"])


def _under(state: dict[str, Tensor], prefix: str, like: dict[str, Tensor] | None = None) -> dict[str, Tensor]:
    found = {k.removeprefix(prefix): t for k, t in state.items() if k.startswith(prefix)}
    return found if like is None else {k: t.to(like[k].device) for k, t in found.items()}


def write_curve(run: Run, out: Path) -> None:
    """Writes `curve.jsonl`, one epoch a line."""
    text = "".join(json.dumps(asdict(e)) + "\n" for e in run.curve)
    write_atomically(out / "curve.jsonl", lambda temporary: temporary.write_text(text, encoding="utf-8"))
