"""What every network promises: symmetry, smoothness, forces that are slopes; and quantization keeps them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gaq.atoms.structure import Prediction, Structure
from gaq.engine.pytorch import TorchEngine
from gaq.measure.rotations import haar_rotations
from gaq.measure.symmetry import balance, rotation_errors
from gaq.model.forces import energy_and_forces
from gaq.model.invariants import Gauge
from gaq.quant.install import preset
from gaq.quant.presets import all_presets
from gaq.train.session import quantize
from gaq.units import MEV
from tiny import REFERENCES, SPECIES, batch_of, box, config, molecule, molecules, network

SHAPES = {
    "l1": config(),
    "l2": config(degrees=2),
    "l3": config(degrees=3),
    "dot": config(attention="dot"),
    "deep": config(degrees=2, layers=3, attention="dot", heads=4),
}
DTYPES = {"float32": torch.float32, "float64": torch.float64}
FRAMED = ("frame-w4a8", "frame-w8a8", "w4a16")
WEIGHT_ONLY = ("fp32", "w8", "w4")
EXACT = 1e-9  # meV/Å, meV

# Largest error of a force component (eV/Å) and of an energy (eV) that round-off explains, forces of 1 eV/Å.
ROUND_OFF = {torch.float32: (2e-5, 1e-4), torch.float64: (1e-12, 1e-10)}


def engine(settings, dtype=torch.float32, recipe: str = "fp32", gauge: Gauge | None = None) -> TorchEngine:
    """A network, quantized by a preset without warm-up and calibrated on molecules."""
    model = network(settings, dtype)
    if recipe != "fp32":
        model = quantize(model, preset(recipe, 0), molecules())
    return TorchEngine(model, "tiny", recipe, gauge=gauge)


@pytest.fixture(params=[(s, d) for s in SHAPES for d in DTYPES], ids="-".join)
def subject(request) -> TorchEngine:
    shape, dtype = request.param
    return engine(SHAPES[shape], DTYPES[dtype])


def tolerances(subject: TorchEngine) -> tuple[float, float]:
    return ROUND_OFF[subject.network.embedding.dtype]


def assert_same(subject, expected: list[Prediction], found: list[Prediction]) -> None:
    force, energy = tolerances(subject)
    for e, f in zip(expected, found, strict=True):
        assert abs(e.energy - f.energy) < energy
        assert np.abs(e.forces - f.forces).max(initial=0) < force


def everything() -> list[Structure]:
    return [*molecules(), box()]


def test_forces_are_of_the_size_that_tolerances_assume(subject):
    forces = np.concatenate([p.forces for p in subject.evaluate(molecules())])
    assert np.sqrt((forces**2).mean()) == pytest.approx(1, rel=1e-3)


def test_turned_and_mirrored(subject, rng):
    before = subject.evaluate(everything())
    for matrix in (*haar_rotations(2, rng), *-haar_rotations(2, rng)):
        after = subject.evaluate([s.rotated(matrix) for s in everything()])
        expected = [Prediction(p.energy, p.forces @ matrix.T) for p in before]
        assert_same(subject, expected, after)


def test_moved_and_renumbered(subject, rng):
    before = subject.evaluate(everything())
    shifted = [s.moved(s.positions + np.array([2.0, -7.0, 0.5])) for s in everything()]
    assert_same(subject, before, subject.evaluate(shifted))
    orders = [rng.permutation(len(s)) for s in everything()]
    renumbered = subject.evaluate([s.permuted(o) for s, o in zip(everything(), orders, strict=True)])
    expected = [Prediction(p.energy, p.forces[o]) for p, o in zip(before, orders, strict=True)]
    assert_same(subject, expected, renumbered)


def test_company_in_a_batch_does_not_matter(subject):
    structures = everything()
    together = subject.evaluate(structures)
    assert_same(subject, [subject.evaluate([s])[0] for s in structures], together)
    assert_same(subject, together[::-1], subject.evaluate(structures[::-1]))


@pytest.mark.parametrize("shape", SHAPES)
def test_forces_are_minus_the_slope(shape, rng):
    subject = engine(SHAPES[shape], torch.float64)
    for structure in everything():
        (found,) = subject.evaluate([structure])
        way = rng.standard_normal(structure.positions.shape)
        step = 1e-5
        ends = subject.evaluate([structure.moved(structure.positions + s * step * way) for s in (1, -1)])
        slope = (ends[0].energy - ends[1].energy) / (2 * step)
        assert -slope == pytest.approx((found.forces * way).sum(), abs=2e-6)


def jump_at_the_cutoff(
    subject: TorchEngine, rest: Structure, way: np.ndarray, step: float
) -> tuple[float, float]:
    """Change of the energy (eV) and largest of a force component (eV/Å) as the last atom passes the cutoff of
    atom 0 by ± `step` Å."""
    ends = []
    for sign in (-1, 1):
        positions = rest.positions.copy()
        positions[-1] = positions[0] + way * (subject.network.cutoff + sign * step)
        ends.append(rest.moved(positions))
    inside, outside = subject.evaluate(ends)
    return abs(inside.energy - outside.energy), np.abs(inside.forces - outside.forces).max()


@pytest.fixture(params=["dimer", "molecule"])
def leaving(request) -> tuple[Structure, np.ndarray]:
    """A structure whose last atom is about to leave, and the way it takes: to the side of all the others."""
    if request.param == "dimer":
        return Structure.molecule([8, 6], [[0, 0, 0], [1, 0, 0]]), np.array([1.0, 0, 0])
    ethanol = molecules()[0]
    ethanol = ethanol.moved(ethanol.positions - ethanol.positions.mean(axis=0))
    first = np.argmax(np.linalg.norm(ethanol.positions, axis=1))
    ethanol = ethanol.permuted(np.roll(np.arange(9), -first))
    way = ethanol.positions[0] / np.linalg.norm(ethanol.positions[0])
    positions = np.concatenate((ethanol.positions, ethanol.positions[:1] + way))
    return Structure.molecule([*ethanol.species, 8], positions), way


@pytest.mark.parametrize("shape", SHAPES)
def test_an_atom_leaves_without_a_jump(shape, leaving):
    """φ ends like x³, so a step of 10⁻⁴ Å changes the energy by some 10⁻¹¹ eV and forces by 10⁻⁷ eV/Å."""
    energy, force = jump_at_the_cutoff(engine(SHAPES[shape], torch.float64), *leaving, 1e-4)
    assert energy < 1e-9
    assert force < 1e-5


@pytest.mark.parametrize("shape", SHAPES)
def test_without_the_envelope_it_would_jump(shape, leaving, monkeypatch):
    monkeypatch.setattr("gaq.model.invariants.envelope", lambda distance, cutoff: torch.ones_like(distance))
    energy, _ = jump_at_the_cutoff(engine(SHAPES[shape], torch.float64), *leaving, 1e-4)
    assert energy > 1e-4


def test_a_box_twice_as_large_has_twice_the_energy(subject):
    force, energy = tolerances(subject)
    small = box()
    (once,) = subject.evaluate([small])
    for axis in range(3):
        stretch = np.ones((3, 1))
        stretch[axis] = 2
        copies = np.concatenate((small.positions, small.positions + small.cell[axis]))
        doubled = Structure(np.tile(small.species, 2), copies, small.cell * stretch, small.periodic)
        (twice,) = subject.evaluate([doubled])
        assert abs(twice.energy - 2 * once.energy) < 4 * energy
        assert np.abs(twice.forces - np.tile(once.forces, (2, 1))).max() < force


def test_which_image_of_an_atom_is_given_does_not_matter(subject):
    small = box()
    wrapped = small.positions + np.array([[1, 0, 0], [0, -2, 1], [0, 0, 0]] * 2) @ small.cell
    assert_same(subject, subject.evaluate([small]), subject.evaluate([small.moved(wrapped)]))


def test_atoms_without_neighbours(subject):
    """Alone, or beyond the cutoff of each other: the energies of free atoms add up and no force acts."""
    _, tolerance = tolerances(subject)
    oxygen, carbon = (subject.evaluate([Structure.molecule([z], [[1.0, 2.0, 3.0]])])[0] for z in (8, 6))
    apart = Structure.molecule([8, 6], [[0, 0, 0], [0, 0, 50.0]])
    (both,) = subject.evaluate([apart])
    assert abs(both.energy - oxygen.energy - carbon.energy) < tolerance
    assert (both.forces == 0).all()
    assert (oxygen.forces == 0).all()
    mixed = subject.evaluate([apart, molecules()[0], Structure.molecule([8], [[0, 0, 0]])])
    assert mixed[2].energy == pytest.approx(oxygen.energy, abs=tolerance)


def test_two_atoms_push_along_their_line(subject):
    force, _ = tolerances(subject)
    line = np.array([0.36, 0.48, 0.8])
    (found,) = subject.evaluate([Structure.molecule([8, 6], [np.zeros(3), 1.2 * line])])
    assert np.abs(found.forces.sum(axis=0)).max() < force
    assert np.abs(np.cross(found.forces, line)).max() < force
    assert np.abs(found.forces @ line).min() > 1e-3


def test_energies_are_differentiable_twice():
    model = network(SHAPES["l2"], torch.float64)
    batch = batch_of(molecules()[:2])
    _, forces = energy_and_forces(model, batch, differentiable=True)
    forces.square().sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
    silent = [name for name, p in model.named_parameters() if p.grad.abs().max() == 0]
    assert silent == []


def test_the_list_of_slots_is_whole():
    for settings in SHAPES.values():
        model = network(settings)
        names = [q.slot.name for q in model.quantizers()]
        assert len(names) == len(set(names))
        # Per layer: query, key, scalar message, 4 linear layers and a mix per degree with two slots each, and
        # from the second layer on the messages of each degree. Twice two for the readout.
        layers, degrees = settings.layers, settings.degrees
        assert len(names) == layers * (3 + 2 * (4 + degrees)) + (layers - 1) * degrees + 4
        for build in all_presets().values():
            assert set(build().resolve([q.slot for q in model.quantizers()])) == set(names)


# Quantized networks


@pytest.mark.parametrize("recipe", FRAMED)
@pytest.mark.parametrize("shape", ["l1", "l2", "l3"])
def test_both_gauges_are_one_function(recipe, shape):
    lab, local = (
        engine(SHAPES[shape], torch.float64, recipe, gauge).evaluate(everything())
        for gauge in (Gauge.LAB, Gauge.LOCAL)
    )
    for a, b in zip(lab, local, strict=True):
        assert abs(a.energy - b.energy) < 1e-10
        assert np.abs(a.forces - b.forces).max() < 1e-12


def test_float_networks_are_the_same_in_both_gauges(subject):
    local = TorchEngine(subject.network, "tiny", "fp32", gauge=Gauge.LOCAL)
    assert subject.gauge is Gauge.LAB
    assert_same(subject, subject.evaluate(everything()), local.evaluate(everything()))


@pytest.mark.parametrize("recipe", FRAMED)
@pytest.mark.parametrize("shape", ["l1", "l2"])
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


@pytest.mark.parametrize("recipe", ["naive-int8", "int8-per-vector", "gaq-w8a8", "gaq-w4a8"])
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


@pytest.mark.parametrize("recipe", [name for name in all_presets() if name != "fp32"])
def test_quantizing_changes_the_energy_and_no_more_than_it_may(recipe):
    parent, child = engine(SHAPES["l1"]), engine(SHAPES["l1"], recipe=recipe)
    before, after = (np.concatenate([p.forces for p in e.evaluate(molecules())]) for e in (parent, child))
    change = np.sqrt(((after - before) ** 2).mean())
    assert 1e-5 < change < 0.7, f"forces of 1 eV/Å changed by {change:.1e}"


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


def test_references_are_added_per_atom():
    model = network(SHAPES["l1"])
    model.set_references(REFERENCES, 0.0)
    energies = model.energies(batch_of(molecules())).tolist()
    assert energies == pytest.approx([sum(REFERENCES[int(z)] for z in s.species) for s in molecules()])
    assert model.species == tuple(sorted(SPECIES))
