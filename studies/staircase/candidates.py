"""Candidates by name, as explained in page.md.in."""

from __future__ import annotations

from collections.abc import Callable

import torch

from gaq.engine.protocol import Engine
from gaq.engine.pytorch import TorchEngine
from gaq.quant.slot import Slot
from gaq.train.checkpoint import as_dtype
from studies.staircase.cures import (
    Averaged,
    Corrected,
    Dither,
    Feedback,
    FixedDither,
    MultipleSteps,
    Remembered,
    RememberedFeedback,
    SubtractedDither,
    rounded,
    with_rounding,
)
from studies.staircase.variants import BASE, MODEL, bits, in_float, kind, layer, packed, shipped, variant

Make = Callable[[], Engine]

WEIGHT_ONLY = ("fp32", "w4")
FORWARD = (8, 10, 12, 14, 16)
KINDS = ("attention.project", "attention.output", "update.mix1", "update.hidden", "update.gates")
LAYERS = tuple(f"layer {i}" for i in range(4))
FINE, COPIES, EVERY = 16, 4, (2, 4, 8)


def in_part(part: str) -> Callable[[Slot], bool]:
    parts = part.split("+")
    return lambda slot: kind(slot).removesuffix(".input") in parts or layer(slot) in parts


def of_shipped(recipe: str, backward: int | None = None) -> Make:
    def make() -> Engine:
        engine = packed(recipe, backward)
        engine.recipe = recipe if backward is None else f"{recipe}-b{backward}"
        return engine

    return make


def of_bits(name: str, number: int, part: str | None = None, backward: int = 32, rest: int | None = None) -> Make:
    """Set the bits of a part; `rest` elsewhere."""
    where = (lambda slot: True) if part is None else in_part(part)

    def make() -> Engine:
        if rest is None:
            return variant(name, bits(number, where), backward_bits=backward)
        return variant(name, bits(rest, lambda slot: not where(slot)), backward_bits=backward)

    return make


def of_steps(name: str, every: int) -> Make:
    """Correct forces at every n-th step."""
    return lambda: MultipleSteps(packed(BASE), variant("float", in_float), name, every)


SHIPPED: dict[str, Make] = {
    "fp32": of_shipped("fp32"),
    "w4": of_shipped("w4"),
    "w4a16": of_shipped("w4a16"),
    "w4a16-b8": of_shipped("w4a16", 8),
    "frame-w4a8": of_shipped(BASE),
    "gaq-w4a8": of_shipped("gaq-w4a8"),
    "naive-int8": of_shipped("naive-int8"),
}
FORWARD_BITS: dict[str, Make] = {f"a{n}-b32": of_bits(f"a{n}-b32", n) for n in FORWARD}
BACKWARD_BITS: dict[str, Make] = {
    f"a{n}-b{b}": of_bits(f"a{n}-b{b}", n, backward=b) for n, b in ((8, 16), (FINE, 16), (FINE, 8))
}
PARTS: dict[str, Make] = {
    name: of_bits(name, number, part, rest=rest)
    for part in (*KINDS, *LAYERS)
    for name, number, rest in ((f"a16, 8 in {part}", 8, FINE), (f"a8, 16 in {part}", FINE, None))
}
MOST = ("attention.project+update.mix1", "attention.project+update.mix1+update.hidden", "layer 2+layer 3")
MIXTURES: dict[str, Make] = {f"a8, 16 in {part}": of_bits(f"a8, 16 in {part}", FINE, part, 16) for part in MOST}
STEPS: dict[str, Make] = {f"a8-b8, float every {n}": of_steps(f"a8-b8, float every {n}", n) for n in EVERY}
CURES: dict[str, Make] = {
    "a8, dither": lambda: rounded("a8, dither", Dither),
    "a8, subtracted dither": lambda: rounded("a8, subtracted dither", SubtractedDither),
    "a8, fixed dither": lambda: rounded("a8, fixed dither", FixedDither),
    f"a8, mean of {COPIES}": lambda: Averaged(rounded("", FixedDither).inner, f"a8, mean of {COPIES}", COPIES),
    "a8, error feedback": lambda: rounded("a8, error feedback", Feedback),
    "a8, corrected energy": lambda: Corrected(with_rounding(Remembered), "a8, corrected energy", at_once=16),
    "a8, both": lambda: Corrected(with_rounding(RememberedFeedback), "a8, both"),
}


def float_twin(base: str = BASE) -> Engine:
    """Return the same weights with float features, or in double precision."""
    if base not in WEIGHT_ONLY:
        return variant("float", in_float, base)
    return TorchEngine(as_dtype(shipped(base).model, torch.float64), f"{MODEL}-{base}", "float64")
