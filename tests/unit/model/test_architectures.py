"""Architectures are found by their names, and all of them have what the rest of gaq asks for."""

from __future__ import annotations

import pytest
import torch

from gaq.model.architectures import ARCHITECTURES, DEFAULT, architecture_named, architecture_of
from gaq.model.layouts import LAYOUTS
from gaq.model.protocol import Blockwise, Bounded, Foldable, GivesAtomicEnergies
from tiny import SPECIES, batch_of, molecules, network

TINY = {"channels": 8, "layers": 2, "basis": 8}
every = pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda known: known.name)
packable = pytest.mark.parametrize("architecture", [a for a in ARCHITECTURES if a.packed], ids=lambda known: known.name)


def test_names_are_different_and_each_has_a_layout():
    names = [architecture.name for architecture in ARCHITECTURES]
    assert len(set(names)) == len(names)
    assert {known.name for known in ARCHITECTURES if known.packed} == set(LAYOUTS)
    assert DEFAULT in names


@every
def test_a_network_is_found_by_its_name(architecture):
    model = network(architecture.config.model_validate(TINY))
    assert architecture_named(architecture.name) is architecture
    assert architecture_of(model) is architecture
    assert architecture.config().architecture == architecture.name


@pytest.mark.parametrize("name", ["pain", "", None, 3, "Transformer"])
def test_an_unknown_name_is_told_those_that_there_are(name):
    with pytest.raises(ValueError, match="expected one of the architectures 'transformer', 'painn'"):
        architecture_named(name)


@every
def test_each_offers_every_capability(architecture):
    """But for the bound of the equivariance error, which NequIP has none of."""
    model = network(architecture.config.model_validate(TINY))
    for capability in (Blockwise, Foldable, GivesAtomicEnergies):
        assert isinstance(model, capability), capability
    assert isinstance(model, Bounded) == (architecture.name != "nequip")


@every
def test_blocks_one_after_the_other_are_the_network(architecture):
    model, batch = network(architecture.config.model_validate(TINY)), batch_of(molecules())
    geometry, flow = model.enter(batch)
    for index in range(model.blocks):
        flow = model.block(index, flow, geometry)
    assert torch.equal(model.leave(flow, batch, geometry), model.energies(batch))
    _, last = model.features(batch)
    assert torch.equal(model.heads["energy"](last, geometry), flow.scalars)


@every
def test_the_same_seed_is_the_same_network(architecture):
    config = architecture.config.model_validate(TINY)
    one, same, other = (architecture.build(config, SPECIES) for _ in range(3))
    for model, seed in ((one, 0), (same, 0), (other, 1)):
        architecture.initialise_(model, torch.Generator().manual_seed(seed))
    for name, tensor in one.state_dict().items():
        assert torch.equal(tensor, same.state_dict()[name])
        if name.endswith(("weight", "filters")):
            assert not torch.equal(tensor, other.state_dict()[name]), name
            assert tensor.abs().max() > 0, name


@packable
def test_what_is_packed_has_the_paths_of_the_parameters(architecture):
    model = network(architecture.config.model_validate(TINY))
    found, parameters = architecture.packed(model), model.state_dict()
    held = {**found.mixtures, **found.arrays}
    assert held
    assert all(torch.equal(tensor, parameters[name]) for name, tensor in held.items())
    distances = torch.linspace(0.1, model.cutoff, 50, dtype=torch.float64)
    functions = found.radial(distances)
    assert functions.shape == (50, TINY["basis"])
    assert all(len(tensor) == TINY["basis"] for tensor in found.mixtures.values())
