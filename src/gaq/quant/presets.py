"""The published methods, our own, and their controls: one function a recipe.

Common to all: messages between atoms meet no weight and stay float; the embedding of species, radial
functions, activation functions and sums over neighbours have no slot. `warmup` is the number of epochs of
training in which vectors stay float (branch-separated training, arXiv 2601.02213 section III and 2603.05343);
without training, every rule is in force at once.
"""

from __future__ import annotations

from collections.abc import Callable

from gaq.quant.observe import AbsMax, MeanSquare, Observer, UnitRange
from gaq.quant.recipe import Recipe, Rule
from gaq.quant.slot import Role
from gaq.quant.spec import DirectionCode, Framed, Identity, Octahedral, Polar, Spec, Uniform

# The readout turns features into energy without a sum over neighbours or channels that would average its rounding away:
# its input has sixteen bits.
READOUT_INPUTS = ("readout.hidden.input", "readout.energy.input")
READOUT_WEIGHTS = ("readout.hidden.weight", "readout.energy.weight")
# Keys point in nearly the same direction for all atoms, so their errors do not cancel in the attention weights: at
# eight bits keys alone cause most of the force error of W8A8 (docs/results.md, where the error comes from). They meet
# no weight, only queries, so sixteen bits cost little.
QUERY_KEY_BITS = 16


def fp32() -> Recipe:
    """Everything in float: the parent, and the control when it is trained as long as the others."""
    return _recipe("fp32", "everything in float", _float(*Role))


def naive_int8() -> Recipe:
    """Eight bits everywhere, one step per tensor, minimum-maximum ranges, vectors rounded along x, y and z.

    Source: the baseline "Naive INT8" of arXiv 2603.05343, table II.
    """
    return _recipe(
        "naive-int8",
        "8 bits per tensor, Cartesian vectors",
        _weights(Uniform(8), Uniform(8)),
        _features(Uniform(8), AbsMax(), Uniform(8), AbsMax()),
        _queries(8),
    )


