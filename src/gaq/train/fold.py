"""Scales per channel that can be folded into a network without changing what it computes.

Between linear layers stand sums and products per channel, so a scale can be taken out of one and put into the next
wherever a channel passes as it is: the streams of scalars and of vectors that run through all layers, each with one
scale per channel for the whole network, and what is gathered from neighbours, with one per layer. Behind a
nonlinearity, and for the invariants of the update, no scale can be folded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, nn

from gaq.model.linear import Linear
from gaq.model.message import Message
from gaq.model.transformer import Transformer
from gaq.model.update import Update


@dataclass(frozen=True, eq=False)
class Stream:
    """Channels that one scale serves: who reads them, and how those who write them are divided by it."""

    readers: tuple[tuple[Linear, slice], ...]  # layers, and the inputs that are these channels
    divide_: Callable[[Tensor], None]  # divides everything that is written to the channels

    def scale_(self, scale: Tensor) -> None:
        """x → x/scale and W → W·scale."""
        with torch.no_grad():
            for layer, inputs in self.readers:
                layer.weight[:, inputs] *= scale.to(layer.weight)
            self.divide_(scale)


def streams(model: Transformer) -> Iterator[Stream]:
    """Yield every set of channels that a scale can be folded into."""
    blocks = list(zip(_all(model.messages, Message), _all(model.updates, Update), strict=True))
    yield _scalars(model, blocks)
    for degree in range(1, model.config.degrees + 1):
        yield _vectors(model, blocks, degree)
    for message, _ in blocks:
        yield _gathered(message)


T = TypeVar("T", bound=nn.Module)
Blocks = list[tuple[Message, Update]]


def _scalars(model: Transformer, blocks: Blocks) -> Stream:
    c, degrees = model.config.channels, model.config.degrees
    whole = slice(0, c)
    readers = [(message.project, whole) for message, _ in blocks] + [(update.hidden, whole) for _, update in blocks]

    def divide_(scale: Tensor) -> None:
        model.embedding.div_(scale.to(model.embedding))
        for message, update in blocks:
            _divide_rows_(message.output, whole, scale)
            for k in range(1 + degrees):
                _divide_rows_(update.gates, slice(k * c, (k + 1) * c), scale)

    return Stream((*readers, (model.readout, whole)), divide_)


def _vectors(model: Transformer, blocks: Blocks, degree: int) -> Stream:
    c, degrees = model.config.channels, model.config.degrees
    readers = tuple((_mix(update, degree), slice(0, c)) for _, update in blocks)

    def divide_(scale: Tensor) -> None:
        for message, update in blocks:
            message.filters[:, degree * c : (degree + 1) * c] /= scale.to(message.filters)
            first = (degrees + degree) * c
            _divide_rows_(update.gates, slice(first, first + c), scale)

    return Stream(readers, divide_)


def _gathered(message: Message) -> Stream:
    c = message.channels

    def divide_(scale: Tensor) -> None:
        _divide_rows_(message.project, slice(2 * c, 3 * c), scale)

    return Stream(((message.output, slice(0, c)),), divide_)


def _divide_rows_(layer: Linear, rows: slice, scale: Tensor) -> None:
    layer.weight[rows] /= scale.to(layer.weight)[:, None]
    if layer.bias is not None:
        layer.bias[rows] /= scale.to(layer.bias)


def _mix(update: Update, degree: int) -> Linear:
    layer = update.mix[degree - 1]
    assert isinstance(layer, Linear)
    return layer


def _all(modules: nn.ModuleList, kind: type[T]) -> list[T]:
    found = [module for module in modules if isinstance(module, kind)]
    assert len(found) == len(modules)
    return found
