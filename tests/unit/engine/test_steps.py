"""The short way into the native engine gives what the engine gives."""

from __future__ import annotations

import numpy as np
import pytest

from built import native_library
from gaq.engine.native import NativeEngine
from gaq.engine.packing import packed_in_memory
from gaq.engine.steps import native_steps
from gaq.errors import BadStructure
from gaq.quant.install import preset
from tiny import box, config, molecule, molecules, network


@pytest.fixture(scope="module")
def engine() -> NativeEngine:
    native_library()
    return NativeEngine(packed_in_memory(network(config()), preset("fp32")), "tiny.gaq")


@pytest.mark.parametrize("start", [[molecule("CH3CH2OH")], molecules(), [box()]], ids=["one", "batch", "box"])
def test_steps_are_evaluations(engine, start):
    step = native_steps(engine, start)
    for shift in (0.0, 0.01, 0.4):
        structures = [s.moved(s.positions + shift * np.sin(np.arange(3 * len(s)).reshape(-1, 3))) for s in start]
        energies, forces = step(np.concatenate([s.positions for s in structures]))
        expected = engine.evaluate(structures)
        assert energies.tolist() == [p.energy for p in expected]
        assert np.array_equal(forces, np.concatenate([p.forces for p in expected]))


def test_what_is_not_finite_is_refused(engine):
    water = molecule("H2O")
    step = native_steps(engine, [water])
    with pytest.raises(BadStructure, match="tiny.gaq, structure 0"):
        step(np.full_like(water.positions, np.nan))
