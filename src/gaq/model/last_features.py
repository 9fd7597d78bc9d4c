"""Norms of the last scalar features, which distinguish structures unlike the training data."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor

from gaq.geometry.vectors import length
from gaq.model.layered import Layered


@contextmanager
def last_features(model: Layered) -> Iterator[list[Tensor]]:
    """Collects the norms [atom] (float64) of every evaluation inside; 1 would be a feature of that size alone."""
    norms: list[Tensor] = []

    def heard(_: Any, inputs: tuple[Any, ...]) -> None:
        norms.append(length(inputs[0].scalars.detach().double()).cpu())

    hook = model.readout.register_forward_pre_hook(heard)
    try:
        yield norms
    finally:
        hook.remove()
