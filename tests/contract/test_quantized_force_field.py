"""What quantization keeps of the promises of a network, exactly or not at all."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from contract.subjects import EXACT, FRAMED, ROUND_OFF, SHAPES, WEIGHT_ONLY, engine, everything
from exchange import jump
from gaq.atoms.structure import Structure
from gaq.measure.rotations import haar_rotations
from gaq.measure.symmetry import balance, rotation_errors
from gaq.model.geometry import Gauge
from gaq.quant.presets import all_presets
from gaq.units import MEV
from tiny import molecule, molecules


@pytest.mark.parametrize("recipe", FRAMED)
@pytest.mark.parametrize("shape", ["l1", "l2", "l3", "nequip", "nequip-l3"])
def test_both_gauges_are_one_function(recipe, shape):
    lab, local = (
        engine(SHAPES[shape], torch.float64, recipe, gauge).evaluate(everything()) for gauge in (Gauge.LAB, Gauge.LOCAL)
    )
    for a, b in zip(lab, local, strict=True):
        assert abs(a.energy - b.energy) < 1e-10
        assert np.abs(a.forces - b.forces).max() < 1e-12


@pytest.mark.parametrize("recipe", FRAMED)
@pytest.mark.parametrize("shape", ["l1", "l2", "nequip", "nequip-l3"])
def test_framed_recipes_are_equivariant_to_the_bit(recipe, shape, rng):
    subject = engine(SHAPES[shape], recipe=recipe)
    assert subject.gauge is Gauge.LOCAL
    rotations = haar_rotations(4, rng)
    errors = rotation_errors(subject, everything(), np.concatenate((rotations, -rotations)))
    assert errors.identical.all()
    assert errors.lee_pairs.max() < EXACT
    assert errors.force_norm > 100, "the errors above are small, not the forces"
    torque = {row.metric: row.value for row in balance(subject, molecules())}
    assert torque["net_torque"] < EXACT
    assert torque["net_force"] < EXACT


SYMMETRIC = ("CH4", "C6H6", "NH3", "CO2", "C2H2", "H2", "CH3NO2")


@pytest.mark.parametrize("recipe", FRAMED)
@pytest.mark.parametrize("shape", ["l1", "l2"])
def test_symmetric_and_linear_molecules_too(recipe, shape, rng):
    """Equal neighbours, atoms on a line, a flat ring, one atom alone."""
    subject = engine(SHAPES[shape], recipe=recipe)
    structures = [molecule(name, noise=0.0) for name in SYMMETRIC]
    structures.append(Structure.molecule([8], [[0, 0, 0]]))
    rotations = haar_rotations(4, rng)
    errors = rotation_errors(subject, structures, rotations)
    assert errors.identical.all()
    assert errors.lee_pairs.max() < EXACT
    mirrored = rotation_errors(subject, structures, -rotations)
    assert mirrored.identical.all()


@pytest.mark.parametrize("recipe", FRAMED)
def test_equal_neighbours_are_equal_also_when_renumbered(recipe, rng):
    """Another order of the atoms settles ties in another way; the energy of the molecule is the same."""
    subject = engine(SHAPES["l2"], torch.float64, recipe)
    for structure in (molecule(name, noise=0.0) for name in SYMMETRIC):
        orders = [rng.permutation(len(structure)) for _ in range(5)]
        energies = [p.energy for p in subject.evaluate([structure.permuted(o) for o in orders])]
        assert np.ptp(energies) < 1e-7


@pytest.mark.parametrize("recipe", FRAMED)
@pytest.mark.parametrize("shape", ["l1", "l2", "l3"])
def test_an_exchange_of_neighbours_changes_nothing(recipe, shape, monkeypatch):
    """Codes see axes that are turned about, and no more; the control orders the neighbours, and jumps."""
    subject = engine(SHAPES[shape], recipe=recipe)
    energy, force = jump(subject)
    assert energy < 1e-9
    assert force < 1e-6
    monkeypatch.setattr("gaq.geometry.frames.evenness", torch.zeros_like)
    energy, worse = jump(subject)
    assert energy > 5e-8 or worse > 3 * force, "the control: energy or force jumps"


def test_round_off_around_zero_would_be_another_number_in_each_copy(rng, monkeypatch):
    """The control of numbers that are rounded a little before they are cast: without, energies are not identical."""
    structures, rotations = [molecule(name, noise=0.0) for name in ("C6H6", "CH3OH")], haar_rotations(6, rng)
    subject = engine(SHAPES["nequip-l3"], gauge=Gauge.LOCAL)
    assert rotation_errors(subject, structures, rotations).lee_pairs.max() < EXACT
    monkeypatch.setattr("gaq.model.geometry.grained", lambda x, grain: x)
    assert rotation_errors(subject, structures, rotations).lee_pairs.max() > EXACT


@pytest.mark.parametrize("recipe", FRAMED)
def test_float32_in_the_lab_gauge_is_not_exact(recipe, rng):
    """Why the local gauge is there: the same network, the same numbers, the components of space."""
    subject = engine(SHAPES["l2"], recipe=recipe, gauge=Gauge.LAB)
    errors = rotation_errors(subject, molecules(), haar_rotations(4, rng))
    assert errors.lee_pairs.max() > 1e3 * EXACT


def test_float_energies_are_not_bit_identical_in_the_lab_gauge(rng):
    rotations = haar_rotations(4, rng)
    lab = rotation_errors(engine(SHAPES["l2"]), molecules(), rotations)
    local = rotation_errors(engine(SHAPES["l2"], gauge=Gauge.LOCAL), molecules(), rotations)
    assert not lab.identical.all()
    assert local.identical.all()
    assert local.lee_pairs.max() < EXACT


@pytest.mark.parametrize(
    "recipe", ["naive-int8", "int8-per-vector", "gaq-w8a8", "gaq-w4a8", "gaq-w8a8-component", "svq-kmeans-ste"]
)
@pytest.mark.parametrize("shape", ["l1", "l2"])
def test_rounding_in_space_breaks_the_symmetry(recipe, shape, rng):
    errors = rotation_errors(engine(SHAPES[shape], recipe=recipe), molecules(), haar_rotations(4, rng))
    assert errors.lee_pairs.max() > 1e-1  # meV/Å


@pytest.mark.parametrize("recipe", WEIGHT_ONLY)
@pytest.mark.parametrize("shape", ["l1", "l2"])
def test_quantized_weights_keep_the_symmetry(recipe, shape, rng):
    rotations = haar_rotations(4, rng)
    single = rotation_errors(engine(SHAPES[shape], recipe=recipe), molecules(), rotations)
    assert single.lee_pairs.max() < ROUND_OFF[torch.float32][0] / MEV
    double = rotation_errors(engine(SHAPES[shape], torch.float64, recipe), molecules(), rotations)
    assert double.lee_pairs.max() < EXACT


@pytest.mark.parametrize("recipe", WEIGHT_ONLY)
def test_quantized_weights_keep_energy_conserved(recipe, rng):
    """Forces are the slope of the energy that was quantized, not of the one before."""
    subject = engine(SHAPES["l2"], torch.float64, recipe)
    structure, step = molecules()[0], 1e-5
    way = rng.standard_normal(structure.positions.shape)
    ends = subject.evaluate([structure.moved(structure.positions + s * step * way) for s in (1, -1)])
    slope = (ends[0].energy - ends[1].energy) / (2 * step)
    (found,) = subject.evaluate([structure])
    assert -slope == pytest.approx((found.forces * way).sum(), abs=2e-6)


# Bent weights, or steps that start where training likes to start.
MADE_FOR_TRAINING = ("lsq-w4a8", "dorefa")


@pytest.mark.parametrize("recipe", [name for name in all_presets() if name != "fp32"])
def test_quantizing_changes_the_energy_and_no_more_than_it_may(recipe):
    parent, child = engine(SHAPES["l1"]), engine(SHAPES["l1"], recipe=recipe)
    before, after = (np.concatenate([p.forces for p in e.evaluate(molecules())]) for e in (parent, child))
    change = np.sqrt(((after - before) ** 2).mean())
    most = 2.0 if recipe in MADE_FOR_TRAINING else 0.7
    assert 1e-5 < change < most, f"forces of 1 eV/Å changed by {change:.1e}"


@pytest.mark.parametrize("recipe", ["naive-int8", "frame-w4a8", "w4"])
def test_products_of_codes_are_products_of_values(recipe, monkeypatch):
    """In float64 the layers, which multiply codes and scale afterwards, agree with decoded values."""
    subject = engine(SHAPES["l2"], torch.float64, recipe)
    by_codes = subject.evaluate(molecules())
    monkeypatch.setattr("gaq.model.linear.multiply", lambda x, w: x.value @ w.value.t())
    by_values = subject.evaluate(molecules())
    for a, b in zip(by_codes, by_values, strict=True):
        assert abs(a.energy - b.energy) < 1e-9
        assert np.abs(a.forces - b.forces).max() < 1e-9
