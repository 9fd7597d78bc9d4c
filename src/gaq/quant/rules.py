"""The parts that recipes are made of: rules for weights, features, queries and the readout."""

from __future__ import annotations

from gaq.quant.observe import AbsMax, MeanSquare, Observer, UnitRange
from gaq.quant.recipe import Recipe, Rule, Tagged
from gaq.quant.slot import READOUT, Role
from gaq.quant.spec import Identity, Spec, Uniform, UniformSpec
from gaq.quant.wrappers import Learned

# The readout turns features into energy without a sum over neighbours or channels that would average its rounding away:
# its input has sixteen bits.
READOUT_INPUTS = Tagged(READOUT, Role.SCALAR_FEATURE)
READOUT_WEIGHTS = Tagged(READOUT, Role.SCALAR_WEIGHT)
# Keys point in nearly the same direction for all atoms, so their errors do not cancel in the attention weights: at
# eight bits keys alone cause most of the force error of W8A8 (studies/few_bits). They meet
# no weight, only queries, so sixteen bits cost little.
QUERY_KEY_BITS = 16

MESSAGES = (Role.SCALAR_MESSAGE, Role.VECTOR_MESSAGE)
# Messages meet no weight, and functions of distance have to be smooth.
ALWAYS_FLOAT = (*MESSAGES, Role.RADIAL_FEATURE)
FLOWS = (Role.SCALAR_FEATURE, Role.VECTOR_FEATURE, Role.QUERY_KEY, *ALWAYS_FLOAT)

Rules = tuple[Rule, ...]


def recipe_of(name: str, description: str, *parts: Rules) -> Recipe:
    """Return a recipe of some parts."""
    return Recipe(name, tuple(rule for part in parts for rule in part), description)


def in_float(*roles: Role) -> Rules:
    """These roles are left in float."""
    return tuple(Rule(role, Identity()) for role in roles)


def weights(scalar: UniformSpec, vector: UniformSpec, warmup: int = 0) -> Rules:
    """Return weights that multiply invariants, and weights that mix channels of vectors."""
    return (
        Rule(Role.SCALAR_WEIGHT, scalar, weight_observer(scalar)),
        Rule(Role.VECTOR_WEIGHT, vector, weight_observer(vector), from_epoch=warmup),
    )


def weight_observer(spec: UniformSpec) -> Observer:
    """Below eight bits, clipping the largest weights a little lets the others be finer."""
    return MeanSquare() if spec.code_bits < 8 else AbsMax()


def weight_only(bits: int, learn_step: bool, group: int | None, warmup: int = 0) -> Rules:
    """Return all weights alike, those of the readout at eight bits."""
    plain = Uniform(bits, per="channel" if group is None else "group", group=group)
    spec = Learned(plain) if learn_step else plain
    rules = weights(spec, spec, warmup)
    if bits < 8:
        rules += (Rule(READOUT_WEIGHTS, Uniform(8, per="channel")),)
    return rules


def features(
    scalar: UniformSpec, scalar_observer: Observer, vector: Spec, vector_observer: Observer, warmup: int = 0
) -> Rules:
    """Return the inputs of linear layers; messages and functions of distance stay float."""
    return (
        Rule(Role.SCALAR_FEATURE, scalar, scalar_observer),
        Rule(Role.VECTOR_FEATURE, vector, vector_observer, from_epoch=warmup),
        *in_float(*ALWAYS_FLOAT),
    )


def queries(bits: int) -> Rules:
    """Return unit queries and keys."""
    return (Rule(Role.QUERY_KEY, Uniform(bits), UnitRange()),)


def readout(bits: int) -> Rules:
    """Return finer inputs of the readout, a step for each atom."""
    return (Rule(READOUT_INPUTS, Uniform(bits, per="row")),)
