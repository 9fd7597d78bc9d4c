"""Which spec has a meaning in which slot."""

from __future__ import annotations

from collections.abc import Iterator

from gaq.errors import RecipeError
from gaq.quant.slot import VECTORS, WEIGHTS, Role, Slot
from gaq.quant.spec import Framed, Polar, Spec, framed, uniform_part

FOR_VECTORS = "it is for vectors; use Uniform"


def check_fit(spec: Spec, slot: Slot) -> None:
    """Raise RecipeError when `spec` has no meaning for what flows through `slot`."""
    for reason in _of_weight(spec) if slot.role in WEIGHTS else _of_feature(spec, slot):
        raise RecipeError(f"{spec} does not fit slot {slot.name!r} (role {slot.role.value}): {reason}")


def _of_weight(spec: Spec) -> Iterator[str]:
    """Yield what speaks against a spec for a weight."""
    uniform = uniform_part(spec)
    if isinstance(spec, Framed | Polar):
        yield FOR_VECTORS
    if uniform is None:
        return
    if uniform.dynamic:
        yield "a weight takes one step per tensor, channel or group"
    if uniform.learn_clip:
        yield "a learned range is for features; use learn_step"
    if uniform.centred:
        yield "centred is for scalar inputs of linear layers"
    if uniform.principal:
        yield "principal directions are for vectors in local frames and centred scalars"
    if uniform.squash and uniform.group is not None:
        yield "squash knows steps per tensor and channel, no groups"


def _of_feature(spec: Spec, slot: Slot) -> Iterator[str]:
    """Yield what speaks against a spec for the feature or the query or key of a slot."""
    uniform = uniform_part(spec)
    if isinstance(spec, Framed | Polar) and slot.role not in VECTORS:
        yield FOR_VECTORS
    if uniform is None:
        return
    if uniform.squash:
        yield "squash is for weights"
    if uniform.centred and slot.role is not Role.SCALAR_FEATURE:
        yield "centred is for scalar inputs of linear layers; a mean of vectors is a direction"
    in_frame = framed(spec) and slot.role is Role.VECTOR_FEATURE
    if uniform.principal and not (uniform.centred or in_frame):
        yield "principal directions are for vectors in local frames (Framed) and scalars about a mean (centred)"
    if uniform.per in ("channel", "group"):
        yield "a feature takes one step per tensor, row, atom or vector"
    if uniform.per == "vector" and slot.role not in VECTORS:
        yield "a step per vector needs vectors"
