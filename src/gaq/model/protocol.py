"""What a force field is to training, quantization and engines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, Self

import torch
from torch import Tensor, nn

from gaq.atoms.batch import AtomBatch
from gaq.model.geometry import Gauge
from gaq.quant.quantizer import Quantizer


class ForceField(Protocol):
    """A network with slots. `energies` gives one float64 energy (eV) per structure, differentiable in
    positions.
    """

    cutoff: float

    def energies(self, batch: AtomBatch, gauge: Gauge = Gauge.LAB) -> Tensor: ...

    def quantizers(self) -> Iterator[Quantizer]: ...


class Network(ForceField, Protocol):
    """A force field as an `nn.Module`: what `gaq.quantize` copies and calibrates, and the engine of PyTorch runs.

    Weights with a slot are those of `model.linear.Linear` layers, which quantization finds among the `modules`.
    """

    species: tuple[int, ...]  # atomic numbers it knows
    reference: (
        Tensor  # [species] float64, eV; one of them is in the energy of each atom, so that a shift moves the mean
    )

    def modules(self) -> Iterator[nn.Module]: ...

    def parameters(self) -> Iterator[nn.Parameter]: ...

    def to(self, device: torch.device | str) -> Self: ...

    def eval(self) -> Self: ...


def device_of(network: Network) -> torch.device:
    """Return where its parameters are."""
    return next(iter(network.parameters())).device
