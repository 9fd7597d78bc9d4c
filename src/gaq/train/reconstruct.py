"""Reconstruction: block after block learns to give what the float block gives (AdaRound, QDrop, ZeroQuant)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import cos, pi

import torch
from torch import Tensor

from gaq.model.flow import Flow
from gaq.model.invariants import Invariants
from gaq.model.linear import Linear
from gaq.model.protocol import BlockwiseNetwork, device_of
from gaq.quant.learned import LearnedStep
from gaq.quant.quantizer import Quantizer
from gaq.quant.slot import WEIGHTS
from gaq.quant.treatment import Reconstruct
from gaq.train.frames import Frames
from gaq.train.settle import has_grid, settle_
from gaq.train.soft_rounding import SoftRounding

BATCH = 10
RATE_OF_ROUNDING, RATE_OF_STEPS, RATE_OF_WEIGHTS = 1e-1, 1e-3, 1e-3
# Weight of the term that drives soft roundings to 0 or 1, against relative errors of the block's outputs.
PUSH = 1.0


@dataclass(frozen=True, eq=False)
class Lesson:
    """One batch at the entrance of a block: what the quantized network has there, and what is to come out."""

    seen: Invariants
    flow: Flow
    expected: tuple[Tensor, ...]


def reconstruct_(model: BlockwiseNetwork, teacher: BlockwiseNetwork, treatment: Reconstruct, frames: Frames) -> None:
    """Goes through the blocks of `model` in order. `teacher` is the float network; both see the same frames."""
    entrances = []
    for batch, _ in frames.batches(BATCH):
        with torch.no_grad():
            seen, flow = model.enter(batch.to(device_of(model)))
        entrances.append((seen, flow, flow))
    draw = torch.Generator().manual_seed(0)
    for block in range(model.blocks):
        lessons, after = [], []
        for seen, ours, theirs in entrances:
            with torch.no_grad():
                given = teacher.block(block, ours if treatment.same_input else theirs, seen)
                float_path = teacher.block(block, theirs, seen)
            lessons.append(Lesson(seen, ours, _tensors(given)))
            after.append(float_path)
        _learn_(model, block, lessons, treatment, draw)
        with torch.no_grad():
            entrances = [
                (seen, model.block(block, ours, seen), theirs)
                for (seen, ours, _), theirs in zip(entrances, after, strict=True)
            ]


def _learn_(
    model: BlockwiseNetwork, block: int, lessons: list[Lesson], treatment: Reconstruct, draw: torch.Generator
) -> None:
    """The steps of one block, then hard roundings."""
    layers = [layer for layer in model.part(block).modules() if isinstance(layer, Linear)]
    quantizers = [q for q in model.part(block).modules() if isinstance(q, Quantizer)]
    sizes = [
        sum(float(lesson.expected[k].square().sum()) for lesson in lessons) for k in range(len(lessons[0].expected))
    ]
    soft = {}
    if treatment.learn == "rounding":
        soft = {layer: SoftRounding(layer) for layer in layers if has_grid(layer)}
    groups = _groups(layers, quantizers, soft)
    optimizer = torch.optim.Adam(groups)
    with torch.enable_grad(), _softened(soft), _dropped(quantizers, treatment.drop, draw):
        for step in range(treatment.steps):
            done = step / treatment.steps
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * 0.5 * (1 + cos(pi * done))
            lesson = lessons[int(torch.randint(len(lessons), (1,), generator=draw))]
            found = _tensors(model.block(block, lesson.flow, lesson.seen))
            errors = [
                (a - b).square().sum() * len(lessons) / max(size, 1e-12)
                for a, b, size in zip(found, lesson.expected, sizes, strict=True)
            ]
            loss = torch.stack(errors).sum()
            if soft and done > 0.2:
                loss = loss + PUSH * torch.stack([law.undecided(done) for law in soft.values()]).mean()
            wanted = [p for group in groups for p in group["params"]]
            gradients = torch.autograd.grad(loss, wanted, allow_unused=True)
            for parameter, gradient in zip(wanted, gradients, strict=True):
                parameter.grad = gradient
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
    for layer, law in soft.items():
        settle_(layer, law.hard(), law.scale)


def _groups(layers: list[Linear], quantizers: list[Quantizer], soft: dict[Linear, SoftRounding]) -> list[dict]:
    steps = [q.fitted.factor for q in quantizers if isinstance(q.fitted, LearnedStep) and q.slot.role not in WEIGHTS]
    groups = [
        {"params": steps, "lr": 0.0, "peak": RATE_OF_STEPS},
        {"params": [law.tilt for law in soft.values()], "lr": 0.0, "peak": RATE_OF_ROUNDING},
    ]
    if not soft:
        weights = [p for layer in layers for p in (layer.weight, layer.bias) if p is not None]
        groups.append({"params": weights, "lr": 0.0, "peak": RATE_OF_WEIGHTS})
    return [group for group in groups if group["params"]]


@contextmanager
def _softened(soft: dict[Linear, SoftRounding]) -> Iterator[None]:
    """Soft roundings in the place of the laws of the weights."""
    laws = {layer: layer.coded.fitted for layer in soft}
    for layer, law in soft.items():
        layer.coded.fitted = law
    try:
        yield
    finally:
        for layer, old in laws.items():
            layer.coded.fitted = old


@contextmanager
def _dropped(quantizers: list[Quantizer], share: float, draw: torch.Generator) -> Iterator[None]:
    """Each entry of a feature passes in float with this probability, drawn anew in each pass."""
    chosen = [q for q in quantizers if q.slot.role not in WEIGHTS] if share > 0 else []
    spares: Callable[[Tensor], Tensor] = lambda x: (torch.rand(x.shape, generator=draw) < share).to(x.device)  # noqa: E731
    for quantizer in chosen:
        quantizer.spares = spares
    try:
        yield
    finally:
        for quantizer in chosen:
            quantizer.spares = None


def _tensors(flow: Flow) -> tuple[Tensor, ...]:
    return (flow.scalars, *flow.vectors)
