"""Detect energies and forces in different units, by comparing them with a network that fits both.

A network's forces are the slope of its energy. If the labels are a·E and b·F of one potential, and the network follows
c times that potential, true energies lie on a line of slope a/c against predicted ones, and forces on one of slope
b/c. The ratio of the slopes is a/b however much the network has learned, and 1 for consistent labels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gaq.units import BOHR, HARTREE, KCAL_PER_MOL

# a/b, and the likely units if eV and eV/Å are expected.
LIKELY = (
    (1 / KCAL_PER_MOL, "energies in kcal/mol with forces in eV/Å"),
    (KCAL_PER_MOL, "energies in eV with forces in kcal/mol/Å"),
    (4.184 / KCAL_PER_MOL, "energies in kJ/mol with forces in eV/Å"),
    (KCAL_PER_MOL / 4.184, "energies in eV with forces in kJ/mol/Å"),
    (1 / HARTREE, "energies in Hartree with forces in eV/Å"),
    (HARTREE, "energies in eV with forces in Hartree/Å"),
    (HARTREE / BOHR, "energies in eV with forces in Hartree/Bohr"),
    (HARTREE / BOHR / KCAL_PER_MOL, "energies in kcal/mol with forces in Hartree/Bohr"),
    (1 / BOHR, "forces per Bohr, as in Hartree with Hartree/Bohr, where forces per Å are expected"),
    (BOHR, "positions in Bohr, where Å are expected"),
)
GROSS = 4.0  # larger ratios are detected early
EARLY = (0.35, 0.5)  # correlations of energies and forces required for a gross ratio
SURE = (0.9, 0.9)  # the same for any ratio
NEAR = 0.2  # tolerance between a measured and a likely ratio
FEWEST = 8  # frames


@dataclass(frozen=True)
class UnitSlopes:
    """Correlations and slopes of labels against predictions."""

    energy: tuple[float, float]  # correlation, slope
    forces: tuple[float, float]

    @property
    def ratio(self) -> float:
        """Return by which factor energies are too large compared with forces."""
        return self.energy[1] / self.forces[1] if self.forces[1] else float("nan")

    @property
    def sure(self) -> bool:
        """Return whether the network fits well enough to detect a factor of two."""
        return self.energy[0] >= SURE[0] and self.forces[0] >= SURE[1]

    def disagreement(self) -> str | None:
        """Return a message with the likely units, or None."""
        ratio = self.ratio
        if self.energy[0] < EARLY[0] or self.forces[0] < EARLY[1] or not np.isfinite(ratio) or ratio <= 0:
            return None
        off = abs(np.log(ratio))
        factor, likely = min(LIKELY, key=lambda entry: abs(np.log(ratio / entry[0])))
        near = abs(np.log(ratio / factor)) < NEAR
        if not (off > np.log(GROSS) or (self.sure and near)):
            return None
        said = f"; a factor of {factor:.4g} is that of {likely}" if abs(np.log(ratio / factor)) < 2 * NEAR else ""
        labels = "slopes of labels against a network"
        return (
            f"the units of energies and forces disagree: energies change {ratio:.3g} times as much as forces say "
            f"({labels}: energies {self.energy[1]:.3g}, correlation {self.energy[0]:.2f}, "
            f"forces {self.forces[1]:.3g}, correlation {self.forces[0]:.2f}){said}. "
            "Expected eV and eV/Å, positions in Å"
        )


def unit_slopes(
    counts: np.ndarray, energies: tuple[np.ndarray, np.ndarray], forces: tuple[np.ndarray, np.ndarray]
) -> UnitSlopes | None:
    """Return the slopes of labels against predictions; None for too few frames.

    `counts` [frame, element] are numbers of atoms; one energy per element is subtracted from both energies [frame].
    `energies` and `forces` are pairs of labels and predictions.
    """
    if len(counts) < FEWEST:
        return None
    design = np.hstack([counts, np.ones((len(counts), 1))])
    rest = [e - design @ np.linalg.lstsq(design, e - e.mean(), rcond=None)[0] - e.mean() for e in energies]
    return UnitSlopes(_line(*rest), _line(*(np.ravel(f) for f in forces)))


def _line(true: np.ndarray, said: np.ndarray) -> tuple[float, float]:
    """Return correlation, and slope of labels against predictions; zeros if either is constant."""
    product, one, other = float(true @ said), float(true @ true), float(said @ said)
    if not (one > 0 and other > 0):
        return 0.0, 0.0
    return product / (one * other) ** 0.5, product / other
