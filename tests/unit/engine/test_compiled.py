"""PyTorch as a candidate computes what PyTorch as an engine computes, compiled or not."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from built import compiles
from gaq.atoms.structure import Structure
from gaq.engine import compiled as module
from gaq.engine.compiled import compiled, eager, float_network
from gaq.engine.pytorch import TorchEngine
from gaq.errors import NotAvailable
from gaq.quant.install import preset
from gaq.train.session import quantize
from tiny import box, config, molecule, molecules, network


@pytest.fixture(scope="module")
def model():
    return network(config())


def moved(structures: list[Structure]) -> list[Structure]:
    rng = np.random.default_rng(1)
    return [s.moved(s.positions + 0.01 * rng.standard_normal(s.positions.shape)) for s in structures]


def largest_difference(model, evaluate, structures: list[Structure]) -> float:
    """Of energies in eV and forces in eV/Å, to the engine's own."""
    energies, forces = evaluate(np.concatenate([s.positions for s in structures]))
    expected = TorchEngine(model, "m", "fp32").evaluate(structures)
    wanted = np.concatenate([p.forces for p in expected])
    return max(np.abs(energies - [p.energy for p in expected]).max(), np.abs(forces - wanted).max())


@pytest.mark.parametrize("start", [[molecule("CH3CH2OH")], molecules(), [box()]], ids=["one", "batch", "box"])
def test_eager_is_the_engine(model, start):
    evaluate = eager(model, start)
    assert largest_difference(model, evaluate, moved(start)) < 1e-4
    assert largest_difference(model, lambda positions: evaluate(positions + 0.02 * positions), moved(start)) > 1e-3


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of PyTorch's own making
@compiles
@pytest.mark.parametrize("start", [[molecule("CH3OH")], [box(), box(1)]], ids=["one", "boxes"])
def test_compiled_is_eager(start):
    small = network(config(layers=1, channels=4, basis=4, hidden=4))
    assert largest_difference(small, compiled(small, start), moved(start)) < 1e-4


def test_the_float_network_is_the_parent(model):
    quantized = quantize(model, preset("w4a16", 0), molecules())
    plain = float_network(quantized)
    assert all(torch.equal(a, b) for a, b in zip(plain.parameters(), model.parameters(), strict=True))
    start = [molecule("CH3OH")]
    forces, plain_forces, quantized_forces = (
        eager(network, start)(start[0].positions)[1] for network in (model, plain, quantized)
    )
    assert np.array_equal(plain_forces, forces)
    assert np.abs(quantized_forces - forces).max() > 1e-4


def test_where_it_cannot_be_compiled_it_says_why(model, monkeypatch):
    def fails(network, batch):
        raise RuntimeError("\nno working C++ compiler\nand much more")

    monkeypatch.setattr(module, "_one_graph", fails)
    with pytest.raises(
        NotAvailable, match="^compiled PyTorch: RuntimeError: no working C\\+\\+ compiler\\. .*python3-dev"
    ):
        compiled(model, [molecule("H2O")])
