"""A NequIP has the symmetry that its parities give it, and numbers that its configuration allows."""

from __future__ import annotations

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from gaq.atoms.structure import Structure
from gaq.engine.pytorch import TorchEngine
from gaq.measure.rotations import haar_rotations
from gaq.measure.symmetry import rotation_errors
from gaq.model.forces import energy_and_forces
from gaq.model.geometry import Gauge
from gaq.model.nequip.mixing import features_of
from gaq.model.nequip.network import NequIPConfig
from gaq.quant.install import preset
from gaq.train.session import quantize
from tiny import batch_of, box, molecules, nequip, network

EXACT, BROKEN = 1e-9, 1.0  # meV/Å


@pytest.mark.parametrize("degrees", [1, 2, 3])
@pytest.mark.parametrize("parities", ["both", "natural", "ignored"])
def test_rotations_always_and_reflections_where_parities_count(parities, degrees, rng):
    """Without parities a molecule and its mirror image have different energies: cross products are not left out."""
    settings = nequip(layers=3, degrees=degrees, vector_channels=[4] * degrees, parities=parities)
    engine = TorchEngine(network(settings, torch.float64), "tiny", "fp32")
    rotations = haar_rotations(3, rng)
    assert rotation_errors(engine, molecules(), rotations).lee_pairs.max() < EXACT
    mirrored = rotation_errors(engine, molecules(), -rotations).lee_pairs.max()
    assert (mirrored > BROKEN) if parities == "ignored" else (mirrored < EXACT)


@pytest.mark.parametrize("parities", ["both", "ignored"])
def test_pseudoscalars_change_their_sign_in_the_mirror(parities):
    model = network(nequip(layers=4, parities=parities), torch.float64)
    structures = molecules()
    mirrored = [s.moved(s.positions * [1, 1, -1]) for s in structures]
    found = []
    for side in (structures, mirrored):
        geometry, flow = model.enter(batch_of(side))
        for index in range(3):
            flow = model.block(index, flow, geometry)
        found.append(features_of(flow, model.layers[3].inputs))
    one, other = found
    for irrep, x in one.items():
        if irrep.degree == 0:
            assert (x - irrep.parity * other[irrep]).abs().max() < 1e-12 or parities == "ignored"
    pseudo = [x for irrep, x in one.items() if irrep.degree == 0 and irrep.parity < 0]
    assert all(x.abs().max() > 1e-6 for x in pseudo)
    assert len(pseudo) == (parities == "both")


@pytest.mark.parametrize("gauge", Gauge)
@pytest.mark.parametrize("recipe", ["fp32", "frame-w8a8"])
def test_edges_in_parts_are_the_same_function(recipe, gauge, monkeypatch):
    """Energies, forces, and gradients of a loss of forces; the control counts all edges in each part."""
    model = network(nequip(layers=3), torch.float64)
    model = quantize(model, preset(recipe, 0), molecules())
    batch = batch_of([*molecules(), box()])

    def found() -> tuple[Tensor, ...]:
        energies, forces = energy_and_forces(model, batch, gauge=gauge, differentiable=True)
        return energies, forces, *torch.autograd.grad(forces.square().sum(), list(model.readout.parameters()))

    def same(one, other) -> bool:
        return all((a - b).abs().max() < 1e-9 * (1 + a.abs().max()) for a, b in zip(one, other, strict=True))

    expected = found()
    monkeypatch.setattr("gaq.model.nequip.network.MOST_EDGES", 17)
    assert same(expected, found())
    monkeypatch.setattr("gaq.model.geometry.Geometry.of_edges", lambda self, edges: self)
    assert not same(expected, found())


def test_solid_harmonics_are_another_function_with_the_same_symmetry(rng):
    engines = [
        TorchEngine(network(nequip(harmonics=kind), torch.float64), "tiny", "fp32") for kind in ("unit", "solid")
    ]
    unit, solid = (engine.evaluate(molecules()) for engine in engines)
    assert all(abs(a.energy - b.energy) > 1e-3 for a, b in zip(unit, solid, strict=True))
    assert rotation_errors(engines[1], molecules(), haar_rotations(2, rng)).lee_pairs.max() < EXACT


@pytest.mark.parametrize("place", [4.0, 5.0])
def test_forces_do_not_jump_where_the_ending_xplor_begins_and_ends(place):
    """Its slope is continuous; the control is a force of more than the tolerance, and a step 100 times as large."""
    engine = TorchEngine(network(nequip(ending="xplor", switch=4.0), torch.float64), "tiny", "fp32")

    def change(step: float) -> float:
        pair = [Structure.molecule([8, 6], [[0, 0, 0], [place + side * step, 0, 0]]) for side in (-1, 1)]
        before, after = (prediction.forces[1, 0] for prediction in engine.evaluate(pair))
        return abs(before - after)

    assert change(1e-6) < 1e-5
    assert change(1e-4) > 10 * change(1e-6)


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"vector_channels": [8]}, "one number"),
        ({"vector_channels": [8, 0]}, "from 1 to 1024"),
        ({"radial_hidden": [0]}, "radial_hidden"),
        ({"ending": "xplor", "switch": 5.0}, "below the cutoff"),
        ({"degrees": 4}, "less than or equal to 3"),
        ({"parities": "none"}, "parities"),
    ],
)
def test_numbers_that_do_not_fit_are_refused(wrong, word):
    with pytest.raises(ValidationError, match=word):
        NequIPConfig.model_validate(wrong)
