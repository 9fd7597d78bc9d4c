"""What a force field is to training, quantization and engines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, Self, runtime_checkable

import torch
from torch import Tensor, nn

from gaq.atoms.batch import AtomBatch
from gaq.model.flow import Flow
from gaq.model.fold import Stream
from gaq.model.geometry import Gauge, Geometry
from gaq.model.spread import Spreads
from gaq.quant.quantizer import Quantizer


class ForceField(Protocol):
    """A network with slots. `energies` gives one float64 energy (eV) per structure, differentiable in
    positions.
    """

    cutoff: float

    def energies(self, batch: AtomBatch, gauge: Gauge = Gauge.LAB) -> Tensor: ...

    def quantizers(self) -> Iterator[Quantizer]: ...


@runtime_checkable
class GivesAtomicEnergies(Protocol):
    """A network that says what each atom contributes: `atomic_energies` [atom] in eV, float64."""

    def atomic_energies(self, batch: AtomBatch, gauge: Gauge = Gauge.LAB) -> Tensor: ...


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


@runtime_checkable
class Blockwise(Protocol):
    """A network that can be walked through block by block: `enter`, each block in turn, `leave`.

    Quantization trains its blocks one after the other, and the error that each of them adds is measured alone. The last
    block is the readout, behind which a flow holds one scalar per atom.
    """

    degrees: int  # the largest l of the vectors of the flow

    @property
    def blocks(self) -> int: ...

    def enter(self, batch: AtomBatch, gauge: Gauge = Gauge.LAB) -> tuple[Geometry, Flow]: ...

    def block(self, index: int, flow: Flow, geometry: Geometry) -> Flow: ...

    def part(self, index: int) -> nn.Module: ...

    def leave(self, flow: Flow, batch: AtomBatch, geometry: Geometry) -> Tensor: ...


@runtime_checkable
class Foldable(Protocol):
    """A network that lists the channels that a scale can be folded into."""

    def streams(self) -> Iterator[Stream]: ...


@runtime_checkable
class Bounded(Protocol):
    """A network that can say how large the equivariance error is that a layer adds to exact features."""

    def spread(self, index: int, flow: Flow, geometry: Geometry) -> Spreads: ...


class BlockwiseNetwork(Network, Blockwise, Protocol):
    """A network with slots that can be walked through block by block."""


class FoldableNetwork(Network, Foldable, Protocol):
    """A network with slots that scales can be folded into."""


def device_of(network: Network) -> torch.device:
    """Return where its parameters are."""
    return next(iter(network.parameters())).device


def dtype_of(network: Network) -> torch.dtype:
    """Return the precision of its parameters."""
    return next(iter(network.parameters())).dtype
