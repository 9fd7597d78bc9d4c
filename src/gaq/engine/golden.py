"""Golden frames: whether this machine computes from a packed file what the machine that exported it did."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gaq.engine.native import NativeEngine
from gaq.engine.protocol import unwatched

# What round-off and the radial table explain; models of this project stay below a tenth of it. Now and then round-off
# tips a feature over the threshold of its code, and then a whole frame differs by more: most frames decide.
MOST_ENERGY = 1e-4  # eV per atom
MOST_FORCE = 1e-2  # eV/Å


@dataclass(frozen=True)
class GoldenDifference:
    """By how much each golden frame of a file differs from what is written there."""

    energies: tuple[float, ...]  # eV per atom
    forces: tuple[float, ...]  # eV/Å, the largest of a frame's components

    @property
    def agreeing(self) -> int:
        """Frames within what round-off explains."""
        pairs = zip(self.energies, self.forces, strict=True)
        return sum(energy <= MOST_ENERGY and force <= MOST_FORCE for energy, force in pairs)

    @property
    def fine(self) -> bool:
        """Whether most frames agree."""
        return 2 * self.agreeing > len(self.energies)


def golden_difference(engine: NativeEngine) -> GoldenDifference:
    """Evaluate the golden frames of the engine's file.

    The file has forces of a float backward pass: open the engine with `backward_bits=32` to compare like with like.
    """
    structures, expected = engine.golden_structures(), engine.golden_predictions()
    pairs = list(zip(unwatched(engine).evaluate(structures), expected, strict=True))
    atoms = len(structures[0])
    return GoldenDifference(
        tuple(abs(one.energy - other.energy) / atoms for one, other in pairs),
        tuple(float(np.abs(one.forces - other.forces).max()) for one, other in pairs),
    )
