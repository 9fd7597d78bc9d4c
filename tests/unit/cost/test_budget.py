"""The greedy rule, on numbers alone."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from gaq.cost.budget import (
    BitsChoice,
    Budget,
    coarsest,
    finest,
    parse_budget,
    within_error,
    within_size,
)
from gaq.errors import UsageError


def random_choices(rng: np.random.Generator, slots: int = 9) -> list[BitsChoice]:
    return [
        BitsChoice(f"s{k}", (8, 4), (0.0, float(rng.exponential())), int(rng.integers(1, 5)) * 64) for k in range(slots)
    ]


def predicted_error(choices, bits) -> float:
    """The square error of all slots together, were their errors independent."""
    return sum(choice.error[choice.bits.index(bits[choice.slot])] for choice in choices)


def saved(choices, bits) -> int:
    return sum((choice.bits[0] - bits[choice.slot]) * choice.worth for choice in choices)


def best_by_enumeration(choices, most: float) -> int:
    """The largest saving of all combinations within the error."""
    best = 0
    for combination in itertools.product(*(choice.bits for choice in choices)):
        bits = dict(zip((c.slot for c in choices), combination, strict=True))
        if predicted_error(choices, bits) <= most:
            best = max(best, saved(choices, bits))
    return best


def test_the_greedy_choice_is_within_the_error_and_near_the_best(rng):
    for _ in range(20):
        choices = random_choices(rng)
        most = float(rng.uniform(0.5, 4))
        bits = within_error(choices, most)
        assert predicted_error(choices, bits) <= most
        largest_item = max(4 * choice.worth for choice in choices)
        assert saved(choices, bits) >= best_by_enumeration(choices, most) - largest_item


def test_the_size_is_reached_and_nothing_unneeded_is_taken(rng):
    for _ in range(20):
        choices = random_choices(rng)
        needed = float(rng.uniform(0, 0.9)) * saved(choices, coarsest(choices))
        bits = within_size(choices, needed)
        assert saved(choices, bits) >= needed
        for choice in choices:
            if bits[choice.slot] == 4:
                assert saved(choices, bits | {choice.slot: 8}) < needed


def test_cheap_slots_go_first():
    choices = [
        BitsChoice("expensive", (8, 4), (0.0, 9.0), 100),
        BitsChoice("cheap", (8, 4), (0.0, 1.0), 100),
        BitsChoice("free", (32, 16, 8), (0.0, 0.0, 4.0), 100),
    ]
    assert within_error(choices, 2.0) == {"expensive": 8, "cheap": 4, "free": 16}
    assert within_error(choices, 0.0) == {"expensive": 8, "cheap": 8, "free": 16}
    assert within_error(choices, math.inf) == coarsest(choices)
    assert within_size(choices[:2], 400) == {"expensive": 8, "cheap": 4}
    assert within_size(choices[:2], 0) == finest(choices[:2])
    assert within_size(choices[:2], 1e9) == coarsest(choices[:2])


def test_a_step_past_a_dear_middle_is_found():
    """Eight bits may be measured as less harmful than sixteen; then sixteen is passed over."""
    choices = [BitsChoice("odd", (32, 16, 8), (0.0, 5.0, 0.5), 10)]
    assert within_error(choices, 1.0) == {"odd": 8}


@pytest.mark.parametrize(
    ("text", "budget"),
    [("bits=4.5", Budget("bits", 4.5)), (" kb = 150 ", Budget("kb", 150.0)), ("force=6", Budget("force", 6.0))],
)
def test_budgets_are_read(text, budget):
    assert parse_budget(text) == budget


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("bit=4", "expected one of bits=….*Did you mean 'bits'"),
        ("4.5", "expected one of bits=…"),
        ("bits=few", "'few' is no number; expected such as bits=5"),
        ("force=0", "the limit must be a number above zero"),
        ("kb=nan", "the limit must be a number above zero"),
        ("kb=inf", "the limit must be a number above zero"),
    ],
)
def test_other_texts_are_refused(text, said):
    with pytest.raises(UsageError, match=said):
        parse_budget(text)
