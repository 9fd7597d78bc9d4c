"""Which spec has a meaning in which slot."""

from __future__ import annotations

from collections.abc import Iterator

from gaq.errors import RecipeError
from gaq.quant.slot import VECTORS, WEIGHTS, Role, Slot
from gaq.quant.spec import Framed, Polar, Spec, framed, has, uniform_part, wrappers_of
from gaq.quant.wrappers import Centred, Compensated

FOR_VECTORS = "it is for vectors; use Uniform"


def check_fit(spec: Spec, slot: Slot) -> None:
    """Raise RecipeError when `spec` has no meaning for what flows through `slot`."""
    for reason in _reasons(spec, slot):
        raise RecipeError(f"{spec} does not fit slot {slot.name!r} (role {slot.role.value}): {reason}")


def _reasons(spec: Spec, slot: Slot) -> Iterator[str]:
    yield from _of_weight(spec) if slot.role in WEIGHTS else _of_feature(spec, slot)
    for part in (spec, *wrappers_of(spec)):
        yield from part.misfits(slot)


def _of_weight(spec: Spec) -> Iterator[str]:
    """Yield what speaks against a spec for a weight."""
    uniform = uniform_part(spec)
    if isinstance(spec, Framed | Polar):
        yield FOR_VECTORS
    if uniform is not None and uniform.dynamic:
        yield "a weight takes one step per tensor, channel or group"


def _of_feature(spec: Spec, slot: Slot) -> Iterator[str]:
    """Yield what speaks against a spec for the feature or the query or key of a slot."""
    uniform = uniform_part(spec)
    if isinstance(spec, Framed | Polar) and slot.role not in VECTORS:
        yield FOR_VECTORS
    if uniform is None:
        return
    in_frame = framed(spec) and slot.role is Role.VECTOR_FEATURE
    if has(spec, Compensated) and not (has(spec, Centred) or in_frame):
        yield "low-rank compensation is for vectors in local frames (Framed) and scalars about a mean (Centred)"
    if uniform.per in ("channel", "group"):
        yield "a feature takes one step per tensor, row, atom or vector"
    if uniform.per == "vector" and slot.role not in VECTORS:
        yield "a step per vector needs vectors"
