"""What every network promises: symmetry, smoothness at the cutoff, forces that are slopes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from contract.subjects import DTYPES, ROUND_OFF, SHAPES, engine, everything
from gaq.atoms.structure import Prediction, Structure
from gaq.engine.pytorch import TorchEngine
from gaq.measure.rotations import haar_rotations
from gaq.model.forces import energy_and_forces
from gaq.model.geometry import Gauge
from gaq.model.linear import Linear
from gaq.model.painn.radial import ENDINGS
from gaq.model.protocol import dtype_of
from gaq.quant.presets import all_presets
from tiny import REFERENCES, SPECIES, batch_of, box, molecules, network


@pytest.fixture(params=[(s, d) for s in SHAPES for d in DTYPES], ids="-".join)
def subject(request) -> TorchEngine:
    shape, dtype = request.param
    return engine(SHAPES[shape], DTYPES[dtype])


def tolerances(subject: TorchEngine) -> tuple[float, float]:
    return ROUND_OFF[dtype_of(subject.network)]


def assert_same(subject, expected: list[Prediction], found: list[Prediction]) -> None:
    force, energy = tolerances(subject)
    for e, f in zip(expected, found, strict=True):
        assert abs(e.energy - f.energy) < energy
        assert np.abs(e.forces - f.forces).max(initial=0) < force


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


def jump_at_the_cutoff(subject: TorchEngine, rest: Structure, way: np.ndarray, step: float) -> tuple[float, float]:
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
    def without(distance, cutoff):
        return torch.ones_like(distance)

    monkeypatch.setattr("gaq.model.geometry.envelope", without)
    monkeypatch.setitem(ENDINGS, "cosine", without)
    energy, force = jump_at_the_cutoff(engine(SHAPES[shape], torch.float64), *leaving, 1e-4)
    assert energy > 1e-4 or force > 1e-3, "Bessel functions end at zero there, with a slope"


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


def test_float_networks_are_the_same_in_both_gauges(subject):
    local = TorchEngine(subject.network, "tiny", "fp32", gauge=Gauge.LOCAL)
    assert subject.gauge is Gauge.LAB
    assert_same(subject, subject.evaluate(everything()), local.evaluate(everything()))


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


# Twice two for the readout. Per layer of the transformer: query, key, scalar message, 4 linear layers and a mix per
# degree with two slots each. PaiNN: scalar message, 5 linear layers, and from the second layer on the vectors of
# messages. Of NequIP only what there is at all: its linear layers and the features that atoms send.
SLOTS = {
    "transformer": lambda model: 4 + len(model.layers) * (3 + 2 * (4 + model.degrees)),
    "painn": lambda model: 4 + len(model.layers) * (1 + 2 * 5) + len(model.layers) - 1,
    "nequip": lambda model: (
        2 * sum(isinstance(module, Linear) for module in model.modules())
        + sum(len(layer.inputs) for layer in model.layers)
    ),
}


def test_the_list_of_slots_is_whole():
    for settings in SHAPES.values():
        model = network(settings)
        names = [q.slot.name for q in model.quantizers()]
        assert len(names) == len(set(names))
        assert len(names) == SLOTS[settings.architecture](model)
        for build in all_presets().values():
            assert set(build().resolve([q.slot for q in model.quantizers()])) == set(names)


def test_references_are_added_per_atom():
    model = network(SHAPES["l1"])
    model.set_references(REFERENCES, 0.0)
    energies = model.energies(batch_of(molecules())).tolist()
    assert energies == pytest.approx([sum(REFERENCES[int(z)] for z in s.species) for s in molecules()])
    assert model.species == tuple(sorted(SPECIES))
