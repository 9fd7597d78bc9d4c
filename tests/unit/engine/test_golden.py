"""Golden frames tell a machine that computes what the exporting one did from one that does not."""

from __future__ import annotations

import numpy as np
import pytest

from gaq.atoms.structure import Prediction
from gaq.engine.golden import golden_difference
from tiny import molecules

EXPECTED = [Prediction(float(k), np.full((len(s), 3), 0.1 * k)) for k, s in enumerate(molecules()[:1] * 3)]


class Changed:
    """Says what is golden, but for the last frames."""

    def __init__(self, frames: int = 0, energy: float = 0.0, force: float = 0.0) -> None:
        self.frames, self.energy, self.force = frames, energy, force

    def golden_structures(self):
        return molecules()[:1] * 3

    def golden_predictions(self):
        return EXPECTED

    def evaluate(self, structures):
        return [self.changed(p) if k >= 3 - self.frames else p for k, p in enumerate(EXPECTED)]

    def changed(self, prediction):
        forces = prediction.forces.copy()
        forces[2, 1] -= self.force
        return Prediction(prediction.energy - self.energy, forces)


def test_differences_are_those_of_each_frame():
    assert golden_difference(Changed()).fine
    found = golden_difference(Changed(1, energy=0.9, force=0.25))
    assert found.energies == pytest.approx((0, 0, 0.9 / 9))
    assert found.forces == pytest.approx((0, 0, 0.25))
    assert found.agreeing == 2


@pytest.mark.parametrize("change", [{"energy": 0.01}, {"force": 0.02}, {"force": -0.02}])
def test_a_wrong_machine_is_noticed_and_one_tipped_code_forgiven(change):
    assert not golden_difference(Changed(2, **change)).fine
    assert golden_difference(Changed(1, **change)).fine
