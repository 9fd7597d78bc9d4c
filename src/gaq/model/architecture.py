"""What an architecture is to the rest of gaq: a name, its numbers, and three functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from gaq.model.layered import Layered, LayeredConfig

# Distances [...] in Å, float64 → values [..., function], twice differentiable, from 0.1 Å to the cutoff.
RadialFunctions = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Grid:
    """Where radial functions are tabulated: knots equidistant in exp(−decay r).

    A large decay has its knots at small distances, where the Gaussians are narrow in r; one knot in many lies near the
    cutoff, so functions that end there need a smaller one, and some knots whatever the number of Gaussians. Functions
    of another width say how many `knots` they need.
    """

    decay_times_cutoff: float
    least_knots: int = 4
    knots: int | None = None


GAUSSIANS = Grid(5.0)
ENDING_AT_THE_CUTOFF = Grid(3.0, 100)


@dataclass(frozen=True, eq=False)
class PackedNetwork:
    """What a packed file holds of a network beside its linear layers, its slots and its species."""

    config: dict[str, Any]  # as in the header
    radial: RadialFunctions  # what the tables hold that all layers share
    mixtures: Mapping[str, Tensor]  # [function, column] of these, by the path of the parameter
    arrays: Mapping[str, Tensor]  # everything else that is learned, by the path of the parameter
    grid: Grid = GAUSSIANS


@dataclass(frozen=True, eq=False)
class Architecture:
    """A kind of network, found by its name in configurations, checkpoints and packed files.

    `build` makes a network whose weights are zero, `initialise_` draws them, `packed` says what a packed file holds:
    None for a network that only PyTorch runs.
    """

    name: str
    config: type[LayeredConfig]
    build: Callable[[Any, tuple[int, ...]], Layered]
    initialise_: Callable[[Any, torch.Generator], None]
    packed: Callable[[Any], PackedNetwork] | None
