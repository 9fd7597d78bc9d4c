"""Rows about layers: the estimate is near what is measured, frames add nothing, and the bound is above."""

from __future__ import annotations

import pytest

from gaq.cost.layers import layer_rows
from gaq.measure.ledger import find
from gaq.quant.install import preset
from gaq.train.session import quantize
from tiny import config, dataset, molecules, network


def measured(recipe: str, layer: int = 1) -> dict[str, float]:
    network_ = quantize(network(config(channels=16, hidden=16)), preset(recipe, 0), molecules())
    rows = layer_rows(network_, "tiny.ckpt", recipe, dataset(4), rotations=6)
    mine = [entry for entry in rows if entry.model == f"layers/{layer}"]
    assert {entry.recipe for entry in rows} == {recipe}
    assert {entry.model for entry in rows} == {"layers/0", "layers/1"}
    return {entry.metric: find(mine, entry.metric).value for entry in mine}


@pytest.mark.parametrize("recipe", ["naive-int8", "int8-per-vector", "gaq-w8a8"])
def test_measured_estimated_and_bounded(recipe):
    found = measured(recipe)
    assert 0 < found["layer_defect"] <= found["layer_defect_rms"] <= found["layer_defect_max"]
    assert found["layer_defect_rms"] == pytest.approx(found["layer_defect_estimate"], rel=0.5)
    assert found["layer_defect_max"] <= found["layer_defect_bound_max"]
    assert found["layer_defect"] <= found["layer_defect_bound"] <= found["layer_defect_bound_max"]
    assert found["layer_defect_max"] < found["layer_size"]
    assert found["layer_defect_energy"] > 1e-3


@pytest.mark.parametrize("recipe", ["frame-w8a8", "w4a16"])
def test_frames_add_nothing(recipe):
    """Water is planar: components that vanish by symmetry are 1e-17 or so, and differ; no code does."""
    found = measured(recipe)
    assert found["layer_defect_max"] < 1e-12
    assert found["layer_defect_energy"] < 1e-9
    assert found["layer_defect_bound_max"] == found["layer_defect_estimate"] == 0.0
    assert found["layer_size"] > 0
