"""Shares of structures whose predictions are equal to the last bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gaq.errors import UsageError
from gaq.measure.same_bits import same_bits
from unit.measure import planted


def test_a_last_bit_is_seen():
    engine, structures = planted.PairEngine(), planted.ethanols(4)
    first = engine.evaluate(structures)
    assert same_bits(engine, first, engine.evaluate(structures), "itself").value == 1.0
    second = list(first)
    second[1] = replace(first[1], energy=np.nextafter(first[1].energy, 0.0))
    forces = first[2].forces.copy()
    forces[3, 1] = np.nextafter(forces[3, 1], 0.0)
    second[2] = replace(first[2], forces=forces)
    found = same_bits(engine, first, second, "another", "ethanol")
    assert (found.metric, found.value, found.n) == ("same_bits", 0.5, 4)
    assert (found.control, found.data, found.unit) == ("another", "ethanol", "share")


def test_lists_of_different_lengths():
    engine = planted.PairEngine()
    first = engine.evaluate(planted.ethanols(2))
    for second in (first[:1], []):
        with pytest.raises(UsageError, match="cannot be compared"):
            same_bits(engine, first, second, "another")
    with pytest.raises(UsageError, match="0 and 0"):
        same_bits(engine, [], [], "another")
