"""Rounding beside the principal directions of a species: finer where the channels of vectors go together."""

from __future__ import annotations

import pytest
import torch

from gaq.errors import RecipeError
from gaq.geometry.rotations import random_rotations
from gaq.model.linear import Linear
from gaq.quant.methods.quarot import Mixed
from gaq.quant.observe import AbsMax
from gaq.quant.product import multiply
from gaq.quant.quantizer import Quantizer
from gaq.quant.slot import Role, Slot
from gaq.quant.spec import Framed, Spec, Uniform
from gaq.quant.wrappers import Centred, Compensated

KINDS, ATOMS, CHANNELS, COUNT = 3, 300, 32, 4
VECTORS = Slot("layers.1.update.mix1.input", Role.VECTOR_FEATURE, (None, 3, CHANNELS), 1, KINDS)
SCALARS = Slot("layers.1.update.hidden.input", Role.SCALAR_FEATURE, (None, CHANNELS), n_species=KINDS)
MESSAGES = Slot("layers.1.message.vector.l1", Role.VECTOR_MESSAGE, (None, 3, CHANNELS), 1)
WEIGHT = Slot("layers.1.update.mix1.weight", Role.VECTOR_WEIGHT, (16, CHANNELS), 1)
PRINCIPAL, PLAIN = Framed(Compensated(Uniform(8, per="row"), COUNT)), Framed(Uniform(8, per="row"))


