"""Choice of slots that get fewer bits: a greedy rule on the measured cost of each.

The rule: errors of slots are taken as independent, so that their squares add. Of all slots that could have fewer bits,
the one that adds the least square error for each bit saved is next. Source of the assumption and its check:
docs/quantizers.md, mixed precision.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gaq.errors import UsageError, nearest

MEASURES = {"bits": "bits per weight", "kb": "kB of the packed file", "force": "meV/Å off the float parent"}


@dataclass(frozen=True)
class Budget:
    """A limit on one of `MEASURES`."""

    measure: str
    limit: float

    def __str__(self) -> str:
        return f"{self.measure}={self.limit:g}"


@dataclass(frozen=True)
class BitsChoice:
    """The bits that a slot could have, the most first, and what it costs at each: the square `error` that is chosen by.

    `worth` is how many numbers become narrower: the entries of a weight, or of the weight that a feature meets.
    """

    slot: str
    bits: tuple[int, ...]
    error: tuple[float, ...]
    worth: int


@dataclass(frozen=True)
class _Step:
    slot: str
    to: int  # index into the bits of the slot
    price: float  # square error added
    saved: int  # bits


def parse_budget(text: str) -> Budget:
    """`bits=4.5`, `kb=150` or `force=6`. Raises `UsageError` that says what was expected."""
    measure, sign, number = (part.strip() for part in text.partition("="))
    known = ", ".join(f"{key}=… ({meaning})" for key, meaning in MEASURES.items())
    if not sign or measure not in MEASURES:
        hint = nearest(measure, MEASURES)
        raise UsageError(f"`budget` {text!r}: expected one of {known}.{hint}")
    try:
        limit = float(number)
    except ValueError:
        raise UsageError(f"`budget` {text!r}: {number!r} is no number; expected such as {measure}=5") from None
    if not 0 < limit < float("inf"):
        raise UsageError(f"`budget` {text!r}: the limit must be a number above zero")
    return Budget(measure, limit)


def finest(choices: Sequence[BitsChoice]) -> dict[str, int]:
    """Return the most bits for every slot."""
    return {choice.slot: choice.bits[0] for choice in choices}


def coarsest(choices: Sequence[BitsChoice]) -> dict[str, int]:
    """Return the fewest bits for every slot."""
    return {choice.slot: choice.bits[-1] for choice in choices}


def within_error(choices: Sequence[BitsChoice], most: float) -> dict[str, int]:
    """As few bits as a square error of `most` allows, the cheapest steps first; all the most bits if it allows none."""
    place = dict.fromkeys((choice.slot for choice in choices), 0)
    total = sum(choice.error[0] for choice in choices)
    while steps := [step for step in _steps(choices, place) if total + step.price <= most]:
        step = min(steps, key=_dearness)
        place[step.slot], total = step.to, total + step.price
    return {choice.slot: choice.bits[place[choice.slot]] for choice in choices}


def within_size(choices: Sequence[BitsChoice], saving: float) -> dict[str, int]:
    """Return the cheapest steps that save `saving` bits of storage together, without those that turn out not to be
    needed.

    The fewest bits for every slot if even that does not save as much.
    """
    place = dict.fromkeys((choice.slot for choice in choices), 0)
    taken: list[_Step] = []
    while sum(step.saved for step in taken) < saving and (steps := _steps(choices, place)):
        step = min(steps, key=_dearness)
        place[step.slot] = step.to
        taken.append(step)
    spare = sum(step.saved for step in taken) - saving
    for step in sorted(taken, key=lambda step: -step.price):
        if step.saved <= spare and len([other for other in taken if other.slot == step.slot]) == 1:
            place[step.slot], spare = 0, spare - step.saved
    return {choice.slot: choice.bits[place[choice.slot]] for choice in choices}


def _steps(choices: Sequence[BitsChoice], place: Mapping[str, int]) -> list[_Step]:
    """Return every way to give one slot fewer bits than it has. A step that makes the error smaller is free."""
    return [
        _Step(
            choice.slot,
            to,
            max(0.0, choice.error[to] - choice.error[place[choice.slot]]),
            (choice.bits[place[choice.slot]] - choice.bits[to]) * choice.worth,
        )
        for choice in choices
        for to in range(place[choice.slot] + 1, len(choice.bits))
    ]


def _dearness(step: _Step) -> float:
    return step.price / step.saved
