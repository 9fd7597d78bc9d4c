"""Radial functions come as a mixture of a table that layers share, of a table of their own, or finished: the engine
computes the same from all three."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from built import native_library
from gaq.engine.native import NativeEngine
from gaq.model.transformer.layout import LAYOUT
from gaq.pack.format import PackedModel, to_bytes
from gaq.pack.layout import TABLE
from packed import packed
from tiny import config, molecule

SETTINGS = config(degrees=2)
ENERGY, FORCE = 1e-4, 1e-3  # eV, eV/Å: functions that are mixed in float64 and rounded once more to float32


@pytest.fixture(scope="module")
def model() -> PackedModel:
    return packed(None, SETTINGS)


def with_tables(model: PackedModel, form: str, sets: Iterator[str]) -> PackedModel:
    """The same model with tables of its own for some sets of functions: "mixed", or "finished"."""
    arrays = dict(model.arrays)
    for name in sets:
        for part in TABLE:
            table = arrays[f"radial.{part}"]
            mixed = (table.astype(np.float64) @ arrays[name]).astype(np.float32)
            arrays[f"{name}.{part}"] = table if form == "mixed" else mixed
        if form == "finished":
            del arrays[name]
    if not any(name in arrays and f"{name}.values" not in arrays for name, _ in LAYOUT.functions(model.config)):
        for part in TABLE:
            del arrays[f"radial.{part}"]
    return replace(model, arrays=arrays)


def answers(model: PackedModel) -> tuple[np.ndarray, np.ndarray]:
    native_library()
    found = NativeEngine(to_bytes(model), "m").evaluate([molecule("CH3CH2OH", seed) for seed in range(2)])
    return np.array([one.energy for one in found]), np.stack([one.forces for one in found])


def test_tables_of_their_own_give_the_same_bits(model):
    """The engine mixes all tables once, when it opens a file, and looks the functions up alike."""
    energies, forces = answers(model)
    for sets in (["layers.1.filters"], ["layers.0.attention.bias"], [n for n, _ in LAYOUT.functions(model.config)]):
        found = answers(with_tables(model, "mixed", iter(sets)))
        np.testing.assert_array_equal(found[0], energies)
        np.testing.assert_array_equal(found[1], forces)


def test_finished_functions_give_the_same_up_to_float32(model):
    energies, forces = answers(model)
    for sets in (["layers.1.filters"], ["layers.0.attention.bias"], [n for n, _ in LAYOUT.functions(model.config)]):
        found = answers(with_tables(model, "finished", iter(sets)))
        assert np.abs(found[0] - energies).max() < ENERGY
        assert np.abs(found[1] - forces).max() < FORCE


def test_another_table_is_seen(model):
    changed = with_tables(model, "mixed", iter(["layers.1.filters"]))
    changed.arrays["layers.1.filters.slopes"] = np.zeros_like(changed.arrays["layers.1.filters.slopes"])
    assert np.abs(answers(changed)[1] - answers(model)[1]).max() > 10 * FORCE
