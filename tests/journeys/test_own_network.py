"""A network that is not ours: the example trains it, and presets that have never seen it keep or break its symmetry."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

import gaq
from gaq.atoms.from_ase import to_ase
from gaq.engine.pytorch import TorchEngine
from gaq.errors import RecipeError, UsageError
from gaq.measure.rotations import haar_rotations
from gaq.measure.symmetry import rotation_errors
from gaq.model.geometry import Gauge
from gaq.quant.install import preset
from gaq.quant.presets import all_presets
from gaq.quant.ptq import Gptq
from house.tree import REPOSITORY
from tiny import SPECIES, box, molecules

FOLDER = REPOSITORY / "examples" / "own_network"
LINE = re.compile(r"^([\w-]+(?:, trained on)?) +([\d.]+) +([\d.]+) +(\S+) +(\d+) % +(\S+)$", re.MULTILINE)


@pytest.fixture(scope="module")
def example():
    spec = importlib.util.spec_from_file_location("small", FOLDER / "small.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def network(example, dtype=torch.float32):
    """All parameters random: with its energy layer at zero, as training begins, nothing would depend on anything."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        model = example.Small(SPECIES, channels=16)
        torch.nn.init.orthogonal_(model.energy.weight)
    return model.to(dtype)


@pytest.mark.long
def test_the_script_shows_what_each_recipe_breaks():
    result = subprocess.run(
        [sys.executable, FOLDER / "run.py", "--steps", "40"],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    lee = {name: float(value) for name, _, _, value, _, _ in LINE.findall(result.stdout)}
    same = {name: int(value) for name, _, _, _, value, _ in LINE.findall(result.stdout)}
    bits = {name: float(value) for name, value, *_ in LINE.findall(result.stdout)}
    exact = ("w4a16", "mixed-w4a16", "frame-w8a8", "w4a16, trained on")
    assert set(lee) == {"fp32", "w4", "gaq-w8a8", "naive-int8", "fp32, trained on", *exact}
    assert all(lee[name] < 1e-9 and same[name] == 100 for name in exact)
    assert all(1e-9 < lee[name] < 1e-2 for name in ("fp32", "w4"))
    assert all(lee[name] > 0.1 for name in ("gaq-w8a8", "naive-int8"))
    assert bits["fp32"] == 32
    assert bits["w4"] < 6


# GPTQ sees the order of layers while the network computes; the other passes ask for what this network does not offer.
REFUSED = [name for name, made in all_presets().items() if any(not isinstance(p, Gptq) for p in made().ptq_passes)]


@pytest.mark.parametrize("recipe", REFUSED)
def test_a_pass_says_what_the_network_does_not_offer(example, recipe):
    said = rf"recipe '{recipe}' \(\w+\) .*`(streams|block)`\); a Small does not. Choose a recipe without this PTQ pass"
    with pytest.raises(UsageError, match=said):
        gaq.quantize(network(example), preset(recipe, 0), molecules())


@pytest.mark.parametrize("recipe", [name for name in all_presets() if name not in REFUSED])
def test_every_other_preset_applies_unread(example, recipe):
    model = network(example)
    quantized = gaq.quantize(model, preset(recipe, 0), molecules())
    before, after = (TorchEngine(m, "Small", recipe).evaluate(molecules()) for m in (model, quantized))
    change = max(np.abs(b.forces - a.forces).max() for b, a in zip(before, after, strict=True))
    assert (change > 1e-4) == (recipe != "fp32")


@pytest.mark.parametrize("recipe", ["fp32", "w4a16"])
def test_both_gauges_are_one_function(example, recipe):
    model = gaq.quantize(network(example, torch.float64), preset(recipe, 0), molecules())
    everything = [*molecules(), box()]
    lab, local = (TorchEngine(model, "Small", recipe, gauge=gauge).evaluate(everything) for gauge in Gauge)
    for a, b in zip(lab, local, strict=True):
        assert abs(a.energy - b.energy) < 1e-9
        assert np.abs(a.forces - b.forces).max() < 1e-9


def test_vectors_rounded_in_space_are_noticed_and_in_the_frame_are_not(example, rng):
    rotations = haar_rotations(3, rng)
    found = {}
    for recipe in ("naive-int8", "frame-w4a8"):
        engine = TorchEngine(gaq.quantize(network(example), preset(recipe, 0), molecules()), "Small", recipe)
        found[recipe] = rotation_errors(engine, molecules(), rotations).lee_pairs.max()
    assert found["frame-w4a8"] < 1e-9
    assert found["naive-int8"] > 1


def test_the_check_and_ase_take_it(example):
    engine = TorchEngine(gaq.quantize(network(example), preset("w4a16"), molecules()), "Small", "w4a16")
    rows = gaq.measure.check(engine, molecules()[:1], rotations=2, steps=5)
    assert {row.metric: row.passed for row in rows}["lee_max"] is True
    atoms = to_ase(molecules()[0])
    atoms.calc = gaq.Calculator(engine)
    (expected,) = engine.evaluate(molecules()[:1])
    assert atoms.get_potential_energy() == expected.energy


def test_a_network_without_tags_is_a_sentence(example, monkeypatch):
    model = network(example)
    for quantizer in (model.energy.weight_quantizer, model.energy.input_quantizer):
        monkeypatch.setattr(quantizer, "slot", replace(quantizer.slot, tags=()))
    with pytest.raises(RecipeError, match=r"no slot has the tag 'readout'. The tags are 'aggregated-messages'"):
        gaq.quantize(model, preset("w4", 0))
