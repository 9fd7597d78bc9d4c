"""Units that disagree are seen and named; labels that agree, however badly a network fits them, are left alone."""

from __future__ import annotations

import numpy as np
import pytest

from gaq.data.unit_slopes import LIKELY, unit_slopes
from gaq.units import BOHR, HARTREE, KCAL_PER_MOL


def slopes(energy_unit: float, force_unit: float, noise: float, share: float = 0.6, frames: int = 60):
    """Labels of one potential in two units, against a network that has learned a share of it, with noise."""
    rng = np.random.default_rng(3)
    counts = rng.integers(1, 5, size=(frames, 2)).astype(float)
    energy, force = rng.normal(size=frames), rng.normal(size=(frames * 6, 3))
    references = counts @ [-40.0, -500.0]
    said_energy = share * energy + noise * rng.normal(size=frames)
    said_force = share * force + noise / 2 * rng.normal(size=force.shape)
    found = unit_slopes(counts, ((energy + references) * energy_unit, said_energy), (force * force_unit, said_force))
    assert found is not None
    return found


UNITS = {
    "kcal/mol with eV/Å": (1 / KCAL_PER_MOL, 1),
    "Hartree with eV/Å": (1 / HARTREE, 1),
    "eV with Hartree/Bohr": (1, BOHR / HARTREE),
    "eV with kcal/mol/Å": (1, 1 / KCAL_PER_MOL),
    "kcal/mol with Hartree/Bohr": (1 / KCAL_PER_MOL, BOHR / HARTREE),
}


@pytest.mark.parametrize("noise", [0.02, 0.5])
@pytest.mark.parametrize("name", UNITS)
def test_gross_factors_are_named_early(name, noise):
    said = slopes(*UNITS[name], noise).disagreement()
    assert said is not None
    assert "the units of energies and forces disagree" in said
    if noise < 0.1:
        assert " with forces in ".join(name.split(" with ")) in said


@pytest.mark.parametrize("unit", [BOHR, 1 / BOHR])
def test_a_factor_of_two_is_named_once_the_network_fits(unit):
    assert slopes(1, unit, 0.5).disagreement() is None
    assert "Bohr" in slopes(1, unit, 0.05).disagreement()


@pytest.mark.parametrize("noise", [0.0, 0.05, 0.3, 1.0, 5.0])
@pytest.mark.parametrize("share", [0.05, 0.6, 1.0, 3.0])
@pytest.mark.parametrize("unit", [1.0, 1 / KCAL_PER_MOL])
def test_units_that_agree_are_left_alone(noise, share, unit):
    assert slopes(unit, unit, noise, share).disagreement() is None


def test_few_frames_and_flat_labels_say_nothing():
    few, flat = np.ones((3, 1)), np.zeros(20)
    assert unit_slopes(few, (np.arange(3.0), np.arange(3.0)), (np.ones((3, 3)), np.ones((3, 3)))) is None
    found = unit_slopes(np.ones((20, 1)), (flat, np.arange(20.0)), (np.zeros((20, 3)), np.ones((20, 3))))
    assert found.disagreement() is None


def test_likely_factors_are_distinct_from_one():
    assert all(abs(np.log(factor)) > 0.5 for factor, _ in LIKELY)
