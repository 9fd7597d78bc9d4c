"""Rung 6: symmetry error, torque and work along paths are the same in both engines, within the spread of each.

Where physics is exact it is exact in both, whatever the precision of the backward pass. Where it is not, both are wrong
by as much, with the same seeds: there the engine has its backward pass in float, as PyTorch has, for eight bits of
gradients along x, y and z add something of their own (docs/parity.md).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from built import native_library
from exchange import jump
from gaq.atoms.structure import Structure
from gaq.data.read import read_structures
from gaq.engine.native import NativeEngine
from gaq.engine.packing import packed_in_memory
from gaq.engine.protocol import Engine
from gaq.engine.pytorch import TorchEngine
from gaq.measure.conservation import open_path_work, path_work
from gaq.measure.ledger import Row
from gaq.measure.symmetry import symmetry
from gaq.model.layered import Layered
from gaq.quant.install import preset
from gaq.quant.recipe import Recipe
from tiny import checkpoint, config, molecules
from trained import trained

EXACT = 1e-9  # meV/Å, meV
SIGMAS = 3.0
FRAMED = ("frame-w4a8", "frame-w8a8", "w4a16")
CARTESIAN = ("naive-int8", "int8-per-vector", "gaq-w4a8", "gaq-w8a8")
FLOAT = ("fp32", "w8", "w4")


def both(model: Layered, recipe: Recipe, bits: int | None = None) -> tuple[TorchEngine, NativeEngine]:
    """The engines; gradients in the local frame have the bits that the recipe asks for, unless told otherwise."""
    bits = bits if recipe.name in FRAMED else 32
    native = NativeEngine(packed_in_memory(model, recipe, backward_bits=bits), "m", library=native_library())
    return TorchEngine(model, "m", recipe.name), native


@cache
def small(recipe: str) -> tuple[TorchEngine, NativeEngine]:
    return both(checkpoint(config(), None if recipe == "fp32" else preset(recipe, 0)).model, preset(recipe))


def named(rows: Sequence[Row]) -> dict[str, Row]:
    return {row.metric: row for row in rows}


def within_each_others_spread(one: Row, other: Row) -> bool:
    """Whether two means of the same frames and draws agree; frames are the independent samples."""
    assert one.std_error is not None
    assert other.std_error is not None
    return bool(abs(one.value - other.value) <= SIGMAS * np.hypot(one.std_error, other.std_error))


def same_symmetry(engines: Sequence[Engine], structures: Sequence[Structure], rotations: int) -> None:
    torch_rows, native_rows = (named(symmetry(engine, structures, rotations)) for engine in engines)
    assert torch_rows["lee_mean"].value > 1, "Cartesian codes break the symmetry by some meV/Å"
    assert within_each_others_spread(torch_rows["lee_mean"], native_rows["lee_mean"])
    assert within_each_others_spread(torch_rows["energy_invariance_mean"], native_rows["energy_invariance_mean"])
    assert 0.5 < native_rows["net_torque"].value / torch_rows["net_torque"].value < 2


def exact_symmetry(engines: Sequence[Engine], structures: Sequence[Structure], rotations: int, share: float) -> None:
    for engine in engines:
        rows = named(symmetry(engine, structures, rotations))
        assert rows["lee_exact_share"].value >= share, f"{engine.name}: {rows['lee_exact_share'].value}"
        assert rows["frames_identical"].value >= share
        assert rows["net_torque"].value < EXACT, engine.name
        assert rows["net_force"].value < EXACT, engine.name


def same_work(
    engines: Sequence[Engine],
    structures: Sequence[Structure],
    measure: Callable[..., list[Row]],
    metric: str,
    **options: int,
) -> None:
    one, other = (named(measure(engine, structures, **options))[metric] for engine in engines)
    assert within_each_others_spread(one, other), f"{one.value} and {other.value} {one.unit}"


@pytest.mark.parametrize("recipe", ["naive-int8", "gaq-w4a8"])
def test_small_networks_break_the_symmetry_alike(recipe):
    same_symmetry(small(recipe), molecules(), 4)


@pytest.mark.parametrize("recipe", ["frame-w4a8", "w4a16"])
def test_small_networks_in_local_frames_are_exact(recipe):
    exact_symmetry(small(recipe), molecules(), 6, 1.0)


def test_small_networks_do_the_same_work():
    same_work(small("frame-w4a8"), molecules()[:3], path_work, "path_work", loops=1, points=16)


def test_another_symmetry_error_is_noticed():
    """The control: the float model is no match for one that rounds along x, y and z."""
    with pytest.raises(AssertionError):
        same_symmetry((small("naive-int8")[0], small("fp32")[1]), molecules(), 4)


def test_a_frame_that_is_not_one_is_noticed():
    with pytest.raises(AssertionError):
        exact_symmetry(small("gaq-w4a8"), molecules(), 2, 1.0)


@cache
def from_trained(
    molecule: str, recipe: str, data_folder: Path, bits: int | None = None
) -> tuple[TorchEngine, NativeEngine]:
    source = trained(molecule, recipe, data_folder)
    return both(source.model, source.recipe, bits)


def frames(folder: Path, molecule: str, count: int) -> list[Structure]:
    return list(read_structures(folder / "rmd17" / f"rmd17_{molecule}_test_01.npz", count))


@pytest.mark.physics
@pytest.mark.parametrize("molecule", ["ethanol", "azobenzene"])
@pytest.mark.parametrize("recipe", CARTESIAN)
def test_trained_models_break_the_symmetry_alike(molecule, recipe, data_folder):
    same_symmetry(from_trained(molecule, recipe, data_folder), frames(data_folder, molecule, 20), 8)


@pytest.mark.physics
@pytest.mark.parametrize("molecule", ["ethanol", "azobenzene"])
@pytest.mark.parametrize("recipe", FRAMED)
def test_trained_models_in_local_frames_are_exact(molecule, recipe, data_folder):
    exact_symmetry(from_trained(molecule, recipe, data_folder), frames(data_folder, molecule, 20), 8, 0.99)


@pytest.mark.physics
@pytest.mark.parametrize("recipe", [*FLOAT, *FRAMED, *CARTESIAN])
def test_trained_models_do_the_same_work(recipe, data_folder):
    """Round closed paths and along open ones; of float models the work is round-off, and only its size is compared.

    Backward passes are in float: eight bits there add path work of their own, more than these features cause.
    """
    engines, structures = from_trained("ethanol", recipe, data_folder, 32), frames(data_folder, "ethanol", 12)
    if recipe in FLOAT:
        for engine in engines:
            assert named(path_work(engine, structures))["path_work"].value < 0.5  # meV/Å
        return
    same_work(engines, structures, path_work, "path_work")
    same_work(engines, structures, open_path_work, "path_work_open")


@pytest.mark.parametrize("recipe", FRAMED)
def test_an_exchange_of_neighbours_changes_nothing(recipe):
    """The native engine's frames too only turn axes about; that other frames would jump, the contract tests show."""
    _, native = small(recipe)
    energy, force = jump(native)
    assert energy < 1e-9
    assert force < 1e-6
