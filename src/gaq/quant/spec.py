"""Which scheme a quantizer follows: plain frozen data, without tensors and without results of calibration.

`Uniform(bits, per)` is the plain scheme. A `Wrapper` around it changes one thing; wrappers go around each other. Those
of gaq are in `wrappers.py`, those of published methods in `methods/`. `registry.py` says how to add one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from gaq.errors import RecipeError
from gaq.quant.direction_spec import DIRECTION_NAMES, Component, DirectionCode, check_bits

if TYPE_CHECKING:
    from gaq.quant.slot import Slot

STATIC = ("tensor", "channel", "group")
DYNAMIC = ("row", "vector", "atom")


class Spec:
    """What a slot does with the tensor that passes it; every scheme derives from this class."""

    # Why a packed file cannot hold it, and the way out; empty where it can.
    refusal: ClassVar[str] = "packed models do not carry out this scheme. Take a Uniform or a Polar one"

    @property
    def code_bits(self) -> int:
        """Bits of one code; 32 for what stays in float."""
        return 32

    def misfits(self, slot: Slot) -> Iterator[str]:
        """Yield the reasons for which the scheme has no meaning in a slot."""
        yield from ()


@dataclass(frozen=True)
class Identity(Spec):
    """Left in float."""

    refusal = ""


@dataclass(frozen=True)
class Uniform(Spec):
    """Equidistant levels, symmetric about zero: code·step with |code| ≤ 2^(bits-1) - 1.

    One step `per`
    - "tensor": fixed by calibration (features); of a weight [out, in], one for all of it;
    - "channel": of a weight, one per output channel;
    - "group": of a weight, one per output channel and `group` consecutive inputs, or the largest divisor of the number
      of inputs below that;
    - "row": dynamic, max|x|/high over the last axis: per atom, and for vectors per atom and component;
    - "atom": dynamic, over all axes but the first;
    - "vector": dynamic, per atom and channel over the component axis -2.
    """

    bits: int
    per: str = "tensor"
    group: int | None = None

    refusal = ""

    def __post_init__(self) -> None:
        check_bits(self, self.bits, 2, 16)
        if self.per not in STATIC + DYNAMIC:
            raise RecipeError(f"{self}: per is {self.per!r}; expected one of {', '.join(STATIC + DYNAMIC)}")
        if (self.per == "group") != (self.group is not None):
            raise RecipeError(f"{self}: per='group' and a length `group` go together")
        if self.group is not None and (isinstance(self.group, bool) or not self.group >= 1):
            raise RecipeError(f"{self}: group is {self.group!r}; expected an integer of at least 1")

    @property
    def high(self) -> int:
        """The largest code."""
        return int(2 ** (self.bits - 1) - 1)

    @property
    def dynamic(self) -> bool:
        """True when the step is computed from the tensor that is quantized."""
        return self.per in DYNAMIC

    @property
    def code_bits(self) -> int:
        """Bits of one code."""
        return self.bits


@dataclass(frozen=True)
class Wrapper(Spec):
    """A uniform scheme with one change to it: `inner` is the scheme without the change."""

    inner: Uniform | Wrapper

    # False where value == codes · scale does not hold with a scale that is constant along the channels.
    keeps_codes: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not isinstance(self.inner, Uniform | Wrapper):
            raise RecipeError(f"{self}: inner is {self.inner!r}; expected a uniform quantizer")

    @property
    def uniform(self) -> Uniform:
        """The uniform scheme in the middle."""
        return self.inner if isinstance(self.inner, Uniform) else self.inner.uniform

    @property
    def code_bits(self) -> int:
        """Bits of one code."""
        return self.uniform.bits


UniformSpec = Uniform | Wrapper


@dataclass(frozen=True)
class Framed(Spec):
    """Vectors that the caller has expressed in the atom's local frame: their components follow `inner`."""

    inner: UniformSpec

    refusal = ""

    def __post_init__(self) -> None:
        if not isinstance(self.inner, UniformSpec):
            raise RecipeError(f"framed: inner is {self.inner!r}; expected a uniform quantizer")

    @property
    def code_bits(self) -> int:
        """Bits of one code."""
        return self.inner.code_bits


