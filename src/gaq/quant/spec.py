"""Which scheme a quantizer follows: plain frozen data, without tensors and without results of calibration."""

from __future__ import annotations

from dataclasses import dataclass

from gaq.errors import RecipeError
from gaq.quant.plain import Plain, from_plain, to_plain

MOST_DIRECTIONS = 16
STATIC = ("tensor", "channel", "group")
DYNAMIC = ("row", "vector", "atom")


@dataclass(frozen=True)
class Identity:
    """Left in float."""


@dataclass(frozen=True)
class Uniform:
    """Equidistant levels, symmetric about zero: code·step with |code| ≤ 2^(bits-1) - 1.

    One step `per`
    - "tensor": fixed by calibration (features); of a weight [out, in], one for all of it;
    - "channel": of a weight, one per output channel;
    - "group": of a weight, one per output channel and `group` consecutive inputs, or the largest divisor of the number
      of inputs below that;
    - "row": dynamic, max|x|/high over the last axis: per atom, and for vectors per atom and component;
    - "atom": dynamic, over all axes but the first;
    - "vector": dynamic, per atom and channel over the component axis -2.
    `learn_step` makes a fixed step (tensor, channel, group) a trained parameter (LSQ), `learn_clip` the range of a
    feature (PACT), which is another gradient for the same number. `squash` bends a weight by a tangent (DoReFa).
    `rotate` rounds in channels that a Hadamard matrix has mixed, and turns back.
    `centred` rounds what a row of scalars differs by from the mean of its species, which calibration finds.
    `principal` rounds what is left of framed vectors, or of centred scalars, beside that many directions among the
    channels, which calibration finds for each species.
    """

    bits: int
    per: str = "tensor"
    group: int | None = None
    learn_step: bool = False
    learn_clip: bool = False
    squash: bool = False
    rotate: bool = False
    centred: bool = False
    principal: int = 0

    def __post_init__(self) -> None:
        _check_bits(self, self.bits, 2, 16)
        if self.per not in STATIC + DYNAMIC:
            raise RecipeError(f"{self}: per is {self.per!r}; expected one of {', '.join(STATIC + DYNAMIC)}")
        if (self.per == "group") != (self.group is not None):
            raise RecipeError(f"{self}: per='group' and a length `group` go together")
        if self.group is not None and (isinstance(self.group, bool) or not self.group >= 1):
            raise RecipeError(f"{self}: group is {self.group!r}; expected an integer of at least 1")
        learned = self.learn_step or self.learn_clip
        if learned and self.dynamic:
            raise RecipeError(f"{self}: a step per {self.per} is computed from the data and cannot be learned")
        if self.learn_step + self.learn_clip + self.squash > 1:
            raise RecipeError(f"{self}: learn_step, learn_clip and squash exclude each other; keep one of them")
        if self.centred and (self.per != "row" or self.rotate):
            raise RecipeError(f"{self}: centred goes with per='row' and without rotate")
        count = self.principal
        if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= MOST_DIRECTIONS:
            raise RecipeError(f"{self}: principal is {count!r}; expected an integer from 0 to {MOST_DIRECTIONS}")
        if self.principal and (self.per != "row" or self.rotate):
            raise RecipeError(f"{self}: principal goes with per='row' and without rotate")

    @property
    def high(self) -> int:
        """The largest code."""
        return int(2 ** (self.bits - 1) - 1)

    @property
    def dynamic(self) -> bool:
        """True when the step is computed from the tensor that is quantized."""
        return self.per in DYNAMIC


@dataclass(frozen=True)
class Framed:
    """Vectors that the caller has expressed in the atom's local frame: their components follow `inner`."""

    inner: Uniform

    def __post_init__(self) -> None:
        if not isinstance(self.inner, Uniform):
            raise RecipeError(f"framed: inner is {self.inner!r}; expected a uniform quantizer")


@dataclass(frozen=True)
class Fibonacci:
    """2^bits directions on the golden spiral."""

    bits: int

    def __post_init__(self) -> None:
        _check_bits(self, self.bits, 2, 16)


@dataclass(frozen=True)
class Icosahedral:
    """The finest geodesic grid 10f² + 2 with at most 2^bits directions."""

    bits: int

    def __post_init__(self) -> None:
        _check_bits(self, self.bits, 4, 16)


