"""The changes to a uniform scheme that our own recipes make: learned steps, species means, low-rank compensation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gaq.errors import RecipeError
from gaq.quant.slot import WEIGHTS, Role, Slot
from gaq.quant.spec import Uniform, Wrapper

MOST_DIRECTIONS = 16


@dataclass(frozen=True)
class Trained(Wrapper):
    """What training changes about a fixed step (per tensor, channel or group); goes directly around `Uniform`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.inner, Uniform):
            raise RecipeError(f"{self}: learned steps, learned ranges and squashing exclude each other; keep one")
        if self.inner.dynamic:
            raise RecipeError(f"{self}: a step per {self.inner.per} is computed from the data and cannot be learned")


@dataclass(frozen=True)
class Learned(Trained):
    """The step is a trained parameter. Source: Esser et al., Learned Step Size Quantization, ICLR 2020."""

    refusal = ""


@dataclass(frozen=True)
class Compensated(Wrapper):
    """Rounds what is left of framed vectors, or of centred scalars, after a float projection on `rank` directions.

    The directions lie among the channels; calibration finds them for each species (`low_rank.py`).
    """

    rank: int

    refusal = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.rank, bool) or not isinstance(self.rank, int) or not 1 <= self.rank <= MOST_DIRECTIONS:
            raise RecipeError(f"{self}: rank is {self.rank!r}; expected an integer from 1 to {MOST_DIRECTIONS}")
        if not isinstance(self.inner, Uniform) or self.inner.per != "row":
            raise RecipeError(f"{self}: low-rank compensation goes directly around Uniform(bits, per='row')")

    def misfits(self, slot: Slot) -> Iterator[str]:
        """Yield the reasons against a slot; that scalars are centred and vectors framed is seen from outside."""
        if slot.role in WEIGHTS:
            yield "low-rank compensation is for vectors in local frames and centred scalars"


@dataclass(frozen=True)
class Centred(Wrapper):
    """Rounds what a row of scalars differs by from the mean of its species, which calibration finds."""

    refusal = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.inner, Uniform | Compensated) or self.uniform.per != "row":
            raise RecipeError(f"{self}: Centred goes around Uniform(bits, per='row'), or around Compensated")

    def misfits(self, slot: Slot) -> Iterator[str]:
        """Yield the reasons against a slot."""
        if slot.role is not Role.SCALAR_FEATURE:
            yield "Centred is for scalar inputs of linear layers; a mean of vectors is a direction"