@dataclass(frozen=True)
class Polar(Spec):
    """Magnitude-direction decoupled quantization: v = m·u is replaced by Q_m(m)·Q_d(u).

    `bits` are those of the magnitude, which has no sign: codes 0 to 2^bits - 1, equidistant ("linear") or
    with a constant ratio ("log"). One magnitude step `per` "tensor" (calibrated) or "atom" (dynamic).
    The gradient is "geometric" (projected on the tangent plane for the direction), "plain" (straight through),
    "rotation" (turned as the vector is turned into its code) or "hard" (none for the direction, which is a step).
    `commitment` adds that much of mean |u - û|² to the loss of training.
    Codebooks are on the sphere in three dimensions; degrees above one use `Component(bits)`.
    Source: arXiv 2603.05343, 2601.02213.
    """

    bits: int
    directions: DirectionCode
    magnitude: str = "linear"
    per: str = "tensor"
    gradient: str = "geometric"
    commitment: float = 0.0

    refusal = ""

    def __post_init__(self) -> None:
        check_bits(self, self.bits, 2, 16)
        if not isinstance(self.directions, DirectionCode):
            raise RecipeError(f"polar: directions is {self.directions!r}; expected one of {DIRECTION_NAMES}")
        for key, options in (
            ("magnitude", ("linear", "log")),
            ("per", ("tensor", "atom")),
            ("gradient", ("geometric", "plain", "rotation", "hard")),
        ):
            if getattr(self, key) not in options:
                raise RecipeError(f"polar: {key} is {getattr(self, key)!r}; expected {' or '.join(options)}")
        if isinstance(self.commitment, bool) or not isinstance(self.commitment, int | float) or self.commitment < 0:
            raise RecipeError(f"polar: commitment is {self.commitment!r}; expected a number from 0 on")

    @property
    def high(self) -> int:
        """The largest magnitude code."""
        return int(2**self.bits - 1)

    @property
    def dynamic(self) -> bool:
        """True when the magnitude step is computed from the tensor that is quantized."""
        return self.per == "atom"

    @property
    def code_bits(self) -> int:
        """Bits of the code of one vector of degree 1."""
        per_direction = 3 if isinstance(self.directions, Component) else 1
        return self.bits + per_direction * self.directions.bits

    def direction_code(self, degree: int) -> DirectionCode:
        """Return the code in use for vectors with 2·degree + 1 components."""
        return self.directions if degree == 1 else Component(self.bits)


def group_length(group: int, inputs: int) -> int:
    """Inputs of a weight that share a step: the largest divisor of `inputs` that is at most `group`."""
    return next(length for length in range(min(group, inputs), 0, -1) if inputs % length == 0)


def framed(spec: Spec) -> bool:
    """Return true when the model must express the vectors in the local frame before it quantizes them."""
    return isinstance(spec, Framed)


def wrappers_of(spec: Spec) -> tuple[Wrapper, ...]:
    """Return the wrappers of a scheme, from the outermost to the innermost."""
    if isinstance(spec, Framed):
        return wrappers_of(spec.inner)
    return (spec, *wrappers_of(spec.inner)) if isinstance(spec, Wrapper) else ()


def has(spec: Spec, *families: type[Wrapper]) -> bool:
    """Return whether a scheme has a wrapper of one of these classes."""
    return any(isinstance(wrapper, families) for wrapper in wrappers_of(spec))


def without(spec: Spec, *families: type[Wrapper]) -> Spec:
    """Return the scheme without its wrappers of these classes."""
    if isinstance(spec, Framed):
        return replace(spec, inner=_stripped(spec.inner, families))
    return _stripped(spec, families) if isinstance(spec, UniformSpec) else spec


def uniform_part(spec: Spec) -> Uniform | None:
    """Return the uniform scheme inside `spec`, if that is what it follows."""
    if isinstance(spec, Framed | Wrapper):
        return uniform_part(spec.inner)
    return spec if isinstance(spec, Uniform) else None


def with_bits(spec: Spec, bits: int) -> Spec:
    """Return a uniform scheme with other bits and all its wrappers."""
    if isinstance(spec, Framed):
        return replace(spec, inner=_narrowed(spec.inner, bits))
    assert isinstance(spec, UniformSpec)
    return _narrowed(spec, bits)


def integer_product(spec: Spec) -> bool:
    """Return true when value == codes·scale with a scale that is constant along the summed (last) axis of a product.

    A weight with groups counts: its sums are taken group by group.
    """
    uniform = uniform_part(spec)
    return uniform is not None and uniform.per != "vector" and all(w.keeps_codes for w in wrappers_of(spec))


def bits_of(spec: Spec) -> int:
    """Return bits of one code: of a number if uniform, of a vector (degree 1) if polar; 32 for float."""
    return spec.code_bits


def _stripped(spec: UniformSpec, families: tuple[type[Wrapper], ...]) -> UniformSpec:
    if isinstance(spec, Uniform):
        return spec
    inner = _stripped(spec.inner, families)
    return inner if isinstance(spec, families) else replace(spec, inner=inner)


def _narrowed(spec: UniformSpec, bits: int) -> UniformSpec:
    if isinstance(spec, Uniform):
        return replace(spec, bits=bits)
    return replace(spec, inner=_narrowed(spec.inner, bits))
