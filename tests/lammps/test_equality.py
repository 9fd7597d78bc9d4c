"""LAMMPS says what the engine says alone: on any number of ranks, of molecules and of boxes of every shape."""

from __future__ import annotations

import re

import numpy as np
import pytest

from gaq.atoms.structure import Prediction, Structure
from gaq.engine.native import NativeEngine
from gaq.quant.install import preset
from gaq.units import KCAL_PER_MOL
from lammps_runs import BAR, Said, single_point, six
from packed import file_of
from tiny import box, config, molecule, painn

# Float sums run in another order on every number of ranks: measured 1e-6 eV an atom and 2e-6 of the largest force or
# pressure, and 1e-5 eV where codes of what is left beside directions have steps near to round-off (frame-w4a8). A code
# that round-off tips over a threshold changes more: measured 1.4e-4 eV an atom, 2e-3 of the forces.
ROUND_OFF = (2e-5, 2e-5)
ONE_CODE = (5e-5, 2e-5)  # in a molecule: measured 3.8e-5 eV an atom (w4a16)
TIPPED = (1e-3, 2e-2)


def crystal(copies: int, seed: int = 0, triclinic: bool = True) -> Structure:
    """A box of 8 atoms repeated, with noise: 64 or 216 atoms."""
    one = box(seed, 8)
    cell = one.cell if triclinic else np.diag(np.diag(one.cell))
    inside = one.positions @ np.linalg.inv(one.cell) @ cell
    places = np.stack(np.meshgrid(*[np.arange(copies)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    positions = np.concatenate([inside + place @ cell for place in places])
    positions += 0.02 * np.random.default_rng(seed).standard_normal(positions.shape)
    return Structure(np.tile(one.species, len(places)), positions, copies * cell, one.periodic)


STRUCTURES = {
    "molecule": molecule("CH3CH2OH"),
    "smaller than the cutoff": box(),
    "triclinic": crystal(2),
    "orthogonal": crystal(2, triclinic=False),
    "large": crystal(3),  # with its ghosts thousands of atoms
}
MODELS = {
    "float": (None, config()),
    "float, L=2, three layers": (None, config(degrees=2, layers=3)),
    "framed": ("frame-w4a8", config()),
    "polar codes": ("gaq-w4a8", config()),
    "fixed codes": ("w4a16", config(degrees=3)),
    "PaiNN": (None, painn(layers=3)),
    "PaiNN, framed": ("frame-w4a8", painn()),
}


def model_of(name: str) -> bytes:
    recipe, settings = MODELS[name]
    return file_of(preset(recipe) if recipe else None, settings)


def differences(said: Said, expected: Prediction, structure: Structure) -> tuple[float, float]:
    """Of the energies in eV an atom, and of forces and pressures as a share of the largest."""
    energy = abs(said.energy - expected.energy) / len(structure)
    forces = np.abs(said.forces - expected.forces).max() / np.abs(expected.forces).max()
    assert said.energies.sum() == pytest.approx(said.energy, rel=1e-12)
    if not structure.periodic.any():
        return energy, forces
    pressure = six(-expected.virial) / abs(np.linalg.det(structure.cell)) * BAR
    return energy, max(forces, np.abs(said.pressure - pressure).max() / np.abs(pressure).max())


def agree(found: tuple[float, float], tolerance: tuple[float, float]) -> bool:
    return found[0] < tolerance[0] and found[1] < tolerance[1]


def tolerance_of(name: str, structure: Structure) -> tuple[float, float]:
    if MODELS[name][0] is None:
        return ROUND_OFF
    return TIPPED if len(structure) > 20 or structure.periodic.any() else ONE_CODE


TWO_RANKS = sorted(
    {(name, where) for name in MODELS for where in ("molecule", "large")}
    | {(name, where) for name in ("float, L=2, three layers", "framed") for where in STRUCTURES}
)


@pytest.mark.parametrize(("name", "where"), TWO_RANKS)
def test_two_ranks_say_what_the_engine_says(plugin, tmp_path, name, where):
    model, structure = model_of(name), STRUCTURES[where]
    (expected,) = NativeEngine(model, "m", backward_bits=32).evaluate([structure])
    said = single_point(tmp_path, plugin, model, structure, 2, style="pair_style gaq backward 32")
    assert agree(differences(said, expected, structure), tolerance_of(name, structure))


@pytest.mark.parametrize("ranks", [1, 4])
@pytest.mark.parametrize("where", ["molecule", "large"])
@pytest.mark.parametrize("name", ["float, L=2, three layers", "framed"])
def test_one_and_four_ranks_too(plugin, tmp_path, name, where, ranks):
    model, structure = model_of(name), STRUCTURES[where]
    (expected,) = NativeEngine(model, "m", backward_bits=32).evaluate([structure])
    said = single_point(tmp_path, plugin, model, structure, ranks, style="pair_style gaq backward 32")
    assert agree(differences(said, expected, structure), tolerance_of(name, structure))


def test_one_rank_says_the_same_bits_of_a_molecule(plugin, tmp_path):
    model, structure = model_of("framed"), STRUCTURES["molecule"]
    (expected,) = NativeEngine(model, "m").evaluate([structure])
    said = single_point(tmp_path, plugin, model, structure)
    assert said.energy == expected.energy
    assert np.array_equal(said.forces, expected.forces)


def test_coded_gradients_agree_as_well_as_they_can(plugin, tmp_path):
    """Rows of gradients are rounded to eight bits where their parts are: elsewhere on every number of ranks."""
    model, structure = model_of("framed"), STRUCTURES["triclinic"]
    (expected,) = NativeEngine(model, "m").evaluate([structure])
    said = single_point(tmp_path, plugin, model, structure, 2)
    assert agree(differences(said, expected, structure), (TIPPED[0], 0.03))
    assert np.abs(said.forces.sum(axis=0)).max() < 1e-4  # they still pull on nothing


@pytest.mark.parametrize("name", ["float", "framed", "PaiNN", "PaiNN, framed"])
@pytest.mark.parametrize("where", ["molecule", "triclinic"])
def test_ghosts_without_features_would_be_noticed(broken_plugin, tmp_path, name, where):
    model, structure = model_of(name), STRUCTURES[where]
    (expected,) = NativeEngine(model, "m", backward_bits=32).evaluate([structure])
    said = single_point(tmp_path, broken_plugin, model, structure, 2, style="pair_style gaq backward 32")
    assert not agree(differences(said, expected, structure), TIPPED)


def test_energies_of_atoms_are_those_of_a_domain_of_their_own(plugin, tmp_path):
    """Each of two molecules far from each other has the energy that it has alone."""
    model, one = model_of("float"), molecule("H2O")
    far = one.positions + np.array([30.0, 0.0, 0.0])
    both = Structure.molecule(np.tile(one.species, 2), np.concatenate([one.positions, far]))
    (expected,) = NativeEngine(model, "m").evaluate([one])
    said = single_point(tmp_path, plugin, model, both, 2)
    assert said.energies[:3].sum() == pytest.approx(expected.energy, abs=1e-5)
    assert said.energies[3:].sum() == pytest.approx(expected.energy, abs=1e-5)
    assert len(set(said.energies[:3].tolist())) > 1


@pytest.mark.parametrize("ranks", [2, 4])
def test_ranks_without_atoms_take_part(plugin, tmp_path, ranks):
    model, structure = model_of("framed"), molecule("H2O")
    (expected,) = NativeEngine(model, "m", backward_bits=32).evaluate([structure])
    corner = "change_box all x final -3 300 y final -3 300 boundary f f f"
    exact = "pair_style gaq backward 32"
    bricks = f"processors 2 {ranks // 2} 1"  # as LAMMPS read the molecule, and kept it
    said = single_point(tmp_path, plugin, model, structure, ranks, corner, style=exact, before=bricks)
    assert agree(differences(said, expected, structure), ROUND_OFF)
    assert re.search(r"Nlocal: .* 3 max +0 min", said.log)
    assert re.search(r"Nghost: .* 0 min", said.log)


def test_real_units_are_the_same_numbers(plugin, tmp_path):
    model, structure = model_of("float"), STRUCTURES["triclinic"]
    metal = single_point(tmp_path, plugin, model, structure, 2)
    real = single_point(tmp_path, plugin, model, structure, 2, units="real")
    assert real.energy * KCAL_PER_MOL == pytest.approx(metal.energy, rel=1e-7)
    assert np.allclose(real.forces * KCAL_PER_MOL, metal.forces, rtol=1e-6, atol=1e-8)
    assert np.allclose(real.energies * KCAL_PER_MOL, metal.energies, rtol=1e-7)
    assert np.allclose(real.pressure * 1.01325, metal.pressure, rtol=1e-5, atol=1.0)


@pytest.mark.parametrize("ranks", [1, 2])
def test_beside_another_style_both_add_up(plugin, tmp_path, ranks):
    model, structure = model_of("float"), STRUCTURES["orthogonal"]
    alone = single_point(tmp_path, plugin, model, structure, ranks)
    zbl = single_point(tmp_path, plugin, model, structure, ranks, style="pair_style zbl 1.0 2.0", coeff=_zbl(structure))
    both = single_point(
        tmp_path,
        plugin,
        model,
        structure,
        ranks,
        style="pair_style hybrid/overlay zbl 1.0 2.0 gaq",
        coeff=f"{_zbl(structure, 'zbl').rstrip('#')}pair_coeff * * gaq model.gaq",
    )
    assert both.energy == pytest.approx(alone.energy + zbl.energy, abs=1e-5 * len(structure))
    assert np.allclose(both.forces, alone.forces + zbl.forces, rtol=1e-6, atol=1e-5)
    assert np.allclose(both.pressure, alone.pressure + zbl.pressure, rtol=1e-5, atol=10)
    assert np.abs(zbl.forces).max() > 0.01


def _zbl(structure: Structure, style: str = "") -> str:
    """Coefficients of all pairs; the elements that follow become a comment."""
    numbers = sorted(set(structure.species.tolist()))
    pairs = [(i, j) for j in range(len(numbers)) for i in range(j + 1)]
    return "".join(f"pair_coeff {i + 1} {j + 1} {style} {numbers[i]} {numbers[j]}\n" for i, j in pairs) + "#"


def test_tiles_in_place_of_bricks(plugin, tmp_path):
    model, structure = model_of("float"), STRUCTURES["large"]
    (expected,) = NativeEngine(model, "m").evaluate([structure])
    tiled = "comm_style tiled\nbalance 1.0 rcb\n"
    assert agree(
        differences(single_point(tmp_path, plugin, model, structure, 2, tiled), expected, structure), ROUND_OFF
    )


def test_threads_change_no_number(plugin, tmp_path):
    model, structure = model_of("framed"), STRUCTURES["large"]
    one, two = (
        single_point(tmp_path, plugin, model, structure, style=f"pair_style gaq threads {threads}")
        for threads in (1, 2)
    )
    assert np.array_equal(one.forces, two.forces)
    assert one.energy == two.energy
