"""Every preset works on every architecture: calibrated, finite, and as symmetric as its numbers are held."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from contract.subjects import EXACT, FRAMED
from gaq.engine.pytorch import TorchEngine
from gaq.measure.ledger import find
from gaq.measure.symmetry import symmetry
from gaq.model.architectures import ARCHITECTURES
from gaq.model.linear import Linear
from gaq.quant.install import preset
from gaq.quant.presets import all_presets
from gaq.quant.ptq import Reconstruct
from gaq.quant.slot import AGGREGATED_MESSAGES, READOUT
from gaq.quant.spec import bits_of
from gaq.train.session import quantize
from tiny import molecules, network

TINY = {"channels": 8, "layers": 2, "basis": 8}
FEW_STEPS = 5  # of reconstruction, which takes hundreds for a good model

architectures = pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda known: known.name)


def tiny(architecture):
    return network(architecture.config.model_validate(TINY))


def in_few_steps(recipe):
    passes = (replace(p, steps=FEW_STEPS) if isinstance(p, Reconstruct) else p for p in recipe.ptq_passes)
    return replace(recipe, ptq_passes=tuple(passes))


@architectures
def test_slots_have_the_tags_that_presets_speak_of(architecture):
    model = tiny(architecture)
    assert {tag for q in model.quantizers() for tag in q.slot.tags} == {READOUT, AGGREGATED_MESSAGES}
    for name, module in model.named_modules():
        if isinstance(module, Linear):
            assert f"{name}.weight" == module.weight_quantizer.slot.name, "one path in module and slot"
            assert f"{name}.input" == module.input_quantizer.slot.name
            assert (name.split(".")[0] == READOUT) == (READOUT in module.weight_quantizer.slot.tags)


@architectures
@pytest.mark.parametrize("name", all_presets())
def test_every_preset_quantizes_every_architecture(architecture, name):
    parent, recipe = tiny(architecture), in_few_steps(preset(name, 0))
    model = quantize(parent, recipe, molecules())
    engine = TorchEngine(model, architecture.name, name)
    found = engine.evaluate(molecules())
    assert all(np.isfinite(p.energy) and np.isfinite(p.forces).all() for p in found)
    before = TorchEngine(parent, architecture.name, "fp32").evaluate(molecules())
    change = np.concatenate([np.ravel(a.forces - b.forces) for a, b in zip(found, before, strict=True)])
    assert (np.abs(change).max() > 0) == (name != "fp32")
    assert np.sqrt((change**2).mean()) < 10.0, "forces of the parent are of 1 eV/Å"
    if name in FRAMED:
        rows = symmetry(engine, molecules()[:2], rotations=2)
        assert find(rows, "lee_max").value < EXACT
        assert find(rows, "frames_identical").value == 1


@architectures
@pytest.mark.parametrize("name", ["mixed-w4a8", "mixed-w4a16"])
def test_layers_that_read_neighbours_are_finer(architecture, name):
    model = tiny(architecture)
    rules = preset(name, 0).resolve([q.slot for q in model.quantizers()])
    for quantizer in model.quantizers():
        slot = quantizer.slot
        if slot.name.endswith(".weight"):
            assert (bits_of(rules[slot.name].spec) == 8) == bool(slot.tags)