@dataclass(frozen=True)
class Octahedral:
    """A square of 2^(bits/2) by 2^(bits/2) points wrapped round the octahedron; computed, not looked up."""

    bits: int

    def __post_init__(self) -> None:
        _check_bits(self, self.bits, 4, 16)
        if self.bits % 2:
            raise RecipeError(f"{self}: an octahedral code has an even number of bits")


@dataclass(frozen=True)
class KMeans:
    """2^bits directions learned from the calibration data by spherical k-means.

    With `decay` above 0 they go on moving in training: each is the direction of the decaying mean of its vectors.
    """

    bits: int
    seed: int = 0
    decay: float = 0.0

    def __post_init__(self) -> None:
        _check_bits(self, self.bits, 2, 12)
        if not 0 <= self.seed < 2**63:
            raise RecipeError(f"KMeans: seed is {self.seed!r}; expected an integer from 0 to 2^63 - 1")
        if isinstance(self.decay, bool) or not isinstance(self.decay, int | float) or not 0 <= self.decay < 1:
            raise RecipeError(f"{self}: decay is {self.decay!r}; expected a number from 0 on and below 1")


@dataclass(frozen=True)
class Component:
    """Each component of the unit vector rounded to `bits` bits, then renormalised (arXiv 2601.02213)."""

    bits: int

    def __post_init__(self) -> None:
        _check_bits(self, self.bits, 2, 16)

    @property
    def high(self) -> int:
        """The largest code of a component."""
        return int(2 ** (self.bits - 1) - 1)


DirectionCode = Fibonacci | Icosahedral | Octahedral | KMeans | Component


@dataclass(frozen=True)
class Polar:
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

    def __post_init__(self) -> None:
        _check_bits(self, self.bits, 2, 16)
        if not isinstance(self.directions, DirectionCode):
            raise RecipeError(f"polar: directions is {self.directions!r}; expected one of {_kinds(DIRECTIONS)}")
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

    def direction_code(self, degree: int) -> DirectionCode:
        """Return the code in use for vectors with 2·degree + 1 components."""
        return self.directions if degree == 1 else Component(self.bits)


def group_length(group: int, inputs: int) -> int:
    """Inputs of a weight that share a step: the largest divisor of `inputs` that is at most `group`."""
    return next(length for length in range(min(group, inputs), 0, -1) if inputs % length == 0)


Spec = Identity | Uniform | Framed | Polar

DIRECTIONS = (Fibonacci, Icosahedral, Octahedral, KMeans, Component)
SPECS = (Identity, Uniform, Framed, Polar)


def framed(spec: Spec) -> bool:
    """Return true when the model must express the vectors in the local frame before it quantizes them."""
    return isinstance(spec, Framed)


def uniform_part(spec: Spec) -> Uniform | None:
    """Return the uniform scheme inside `spec`, if that is what it follows."""
    if isinstance(spec, Framed):
        return spec.inner
    return spec if isinstance(spec, Uniform) else None


def integer_product(spec: Spec) -> bool:
    """Return true when value == codes·scale with a scale that is constant along the summed (last) axis of a product.

    A weight with groups counts: its sums are taken group by group.
    """
    uniform = uniform_part(spec)
    return uniform is not None and uniform.per != "vector" and not uniform.rotate


def bits_of(spec: Spec) -> int:
    """Return bits of one code: of a number if uniform, of a vector (degree 1) if polar; 32 for float."""
    uniform = uniform_part(spec)
    if uniform is not None:
        return uniform.bits
    if isinstance(spec, Polar):
        per_direction = 3 if isinstance(spec.directions, Component) else 1
        return spec.bits + per_direction * spec.directions.bits
    return 32


def spec_to_dict(spec: Spec) -> Plain:
    """Return plain data for JSON."""
    return to_plain(spec)


def spec_from_dict(data: object, what: str = "spec") -> Spec:
    """Invert `spec_to_dict`; RecipeError when something in `data` is unknown or does not fit."""
    spec = from_plain(data, SPECS + DIRECTIONS, what)
    if not isinstance(spec, Spec):
        raise RecipeError(f"{what} is {data!r}; expected one of {_kinds(SPECS)}")
    return spec


def _check_bits(owner: object, bits: object, least: int, most: int) -> None:
    if isinstance(bits, bool) or not isinstance(bits, int) or not least <= bits <= most:
        name = type(owner).__name__
        raise RecipeError(f"{name}: bits is {bits!r}; expected an integer from {least} to {most}")


def _kinds(classes: tuple[type, ...]) -> str:
    return ", ".join(family.__name__ for family in classes)
