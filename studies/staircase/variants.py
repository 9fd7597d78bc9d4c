"""Shipped weights with other rounding of features, without calibration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from benchmarks.common.places import model_file
from gaq.engine.native import NativeEngine
from gaq.engine.packing import pack_and_open
from gaq.quant.observe import AbsMax, UnitRange
from gaq.quant.recipe import Recipe, Rule
from gaq.quant.slot import WEIGHTS, Role, Slot
from gaq.quant.spec import Identity, Spec, uniform_part, with_bits
from gaq.train.checkpoint import Checkpoint, load_checkpoint

MODEL = "rmd17-azobenzene"
BASE = "frame-w4a8"  # its weights are those of every variant
COARSE = 8  # bits; slots with more are left alone

Choice = Callable[[Slot, Spec], Spec]


def shipped(recipe: str) -> Checkpoint:
    return load_checkpoint(model_file(f"{MODEL}-{recipe}.ckpt"))


def packed(recipe: str, backward_bits: int | None = None) -> NativeEngine:
    return NativeEngine.from_file(model_file(f"{MODEL}-{recipe}.gaq"), backward_bits=backward_bits)


def variant(name: str, choice: Choice, base: str = BASE, backward_bits: int = 32) -> NativeEngine:
    checkpoint = with_features(shipped(base), name, choice)
    return pack_and_open(checkpoint.model, checkpoint.recipe, f"{MODEL}-{base}", backward_bits=backward_bits)


def with_features(checkpoint: Checkpoint, name: str, choice: Choice) -> Checkpoint:
    rules = []
    for quantizer in checkpoint.model.quantizers():
        if quantizer.slot.role in WEIGHTS:
            continue
        spec = choice(quantizer.slot, quantizer.spec)
        rule = Rule(quantizer.slot.name, spec, UnitRange() if quantizer.slot.role is Role.QUERY_KEY else AbsMax())
        if spec != quantizer.spec:
            quantizer.install(spec, rule.calibrate)
        rules.append(rule)
    named = {rule.where for rule in rules}
    kept = tuple(rule for rule in checkpoint.recipe.rules if rule.where not in named)
    return replace(checkpoint, recipe=Recipe(name, kept + tuple(rules)))


def in_float(slot: Slot, spec: Spec) -> Spec:
    return Identity()


def bits(number: int, where: Callable[[Slot], bool] = lambda slot: True) -> Choice:
    """Replace 8 bits; other slots are kept."""

    def choice(slot: Slot, spec: Spec) -> Spec:
        uniform = uniform_part(spec)
        if uniform is None or uniform.bits > COARSE or not where(slot):
            return spec
        return with_bits(spec, number)

    return choice


def kind(slot: Slot) -> str:
    return slot.name.split(".", 2)[-1] if slot.name.startswith("layers.") else slot.name


def layer(slot: Slot) -> str:
    parts = slot.name.split(".")
    return f"layer {parts[1]}" if parts[0] == "layers" else parts[0]
