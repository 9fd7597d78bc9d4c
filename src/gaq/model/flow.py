"""The features that flow through a network."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class Flow(NamedTuple):
    """The features of all atoms between two blocks."""

    scalars: Tensor  # [atom, channel]
    vectors: tuple[Tensor, ...]  # [atom, 2l+1, channel] for each degree, or each irrep of the network
