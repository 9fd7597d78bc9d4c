"""Which atoms are spared in training, how often, and that it ends with training."""

from __future__ import annotations

import pytest
import torch

from gaq.quant.install import preset
from gaq.quant.methods.degree_quant import degree_quant
from gaq.train.protection import degree_rank, draw_spared, sparing
from gaq.train.session import quantize
from tiny import batch_of, config, molecule, molecules, network


@pytest.fixture
def model():
    return quantize(network(config()), degree_quant(), molecules())


def test_the_rank_is_the_share_of_atoms_with_at_most_as_many_neighbours():
    batch = batch_of([molecule("H2O"), molecule("CH3OH")])
    degree = [int((batch.edges.receiver == i).sum()) for i in range(9)]
    expected = [sum(d <= mine for d in degree) / 9 for mine in degree]
    assert degree_rank(batch).tolist() == pytest.approx(expected)
    assert len(set(degree)) == 2


def test_on_one_small_molecule_all_atoms_have_the_same_rank():
    """What Degree-Quant says of degrees means nothing where everyone is everyone's neighbour."""
    assert degree_rank(batch_of([molecule("CH3CH2OH")])).unique().tolist() == [1.0]


def test_atoms_pass_in_float_by_chance_and_whole(model, seed):
    batch, recipe = batch_of(molecules()), degree_quant()
    draw = torch.Generator().manual_seed(seed)
    layer = model.layers[0].update.hidden.input_quantizer
    x = torch.randn(len(batch.species), 24, generator=torch.Generator().manual_seed(1))
    rank, spared = degree_rank(batch), torch.zeros(len(batch.species))
    for _ in range(400):
        with sparing(model.quantizers(), draw_spared(model.quantizers(), recipe, batch, draw)):
            found = layer(x)
            assert found.codes is None
            same = (found.value == x).all(-1)
            assert torch.equal(found.value[~same], layer.calibrated(x).value[~same])
            spared += same
    chance = 0.1 * rank
    assert ((spared / 400 - chance).abs() < 5 * (chance * (1 - chance) / 400).sqrt() + 1e-9).all()
    assert layer(x).codes is not None, "over with training"


def test_messages_queries_and_weights_are_not_spared(model):
    batch = batch_of(molecules())
    drawn = draw_spared(model.quantizers(), degree_quant(), batch, torch.Generator().manual_seed(0))
    with sparing(model.quantizers(), drawn):
        spared = {q.slot.role.value for q in model.quantizers() if q.bypass_mask is not None}
    assert spared == {"scalar-feature", "vector-feature"}
    assert all(q.bypass_mask is None for q in model.quantizers())


def test_a_recipe_without_protection_draws_nothing(model):
    draw = torch.Generator().manual_seed(0)
    before = draw.get_state()
    assert draw_spared(model.quantizers(), preset("naive-int8"), batch_of(molecules()), draw) == {}
    assert torch.equal(draw.get_state(), before)


def test_gradients_of_spared_atoms_pass_as_they_are(model, seed):
    atoms = len(batch_of(molecules()).species)
    layer = model.layers[0].update.hidden.input_quantizer
    x = (100 * torch.randn(atoms, 24, generator=torch.Generator().manual_seed(seed))).requires_grad_()
    with sparing(model.quantizers(), {layer.slot.name: torch.arange(atoms) < 5}):
        (gradient,) = torch.autograd.grad(layer(x).value.sum(), x)
    assert (gradient[:5] == 1).all()
    assert (gradient[5:] == 0).any(), "far outside the range"