def vectors(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Vectors along few directions among the channels, other ones for each species, and a little of all others."""
    draw = torch.Generator().manual_seed(seed)
    directions = torch.randn((KINDS, COUNT, CHANNELS), generator=torch.Generator().manual_seed(11))
    species = torch.randint(KINDS, (ATOMS,), generator=draw)
    amounts = torch.randn((ATOMS, 3, COUNT), generator=draw)
    return amounts @ directions[species] + 0.05 * torch.randn((ATOMS, 3, CHANNELS), generator=draw), species


def calibrated(spec: Framed, seed: int = 1) -> Quantizer:
    quantizer = Quantizer(VECTORS)
    quantizer.install(spec, AbsMax())
    quantizer.observing = True
    quantizer(*vectors(seed))
    quantizer.finish_calibration()
    return quantizer


def test_what_is_left_beside_the_directions_is_rounded_finely(seed):
    x, species = vectors(seed + 100)
    errors = {
        spec: float((calibrated(spec)(x, species).value - x).square().mean().sqrt()) for spec in (PRINCIPAL, PLAIN)
    }
    assert errors[PRINCIPAL] < 0.15 * errors[PLAIN]
    strangers = calibrated(PRINCIPAL)(x, (species + 1) % KINDS).value
    assert float((strangers - x).square().mean().sqrt()) > 0.5 * errors[PLAIN], (
        "the control: another species' directions"
    )


def test_the_value_is_what_is_apart_and_codes(seed):
    x, species = vectors(seed)
    found = calibrated(PRINCIPAL)(x, species)
    assert found.compensation is not None
    assert found.codes is not None
    torch.testing.assert_close(found.compensation.rows() + found.codes * found.scale, found.value, rtol=0, atol=0)
    assert found.codes.abs().amax(-1).eq(127).all()
    assert (found.value - x).abs().max() <= found.scale.max() / 2 * 1.001


def test_axes_that_turn_about_turn_the_codes_about(seed):
    """A frame whose axes change their sign (decision 14) must change nothing but signs, to the bit."""
    x, species = vectors(seed)
    signs = torch.tensor([1.0, -1.0, -1.0])[:, None]
    quantizer = calibrated(PRINCIPAL)
    one, other = quantizer(x, species), quantizer(x * signs, species)
    assert torch.equal(one.value * signs, other.value)
    assert torch.equal(one.codes * signs, other.codes)


def test_directions_know_no_axes(seed):
    x, species = vectors(seed)
    turned = random_rotations(1, torch.Generator().manual_seed(seed))[0].float() @ x
    one, other = Quantizer(VECTORS), Quantizer(VECTORS)
    for quantizer, features in ((one, x), (other, turned)):
        quantizer.install(PRINCIPAL, AbsMax())
        quantizer.observing = True
        quantizer(features, species)
        quantizer.finish_calibration()
    tables = [q(x, species).compensation.table for q in (one, other)]
    torch.testing.assert_close(*tables, rtol=0, atol=0.02)


def test_the_gradient_passes(seed):
    x, species = vectors(seed)
    x.requires_grad_()
    found = calibrated(PRINCIPAL)(x, species)
    (gradient,) = torch.autograd.grad((found.value * 3).sum(), x)
    assert (gradient == 3).all()


def test_a_product_takes_along_what_is_apart(seed):
    x, species = vectors(seed)
    weight = Quantizer(WEIGHT)
    weight.install(Uniform(4, per="channel"), AbsMax())
    w = torch.randn(16, CHANNELS, generator=torch.Generator().manual_seed(seed)).requires_grad_()
    features, coded = calibrated(PRINCIPAL)(x, species), weight(w)
    y = multiply(features, coded)
    torch.testing.assert_close(y, features.value @ coded.value.t(), rtol=1e-4, atol=1e-4)
    (gradient,) = torch.autograd.grad(y.sum(), w)
    torch.testing.assert_close(gradient, features.value.sum((0, 1)).expand(16, -1), rtol=1e-4, atol=1e-3)


def test_a_species_that_calibration_did_not_see_is_rounded_as_it_is():
    quantizer = Quantizer(VECTORS)
    quantizer.install(PRINCIPAL, AbsMax())
    quantizer.observing = True
    x, species = vectors(1)
    quantizer(x[species < 2], species[species < 2])
    quantizer.finish_calibration()
    unseen = species == 2
    assert torch.equal(quantizer(x[unseen], species[unseen]).value, calibrated(PLAIN)(x[unseen], species[unseen]).value)


def test_vectors_that_are_zero_stay_zero():
    """The first layer of an atom alone: calibration sees zeros, and there are no directions."""
    quantizer = Quantizer(VECTORS)
    quantizer.install(PRINCIPAL, AbsMax())
    quantizer.observing = True
    nothing, species = torch.zeros((5, 3, CHANNELS)), torch.tensor([0, 1, 2, 0, 1])
    quantizer(nothing, species)
    quantizer.finish_calibration()
    assert torch.equal(quantizer(nothing, species).value, nothing)


def test_fewer_channels_than_directions():
    quantizer = Quantizer(Slot("mix.input", Role.VECTOR_FEATURE, (None, 3, 2), 1))
    quantizer.install(PRINCIPAL, AbsMax())
    quantizer.observing = True
    x = torch.randn(7, 3, 2)
    quantizer(x)
    quantizer.finish_calibration()
    assert (quantizer(x).value - x).abs().max() < 0.02 * x.abs().max()


def test_a_state_is_loaded():
    first, second = calibrated(PRINCIPAL), Quantizer(VECTORS)
    second.install(PRINCIPAL, AbsMax())
    second.load_state_dict(first.state_dict())
    x, species = vectors(7)
    assert torch.equal(first(x, species).value, second(x, species).value)


def test_species_are_asked_for():
    with pytest.raises(RecipeError, match=r"3 species .* and needs the species .* call .* with `species`"):
        calibrated(PRINCIPAL)(vectors(1)[0])


@pytest.mark.parametrize(
    ("slot", "spec", "reason"),
    [
        (VECTORS, PRINCIPAL.inner, "vectors in local frames .Framed."),
        (SCALARS, PRINCIPAL.inner, "vectors in local frames"),
        (MESSAGES, PRINCIPAL, "vectors in local frames"),
        (WEIGHT, PRINCIPAL.inner, "one step per tensor, channel or group"),
    ],
)
def test_slots_that_it_does_not_fit(slot, spec, reason):
    with pytest.raises(RecipeError, match=reason):
        Quantizer(slot).install(spec, AbsMax())


@pytest.mark.parametrize("inner", [Uniform(8), Uniform(8, per="atom"), Mixed(Uniform(8, per="row"))])
def test_schemes_that_it_does_not_go_with(inner):
    with pytest.raises(RecipeError, match="goes directly around Uniform.bits, per='row'"):
        Compensated(inner, 4)


@pytest.mark.parametrize("count", [-1, 0, 17, 2.0, True])
def test_counts_that_are_none(count):
    with pytest.raises(RecipeError, match="expected an integer from 1 to 16"):
        Compensated(Uniform(8, per="row"), count)


def scalars(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Scalars near the mean of their species, from which they differ along few directions."""
    x, species = vectors(seed)
    means = 20 * torch.randn((KINDS, CHANNELS), generator=torch.Generator().manual_seed(12))
    return means[species] + x[:, 0], species


def calibrated_scalars(spec: Spec) -> Quantizer:
    quantizer = Quantizer(SCALARS)
    quantizer.install(spec, AbsMax())
    quantizer.observing = True
    for seed in (1, 2):  # in two batches, as calibration comes
        quantizer(*scalars(seed))
    quantizer.finish_calibration()
    return quantizer


def test_scalars_are_rounded_beside_their_mean_and_directions(seed):
    x, species = scalars(seed + 100)
    rows, errors = Uniform(8, per="row"), {}
    for count in (0, COUNT):
        found = calibrated_scalars(Centred(Compensated(rows, count) if count else rows))(x, species)
        errors[count] = float((found.value - x).square().mean().sqrt())
        assert found.compensation is not None
        assert found.codes is not None
        torch.testing.assert_close(found.compensation.rows() + found.codes * found.scale, found.value, rtol=0, atol=0)
        assert found.compensation.coefficients.shape == (ATOMS, 1 + count)
    assert errors[COUNT] < 0.15 * errors[0]


def test_scalars_that_never_differ_have_no_directions():
    """The first layer sees the embedding of a species: what is left of its squares is round-off."""
    quantizer = Quantizer(SCALARS)
    quantizer.install(Centred(Compensated(Uniform(8, per="row"), COUNT)), AbsMax())
    quantizer.observing = True
    embedding = torch.randn(KINDS, CHANNELS)
    species = torch.arange(30) % KINDS
    quantizer(embedding[species], species)
    quantizer.finish_calibration()
    assert (quantizer.calibrated.inner.scale == 0).all()
    assert (quantizer(embedding[species], species).value - embedding[species]).abs().max() < 1e-3


def test_a_linear_layer_hands_the_species_on():
    layer = Linear("layers.1.update.mix1", CHANNELS, 16, degree=1, n_species=KINDS)
    layer.input_quantizer.install(PRINCIPAL, AbsMax())
    layer.input_quantizer.observing = True
    x, species = vectors(1)
    layer(x, species=species)
    layer.input_quantizer.finish_calibration()
    torch.nn.init.normal_(layer.weight)
    with torch.no_grad():
        expected = layer.input_quantizer(x, species).value @ layer.weight.t()
        assert torch.equal(layer(x, species=species), expected)
        assert not torch.equal(layer(x, species=(species + 1) % KINDS), expected), "the control: other directions"
