"""A network begins as its generator says, near the reference energies; no other numbers are drawn."""

from __future__ import annotations

import torch

from gaq.model.transformer.initialise import initialise_
from gaq.model.transformer.network import Transformer
from tiny import SPECIES, batch_of, config, molecules


def begun(seed: int, degrees: int = 2) -> Transformer:
    model = Transformer(config(channels=32, degrees=degrees), SPECIES)
    initialise_(model, torch.Generator().manual_seed(seed))
    return model


def test_the_generator_decides_and_the_global_one_is_left_alone(seed):
    torch.manual_seed(0)
    expected = torch.rand(2)
    torch.manual_seed(0)
    first, again, other = begun(seed), begun(seed), begun(seed + 1)
    assert torch.equal(torch.rand(2), expected)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), again.parameters(), strict=True))
    assert not torch.equal(first.embedding, other.embedding)


def test_linear_weights_are_orthogonal_and_filters_have_their_variance(seed):
    model = begun(seed)
    mix = model.layers[0].update.mix1.weight
    assert (mix.T @ mix - torch.eye(32)).abs().max() < 1e-5
    filters = model.layers[1].filters
    assert abs(filters.std().item() * filters.shape[0] ** 0.5 - 1) < 0.1
    assert abs(model.embedding.std().item() - 1) < 0.3
    assert model.readout.energy.weight.norm() < 0.2


def test_until_then_all_energies_are_the_references(seed):
    model = Transformer(config(), SPECIES)
    model.set_references(dict.fromkeys(SPECIES, -1.0), 1.0)
    batch = batch_of(molecules())
    sizes = torch.bincount(batch.structure).to(torch.float64)
    with torch.no_grad():
        assert torch.equal(model.energies(batch), -sizes)
        initialise_(model, torch.Generator().manual_seed(seed))
        assert 0 < (model.energies(batch) + sizes).abs().max() < 30
