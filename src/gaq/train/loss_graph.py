"""Loss and gradients of a batch as one function of tensors, which can be compiled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields

import torch
from torch import Tensor, nn

from gaq.atoms.batch import AtomBatch, Edges
from gaq.model.layered import Layered
from gaq.model.one_graph import Graph
from gaq.train.config import LossConfig
from gaq.train.frames import Target
from gaq.train.gradients import TrainBatch, loss_of

SPARED = "spared "  # before the name of a slot: no parameter begins so
# Of all parameters and buffers, those with a size other than the network's.
PER_SPECIES = (
    "embedding",
    "reference",
    *(f"repulsion.{table}" for table in ("inner", "outer", "screening", "strength")),
)
LABEL = "label "  # before the name of a field of the target


@dataclass(frozen=True)
class LossGraph:
    """What a graph is made from. Any batch of the same `kind_of` is an example."""

    model: Layered
    train_batch: TrainBatch
    config: LossConfig

    @property
    def inputs(self) -> dict[str, Tensor]:
        """All that the loss depends on, by name, in the order of the function's inputs."""
        return inputs_of(self.model, self.train_batch)

    @property
    def varying(self) -> set[str]:
        """Names of the inputs with a first size that other batches and molecules change."""
        return set(PER_SPECIES) & self.inputs.keys() | _of_batch(self.train_batch).keys()

    def function(self) -> Graph:
        """Return the function from inputs to the loss and the gradients of all parameters."""
        model, train_batch, config = self.model, self.train_batch, self.config
        names, crossing = list(self.inputs), train_batch.batch.edges.crossing
        weights = [name for name, _ in model.named_parameters()]

        def loss_and_gradients(tensors: Sequence[Tensor]) -> list[Tensor]:
            given = dict(zip(names, tensors, strict=True))
            edges = Edges(given["receiver"], given["sender"], given["shift"])
            edges.__dict__["crossing"] = crossing  # a trace cannot ask values
            batch = AtomBatch(given["species"], given["positions"], given["structure"], given["cells"], edges)
            labels = {name.removeprefix(LABEL): t for name, t in given.items() if name.startswith(LABEL)}
            target, sizes = Target(**labels), given["sizes"]
            with _holding(model, given):
                spared = {name: given[f"{SPARED}{name}"] for name in train_batch.spared}
                part = TrainBatch(batch, target, (sizes[0], sizes[1]), given.get("rotations"), spared)
                loss = loss_of(model, part, config)
            found = torch.autograd.grad(loss, [given[name] for name in weights], allow_unused=True)
            both = zip(weights, found, strict=True)
            return [loss, *(torch.zeros_like(given[name]) if g is None else g for name, g in both)]

        return loss_and_gradients


def kind_of(train_batch: TrainBatch) -> tuple[bool, bool, bool]:
    """Return what of a batch needs a graph of its own."""
    batch, target = train_batch.batch, train_batch.target
    return batch.edges.crossing, train_batch.rotations is not None, target.virials is not None


def inputs_of(model: Layered, train_batch: TrainBatch) -> dict[str, Tensor]:
    """Return all that the loss depends on; parameters come first, and only these require gradients."""
    given = {name: p.detach().requires_grad_() for name, p in model.named_parameters()}
    given |= {name: b.detach() for name, b in model.named_buffers()}
    given |= {"sizes": torch.tensor(train_batch.sizes, dtype=torch.float64)} | _of_batch(train_batch)
    return given


def _of_batch(train_batch: TrainBatch) -> dict[str, Tensor]:
    batch, edges = train_batch.batch, train_batch.batch.edges
    found = {"species": batch.species, "positions": batch.positions, "structure": batch.structure, "cells": batch.cells}
    found |= {"receiver": edges.receiver, "sender": edges.sender, "shift": edges.shift}
    found |= _of_target(train_batch.target)
    found |= {f"{SPARED}{name}": atoms for name, atoms in train_batch.spared.items()}
    return found if train_batch.rotations is None else found | {"rotations": train_batch.rotations}


def _of_target(target: Target) -> dict[str, Tensor]:
    """Return the labels by the name of their field, those that there are."""
    given = {field.name: getattr(target, field.name) for field in fields(target)}
    return {f"{LABEL}{name}": tensor for name, tensor in given.items() if tensor is not None}


@contextmanager
def _holding(model: nn.Module, given: dict[str, Tensor]) -> Iterator[None]:
    """The model with tensors of these names in the places of its parameters and buffers."""
    kept = []
    for name, module in model.named_modules():
        for held in (module._parameters, module._buffers):
            for attribute, own in held.items():
                if own is not None:
                    kept.append((held, attribute, own))
                    held[attribute] = given[f"{name}.{attribute}" if name else attribute]
    try:
        yield
    finally:
        for held, attribute, own in kept:
            held[attribute] = own
