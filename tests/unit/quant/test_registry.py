"""A quantizer of one's own, registered as the published methods are, from a class to a checkpointed recipe."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch

from gaq.errors import RecipeError
from gaq.quant import registry
from gaq.quant.calibrated import CalibratedQuantizer
from gaq.quant.install import preset
from gaq.quant.observe import AbsMax
from gaq.quant.quantized import Quantized
from gaq.quant.quantizer import Quantizer
from gaq.quant.recipe import Recipe, Rule
from gaq.quant.registry import register_preset, register_quantizer
from gaq.quant.rules import in_float, recipe_of
from gaq.quant.slot import Role, Slot
from gaq.quant.spec import Spec, Uniform, Wrapper
from gaq.quant.stored_spec import spec_from_dict, spec_to_dict

WEIGHT = Slot("layers.0.update.hidden.weight", Role.SCALAR_WEIGHT, (4, 8))


@dataclass(frozen=True)
class Halved(Wrapper):
    """Half of what the inner scheme gives."""

    share: float = 0.5


@dataclass(frozen=True)
class Unregistered(Spec):
    """A class that nobody registered."""


class Half(CalibratedQuantizer):
    """The module of `Halved`."""

    def __init__(self, slot, spec, observer):
        super().__init__(slot, observer)
        self.inner, self.share = registry.fit_inner(slot, spec.inner, observer), spec.share

    def forward(self, x, species=None):
        return Quantized(self.inner(x).value * self.share)

    def fit(self):
        self.inner.fit()


def halves() -> Recipe:
    rules = tuple(Rule(role, Halved(Uniform(8))) for role in (Role.SCALAR_WEIGHT, Role.VECTOR_WEIGHT))
    return recipe_of("halves", "", rules, in_float(*(r for r in Role if "weight" not in r.value)))


@pytest.fixture
def registered(monkeypatch):
    registry.families()  # loads what is built in, before the tables are copied
    for table in ("_FITS", "_KEYS", "_PRESETS"):
        monkeypatch.setattr(registry, table, dict(getattr(registry, table)))
    register_quantizer(Halved, Half)
    register_preset("halves", halves)


def test_it_is_carried_out_stored_and_found_by_name(registered):
    quantizer = Quantizer(WEIGHT)
    quantizer.install(Halved(Uniform(8)), AbsMax())
    quantizer.finish_calibration()
    x = torch.linspace(-1, 1, 32).reshape(4, 8)
    torch.testing.assert_close(quantizer(x).value, x / 2, rtol=0, atol=0.003)
    data = spec_to_dict(Halved(Uniform(8), 0.25))
    assert (data["kind"], data["share"], data["inner"]["kind"]) == ("halved", 0.25, "uniform")
    assert spec_from_dict(data) == Halved(Uniform(8), 0.25)
    assert preset("halves") == halves()
    assert Recipe.from_dict(halves().to_dict()) == halves()


def test_without_registration_it_is_unknown():
    with pytest.raises(RecipeError, match="Unregistered is not registered; call `register_quantizer`"):
        Quantizer(WEIGHT).install(Unregistered(), AbsMax())
    with pytest.raises(RecipeError, match="kind 'halved'"):
        spec_from_dict({"kind": "halved", "inner": {"kind": "uniform", "bits": 8}})


def test_names_are_given_once(registered):
    with pytest.raises(RecipeError, match="there is a preset 'qdrop' already"):
        register_preset("qdrop", halves)

    class Polar(Spec):
        """Another class of this name."""

    with pytest.raises(RecipeError, match="the kind 'polar' belongs to gaq.quant.spec.Polar"):
        register_quantizer(Polar, lambda slot, spec, observer: None)
