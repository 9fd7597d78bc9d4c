"""Auxiliary losses of quantizers: the decay of a learned range, commitment to a codebook."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from torch import Tensor

from gaq.quant.quantizer import Quantizer


@contextmanager
def auxiliary_losses(quantizers: Iterable[Quantizer]) -> Iterator[list[Tensor]]:
    """Collect the auxiliary losses of all forward passes within this context in the list that it gives."""
    collected: list[Tensor] = []
    calibrated = [q.calibrated for q in quantizers if q.calibrated is not None]
    for scheme in calibrated:
        scheme.auxiliary_losses = collected
    try:
        yield collected
    finally:
        for scheme in calibrated:
            scheme.auxiliary_losses = None
