"""Products of vectors on the atom, in PyTorch and in the engine, where a large system computes them twice.

Beyond 512 atoms the engine keeps no products and computes them again in its backward pass. The same structures are
evaluated both ways: in one piece, and molecule by molecule.
"""

from __future__ import annotations

import copy
from functools import cache

import numpy as np
import pytest
import torch

from built import native_library
from gaq.atoms.structure import Prediction, Structure
from gaq.engine.native import NativeEngine
from gaq.engine.packing import packed_in_memory
from gaq.engine.pytorch import TorchEngine
from gaq.model.geometry import Gauge
from gaq.model.transformer.network import Transformer
from gaq.quant.install import preset
from gaq.train.checkpoint import Checkpoint
from parity.everywhere import available, bits, large_box
from tiny import checkpoint, config, molecule

GAUGES = {"fp32": Gauge.LAB, "w8": Gauge.LAB, "w4a16": Gauge.LOCAL}
CASES = [(recipe, degrees) for recipe in GAUGES for degrees in (1, 2, 3)]
KEPT = 512  # atoms
# Largest difference of forces (eV/Å, of 1 eV/Å): round-off, and codes of 16 bits that it tips.
MOST = {"fp32": 2e-5, "w8": 2e-5, "w4a16": 3e-4}


@cache
def source(recipe: str, degrees: int) -> Checkpoint:
    return checkpoint(config(degrees=degrees, layers=3), None if recipe == "fp32" else preset(recipe, 0))


def engine(recipe: str, degrees: int, threads: int = 1, bits: int = 32) -> NativeEngine:
    content = packed_in_memory(source(recipe, degrees).model, preset(recipe), backward_bits=bits)
    return NativeEngine(content, "tiny.gaq", library=native_library(), threads=threads)


@cache
def in_pytorch(recipe: str, degrees: int) -> Prediction:
    engine = TorchEngine(source(recipe, degrees).model, "tiny", recipe)
    assert engine.gauge is GAUGES[recipe]
    return engine.evaluate([large_box()])[0]


def difference(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one - other).max())


@pytest.mark.parametrize(("recipe", "degrees"), CASES)
def test_passes_that_compute_them_again_are_those_of_pytorch(recipe, degrees):
    system, expected = large_box(), in_pytorch(recipe, degrees)
    assert len(system) > KEPT
    for threads in (1, 3):
        (found,) = engine(recipe, degrees, threads).evaluate([system])
        assert difference(found.forces, expected.forces) < MOST[recipe]
        assert abs(found.energy - expected.energy) / len(system) < MOST[recipe]


@pytest.mark.parametrize(("recipe", "degrees"), CASES)
def test_passes_that_compute_them_again_are_those_that_keep_them(recipe, degrees):
    one = molecule("CH3CH2OH")
    copies = KEPT // len(one) + 1
    apart = 30.0 * np.stack(np.unravel_index(np.arange(copies), (4, 4, copies // 16 + 1)), -1)
    positions = (one.positions[None] + apart[:, None]).reshape(-1, 3)
    many = Structure.molecule(np.tile(one.species, copies), positions)
    subject = engine(recipe, degrees)
    kept, again = subject.evaluate([one, many])
    assert len(many) > KEPT
    assert difference(again.forces, np.tile(kept.forces, (copies, 1))) < MOST[recipe]
    assert abs(again.energy / copies - kept.energy) / len(one) < MOST[recipe]


@pytest.mark.parametrize(("recipe", "degrees"), CASES)
def test_passes_that_compute_them_again_have_the_same_bits_everywhere(recipe, degrees, monkeypatch):
    system = large_box((3, 5, 6))
    assert len(system) > KEPT
    for backward in (32, 8):
        found = {}
        for isa in available(monkeypatch):
            monkeypatch.setenv("GAQ_ISA", isa)
            for threads in (1, 3):
                found[isa, threads] = bits(engine(recipe, degrees, threads, backward).evaluate([system]))
        assert len(set(map(tuple, found.values()))) == 1, backward


@pytest.mark.parametrize("recipe", GAUGES)
def test_without_products_it_would_be_another_network(recipe):
    """The control: weights of products that are zero show in forces far beyond the tolerances above."""
    model = copy.deepcopy(source(recipe, 2).model)
    assert isinstance(model, Transformer)
    c = model.config.channels
    with torch.no_grad():
        for layer in model.layers:
            layer.update.hidden.weight[:, 5 * c :] = 0
            layer.update.gates.weight[5 * c :] = 0
            layer.update.gates.bias[5 * c :] = 0
    (found,) = TorchEngine(model, "tiny", recipe).evaluate([large_box()])
    assert difference(found.forces, in_pytorch(recipe, 2).forces) > 10 * MOST[recipe]
