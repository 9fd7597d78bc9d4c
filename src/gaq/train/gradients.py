"""From one batch to the gradients of all weights: operation by operation, or as a compiled graph (`compiled.py`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from torch import Tensor

from gaq.atoms.batch import AtomBatch
from gaq.model.layered import Layered
from gaq.train.config import LossConfig
from gaq.train.frames import Target
from gaq.train.loss import total_loss
from gaq.train.penalties import owed
from gaq.train.protection import sparing


@dataclass(frozen=True)
class Lesson:
    """This process's part of a batch."""

    batch: AtomBatch
    target: Target
    sizes: tuple[float | Tensor, float | Tensor]  # structures and atoms of the batch of all processes
    rotations: Tensor | None = None  # [structure, 3, 3], if the symmetry term counts
    spared: Mapping[str, Tensor] = field(default_factory=dict)  # slot → bool [atom], those that pass it in float


# Leaves the gradients in the parameters, which have none before, and returns the loss.
Differentiate = Callable[[Layered, Lesson, LossConfig], Tensor]


def loss_of(model: Layered, lesson: Lesson, config: LossConfig) -> Tensor:
    """The loss, with what the laws in the slots add to it."""
    with sparing(model.quantizers(), lesson.spared), owed(model.quantizers()) as penalties:
        loss = total_loss(model, lesson.batch, lesson.target, config, lesson.sizes, lesson.rotations)
    return loss + lesson.batch.count / lesson.sizes[0] * sum(penalties) if penalties else loss


def step_by_step(model: Layered, lesson: Lesson, config: LossConfig) -> Tensor:
    """Backward through the graph that autograd records."""
    loss = loss_of(model, lesson, config)
    if loss.requires_grad:
        loss.backward()
    return loss.detach()
