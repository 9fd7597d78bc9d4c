"""Rotations, reflections and translations: which networks and recipes keep which of them, each with its control."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from contract.subjects import EXACT, FRAMED, SHAPES, WEIGHT_ONLY, engine
from gaq.atoms.structure import Structure
from gaq.engine.pytorch import TorchEngine
from gaq.measure.groups import INVERSION, enantiomers, group_of, own_symmetry, symmetrized
from gaq.measure.ledger import find
from gaq.measure.rotations import axis_rotation, haar_rotations
from gaq.measure.symmetry import rotation_errors
from gaq.model.geometry import Gauge
from tiny import molecule, molecules, nequip, network

KEEP_PARITY = {name: SHAPES[name] for name in ("l2", "l3", "painn", "nequip", "nequip-l3")}
# Vectors and pseudovectors are one to it, as to SevenNet.
ROTATIONS_ONLY = nequip(layers=3, parities="ignored")
ODD = ("naive-int8", "int8-per-vector", "gaq-w8a8-component")  # treat x and −x alike, in the axes of space
BROKEN = 0.01  # meV/Å


def errors_of(subject: TorchEngine, matrices: np.ndarray) -> float:
    return float(rotation_errors(subject, molecules(), matrices).lee_pairs.max())


def chiral() -> Structure:
    """Methanol with four different neighbours of carbon: one hydrogen is nitrogen, another oxygen."""
    methanol = molecule("CH3OH")
    hydrogens = np.flatnonzero(methanol.species == 1)[:2]
    species = methanol.species.copy()
    species[hydrogens] = 7, 8
    return Structure.molecule(species, methanol.positions)


def symmetric(name: str, generators: list[np.ndarray]) -> tuple[Structure, np.ndarray]:
    operations = group_of(generators)
    return symmetrized(molecule(name, noise=0.0), operations), operations


@pytest.mark.parametrize("recipe", [*WEIGHT_ONLY, *FRAMED])
@pytest.mark.parametrize("shape", KEEP_PARITY)
def test_networks_that_tell_parities_apart_keep_reflections(shape, recipe, rng):
    subject = engine(KEEP_PARITY[shape], torch.float64 if recipe in WEIGHT_ONLY else torch.float32, recipe)
    assert errors_of(subject, -haar_rotations(3, rng)) < EXACT
    rows = enantiomers(subject, chiral(), 4)
    assert find(rows, "enantiomer_energy").value < 1e-8


@pytest.mark.parametrize("recipe", ["fp32", "w4", "frame-w8a8", "w4a16"])
def test_a_network_that_does_not_keeps_rotations_alone(recipe, rng):
    """Weights and frames change nothing about that: rotations are exact, and left is not right."""
    subject = engine(ROTATIONS_ONLY, torch.float64 if recipe in WEIGHT_ONLY else torch.float32, recipe)
    rotations = haar_rotations(3, rng)
    assert errors_of(subject, rotations) < EXACT
    assert errors_of(subject, -rotations) > BROKEN
    rows = enantiomers(subject, chiral(), 4)
    assert find(rows, "enantiomer_energy").value > 1e-4
    assert find(rows, "enantiomer_noise").value < 1e-8


@pytest.mark.parametrize("recipe", ODD)
@pytest.mark.parametrize("shape", ["l2", "painn", "nequip"])
def test_rounding_in_the_axes_of_space_keeps_inversion_and_no_other_reflection(shape, recipe, rng):
    subject = engine(SHAPES[shape], recipe=recipe)
    found = rotation_errors(subject, molecules(), INVERSION[None])
    assert found.identical.all()
    assert found.lee_pairs.max() == 0
    assert errors_of(subject, -haar_rotations(3, rng)) > BROKEN


@pytest.mark.parametrize("shape", ["l2", "painn", "nequip"])
def test_a_codebook_without_a_centre_loses_inversion_too(shape):
    """The octahedral code of −u is not minus the code of u: its lower half is unfolded otherwise than its upper."""
    assert errors_of(engine(SHAPES[shape], recipe="gaq-w8a8"), INVERSION[None]) > 0.01


@pytest.mark.parametrize("shape", ["l2", "painn", "nequip"])
def test_codes_that_are_rounded_down_keep_rotations_and_lose_reflections(shape, rng, monkeypatch):
    """The control of all above: in a right-handed frame a mirror image has components with other signs."""
    monkeypatch.setattr(
        "gaq.quant.calibrated.encode_uniform", lambda x, step, high: torch.floor(x * step).clamp_(-high, high)
    )
    subject = engine(SHAPES[shape], recipe="frame-w8a8")
    rotations = haar_rotations(3, rng)
    assert errors_of(subject, rotations) < EXACT
    assert errors_of(subject, -rotations) > BROKEN


@pytest.mark.parametrize("settings", [*KEEP_PARITY.values(), ROTATIONS_ONLY])
def test_frames_have_to_be_right_handed_where_parities_are_not_told_apart(settings, monkeypatch):
    """A left-handed frame is a reflection: features with parities do not mind, those without become others."""
    from gaq.geometry.frames import build_frames

    subject = TorchEngine(network(settings, torch.float64), "tiny", "fp32", gauge=Gauge.LOCAL)
    before = subject.evaluate(molecules())
    turned = torch.tensor([1.0, 1.0, -1.0], dtype=torch.float64)
    monkeypatch.setattr("gaq.model.geometry.build_frames", lambda *given: build_frames(*given) * turned)
    change = max(np.abs(a.forces - b.forces).max() for a, b in zip(subject.evaluate(molecules()), before, strict=True))
    assert (change < 1e-12) if settings is not ROTATIONS_ONLY else (change > 1e-4)


@pytest.mark.parametrize("recipe", ["fp32", "naive-int8", "gaq-w8a8", "frame-w8a8"])
@pytest.mark.parametrize("shape", ["l2", "painn", "nequip"])
def test_translations_change_no_bit_of_the_energy(shape, recipe):
    """By powers of two, which add no rounding to positions that are rounded before."""
    subject = engine(SHAPES[shape], recipe=recipe)
    grid = [s.moved(np.round(s.positions * 2**20) / 2**20) for s in molecules()]
    before = subject.evaluate(grid)
    after = subject.evaluate([s.moved(s.positions + np.array([2.0**10, -(2.0**7), 0.5])) for s in grid])
    for a, b in zip(before, after, strict=True):
        assert a.energy == b.energy
        assert np.array_equal(a.forces, b.forces)


@pytest.mark.parametrize("recipe", ["frame-w8a8", "w4a16"])
@pytest.mark.parametrize("shape", ["l2", "painn", "nequip"])
def test_frames_of_a_molecule_with_a_mirror_plane_keep_it(shape, recipe):
    """Neighbours on both sides of the plane are equal, and a frame of the two keeps the plane: signs change."""
    subject = engine(SHAPES[shape], torch.float64, recipe)
    for name, generators in (("H2O", [np.diag([1.0, -1.0, 1.0])]), ("CH3OH", [np.diag([1.0, 1.0, -1.0])])):
        rows = own_symmetry(subject, *symmetric(name, generators))
        assert find(rows, "own_reflections").value < 1e-6
    control = own_symmetry(engine(SHAPES[shape], torch.float64, "gaq-w8a8"), *symmetric("CH3OH", generators))
    assert find(control, "own_reflections").value > 1e-3


@pytest.mark.parametrize("shape", ["l2", "nequip"])
def test_a_frame_of_two_among_three_equal_neighbours_breaks_their_symmetry(shape):
    """Ammonia: rounded vectors of nitrogen leave the axis. By little, and not in float."""
    generators = [axis_rotation(2, 2 * np.pi / 3), np.diag([-1.0, 1.0, 1.0])]
    found = [
        find(
            own_symmetry(engine(SHAPES[shape], torch.float64, r), *symmetric("NH3", generators)), "own_rotations"
        ).value
        for r in ("fp32", "frame-w8a8")
    ]
    assert found[0] < EXACT
    assert EXACT < found[1] < 10.0
