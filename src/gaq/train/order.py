"""The order in which a structure meets the linear layers of a network, seen from hooks while it computes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor

from gaq.model.protocol import Network, device_of
from gaq.train.activity import linears
from gaq.train.frames import TrainFrames

Met = tuple[str, Tensor, Tensor]  # a layer, what entered it, what left it


def stages_of(model: Network, frames: TrainFrames) -> list[tuple[str, ...]]:
    """Return the layers by name, in stages: no layer feeds another one of its stage, and each is fed by earlier stages
    alone.

    Layers that a structure meets one after the other share a stage where possible. Quantizers that let no gradient
    through are passed by, so that no connection is missed.
    """
    batch, _ = frames.batch([0])
    with torch.enable_grad(), _in_float(model), _listening(model) as met:
        model.energies(batch.to(device_of(model)))
    stages: list[list[Met]] = []
    for layer in met:
        if not stages or any(_feeds(earlier, layer) for earlier in stages[-1]):
            stages.append([])
        stages[-1].append(layer)
    return [tuple(name for name, _, _ in stage) for stage in stages]


def _feeds(earlier: Met, later: Met) -> bool:
    entered, left = later[1], earlier[2]
    if not entered.requires_grad:
        return False
    (slope,) = torch.autograd.grad(entered.sum(), left, retain_graph=True, allow_unused=True)
    return slope is not None


@contextmanager
def _listening(model: Network) -> Iterator[list[Met]]:
    met: list[Met] = []

    def heard(name: str) -> Any:
        return lambda _, inputs, output: met.append((name, inputs[0], output))

    with ExitStack() as hooks:
        for name, layer in linears(model).items():
            hooks.callback(layer.register_forward_hook(heard(name)).remove)
        yield met


@contextmanager
def _in_float(model: Network) -> Iterator[None]:
    active = {quantizer: quantizer.active for quantizer in model.quantizers()}
    for quantizer in active:
        quantizer.active = False
    try:
        yield
    finally:
        for quantizer, was in active.items():
            quantizer.active = was
