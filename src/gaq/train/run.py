"""State of a training run between two steps, and how it is stored on disk."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from torch import Tensor

from gaq.errors import BadFile
from gaq.files import write_atomically
from gaq.formats.texts import shown
from gaq.train.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from gaq.train.config import TrainConfig
from gaq.train.freezing import Freezer
from gaq.train.optimizer import Average, Optimizers, build_optimizers


@dataclass(frozen=True)
class Epoch:
    """One line of the learning curve. Energies in meV, about their mean error; forces in meV/Å."""

    epoch: int
    loss: float
    energy_mae: float
    force_mae: float
    complete: bool  # whether all quantizers were on
    best: bool  # whether model.ckpt was written
    seconds: float
    stress_mae: float | None = None  # meV/Å³; None when no frame has a stress


@dataclass
class TrainRun:
    """Everything that changes from step to step."""

    checkpoint: Checkpoint
    optimizers: Optimizers
    average: Average
    freezer: Freezer = field(default_factory=Freezer)
    step: int = 0
    loss_sum: float = 0.0
    seconds: float = 0.0
    best: float = float("inf")
    curve: tuple[Epoch, ...] = ()


def begin(start: Checkpoint, config: TrainConfig, device: str) -> TrainRun:
    """Return a run at its first step."""
    start.model.to(device)
    optimizers = build_optimizers(start.model, config.optimizer)
    return TrainRun(start, optimizers, Average(start.model, config.optimizer.ema))


def save_state(run: TrainRun, out: Path) -> None:
    """Write `last.ckpt`: weights, averaged weights, which of them are held, optimizer state and counters."""
    counters = {
        "step": run.step,
        "loss_sum": run.loss_sum.hex(),
        "seconds": run.seconds,
        "best": run.best.hex(),
        "curve": [_line(e) for e in run.curve],
    }
    state = {f"average.{name}": t for name, t in run.average.weights.items()}
    state |= {f"optimizer.{name}": t for name, t in run.optimizers.tensors().items()}
    state |= {f"freezer.{name}": t for name, t in run.freezer.tensors().items()}
    manifest = run.checkpoint.manifest | {"run": counters | {"tensors": len(state)}}
    save_checkpoint(out / "last.ckpt", replace(run.checkpoint, manifest=manifest, state=state))


def restore_(run: TrainRun, out: Path) -> None:
    """Put a fresh run where `last.ckpt` left off."""
    path = out / "last.ckpt"
    if not path.exists():
        raise BadFile(f"{out} has no last.ckpt to resume from. Leave out `resume` to start a new run there.")
    saved = load_checkpoint(path)
    counters = saved.manifest.get("run")
    if counters is None:
        raise BadFile(f"{path} is a model, not the state of a run. Choose another `out`, or leave out `resume`.")
    _check_same_run(saved, run.checkpoint, path)
    try:
        if len(saved.state) != counters["tensors"]:
            raise ValueError(f"it has {len(saved.state)} of {counters['tensors']} tensors of the state")
        _take_(run, saved, counters)
    except (KeyError, TypeError, ValueError, OverflowError, RuntimeError) as error:
        raise BadFile(f"{path} is damaged ({shown(str(error), 200)}). Leave out `resume` to start anew.") from None


def _take_(run: TrainRun, saved: Checkpoint, counters: dict[str, Any]) -> None:
    run.step, run.seconds = _count(counters["step"]), float(counters["seconds"])
    run.loss_sum, run.best = float.fromhex(counters["loss_sum"]), float.fromhex(counters["best"])
    run.curve = tuple(_epoch(line) for line in counters["curve"])
    model = run.checkpoint.model
    model.load_state_dict(saved.model.state_dict())
    average = _under(saved.state, "average.")
    # In the order of the model's parameters: that of the file is another.
    run.average.weights = {name: _like(p, average[name], name) for name, p in model.named_parameters()}
    run.optimizers.restore(_under(saved.state, "optimizer."))
    run.freezer.restore(_under(saved.state, "freezer."), model)


def _count(value: object) -> int:
    if type(value) is not int or not 0 <= value < 2**63:
        raise ValueError(f"a counter is {shown(value)}")
    return value


def _epoch(line: dict[str, Any]) -> Epoch:
    """Return one line of the curve; JSON has no NaN, which is a text there."""
    if not isinstance(line, dict) or line.keys() | {"stress_mae"} != {one.name for one in fields(Epoch)}:
        raise ValueError("a line of the learning curve is none")
    numbers = {key: float(line[key]) for key in ("loss", "energy_mae", "force_mae", "seconds")}
    epoch = Epoch(epoch=_count(line["epoch"]), complete=bool(line["complete"]), best=bool(line["best"]), **numbers)
    stress = line.get("stress_mae")
    return epoch if stress is None else replace(epoch, stress_mae=float(stress))


def _line(epoch: Epoch) -> dict[str, Any]:
    """Return an epoch for JSON, without a stress that nobody measured."""
    found = asdict(epoch)
    return {key: value for key, value in found.items() if key != "stress_mae" or value is not None}


def _like(parameter: Tensor, average: Tensor, name: str) -> Tensor:
    if average.shape != parameter.shape or average.dtype != parameter.dtype:
        raise ValueError(f"the average of {name} is {average.dtype} {list(average.shape)}")
    return average.to(parameter.device)


def _check_same_run(saved: Checkpoint, start: Checkpoint, path: Path) -> None:
    """Refuse to resume with another model, recipe, configuration or data set than the run began with."""
    differing = _differing(_identity(saved), _identity(start))
    if differing:
        raise BadFile(
            f"{path} is the state of another run: it differs in {', '.join(differing)}. Give what it began "
            "with, or choose another `out`."
        )


def _identity(checkpoint: Checkpoint) -> dict[str, Any]:
    """Return what must be the same for a run to resume; the name of the data file may change, its content may not."""
    config = json.loads(json.dumps(checkpoint.manifest.get("config", {})))
    with suppress(ValidationError):  # keys that are newer than the checkpoint have their defaults
        config = TrainConfig.model_validate(config).model_dump(mode="json")
    config.get("data", {}).pop("file", None)
    return {
        "model": checkpoint.model.config.model_dump(mode="json"),
        "species": list(checkpoint.model.species),
        "recipe": checkpoint.recipe.to_dict(),
        "config": config,
        "data": {key: value for key, value in (checkpoint.manifest.get("data") or {}).items() if key != "name"},
        "distillation": checkpoint.manifest.get("distillation"),
    }


def _differing(one: Any, other: Any, name: str = "") -> list[str]:
    """Return dotted names of the values that are not equal."""
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return [] if one == other else [name]
    keys = sorted(one.keys() | other.keys())
    return [
        found for key in keys for found in _differing(one.get(key), other.get(key), f"{name}.{key}" if name else key)
    ]


def _under(state: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): t for k, t in state.items() if k.startswith(prefix)}


def write_curve(run: TrainRun, out: Path) -> None:
    """Write `curve.jsonl`, one epoch a line."""
    text = "".join(json.dumps(_line(e)) + "\n" for e in run.curve)
    write_atomically(out / "curve.jsonl", lambda temporary: temporary.write_text(text, encoding="utf-8"))
