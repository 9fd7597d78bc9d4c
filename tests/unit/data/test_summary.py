"""The figures of `gaq data info` against plain sums."""

from __future__ import annotations

import numpy as np
import pytest

from gaq.atoms.structure import Labels, Structure
from gaq.data.labels import energy_only
from gaq.data.summary import describe_labels, describe_structures


def test_structures(ethanol):
    found = describe_structures([*ethanol.structures, ethanol.structures[3]])
    assert (found.frames, found.atoms, found.duplicates, found.periodic) == (61, (9, 9), 1, 0)
    assert found.formulas == (("C2H6O", 61),)
    assert found.elements == ("H", "C", "O")
    assert found.neighbors == pytest.approx(8.0)
    assert 0.85 < found.shortest_distance < 1.0


def test_a_box():
    argon = Structure(np.array([18]), np.zeros((1, 3)), 1.9 * np.eye(3), np.ones(3, dtype=bool))
    found = describe_structures([argon])
    assert found.shortest_distance == pytest.approx(1.9)
    assert found.periodic == 1


def test_labels(ethanol):
    found = describe_labels(ethanol.structures, ethanol.labels)
    energies = np.array([label.energy for label in ethanol.labels])
    forces = np.concatenate([label.forces for label in ethanol.labels])
    assert found.mean == pytest.approx(energies.mean())
    assert found.std == pytest.approx(energies.std())
    assert found.spread == pytest.approx(energies.std())
    assert found.force_rms == pytest.approx(np.sqrt((forces**2).mean()))
    assert found.with_forces == 60


def test_the_spread_forgets_what_elements_explain():
    structures = [Structure.molecule(np.array([1] * n), np.arange(3.0 * n).reshape(n, 3)) for n in (2, 3, 4)]
    labels = [Labels(-13.6 * n, np.zeros((n, 3))) for n in (2, 3, 4)]
    found = describe_labels(structures, labels)
    assert found.std > 10
    assert found.spread == pytest.approx(0, abs=1e-9)


def test_frames_without_forces_do_not_count(ethanol):
    labels = [energy_only(-1.0, 9), *ethanol.labels[1:]]
    found = describe_labels(ethanol.structures, labels)
    assert found.with_forces == 59
    assert np.isfinite(found.force_rms)
