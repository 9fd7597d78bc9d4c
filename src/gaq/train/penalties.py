"""What laws with parameters of their own add to the loss: the decay of a learned range, commitment to a codebook."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from torch import Tensor

from gaq.quant.quantizer import Quantizer


@contextmanager
def owed(quantizers: Iterable[Quantizer]) -> Iterator[list[Tensor]]:
    """Within it, every forward pass adds what its active laws owe to the list that is given."""
    collected: list[Tensor] = []
    fitted = [q.fitted for q in quantizers if q.fitted is not None]
    for law in fitted:
        law.owed = collected
    try:
        yield collected
    finally:
        for law in fitted:
            law.owed = None
