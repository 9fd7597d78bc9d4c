"""Work, slopes and Jacobians of force fields for which they are known."""

from __future__ import annotations

import numpy as np
import pytest

from gaq.atoms.structure import Prediction, Structure
from gaq.measure.conservation import finite_difference, jacobian_asymmetry, open_path_work, path_work
from unit.measure import planted


def values(rows):
    return {r.metric: r.value for r in rows}


class Whirl(planted.PairEngine):
    """F = c (−y, x, 0) on one atom, no energy: the work round a circle is 2c times the area it encloses in
    xy.
    """

    def one(self, structure: Structure) -> Prediction:
        x, y, _ = structure.positions.T
        return Prediction(0.0, 0.5 * np.stack([-y, x, 0 * x], axis=1))


def test_work_round_a_loop_is_that_of_a_known_whirl():
    """For one atom the loop's plane has a random normal n: |W| = 2c πρ² |n_z|, over 2πρ: cρ|n_z|, on average
    cρ/2.
    """
    atoms = [Structure.molecule([6], [[0.3, -0.2, 1.0]])] * 400
    rows = {r.metric: r for r in path_work(Whirl(), atoms, loops=1, radius=0.05)}
    assert rows["path_work"].value == pytest.approx(500 * 0.05 / 2, rel=0.05)
    assert rows["path_work_max"].value == pytest.approx(500 * 0.05, rel=0.02)
    assert rows["path_work"].n == 400
    assert rows["path_work"].std_error == pytest.approx(500 * 0.05 * np.sqrt(1 / 12 / 400), rel=0.1)


def test_no_work_is_done_by_a_conservative_force_at_any_number_of_points():
    few = values(path_work(planted.PairEngine(), planted.ethanols(3), points=32))
    many = values(path_work(planted.PairEngine(), planted.ethanols(3), points=128))
    assert few["path_work_max"] < 1e-4
    assert many["path_work_max"] < 1e-6


def test_the_energy_along_a_line_is_the_work_of_the_force():
    assert values(open_path_work(planted.PairEngine(), planted.ethanols(3)))["path_work_open_max"] < 1e-6
    wrong = values(open_path_work(planted.TooStrong(), planted.ethanols(20)))
    assert wrong["path_work_open"] > 1


def test_the_closed_path_is_blind_to_a_force_of_another_energy():
    """Which is why the open one is measured as well."""
    assert values(path_work(planted.TooStrong(), planted.ethanols(3)))["path_work_max"] < 1e-5


def test_finite_differences_measure_the_size_of_an_error():
    right = values(finite_difference(planted.PairEngine(), planted.ethanols(3)))
    assert right["finite_difference_max"] < 0.1
    wrong = values(finite_difference(planted.TooStrong(), planted.ethanols(3)))
    assert wrong["finite_difference_relative"] == pytest.approx(0.02, rel=0.01)
    assert values(finite_difference(planted.NoForces(), planted.ethanols(3)))[
        "finite_difference_relative"
    ] == pytest.approx(1.0)


def test_the_error_of_the_five_point_slope_falls_with_the_fourth_power():
    coarse = values(finite_difference(planted.PairEngine(), planted.ethanols(2), step=0.04))
    fine = values(finite_difference(planted.PairEngine(), planted.ethanols(2), step=0.02))
    ratio = coarse["finite_difference"] / fine["finite_difference"]
    assert ratio == pytest.approx(16, rel=0.15)


def test_the_jacobian_of_a_whirl_is_all_asymmetry():
    assert values(jacobian_asymmetry(Whirl(), planted.ethanols(1)))["jacobian_asymmetry"] == pytest.approx(1.0)
    assert values(jacobian_asymmetry(planted.PairEngine(), planted.ethanols(1)))["jacobian_asymmetry"] < 1e-4


def test_a_block_of_a_large_jacobian_is_enough():
    some = jacobian_asymmetry(planted.NotReciprocal(), planted.ethanols(2), most_atoms=6)
    assert values(some)["jacobian_asymmetry"] > 5e-4
    assert (
        values(jacobian_asymmetry(planted.PairEngine(), planted.ethanols(2), most_atoms=4))["jacobian_asymmetry"] < 1e-4
    )


def test_paths_are_the_same_for_the_same_seed():
    once, again = (values(path_work(planted.NotReciprocal(), planted.ethanols(2), seed=3)) for _ in range(2))
    other = values(path_work(planted.NotReciprocal(), planted.ethanols(2), seed=4))
    assert once == again != other
