"""What a force field is to training, quantization and engines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from torch import Tensor

from gaq.atoms.batch import AtomBatch
from gaq.model.invariants import Gauge
from gaq.quant.quantizer import Quantizer


class ForceField(Protocol):
    """A network with slots. `energies` gives one float64 energy (eV) per structure, differentiable in
    positions.
    """

    cutoff: float

    def energies(self, batch: AtomBatch, gauge: Gauge = Gauge.LAB) -> Tensor: ...

    def quantizers(self) -> Iterator[Quantizer]: ...
