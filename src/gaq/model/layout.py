"""What a packed file of an architecture consists of, from its numbers. Without torch, for who only reads files.

tests/unit/pack compares each layout with its network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, ClassVar, Protocol

from gaq.errors import BadFile

Shape = tuple[int | None, ...]


class Numbers(Protocol):
    """The numbers of a configuration that every architecture has; cutoff in Å. A dataclass with one field per key."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def channels(self) -> int: ...

    @property
    def degrees(self) -> int: ...

    @property
    def layers(self) -> int: ...

    @property
    def basis(self) -> int: ...

    @property
    def cutoff(self) -> float: ...


@dataclass(frozen=True)
class LinearShape:
    """A linear layer [outputs, inputs] by its name; vectors of a degree take no bias."""

    name: str
    outputs: int
    inputs: int
    bias: bool = True
    degree: int = 0


@dataclass(frozen=True)
class Wanted:
    """An array that a file must hold; None is a length that the file decides."""

    dtype: str
    shape: Shape


@dataclass(frozen=True, eq=False)
class Layout:
    """The linear layers, slots and arrays of an architecture, as functions of its numbers."""

    name: str
    numbers: type
    linears: Callable[[Any], Iterator[LinearShape]]  # in the order in which a structure meets them
    slots: Callable[[Any], Iterator[str]]  # beside those of linear layers
    functions: Callable[[Any], Iterator[tuple[str, int]]]  # sets of radial functions, and how many are in each
    arrays: Callable[[Any], Mapping[str, Wanted]]  # beside those of linear layers, slots, functions and species
    limits: Mapping[str, tuple[float, float]] = field(default_factory=dict)  # least and largest value of each number
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # what a text may be
    check: Callable[[Any], str] = lambda numbers: ""  # what is wrong with numbers that are within their limits

    def numbers_from(self, config: object, what: str) -> Numbers:
        """Return the numbers in a JSON object. Raises `BadFile` for one that is missing, unknown or outside its
        range; those with a default may be left out.
        """
        names = [field.name for field in fields(self.numbers)]
        optional = {field.name: field.default for field in fields(self.numbers) if field.default is not MISSING}
        config = optional | config if isinstance(config, dict) else config
        if not isinstance(config, dict) or set(config) != set(names):
            raise BadFile(f"{what}: config is {config!r}; expected an object with the keys {', '.join(names)}.")
        for name, (least, most) in self.limits.items():
            value = config[name]
            kinds = int | float if name == "cutoff" else int
            if isinstance(value, bool) or not isinstance(value, kinds) or not least <= value <= most:
                raise BadFile(f"{what}: config has {name} = {value!r}; expected a number from {least} to {most}.")
        for name, texts in self.choices.items():
            if config[name] not in texts:
                raise BadFile(f"{what}: config has {name} = {config[name]!r}; expected {' or '.join(texts)}.")
        numbers: Numbers = self.numbers(**config)
        if wrong := self.check(numbers):
            raise BadFile(f"{what}: {wrong}.")
        return numbers

    def said(self, numbers: Numbers) -> dict[str, Any]:
        """Return the JSON object of numbers, without those that are at their default."""
        return {f.name: value for f in fields(self.numbers) if (value := getattr(numbers, f.name)) != f.default}

    def slot_names(self, numbers: Numbers) -> tuple[str, ...]:
        """Return every slot of the model."""
        ends = ("input", "weight")
        return (*(f"{layer.name}.{end}" for layer in self.linears(numbers) for end in ends), *self.slots(numbers))


def readout(channels: int, hidden: int | None = None) -> Iterator[LinearShape]:
    """Yield the layers of the readout, which all architectures have; `hidden` is its width, by default `channels`."""
    width = hidden or channels
    yield LinearShape("readout.hidden", width, channels)
    yield LinearShape("readout.energy", 1, width, False)
