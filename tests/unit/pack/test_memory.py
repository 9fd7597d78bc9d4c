"""The memory that an engine takes for a file is bounded by a multiple of the file's size."""

from __future__ import annotations

from pathlib import Path

import pytest

from gaq.errors import BadFile
from gaq.pack.format import read_packed
from gaq.pack.layout import Numbers, slot_names
from gaq.pack.memory import ALWAYS, MOST_TIMES, check_memory, opened_bytes

MODELS = sorted((Path(__file__).parents[3] / "models").glob("*.gaq"))
PLAIN = Numbers(channels=64, degrees=1, layers=4, heads=4, basis=32, hidden=64, cutoff=5.0, attention="cosine")
SPREAD = Numbers(channels=64, degrees=1, layers=32, heads=64, basis=4, hidden=64, cutoff=5.0, attention="cosine")


def slots(numbers: Numbers) -> dict[str, dict[str, str]]:
    return {name: {"kind": "identity"} for name in slot_names(numbers)}


def test_heads_of_one_channel_take_sixteen_times_the_channels():
    plain, spread = (opened_bytes(n, 4, 100, slots(n), {}) for n in (PLAIN, SPREAD))
    assert spread > 100 * plain


def test_tables_grow_with_the_knots():
    few, many = (opened_bytes(PLAIN, 4, knots, slots(PLAIN), {}) for knots in (101, 4001))
    row = 3 * 64 + 64 + 16  # the first layer has fewer functions
    assert many - few == 3900 * 6 * 4 * ((2 * 64 + 16) + 3 * row - 3 * 64)


def test_a_bound_that_is_stated():
    size = 500_000
    with pytest.raises(
        BadFile, match=rf"has {size} bytes and takes \d+ to run; expected at most {MOST_TIMES} for each"
    ):
        check_memory(SPREAD, 4, 4096, slots(SPREAD), {}, size, "big.gaq")
    check_memory(PLAIN, 4, 100, slots(PLAIN), {}, size, "plain.gaq")


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.name)
def test_shipped_models_are_far_below_it(path):
    model = read_packed(path)
    needed = opened_bytes(model.config, len(model.species), model.radial["knots"], model.slots, model.arrays)
    assert needed < max(ALWAYS, MOST_TIMES * path.stat().st_size) / 4 or needed < ALWAYS
