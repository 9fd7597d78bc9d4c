"""Rung 1 for vectors: both engines give every vector the same codes, wherever a rounding could decide.

Directions are no staircase, so the test is dense: every codeword, the middles between neighbours, the planes at which
the sphere is folded, all of them nudged by one unit in the last place; thresholds of magnitudes; drawn vectors. A
library that fuses multiply and add, which the scheme forbids, must fail it.
"""

from __future__ import annotations

import pytest
import torch

from built import contracted_library
from contract.every_spec import polar_cases
from gaq.quant.direction_spec import Component, Fibonacci, Octahedral
from gaq.quant.spec import Polar
from parity.directions import around_thresholds, codewords, drawn, hard, ids, in_channels, schemes
from parity.slotted import SECOND, VECTORS, Scheme, Slotted, assert_same, slotted

DRAWN = 300_000  # for the code of the shipped models and for a codebook; others a tenth
MANY = 1_000_000


@pytest.fixture(scope="module")
def slots() -> dict[Scheme, Slotted]:
    every = schemes()
    return dict(zip(every, slotted(every, VECTORS), strict=True))


@pytest.fixture
def draw(seed) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("scheme", schemes(), ids=ids)
def test_every_vector_has_the_same_codes(scheme, slots, draw):
    spec = scheme.spec
    count = DRAWN if spec in (Polar(8, Octahedral(16)), Polar(8, Fibonacci(8))) else DRAWN // 10
    vectors = [hard(codewords(slots[scheme])), drawn(count, draw)]
    if spec.magnitude == "linear" and scheme.step is not None:
        vectors.append(around_thresholds(scheme.step, spec.high, draw))
    expected = assert_same(slots[scheme], in_channels(torch.cat(vectors)))
    assert len(set(expected.codes.ravel())) > 0.3 * min(spec.high, 4000), "many magnitudes occur"
    if expected.directions is not None and expected.directions.ndim == 2:  # the square holds some points twice
        assert len(set(expected.directions.ravel())) > 0.6 * min(len(codewords(slots[scheme])), 4000)


@pytest.mark.physics
@pytest.mark.parametrize("scheme", schemes(), ids=ids)
def test_a_million_drawn_vectors_have_the_same_codes(scheme, slots, draw):
    assert_same(slots[scheme], in_channels(drawn(MANY, draw)))


@pytest.mark.parametrize("magnitude", ["linear", "log"])
@pytest.mark.parametrize("per", ["tensor", "atom"])
def test_higher_degrees_have_the_same_codes(magnitude, per, draw):
    """Five components: no codebook, but components of the unit vector."""
    step = None if per == "atom" else 0.02 if magnitude == "linear" else 5.0
    (slot,) = slotted([Scheme(Polar(8, Component(8), magnitude=magnitude, per=per), step)], SECOND)
    vectors = torch.randn(400, 5, 60, generator=draw) * torch.exp(torch.randn(400, 1, 60, generator=draw))
    vectors[0], vectors[1, :, :30], vectors[2, 1:] = 0, 0, 0
    vectors[3] *= 1e-25
    assert_same(slot, vectors)


def test_atoms_without_a_length_decode_to_zero():
    """A dynamic step has nothing to divide by: zero vectors, and vectors too short to have a square."""
    for slot in slotted(
        [Scheme(Polar(8, code, per="atom")) for code in (Octahedral(16), Fibonacci(8), Component(8))], VECTORS
    ):
        found = assert_same(slot, torch.cat((torch.zeros(1, 3, 20), torch.full((1, 3, 20), 1e-30))))
        assert (found.decoded == 0).all()
        assert (found.codes == 0).all()


@pytest.mark.parametrize("code", [Octahedral(16), Fibonacci(8)], ids=str)
def test_a_library_that_contracts_is_noticed(code, draw):
    """The control: what cannot see a fused multiply and add proves nothing."""
    scheme = Scheme(Polar(8, code), 0.013)
    (good,), (contracted,) = slotted([scheme], VECTORS), slotted([scheme], VECTORS, contracted_library())
    vectors = torch.cat((hard(codewords(good)), drawn(DRAWN, draw), around_thresholds(0.013, 255, draw)))
    features = in_channels(vectors)
    expected = good.in_python(features)
    differing, count = contracted.in_engine(features).differing(expected)
    assert differing > 50, f"only {differing} of {count} codes differ with contraction"
    assert good.in_engine(features).differing(expected)[0] == 0


def test_every_spec_of_the_contract_was_thought_of():
    """Whoever adds a direction code finds it missing here."""
    kinds = {type(case.values[1].directions) for case in polar_cases()}
    assert kinds == {type(scheme.spec.directions) for scheme in schemes()}
