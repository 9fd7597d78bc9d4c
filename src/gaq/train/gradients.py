"""From one batch to the gradients of all weights: operation by operation, or as a compiled graph (`compiled.py`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor

from gaq.atoms.batch import AtomBatch
from gaq.model.layered import Layered
from gaq.train.config import LossConfig
from gaq.train.frames import Target
from gaq.train.loss import total_loss
from gaq.train.penalties import auxiliary_losses
from gaq.train.protection import sparing


@dataclass(frozen=True)
class TrainBatch:
    """This process's part of a batch."""

    batch: AtomBatch
    target: Target
    sizes: tuple[float | Tensor, float | Tensor]  # structures and atoms of the batch of all processes
    rotations: Tensor | None = None  # [structure, 3, 3], if the symmetry term counts
    spared: Mapping[str, Tensor] = field(default_factory=dict)  # slot → bool [atom], those that pass it in float


def loss_of(model: Layered, train_batch: TrainBatch, config: LossConfig) -> Tensor:
    """Return the loss, with what the schemes in the slots add to it."""
    with sparing(model.quantizers(), train_batch.spared), auxiliary_losses(model.quantizers()) as penalties:
        loss = total_loss(
            model, train_batch.batch, train_batch.target, config, train_batch.sizes, train_batch.rotations
        )
    return loss + train_batch.batch.count / train_batch.sizes[0] * sum(penalties) if penalties else loss


def step_by_step(model: Layered, train_batch: TrainBatch, config: LossConfig) -> Tensor:
    """Backward through the graph that autograd records."""
    loss = loss_of(model, train_batch, config)
    if loss.requires_grad:
        loss.backward()
    return loss.detach()


class Gradients:
    """Leave the gradients of a batch in the parameters, which have none before, and return the loss.

    This one goes through the graph that autograd records. Others may take up resources, which `close` gives back.
    """

    def __call__(self, model: Layered, train_batch: TrainBatch, config: LossConfig) -> Tensor:
        return step_by_step(model, train_batch, config)

    def remarks(self) -> tuple[str, ...]:
        """Return sentences for a user about what has changed since the last call."""
        return ()

    def close(self) -> None:
        """End what runs in the background."""
