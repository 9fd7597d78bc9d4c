"""Gradients by a compiled graph: the same numbers up to round-off, two to three times as fast on a processor core."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields

import torch
from torch import Tensor, nn

from gaq.atoms.batch import AtomBatch, Edges
from gaq.errors import NotAvailable, UsageError
from gaq.model.layered import Layered
from gaq.model.one_graph import NEEDS, Graph, first_line, one_graph
from gaq.quant.direction_spec import KMeans
from gaq.quant.recipe import Recipe
from gaq.quant.spec import Polar, Spec
from gaq.train.config import LossConfig
from gaq.train.frames import Target
from gaq.train.gradients import TrainBatch, loss_of, step_by_step

SPARED = "spared "  # before the name of a slot: no parameter begins so
# Of all parameters and buffers, those with a size other than the network's.
PER_SPECIES = (
    "embedding",
    "reference",
    *(f"repulsion.{table}" for table in ("inner", "outer", "screening", "strength")),
)
LABEL = "label "  # before the name of a field of the target


@dataclass
class CompiledGradients:
    """`Differentiate` by one graph for batches of any size.

    It is made when all quantizers of a recipe are on, for a warm-up is over before a graph of its own would have paid,
    and for two structures, atoms, pairs and species or more. The rest is differentiated operation by operation.
    """

    _graphs: dict[tuple[bool, bool, bool], Graph] = field(default_factory=dict)

    def __call__(self, model: Layered, train_batch: TrainBatch, config: LossConfig) -> Tensor:
        batch = train_batch.batch
        small = min(batch.count, len(batch.species), len(batch.edges.receiver), len(model.species)) < 2
        if small or not all(quantizer.active for quantizer in model.quantizers()):
            return step_by_step(model, train_batch, config)
        kind = (batch.edges.crossing, train_batch.rotations is not None, train_batch.target.virials is not None)
        if kind not in self._graphs:
            self._graphs[kind] = _graph(model, train_batch, config)
        loss, *gradients = self._graphs[kind](list(_inputs(model, train_batch).values()))
        for parameter, gradient in zip(model.parameters(), gradients, strict=True):
            parameter.grad = gradient
        return loss


def compiled_for(recipe: Recipe) -> CompiledGradients:
    """Return what differentiates a network with this recipe. Raises `UsageError` where it does what no graph can
    hold.
    """
    for rule in recipe.rules:
        if _moves(rule.spec):
            raise UsageError(
                f"recipe {recipe.name!r} has a codebook that moves in {rule.target}, which a compiled graph cannot do. "
                "Train it without `compile`."
            )
    return CompiledGradients()


def _moves(spec: Spec) -> bool:
    return isinstance(spec, Polar) and isinstance(spec.directions, KMeans) and spec.directions.decay > 0


def _inputs(model: Layered, train_batch: TrainBatch) -> dict[str, Tensor]:
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


def _graph(model: Layered, train_batch: TrainBatch, config: LossConfig) -> Graph:
    inputs = _inputs(model, train_batch)
    varying = PER_SPECIES + tuple(_of_batch(train_batch))
    crossing = train_batch.batch.edges.crossing
    weights = [name for name, _ in model.named_parameters()]

    def loss_and_gradients(tensors: Sequence[Tensor]) -> list[Tensor]:
        given = dict(zip(inputs, tensors, strict=True))
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
        return [loss, *(torch.zeros_like(given[n]) if g is None else g for n, g in zip(weights, found, strict=True))]

    try:
        places = {index for index, name in enumerate(inputs) if name in varying}
        return one_graph(loss_and_gradients, list(inputs.values()), places)
    except Exception as error:  # whatever a compiler and its tool chain raise
        raise NotAvailable(
            f"the training step could not be compiled: {type(error).__name__}: {first_line(error)}. "
            f"{NEEDS}; without `compile` neither is needed."
        ) from error


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
