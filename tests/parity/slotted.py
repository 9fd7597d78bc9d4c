"""Packed networks with any schemes in their slots, to compare the two languages scheme by scheme."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from built import native_library
from gaq.atoms.structure import Prediction
from gaq.engine.replay import NativeReplay, SlotCodes, encoded
from gaq.model.transformer import Transformer, TransformerConfig
from gaq.pack.export import Golden, pack
from gaq.pack.format import to_bytes
from gaq.quant.calibrated import FixedStep, set_step
from gaq.quant.directions import LearnedBook
from gaq.quant.install import install_, preset
from gaq.quant.mddq import PolarCode
from gaq.quant.observe import AbsMax
from gaq.quant.quantizer import Quantizer
from gaq.quant.recipe import Rule
from gaq.quant.slot import Role
from gaq.quant.spec import Spec
from tiny import SPECIES, molecule

SCALARS, VECTORS, SECOND = Role.SCALAR_FEATURE, Role.VECTOR_FEATURE, "vectors of degree 2"
LAYERS = 24  # of a network, with a slot at least in each


@dataclass(frozen=True)
class Scheme:
    """A spec and, where calibration would find one, the step (of a logarithmic magnitude: the largest level)."""

    spec: Spec
    step: float | None = None

    def __str__(self) -> str:
        return f"{self.spec}, step {self.step}".replace(" ", "")


@dataclass(frozen=True, eq=False)
class Slotted:
    """One scheme in a slot of a network and of the packed model made of it."""

    scheme: Scheme
    quantizer: Quantizer
    native: NativeReplay

    def in_python(self, features: Tensor) -> SlotCodes:
        """Codes by the scheme in Python."""
        found = encoded(self.quantizer, features.numpy())
        assert found is not None
        return found

    def in_engine(self, features: Tensor) -> SlotCodes:
        """Codes by the scheme in the engine."""
        return self.native.encode(self.quantizer.slot.name, features.numpy())


def slotted(schemes: Sequence[Scheme], where: Role | str = SCALARS, library: Path | None = None) -> list[Slotted]:
    """Each scheme in a slot of its own, a few dozen to a network."""
    parts = [schemes[start : start + LAYERS] for start in range(0, len(schemes), LAYERS)]
    return [slot for part in parts for slot in _one_network(part, where, library or native_library())]


def _one_network(schemes: Sequence[Scheme], where: Role | str, library: Path) -> list[Slotted]:
    sizes = {"channels": 4, "heads": 1, "basis": 4, "hidden": 4, "layers": len(schemes)}
    model = Transformer(TransformerConfig(**sizes, degrees=2 if where == SECOND else 1), SPECIES)
    chosen = [q for q in model.quantizers() if _fits(q, where)][: len(schemes)]
    rules = (Rule(q.slot.name, scheme.spec, AbsMax()) for q, scheme in zip(chosen, schemes, strict=True))
    recipe = preset("fp32").with_rules(*rules)
    install_(model.quantizers(), recipe)
    for quantizer, scheme in zip(chosen, schemes, strict=True):
        _set_parameters(quantizer, scheme.step)
    water = molecule("H2O")
    nothing = Golden([water] * 3, [Prediction(0.0, np.zeros((3, 3)))] * 3)
    native = NativeReplay(to_bytes(pack(model, recipe, nothing)), "schemes", library=library)
    return [Slotted(scheme, q, native) for q, scheme in zip(chosen, schemes, strict=True)]


def _fits(quantizer: Quantizer, where: Role | str) -> bool:
    slot = quantizer.slot
    if where == SECOND:
        return slot.role is VECTORS and slot.degree == 2
    return slot.role is where and slot.degree < 2


def _set_parameters(quantizer: Quantizer, step: float | None) -> None:
    """As if calibration had found them."""
    fitted = quantizer.calibrated
    assert fitted is not None
    if step is not None:
        assert isinstance(fitted, FixedStep | PolarCode)
        set_step(fitted.step, fitted.inverse_step, step)
    if isinstance(fitted, PolarCode) and isinstance(fitted.directions, LearnedBook):
        drawn = torch.randn(len(fitted.directions.points), 3, generator=torch.Generator().manual_seed(3))
        fitted.directions._set(drawn / drawn.norm(dim=-1, keepdim=True))
    fitted.ready = True


def assert_same(slot: Slotted, features: Tensor) -> SlotCodes:
    """Codes and decoded values are equal, these to the last bit but for the sign of a zero; what Python found."""
    expected, found = slot.in_python(features), slot.in_engine(features)
    unequal, count = found.differing(expected)
    assert unequal == 0, f"{slot.scheme}: {unequal} of {count} codes differ"
    wrong = found.decoded != expected.decoded
    assert not wrong.any(), f"{slot.scheme}: {wrong.sum()} of {wrong.size} decoded values differ"
    return expected
