"""Block reconstruction: train each block to reproduce the float block (AdaRound, QDrop, ZeroQuant)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import cos, pi

import torch
from torch import Tensor

from gaq.model.flow import Flow
from gaq.model.geometry import Geometry
from gaq.model.linear import Linear
from gaq.model.protocol import BlockwiseNetwork, device_of
from gaq.quant.learned import LearnedStep
from gaq.quant.ptq import Reconstruct
from gaq.quant.quantizer import Quantizer
from gaq.quant.slot import WEIGHTS
from gaq.train.frames import TrainFrames
from gaq.train.grid import has_grid, snap_to_grid_
from gaq.train.soft_rounding import SoftRounding

BATCH = 10
RATE_OF_ROUNDING, RATE_OF_STEPS, RATE_OF_WEIGHTS = 1e-1, 1e-3, 1e-3
# Weight of the term that drives soft roundings to 0 or 1, against relative errors of the block's outputs.
PUSH = 1.0


@dataclass(frozen=True, eq=False)
class BlockTarget:
    """One batch at the input of a block: the quantized network's features there, and the output to reproduce."""

    geometry: Geometry
    flow: Flow
    expected: tuple[Tensor, ...]


def reconstruct_(
    model: BlockwiseNetwork, teacher: BlockwiseNetwork, ptq_pass: Reconstruct, frames: TrainFrames
) -> None:
    """Reconstruct the blocks of `model` in order. `teacher` is the float network; both see the same frames."""
    entrances = []
    for batch, _ in frames.batches(BATCH):
        with torch.no_grad():
            geometry, flow = model.enter(batch.to(device_of(model)))
        entrances.append((geometry, flow, flow))
    draw = torch.Generator().manual_seed(0)
    for block in range(model.blocks):
        targets, after = [], []
        for geometry, ours, theirs in entrances:
            with torch.no_grad():
                given = teacher.block(block, ours if ptq_pass.same_input else theirs, geometry)
                float_path = teacher.block(block, theirs, geometry)
            targets.append(BlockTarget(geometry, ours, _tensors(given)))
            after.append(float_path)
        _learn_(model, block, targets, ptq_pass, draw)
        with torch.no_grad():
            entrances = [
                (geometry, model.block(block, ours, geometry), theirs)
                for (geometry, ours, _), theirs in zip(entrances, after, strict=True)
            ]


def _learn_(
    model: BlockwiseNetwork, block: int, targets: list[BlockTarget], ptq_pass: Reconstruct, draw: torch.Generator
) -> None:
    """The steps of one block, then hard roundings."""
    layers = [layer for layer in model.part(block).modules() if isinstance(layer, Linear)]
    quantizers = [q for q in model.part(block).modules() if isinstance(q, Quantizer)]
    sizes = [
        sum(float(target.expected[k].square().sum()) for target in targets) for k in range(len(targets[0].expected))
    ]
    soft = {}
    if ptq_pass.learn == "rounding":
        soft = {layer: SoftRounding(layer) for layer in layers if has_grid(layer)}
    groups = _groups(layers, quantizers, soft)
    optimizer = torch.optim.Adam(groups)
    with torch.enable_grad(), _softened(soft), _dropped(quantizers, ptq_pass.drop, draw):
        for step in range(ptq_pass.steps):
            done = step / ptq_pass.steps
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * 0.5 * (1 + cos(pi * done))
            target = targets[int(torch.randint(len(targets), (1,), generator=draw))]
            found = _tensors(model.block(block, target.flow, target.geometry))
            errors = [
                (a - b).square().sum() * len(targets) / max(size, 1e-12)
                for a, b, size in zip(found, target.expected, sizes, strict=True)
            ]
            loss = torch.stack(errors).sum()
            if soft and done > 0.2:
                loss = loss + PUSH * torch.stack([scheme.undecided(done) for scheme in soft.values()]).mean()
            wanted = [p for group in groups for p in group["params"]]
            gradients = torch.autograd.grad(loss, wanted, allow_unused=True)
            for parameter, gradient in zip(wanted, gradients, strict=True):
                parameter.grad = gradient
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
    for layer, scheme in soft.items():
        snap_to_grid_(layer, scheme.hard(), scheme.scale)


def _groups(layers: list[Linear], quantizers: list[Quantizer], soft: dict[Linear, SoftRounding]) -> list[dict]:
    steps = [
        q.calibrated.factor for q in quantizers if isinstance(q.calibrated, LearnedStep) and q.slot.role not in WEIGHTS
    ]
    groups = [
        {"params": steps, "lr": 0.0, "peak": RATE_OF_STEPS},
        {"params": [scheme.tilt for scheme in soft.values()], "lr": 0.0, "peak": RATE_OF_ROUNDING},
    ]
    if not soft:
        weights = [p for layer in layers for p in (layer.weight, layer.bias) if p is not None]
        groups.append({"params": weights, "lr": 0.0, "peak": RATE_OF_WEIGHTS})
    return [group for group in groups if group["params"]]


@contextmanager
def _softened(soft: dict[Linear, SoftRounding]) -> Iterator[None]:
    """Soft roundings in the place of the schemes of the weights."""
    schemes = {layer: layer.weight_quantizer.calibrated for layer in soft}
    for layer, scheme in soft.items():
        layer.weight_quantizer.calibrated = scheme
    try:
        yield
    finally:
        for layer, old in schemes.items():
            layer.weight_quantizer.calibrated = old


@contextmanager
def _dropped(quantizers: list[Quantizer], share: float, draw: torch.Generator) -> Iterator[None]:
    """Each entry of a feature passes in float with this probability, drawn anew in each pass."""
    chosen = [q for q in quantizers if q.slot.role not in WEIGHTS] if share > 0 else []
    bypass_mask: Callable[[Tensor], Tensor] = lambda x: (torch.rand(x.shape, generator=draw) < share).to(x.device)  # noqa: E731
    for quantizer in chosen:
        quantizer.bypass_mask = bypass_mask
    try:
        yield
    finally:
        for quantizer in chosen:
            quantizer.bypass_mask = None


def _tensors(flow: Flow) -> tuple[Tensor, ...]:
    return (flow.scalars, *flow.vectors)