def int8_per_vector(warmup: int = 0) -> Recipe:
    """Eight bits with a step per output channel and, for Cartesian vectors, a dynamic step per vector.

    The control that separates what range costs from what Cartesian axes cost.
    """
    return _recipe(
        "int8-per-vector",
        "8 bits, Cartesian vectors with a step each",
        _weights(Uniform(8, per="channel"), Uniform(8, per="channel"), warmup),
        _features(Uniform(8), AbsMax(), Uniform(8, per="vector"), AbsMax(), warmup),
        _queries(QUERY_KEY_BITS),
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
        _weights(Uniform(8, per="channel"), Uniform(8, per="channel"), warmup),
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
    vector_weight = Uniform(4, per="channel", learn_step=learn_step)
    return _gaq(
        "gaq-w4a8",
        _weights(Uniform(8, per="channel"), vector_weight, warmup),
        warmup,
        directions,
        magnitude,
        gradient,
    )


def frame_w8a8(warmup: int = 5, readout_bits: int = 16) -> Recipe:
    """Eight-bit weights and features; vectors as components in the local frame of their atom, exactly
    equivariant.

    Ours. Steps per atom (scalars) and per atom and frame axis (vectors); the input of the readout at 16 bits.
    """
    return _framed("frame-w8a8", 8, 8, warmup, readout_bits)


def frame_w4a8(warmup: int = 5, readout_bits: int = 16, learn_step: bool = True, group: int | None = None) -> Recipe:
    """As frame-w8a8 with four-bit weights, those of the readout at eight."""
    return _framed("frame-w4a8", 4, 8, warmup, readout_bits, learn_step, group)


def w8() -> Recipe:
    """Eight-bit weights, float features: weights act on channels, so symmetry and conservation stay exact."""
    return _recipe("w8", "8-bit weights only", _weight_only(8, False, None), _float(*_FLOWS))


def w4(learn_step: bool = True, group: int | None = None) -> Recipe:
    """Four-bit weights (the readout's at eight), float features: exactly equivariant and conservative."""
    return _recipe("w4", "4-bit weights only", _weight_only(4, learn_step, group), _float(*_FLOWS))


def w4a16(warmup: int = 0, learn_step: bool = True, group: int | None = None) -> Recipe:
    """Four-bit weights, sixteen-bit features in the local frame: the recipe for dynamics."""
    return _framed("w4a16", 4, 16, warmup, 16, learn_step, group)


def all_presets() -> dict[str, Callable[[], Recipe]]:
    """Every preset by the name of its recipe, callable without arguments."""
    return {
        "fp32": fp32,
        "naive-int8": naive_int8,
        "int8-per-vector": int8_per_vector,
        "gaq-w8a8": gaq_w8a8,
        "gaq-w4a8": gaq_w4a8,
        "frame-w8a8": frame_w8a8,
        "frame-w4a8": frame_w4a8,
        "w8": w8,
        "w4": w4,
        "w4a16": w4a16,
    }


_MESSAGES = (Role.SCALAR_MESSAGE, Role.VECTOR_MESSAGE)
_FLOWS = (Role.SCALAR_FEATURE, Role.VECTOR_FEATURE, Role.QUERY_KEY, *_MESSAGES)

Rules = tuple[Rule, ...]


def _recipe(name: str, description: str, *parts: Rules) -> Recipe:
    return Recipe(name, tuple(rule for part in parts for rule in part), description)


def _float(*roles: Role) -> Rules:
    return tuple(Rule(role, Identity()) for role in roles)


def _weights(scalar: Uniform, vector: Uniform, warmup: int = 0) -> Rules:
    return (
        Rule(Role.SCALAR_WEIGHT, scalar, _weight_observer(scalar)),
        Rule(Role.VECTOR_WEIGHT, vector, _weight_observer(vector), from_epoch=warmup),
    )


def _weight_observer(spec: Uniform) -> Observer:
    """Below eight bits, clipping the largest weights a little lets the others be finer."""
    return MeanSquare() if spec.bits < 8 else AbsMax()


def _weight_only(bits: int, learn_step: bool, group: int | None, warmup: int = 0) -> Rules:
    spec = Uniform(bits, per="channel" if group is None else "group", group=group, learn_step=learn_step)
    rules = _weights(spec, spec, warmup)
    if bits < 8:
        rules += tuple(Rule(name, Uniform(8, per="channel")) for name in READOUT_WEIGHTS)
    return rules


def _features(
    scalar: Uniform, scalar_observer: Observer, vector: Spec, vector_observer: Observer, warmup: int = 0
) -> Rules:
    return (
        Rule(Role.SCALAR_FEATURE, scalar, scalar_observer),
        Rule(Role.VECTOR_FEATURE, vector, vector_observer, from_epoch=warmup),
        *_float(*_MESSAGES),
    )


def _queries(bits: int) -> Rules:
    return (Rule(Role.QUERY_KEY, Uniform(bits), UnitRange()),)


def _readout(bits: int) -> Rules:
    return tuple(Rule(name, Uniform(bits, per="row")) for name in READOUT_INPUTS)


def _gaq(name: str, weights: Rules, warmup: int, directions: DirectionCode, magnitude: str, gradient: str) -> Recipe:
    vectors = Polar(8, directions, magnitude=magnitude, gradient=gradient)
    return _recipe(
        name,
        "magnitude and direction of vectors apart (MDDQ)",
        weights,
        _features(Uniform(8), AbsMax(), vectors, AbsMax(), warmup),
        _queries(QUERY_KEY_BITS),
        _readout(16),
    )


def _framed(
    name: str,
    weight_bits: int,
    bits: int,
    warmup: int,
    readout_bits: int,
    learn_step: bool = False,
    group: int | None = None,
) -> Recipe:
    rows = Uniform(bits, per="row")
    return _recipe(
        name,
        "vectors in the local frame of their atom",
        _weight_only(weight_bits, learn_step, group, warmup),
        _features(rows, AbsMax(), Framed(rows), AbsMax(), warmup),
        _queries(QUERY_KEY_BITS),
        _readout(readout_bits),
    )
