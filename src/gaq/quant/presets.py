"""Geometric-aware quantization, our own recipes, and their controls: one function a recipe.

The methods of others are in `methods/`.

Common to all: messages between atoms meet no weight and stay float; the embedding of species, radial
functions, activation functions and sums over neighbours have no slot. `warmup` is the number of epochs of
training in which vectors stay float (branch-separated training, arXiv 2601.02213 section III and 2603.05343);
without training, every rule is in force at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from gaq.quant import registry
from gaq.quant.direction_spec import Component, DirectionCode, Octahedral
from gaq.quant.observe import AbsMax
from gaq.quant.ptq import Gptq
from gaq.quant.recipe import Recipe, Rule, Tagged
from gaq.quant.rounding import rounded
from gaq.quant.rules import (
    FLOWS,
    QUERY_KEY_BITS,
    Rules,
    features,
    in_float,
    queries,
    readout,
    recipe_of,
    weight_only,
    weights,
)
from gaq.quant.slot import AGGREGATED_MESSAGES, Role
from gaq.quant.spec import Framed, Polar, Uniform
from gaq.quant.wrappers import Centred, Compensated, Learned

# Rank of the float compensation of eight-bit features (studies/few_bits).
PRINCIPAL = 4


def fp32() -> Recipe:
    """Everything in float: the parent, and the control when it is trained as long as the others."""
    return recipe_of("fp32", "everything in float", in_float(*Role))


def naive_int8() -> Recipe:
    """Eight bits everywhere, one step per tensor, minimum-maximum ranges, vectors rounded along x, y and z.

    Source: the baseline "Naive INT8" of arXiv 2603.05343, table II.
    """
    return recipe_of(
        "naive-int8",
        "8 bits per tensor, Cartesian vectors",
        weights(Uniform(8), Uniform(8)),
        features(Uniform(8), AbsMax(), Uniform(8), AbsMax()),
        queries(8),
    )


def int8_per_vector(warmup: int = 0) -> Recipe:
    """Eight bits with a step per output channel and, for Cartesian vectors, a dynamic step per vector.

    The control that separates what range costs from what Cartesian axes cost.
    """
    return recipe_of(
        "int8-per-vector",
        "8 bits, Cartesian vectors with a step each",
        weights(Uniform(8, per="channel"), Uniform(8, per="channel"), warmup),
        features(Uniform(8), AbsMax(), Uniform(8, per="vector"), AbsMax(), warmup),
        queries(QUERY_KEY_BITS),
    )


def gaq_w8a8(
    warmup: int = 5,
    directions: DirectionCode = Octahedral(16),
    magnitude: str = "linear",
    gradient: str = "geometric",
) -> Recipe:
    """Eight-bit weights and features; vectors as magnitude and direction (MDDQ), switched on after the
    scalars.

    Source: arXiv 2601.02213 (8 bits, 5 epochs of warm-up; its direction code is `Component(8)`).
    """
    return _gaq(
        "gaq-w8a8",
        weights(Uniform(8, per="channel"), Uniform(8, per="channel"), warmup),
        warmup,
        directions,
        magnitude,
        gradient,
    )


def gaq_w4a8(
    warmup: int = 10,
    directions: DirectionCode = Octahedral(16),
    magnitude: str = "linear",
    gradient: str = "geometric",
    learn_step: bool = True,
) -> Recipe:
    """Four-bit weights on the equivariant branch, eight bits elsewhere; vectors as magnitude and direction
    (MDDQ).

    Source: arXiv 2603.05343 (W4A8 on the equivariant branch, 8-bit invariants, 10 of 80 epochs of warm-up).
    """
    plain = Uniform(4, per="channel")
    vector_weight = Learned(plain) if learn_step else plain
    return _gaq(
        "gaq-w4a8",
        weights(Uniform(8, per="channel"), vector_weight, warmup),
        warmup,
        directions,
        magnitude,
        gradient,
    )


def gaq_w8a8_component(warmup: int = 5) -> Recipe:
    """As gaq-w8a8 with the first paper's code: each component of the unit vector rounded, then renormalised.

    Source: arXiv 2601.02213, section III; 24 bits for a direction where the codebook of gaq-w8a8 takes 16.
    """
    return replace(gaq_w8a8(warmup, Component(8)), name="gaq-w8a8-component")


def gaq_w4a8_rotation(warmup: int = 10) -> Recipe:
    """As gaq-w4a8 with the rotation trick in the place of the geometric gradient.

    Source: Fifty et al., Restructuring Vector Quantization with the Rotation Trick, ICLR 2025.
    """
    return replace(gaq_w4a8(warmup, gradient="rotation"), name="gaq-w4a8-rotation")


def frame_w8a8(warmup: int = 5, readout_bits: int = 16, centred: bool = True, principal: int = PRINCIPAL) -> Recipe:
    """Eight-bit weights and features; vectors as components in the local frame of their atom, exactly
    equivariant.

    Ours. Steps per atom and, for vectors, frame axis, of what is left beside the mean of the species (scalars) and
    a few directions among the channels; the input of the readout at 16 bits.
    """
    return _framed("frame-w8a8", 8, 8, warmup, readout_bits, centred=centred, principal=principal)


def frame_w4a8(
    warmup: int = 5,
    readout_bits: int = 16,
    learn_step: bool = True,
    group: int | None = None,
    centred: bool = True,
    principal: int = PRINCIPAL,
) -> Recipe:
    """As frame-w8a8 with four-bit weights, those of the readout at eight."""
    return _framed("frame-w4a8", 4, 8, warmup, readout_bits, learn_step, group, centred, principal)


def w8() -> Recipe:
    """Eight-bit weights, float features: weights act on channels, so symmetry and conservation stay exact."""
    return recipe_of("w8", "8-bit weights only", weight_only(8, False, None), in_float(*FLOWS))


def w4(learn_step: bool = True, group: int | None = None, warmup: int = 0) -> Recipe:
    """Four-bit weights (the readout's at eight), float features: exactly equivariant and conservative."""
    return recipe_of("w4", "4-bit weights only", weight_only(4, learn_step, group, warmup), in_float(*FLOWS))


def w4a16(warmup: int = 0, learn_step: bool = True, group: int | None = None) -> Recipe:
    """Four-bit weights, sixteen-bit features in the local frame: the recipe for dynamics."""
    return _framed("w4a16", 4, 16, warmup, 16, learn_step, group)


def mixed_w4a16(warmup: int = 0, learn_step: bool = True, rounding: str = "gptq") -> Recipe:
    """The recommended recipe: like w4a16, with 8-bit weights in the layers applied to aggregated messages, and GPTQ.

    Ours. These weights are a quarter of all, and cause four fifths of the square error of four-bit weights
    (studies/few_bits). `rounding` is "gptq", or "nearest" for weights rounded plainly.
    """
    plain = _with_finer_readers(w4a16(warmup, learn_step), "mixed-w4a16", warmup)
    return replace(plain, ptq_passes=(Gptq(),)) if rounding == "gptq" else rounded(plain, rounding)


def mixed_w4a8(warmup: int = 5, learn_step: bool = True) -> Recipe:
    """Like frame-w4a8, with 8-bit weights in the layers applied to aggregated messages."""
    return _with_finer_readers(frame_w4a8(warmup, learn_step=learn_step), "mixed-w4a8", warmup)


def all_presets() -> dict[str, Callable[[], Recipe]]:
    """Every preset by the name of its recipe, callable without arguments."""
    return {
        "fp32": fp32,
        "naive-int8": naive_int8,
        "int8-per-vector": int8_per_vector,
        "gaq-w8a8": gaq_w8a8,
        "gaq-w4a8": gaq_w4a8,
        "gaq-w8a8-component": gaq_w8a8_component,
        "gaq-w4a8-rotation": gaq_w4a8_rotation,
        "frame-w8a8": frame_w8a8,
        "frame-w4a8": frame_w4a8,
        "w8": w8,
        "w4": w4,
        "w4a16": w4a16,
        "mixed-w4a8": mixed_w4a8,
        "mixed-w4a16": mixed_w4a16,
    } | registry.registered_presets()


def _gaq(
    name: str, weight_rules: Rules, warmup: int, directions: DirectionCode, magnitude: str, gradient: str
) -> Recipe:
    vectors = Polar(8, directions, magnitude=magnitude, gradient=gradient)
    return recipe_of(
        name,
        "magnitude and direction of vectors apart (MDDQ)",
        weight_rules,
        features(Uniform(8), AbsMax(), vectors, AbsMax(), warmup),
        queries(QUERY_KEY_BITS),
        readout(16),
    )


def _framed(
    name: str,
    weight_bits: int,
    bits: int,
    warmup: int,
    readout_bits: int,
    learn_step: bool = False,
    group: int | None = None,
    centred: bool = False,
    principal: int = 0,
) -> Recipe:
    rows = Uniform(bits, per="row")
    rest = Compensated(rows, principal) if principal else rows
    scalars, vectors = Centred(rest) if centred else rows, Framed(rest)
    return recipe_of(
        name,
        "vectors in the local frame of their atom",
        weight_only(weight_bits, learn_step, group, warmup),
        features(scalars, AbsMax(), vectors, AbsMax(), warmup),
        queries(QUERY_KEY_BITS),
        readout(readout_bits),
    )


def _with_finer_readers(recipe: Recipe, name: str, warmup: int) -> Recipe:
    """Eight bits for the layers that read sums over neighbours, of scalars and of vectors."""
    finer = Uniform(8, per="channel")
    scalars, vectors = (Tagged(AGGREGATED_MESSAGES, role) for role in (Role.SCALAR_WEIGHT, Role.VECTOR_WEIGHT))
    rules = (Rule(scalars, finer), Rule(vectors, finer, from_epoch=warmup))
    return replace(recipe.with_rules(*rules), name=name)
