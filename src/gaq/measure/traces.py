"""Energies along a way, kept by a measurement for whoever draws them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import numpy as np


class Way(Enum):
    """What a trace runs along; the value is a label for its axis."""

    RUN = "time, fs"
    MEETING = "distance between the molecule and its copy, Å"
    SHAKE = "displacement of the box's atoms, Å"


@dataclass(frozen=True, eq=False)
class Trace:
    """Energies (eV) along a way, in the unit that the way names."""

    way: Way
    along: np.ndarray  # [point]
    energy: np.ndarray  # [point] eV; total energy for a run, potential energy otherwise
    atoms: int  # of which the energy is


Keep = Callable[[Trace], None]


def forget(trace: Trace) -> None:
    """For a measurement whose traces nobody wants."""
