"""A jump at the cutoff is found with its size; a kink and a slope are not taken for one."""

from __future__ import annotations

import numpy as np
import pytest

from gaq.atoms.structure import Structure
from gaq.measure.smoothness import cutoff_jumps
from unit.measure import planted

OXYGEN = Structure.molecule([8], [[0.0, 0.0, 0.0]])


def values(rows):
    return {r.metric: r.value for r in rows}


def test_the_jump_has_the_size_of_the_energy_at_the_cutoff():
    energy, slope = planted.morse(np.array([4.0]))
    found = values(cutoff_jumps(planted.Truncated(), [OXYGEN]))
    strength = 8 / 6
    assert found["cutoff_energy_jump"] == pytest.approx(strength * abs(energy[0]) * 1000, rel=1e-3)
    assert found["cutoff_force_jump"] == pytest.approx(strength * abs(slope[0]) * 1000, rel=1e-3)


def test_a_kink_is_no_jump_of_the_energy_but_one_of_the_force():
    found = values(cutoff_jumps(planted.Shifted(), [OXYGEN]))
    _, slope = planted.morse(np.array([4.0]))
    assert found["cutoff_energy_jump"] < 0.01
    assert found["cutoff_force_jump"] == pytest.approx(8 / 6 * abs(slope[0]) * 1000, rel=1e-3)


def test_a_smooth_engine_has_none():
    found = values(cutoff_jumps(planted.PairEngine(), planted.ethanols(2)))
    assert found["cutoff_energy_jump"] < 1e-6
    assert found["cutoff_force_jump"] < 0.01


def test_the_copy_comes_from_beyond_the_cutoff_to_one_angstrom_within():
    nearest = []

    class Listening(planted.PairEngine):
        def one(self, structure):
            half = len(structure) // 2
            apart = structure.positions[:half, None] - structure.positions[None, half:]
            nearest.append(np.linalg.norm(apart, axis=-1).min())
            return super().one(structure)

    cutoff_jumps(Listening(), planted.ethanols(1))
    assert min(nearest) == pytest.approx(3.0)
    assert max(nearest) == pytest.approx(4.5, abs=0.02)


def test_a_box_is_shaken_until_pairs_cross():
    class Box(planted.Truncated):
        """Pairs without images, in a structure that says it is periodic."""

    rng = np.random.default_rng(1)
    places = np.stack(np.meshgrid(*[np.arange(3) * 2.0] * 3), axis=-1).reshape(-1, 3)
    box = Structure(np.full(27, 6), places + 0.1 * rng.standard_normal((27, 3)), np.eye(3) * 6, np.ones(3, bool))
    assert values(cutoff_jumps(Box(), [box]))["cutoff_energy_jump"] > 1
    assert values(cutoff_jumps(planted.PairEngine(), [box]))["cutoff_energy_jump"] < 1e-3
