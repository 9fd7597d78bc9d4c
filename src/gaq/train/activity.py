"""What enters each linear layer while a network looks at some structures."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from gaq.model.linear import Linear
from gaq.model.transformer import Transformer
from gaq.train.frames import TrainFrames

BATCH = 16


@dataclass
class Activity:
    """Of the inputs of one layer, quantized where they are: no entry changes when structures are turned.

    A vector channel counts by its length, and `gram` adds its components up: Σ_m V_m V_mᵀ.
    """

    gram: Tensor  # [in, in] float64, Σ x xᵀ over atoms
    peak: Tensor  # [in] float64, the largest |x| or ‖v‖
    atoms: int = 0

    @property
    def rms(self) -> Tensor:
        """Root mean square over atoms, [in]."""
        return (self.gram.diagonal() / max(1, self.atoms)).sqrt()


def linears(model: Transformer) -> dict[str, Linear]:
    """Return the linear layers by the name that their slots have in common."""
    found = (layer for layer in model.modules() if isinstance(layer, Linear))
    return {layer.weight_quantizer.slot.name.removesuffix(".weight"): layer for layer in found}


@torch.no_grad()
def activity(model: Transformer, frames: TrainFrames, names: tuple[str, ...] = ()) -> dict[str, Activity]:
    """Return what enters the linear layers of these names, or all of them, on `frames`."""
    chosen = {name: layer for name, layer in linears(model).items() if not names or name in names}
    seen = {name: _nothing(layer) for name, layer in chosen.items()}
    with ExitStack() as hooks:
        for name, layer in chosen.items():
            hooks.enter_context(_listening(layer, seen[name]))
        for batch, _ in frames.batches(BATCH):
            model.energies(batch.to(model.embedding.device))
    return seen


def _nothing(layer: Linear) -> Activity:
    size = layer.weight.shape[1]
    return Activity(torch.zeros((size, size), dtype=torch.float64), torch.zeros(size, dtype=torch.float64))


class _listening:
    """A hook on the input slot of a layer, taken off at the end."""

    def __init__(self, layer: Linear, into: Activity) -> None:
        self.layer, self.into = layer, into

    def __enter__(self) -> None:
        def heard(_: Any, __: Any, quantized: Any) -> None:
            x = quantized.value.detach().double().cpu()
            size = x.norm(dim=-2) if x.dim() == 3 else x.abs()
            self.into.peak.copy_(torch.maximum(self.into.peak, size.amax(0)))
            self.into.atoms += len(x)
            flat = x.reshape(-1, x.shape[-1])
            self.into.gram += flat.t() @ flat

        self.hook = self.layer.input_quantizer.register_forward_hook(heard)

    def __exit__(self, *_: object) -> None:
        self.hook.remove()
