"""The one training loop: float training and quantization-aware training alike.

Everything random is a function of (seed, epoch, step), so a run that was stopped anywhere resumes bit for
bit. Where steps are compiled in the background, a run depends on when that is done, by round-off alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from math import inf, nan
from pathlib import Path

import torch
from torch import Tensor

from gaq.errors import Diverged
from gaq.geometry.rotations import random_rotations
from gaq.train.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from gaq.train.codebooks import move_
from gaq.train.config import TrainConfig
from gaq.train.frames import TrainFrames
from gaq.train.gradients import Gradients, TrainBatch
from gaq.train.interrupt import Interrupt
from gaq.train.optimizer import schedule
from gaq.train.parallel import World
from gaq.train.protection import draw_spared
from gaq.train.run import Epoch, TrainRun, begin, restore_, save_state, write_curve
from gaq.train.stages import set_stage_
from gaq.train.teacher import Teacher
from gaq.train.unit_check import check_learned_units, is_due
from gaq.train.validation import validate


@dataclass(frozen=True)
class TrainProgress:
    """What a caller may show between steps."""

    step: int
    steps: int
    last: Epoch | None
    remarks: tuple[str, ...] = ()  # sentences about this step, such as that it was the first compiled one


@dataclass(frozen=True)
class Task:
    """What does not change during a run."""

    frames: TrainFrames
    validation: TrainFrames
    config: TrainConfig
    out: Path
    world: World = field(default_factory=World)
    device: str = "cpu"
    teacher: Teacher | None = None
    differentiate: Gradients = field(default_factory=Gradients)

    @property
    def steps(self) -> int:
        """Steps per epoch."""
        return -(-len(self.frames) // self.config.batch)


def fit(
    start: Checkpoint,
    task: Task,
    *,
    resume: bool = False,
    interrupt: Interrupt | None = None,
    show: Callable[[TrainProgress], None] = lambda progress: None,
) -> Checkpoint:
    """Train `start`; leaves `model.ckpt` (best averaged weights), `last.ckpt`, `curve.jsonl` in `task.out`.

    Returns the best checkpoint. With `resume` it continues from `last.ckpt`. Raises `Diverged` when the loss is
    no longer a number (the best checkpoint so far stays) and `KeyboardInterrupt` when `interrupt` was asked
    for, after the state has been saved.
    """
    interrupt = interrupt or Interrupt()
    run = begin(start, task.config, task.device)
    if resume:
        restore_(run, task.out)
    total = task.steps * task.config.epochs
    if total == 0 and task.world.rank == 0:
        save_checkpoint(task.out / "model.ckpt", replace(start, state={}))
    began = time.monotonic() - run.seconds
    with closing(task.differentiate):
        while run.step < total:
            stop = _train_step_(run, task, interrupt)
            run.seconds = time.monotonic() - began
            closes = run.step % task.steps == 0
            if closes:
                _close_epoch_(run, task)
            if task.world.rank == 0 and (closes or stop):
                save_state(run, task.out)
            last = run.curve[-1] if run.curve else None
            show(TrainProgress(run.step, total, last, task.differentiate.remarks()))
            if stop and run.step < total:
                raise KeyboardInterrupt
    return load_checkpoint(task.out / "model.ckpt") if task.world.rank == 0 else run.checkpoint


def _train_step_(run: TrainRun, task: Task, interrupt: Interrupt) -> bool:
    """Return one optimizer step; returns whether any process was asked to stop."""
    model, config = run.checkpoint.model, task.config
    epoch, within = divmod(run.step, task.steps)
    set_stage_(model.quantizers(), run.checkpoint.recipe, epoch)
    run.optimizers.clear()
    loss = _share_of_loss(run, task, epoch, within)
    signals = torch.tensor([loss.item(), float(interrupt.asked)], dtype=torch.float64, device=task.device)
    for parameter in model.parameters():
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
    task.world.sum_([p.grad for p in model.parameters() if p.grad is not None] + [signals])
    if not torch.isfinite(signals[0]):
        raise _diverged(run, task, signals[0].item())
    torch.nn.utils.clip_grad_norm_(model.parameters(), config.optimizer.clip)
    warmup = round(config.optimizer.warmup_epochs * task.steps)
    run.optimizers.step(schedule(run.step, task.steps * config.epochs, warmup))
    if config.optimizer.freeze:
        run.freezer.step(model, run.step / (task.steps * config.epochs))
    move_(model.quantizers(), task.world)
    run.step += 1
    run.average.update(model, run.step)
    run.loss_sum += signals[0].item()
    return bool(signals[1] > 0)


def _diverged(run: TrainRun, task: Task, loss: float) -> Diverged:
    kept = f"{task.out / 'model.ckpt'} is the best so far." if run.best < inf else "No epoch was completed."
    return Diverged(
        f"the loss of step {run.step} (epoch {run.step // task.steps}) is {loss}. {kept} Lower the learning "
        f"rate (now {task.config.optimizer.lr}) or lengthen the warm-up."
    )


def _share_of_loss(run: TrainRun, task: Task, epoch: int, within: int) -> Tensor:
    """This process's part of the loss of one batch; its gradients are left in the parameters."""
    config, device = task.config, task.device
    shuffle = torch.Generator().manual_seed(config.seed * 1_000_003 + epoch)
    order = torch.randperm(len(task.frames), generator=shuffle).tolist()
    chosen = order[within * config.batch : (within + 1) * config.batch]
    mine = task.world.share(range(len(chosen)))
    if not mine:
        return torch.zeros((), dtype=torch.float64)
    draw = torch.Generator().manual_seed(config.seed * 1_000_003 + 7 * run.step + 3)
    batch, target = task.frames.batch([chosen[k] for k in mine])
    if task.teacher is not None:
        batch, target = task.teacher.relabelled(batch, target, draw)
    rotations = None
    if config.loss.symmetry > 0:
        rotations = random_rotations(len(chosen), draw)[mine].to(device)
    atoms = sum(len(task.frames.dataset.structures[i]) for i in chosen)
    batch, target = batch.to(device), target.to(device)
    model, recipe = run.checkpoint.model, run.checkpoint.recipe
    spared = draw_spared(model.quantizers(), recipe, batch, draw)
    return task.differentiate(model, TrainBatch(batch, target, (len(chosen), atoms), rotations, spared), config.loss)


def _close_epoch_(run: TrainRun, task: Task) -> None:
    """Validate the averaged weights, keep them if they are the best, and add a line to the curve."""
    epoch = run.step // task.steps - 1
    complete = set_stage_(run.checkpoint.model.quantizers(), run.checkpoint.recipe, epoch)
    loss, run.loss_sum = run.loss_sum / task.steps, 0.0
    if task.world.rank != 0:
        return
    run.average.exchange(run.checkpoint.model)
    if is_due(epoch):
        check_learned_units(run.checkpoint.model, task.frames)
    errors = validate(run.checkpoint.model, task.validation, centred=True)
    last = epoch == task.config.epochs - 1
    score = errors.score(task.config.loss)
    best = complete and score < run.best
    energy, forces = (nan if error is None else error for error in (errors.energy, errors.forces))
    run.curve += (Epoch(epoch, loss, energy, forces, complete, best, run.seconds, errors.stress),)
    if best or (last and run.best == inf):
        run.best = score
        save_checkpoint(task.out / "model.ckpt", replace(run.checkpoint, state={}))
    run.average.exchange(run.checkpoint.model)
    write_curve(run, task.out)
