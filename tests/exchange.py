"""A proton that changes hands: the place where its two nearest neighbours are equally near."""

from __future__ import annotations

import numpy as np

from gaq.atoms.structure import Structure
from gaq.engine.protocol import Engine


def exchange(place: float) -> Structure:
    """Malonaldehyde's bridge, roughly: a proton between two oxygens, `place` (Å) past the middle."""
    chain = [[-1.22, 0.0, 0.05], [1.22, 0.0, 0.0], [-1.2, -1.28, 0.1], [0.05, -1.95, 0.0], [1.2, -1.3, -0.1]]
    return Structure.molecule([1, 8, 8, 6, 6, 6], [[place, 0.31, 0.04], *chain])


def jump(subject: Engine) -> tuple[float, float]:
    """By how much energy (eV) and forces (eV/Å) change where the two nearest neighbours of the proton change places.

    The place is found by halving the way, until float64 has nothing between the two ends.
    """
    low, high = -0.1, 0.1
    while low < (middle := (low + high) / 2) < high:
        arms = np.linalg.norm(exchange(middle).positions[1:3] - exchange(middle).positions[0], axis=1)
        low, high = (middle, high) if arms[0] < arms[1] else (low, middle)
    before, after = subject.evaluate([exchange(low - 1e-8), exchange(high + 1e-8)])
    return abs(before.energy - after.energy), float(np.abs(before.forces - after.forces).max())
