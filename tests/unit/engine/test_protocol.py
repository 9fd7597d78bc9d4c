"""What an engine can do beyond predictions is seen from the engine, not guessed."""

from __future__ import annotations

import pytest

from gaq.engine.packing import pack_and_open
from gaq.engine.protocol import (
    Batched,
    HasGolden,
    Sized,
    backward_bits_of,
    footprint_of,
    gives_virial,
    isa_of,
)
from gaq.engine.pytorch import TorchEngine
from gaq.quant.presets import w4
from gaq.train.session import quantize
from tiny import config, molecules, network


class Plain:
    """An engine that does what it must and no more."""

    name, model, recipe, cutoff, species = "plain", "none", "fp32", None, frozenset()

    def evaluate(self, structures):
        return []


class WithoutVirial(Plain):
    gives_virial = False


@pytest.mark.parametrize("engine", [Plain(), WithoutVirial()], ids=["plain", "without virial"])
def test_an_engine_that_offers_nothing(engine):
    assert not any(isinstance(engine, capability) for capability in (Batched, Sized, HasGolden))
    assert not gives_virial(engine)
    assert isa_of(engine) is None
    assert backward_bits_of(engine) is None
    assert footprint_of(engine) == {}


def test_the_engine_of_pytorch():
    engine = TorchEngine(network(config()), "m", "fp32")
    assert isinstance(engine, Batched)
    assert isinstance(engine, Sized)
    assert not isinstance(engine, HasGolden)
    assert gives_virial(engine)
    assert isa_of(engine) is backward_bits_of(engine) is None
    assert footprint_of(engine) == engine.footprint()


def test_the_native_engine():
    recipe = w4()
    engine = pack_and_open(quantize(network(config()), recipe, molecules()), recipe, "m")
    assert isinstance(engine, HasGolden)
    assert gives_virial(engine)
    assert isa_of(engine) == engine.isa
    assert backward_bits_of(engine) == engine.backward_bits == 32
    assert footprint_of(engine)["bits_per_weight"] < 32
