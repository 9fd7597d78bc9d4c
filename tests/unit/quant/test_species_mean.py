"""Rounding about the mean of a species: finer where features say first of all which element an atom is."""

from __future__ import annotations

import pytest
import torch

from gaq.errors import RecipeError
from gaq.model.linear import Linear
from gaq.quant.methods.quarot import Mixed
from gaq.quant.observe import AbsMax
from gaq.quant.product import multiply
from gaq.quant.quantizer import Quantizer
from gaq.quant.slot import Role, Slot
from gaq.quant.spec import Framed, Uniform, has
from gaq.quant.wrappers import Centred

KINDS, ATOMS = 3, 300
SCALARS = Slot("layers.1.update.hidden.input", Role.SCALAR_FEATURE, (None, 32), n_species=KINDS)
VECTORS = Slot("layers.1.update.mix1.input", Role.VECTOR_FEATURE, (None, 3, 32), 1, KINDS)
MESSAGES = Slot("layers.1.message.scalar", Role.SCALAR_MESSAGE, (None, 32))
WEIGHT = Slot("layers.1.update.hidden.weight", Role.SCALAR_WEIGHT, (16, 32))
CENTRED, PLAIN = Centred(Uniform(8, per="row")), Uniform(8, per="row")


def rows(slot: Slot, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Features that lie close to the mean of their species, and their species."""
    draw = torch.Generator().manual_seed(seed)
    shape = slot.shape[1:]
    means = torch.randn((KINDS, *shape), generator=torch.Generator().manual_seed(11))
    species = torch.randint(KINDS, (ATOMS,), generator=draw)
    return means[species] + 0.05 * torch.randn((ATOMS, *shape), generator=draw), species


def calibrated(slot: Slot, spec: Uniform, seed: int = 1) -> Quantizer:
    quantizer = Quantizer(slot)
    quantizer.install(spec, AbsMax())
    quantizer.observing = True
    quantizer(*rows(slot, seed))
    quantizer.finish_calibration()
    return quantizer


def test_what_is_near_the_mean_is_rounded_finely(seed):
    x, species = rows(SCALARS, seed + 100)
    errors = {}
    for spec in (CENTRED, PLAIN):
        found = calibrated(SCALARS, spec)(x, species)
        errors[has(spec, Centred)] = float((found.value - x).square().mean().sqrt())
    assert errors[True] < 0.15 * errors[False]


def test_the_value_is_centre_and_codes(seed):
    x, species = rows(SCALARS, seed)
    found = calibrated(SCALARS, CENTRED)(x, species)
    assert found.compensation is not None
    assert found.codes is not None
    torch.testing.assert_close(found.compensation.rows() + found.codes * found.scale, found.value, rtol=0, atol=0)
    assert found.codes.abs().amax(-1).eq(127).all()
    assert (found.value - x).abs().max() <= found.scale.max() / 2 * 1.001


def test_the_gradient_passes(seed):
    x, species = rows(SCALARS, seed)
    x.requires_grad_()
    found = calibrated(SCALARS, CENTRED)(x, species)
    (gradient,) = torch.autograd.grad((found.value * 3).sum(), x)
    assert (gradient == 3).all()


def test_a_product_takes_the_centre_along(seed):
    x, species = rows(SCALARS, seed)
    weight = Quantizer(WEIGHT)
    weight.install(Uniform(4, per="channel"), AbsMax())
    w = torch.randn(16, 32, generator=torch.Generator().manual_seed(seed)).requires_grad_()
    features, coded = calibrated(SCALARS, CENTRED)(x, species), weight(w)
    y = multiply(features, coded)
    torch.testing.assert_close(y, features.value @ coded.value.t(), rtol=1e-5, atol=1e-5)
    (gradient,) = torch.autograd.grad(y.sum(), w)
    torch.testing.assert_close(gradient, features.value.sum(0).expand(16, -1), rtol=1e-5, atol=1e-4)


def test_a_species_that_calibration_did_not_see_is_rounded_about_zero():
    quantizer = Quantizer(SCALARS)
    quantizer.install(CENTRED, AbsMax())
    quantizer.observing = True
    x, species = rows(SCALARS, 1)
    quantizer(x[species < 2], species[species < 2])
    quantizer.finish_calibration()
    unseen = species == 2
    expected = calibrated(SCALARS, PLAIN)(x[unseen])
    assert torch.equal(quantizer(x[unseen], species[unseen]).value, expected.value)


def test_without_species_all_atoms_have_one_mean():
    slot = Slot(SCALARS.name, SCALARS.role, SCALARS.shape)
    x, _ = rows(SCALARS, 1)
    quantizer = calibrated(slot, CENTRED)
    compensation = quantizer(x).compensation
    assert compensation is not None
    torch.testing.assert_close(compensation.table[0, 0], x.mean(0), rtol=0, atol=float(x.mean(0).abs().max()) / 250)


def test_a_state_is_loaded():
    first, second = calibrated(SCALARS, CENTRED), Quantizer(SCALARS)
    second.install(CENTRED, AbsMax())
    second.load_state_dict(first.state_dict())
    x, species = rows(SCALARS, 7)
    assert torch.equal(first(x, species).value, second(x, species).value)


def test_species_are_asked_for():
    quantizer = calibrated(SCALARS, CENTRED)
    with pytest.raises(
        RecipeError, match=r"rounds atoms of 3 species .* and needs the species .* call .* with `species`"
    ):
        quantizer(rows(SCALARS, 1)[0])


def test_without_calibration_means_are_zero():
    quantizer = Quantizer(SCALARS)
    quantizer.install(CENTRED, AbsMax())
    quantizer.finish_calibration()
    x, species = rows(SCALARS, 1)
    assert torch.equal(quantizer(x, species).value, calibrated(SCALARS, PLAIN)(x).value)


@pytest.mark.parametrize(
    ("slot", "spec", "reason"),
    [
        (VECTORS, Framed(CENTRED), "a mean of vectors is a direction"),
        (VECTORS, CENTRED, "a mean of vectors is a direction"),
        (MESSAGES, CENTRED, "scalar inputs of linear layers"),
        (WEIGHT, Centred(Uniform(8, per="row")), "one step per tensor, channel or group"),
    ],
)
def test_slots_that_it_does_not_fit(slot, spec, reason):
    with pytest.raises(RecipeError, match=reason):
        Quantizer(slot).install(spec, AbsMax())


@pytest.mark.parametrize("inner", [Uniform(8), Uniform(8, per="atom"), Mixed(Uniform(8, per="row"))])
def test_schemes_that_it_does_not_go_with(inner):
    with pytest.raises(RecipeError, match="Centred goes around Uniform.bits, per='row'"):
        Centred(inner)


def test_a_linear_layer_hands_the_species_on():
    layer = Linear("layers.1.update.hidden", 32, 16, n_species=KINDS)
    layer.input_quantizer.install(CENTRED, AbsMax())
    layer.input_quantizer.observing = True
    x, species = rows(SCALARS, 1)
    layer(x, species=species)
    layer.input_quantizer.finish_calibration()
    torch.nn.init.normal_(layer.weight)
    with torch.no_grad():
        expected = layer.input_quantizer(x, species).value @ layer.weight.t() + layer.bias
        assert torch.equal(layer(x, species=species), expected)
        turned = layer(x, species=(species + 1) % KINDS)
    assert not torch.equal(turned, expected), "the control: other species have other means"
