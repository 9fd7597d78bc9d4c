"""Rotations are even over SO(3), and the equivariance error of a known fault has its known size."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from gaq.atoms.structure import Prediction, Structure
from gaq.errors import BadStructure, UsageError
from gaq.measure.rotations import axis_rotation, haar_rotations, octahedral_group
from gaq.measure.symmetry import balance, lie_derivative, reflection, rotation_errors, symmetry
from unit.measure import planted


def values(rows):
    return {r.metric: r.value for r in rows}


class Constant(planted.PairEngine):
    """The same force on every atom, whichever way the molecule lies: the error is known."""

    def one(self, structure: Structure) -> Prediction:
        return Prediction(0.0, np.tile([0.0, 0.0, 1.0], (len(structure), 1)))


def test_rotations_are_rotations(rng):
    r = haar_rotations(500, rng)
    assert np.abs(r @ r.transpose(0, 2, 1) - np.eye(3)).max() < 4e-15
    assert np.abs(np.linalg.det(r) - 1).max() < 4e-15


def test_rotations_agree_with_scipy_from_the_same_quaternions(seed):
    q = np.random.default_rng(seed).standard_normal((50, 4))
    ours = haar_rotations(50, np.random.default_rng(seed))
    assert np.allclose(ours, Rotation.from_quat(q[:, [1, 2, 3, 0]]).as_matrix(), atol=1e-14)


def test_rotations_are_even_over_the_group(rng):
    """Peter-Weyl: the means of D¹ and of products of its elements are those of the Haar measure."""
    r = haar_rotations(40_000, rng)
    assert np.abs(r.mean(axis=0)).max() < 0.015
    squares = np.einsum("nij,nkl->ijkl", r, r) / len(r)
    expected = np.einsum("ik,jl->ijkl", np.eye(3), np.eye(3)) / 3
    assert np.abs(squares - expected).max() < 0.015
    angles = np.arccos(np.clip((np.trace(r, axis1=1, axis2=2) - 1) / 2, -1, 1))
    assert np.mean(angles) == pytest.approx(np.pi / 2 + 2 / np.pi, abs=0.015)  # density (1 − cos θ)/π


def test_the_octahedral_group_is_a_group():
    group = octahedral_group()
    keys = {tuple(m.ravel()) for m in group}
    assert len(keys) == 24
    assert all(tuple((a @ b).ravel()) in keys for a in group for b in group)
    assert all(np.linalg.det(m) == pytest.approx(1) for m in group)


def test_axis_rotations_agree_with_scipy():
    for axis, letter in enumerate("xyz"):
        expected = Rotation.from_euler(letter, 0.3).as_matrix()
        assert np.allclose(axis_rotation(axis, 0.3), expected, atol=1e-15)


def test_a_faultless_engine_is_equivariant_to_rounding():
    rows = values(symmetry(planted.PairEngine(), planted.ethanols(5), rotations=8))
    assert rows["lee_max"] < 1e-9
    assert rows["lee_exact_share"] == 1.0
    assert rows["lee_rest_max"] == 0.0
    assert rows["net_torque"] < 1e-9


def test_a_constant_force_has_the_known_error():
    """‖f − R f‖ averages to 4/3 over SO(3) for a unit vector: the mean of 2 sin(β/2) with cos β even in [−1,
    1].
    """
    rows = {r.metric: r for r in symmetry(Constant(), planted.ethanols(2), rotations=1000)}
    assert rows["lee_mean"].value == pytest.approx(4000 / 3, rel=0.04)
    assert rows["lee_max"].value == pytest.approx(2000, rel=0.03)
    assert rows["lee_relative"].value == pytest.approx(4 / 3, rel=0.04)
    assert rows["lee_mean"].n == 2 * 9 * 1000
    assert rows["frames_identical"].value == 1.0
    assert rows["lee_exact_share"].value == rows["pairs_exact"].value == 0.0
    assert rows["net_force"].value == pytest.approx(9000)


def test_shares_count_pairs():
    class Sometimes(planted.PairEngine):
        """Wrong, and another energy, only where the first atom lies above the second."""

        def one(self, structure):
            exact = super().one(structure)
            up = structure.positions[0, 2] > structure.positions[1, 2]
            return Prediction(1.0 if up else 0.0, exact.forces * (1.5 if up else 1.0))

    structures = planted.ethanols(3)
    errors = rotation_errors(Sometimes(), structures, haar_rotations(50, np.random.default_rng(0)))
    rows = values(symmetry(Sometimes(), structures, rotations=50))
    assert 0.2 < rows["frames_identical"] < 0.8
    assert rows["frames_identical"] == rows["lee_exact_share"] == np.mean(errors.energy == 0) == rows["pairs_exact"]
    assert rows["lee_rest_max"] == rows["lee_max"] > 0
    assert rows["energy_invariance"] == 1000.0


def test_rotated_copies_come_in_the_same_lists():
    sizes = []

    class Listening(planted.PairEngine):
        def evaluate(self, structures):
            sizes.append([len(s) for s in structures])
            return super().evaluate(structures)

    mixed = [*planted.ethanols(2), Structure.molecule([8, 1], [[0, 0, 0], [0, 0, 1.0]])]
    symmetry(Listening(), mixed, rotations=3)
    assert sizes == [[9, 9, 2]] * 4


def test_the_cubic_group_costs_no_rounding():
    errors = rotation_errors(planted.PairEngine(), planted.ethanols(2), octahedral_group())
    assert errors.lee_pairs.max() < 1e-11  # distances are sums of the same squares in another order


def test_reflections_find_a_handed_term():
    assert values(reflection(planted.PairEngine(), planted.ethanols(2)))["lee_reflection"] < 1e-9
    assert values(reflection(planted.Handed(), planted.ethanols(2)))["lee_reflection"] > 1


def test_the_lie_derivative_of_a_constant_force_is_known():
    """d/dθ of Rᵀf is ω × f: length 1 for two axes and 0 for the one along f, 2/3 on average."""
    rows = values(lie_derivative(Constant(), planted.ethanols(2)))
    assert rows["lie_derivative"] == pytest.approx(2000 / 3, rel=1e-6)
    assert values(lie_derivative(planted.PairEngine(), planted.ethanols(2)))["lie_derivative"] < 1e-6


def small_turns(engine, angle: float) -> float:
    """Mean over the axes and atoms of LEE under a finite turn by a small angle, for each radian of it: meV/Å/rad."""
    frames = planted.ethanols(2)
    turns = np.array([axis_rotation(axis, angle) for axis in range(3)])
    errors = rotation_errors(engine, frames, turns)
    return errors.lee_sums.sum() / errors.lee_counts.sum() / angle


def test_the_lie_derivative_is_the_limit_of_small_turns():
    """For a smooth fault the finite error over the angle tends to the derivative; a large turn is no such limit."""
    found = values(lie_derivative(planted.Anisotropic(), planted.ethanols(2)))["lie_derivative"]
    assert small_turns(planted.Anisotropic(), 1e-4) == pytest.approx(found, rel=1e-3)
    assert small_turns(planted.Anisotropic(), 1.0) != pytest.approx(found, rel=0.1)


def test_the_lie_derivative_of_a_staircase_is_not_its_error():
    """Forces rounded in space stand still while the molecule turns by little: the derivative is ω × F, however fine the
    steps are, while LEE goes with the steps.
    """
    rounded, frames = planted.CartesianRounding(), planted.ethanols(2)
    found = values(lie_derivative(rounded, frames, angle=1e-8))["lie_derivative"]
    forces = np.concatenate([p.forces for p in rounded.evaluate(frames)])
    still = np.mean([np.linalg.norm(np.cross(axis, forces), axis=1) for axis in np.eye(3)]) * 1000
    assert found == pytest.approx(still, rel=1e-3)
    assert values(symmetry(rounded, frames, rotations=8))["lee_mean"] < 0.05 * found


def test_torque_is_that_of_a_couple():
    class Couple(planted.PairEngine):
        def one(self, structure):
            return Prediction(0.0, np.array([[0.0, -1.0, 0.0], [0.0, 1.0, 0.0]]))

    pair = Structure.molecule([8, 8], [[10, 0, 0], [13, 0, 0]])
    rows = values(balance(Couple(), [pair]))
    assert rows["net_torque"] == pytest.approx(3000)
    assert rows["net_force"] == 0.0


def test_a_box_has_no_torque():
    box = Structure(np.array([8, 8]), np.array([[0, 0, 0], [1.5, 0, 0]]), np.eye(3) * 9, np.ones(3, bool))
    assert "net_torque" not in values(balance(planted.PairEngine(), [box]))


def test_nothing_to_turn_is_an_error():
    with pytest.raises(BadStructure, match="at least one structure"):
        symmetry(planted.PairEngine(), [])
    with pytest.raises(UsageError, match="at least one rotation"):
        symmetry(planted.PairEngine(), planted.ethanols(1), rotations=0)
