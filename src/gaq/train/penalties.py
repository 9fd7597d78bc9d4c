"""What schemes with parameters of their own add to the loss: the decay of a learned range, commitment to a codebook."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from torch import Tensor

from gaq.quant.quantizer import Quantizer


@contextmanager
def auxiliary_losses(quantizers: Iterable[Quantizer]) -> Iterator[list[Tensor]]:
    """Within it, every forward pass adds what its active schemes owe to the list that is given."""
    collected: list[Tensor] = []
    calibrated = [q.calibrated for q in quantizers if q.calibrated is not None]
    for scheme in calibrated:
        scheme.auxiliary_losses = collected
    try:
        yield collected
    finally:
        for scheme in calibrated:
            scheme.auxiliary_losses = None
