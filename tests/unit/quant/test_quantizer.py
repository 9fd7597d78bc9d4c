from __future__ import annotations

import copy

import pytest
import torch

from gaq.errors import RecipeError
from gaq.quant.direction_spec import Fibonacci, KMeans
from gaq.quant.observe import AbsMax, MeanMagnitude, MeanSquare, Percentile, UnitRange
from gaq.quant.quantizer import Quantizer, weight_bits
from gaq.quant.slot import Role, Slot
from gaq.quant.spec import Framed, Identity, Polar, Uniform
from gaq.quant.wrappers import Learned

SCALARS = Slot("layers.1.update.hidden.input", Role.SCALAR_FEATURE, (None, 32))
VECTORS = Slot("layers.1.update.mix1.input", Role.VECTOR_FEATURE, (None, 3, 32), degree=1)
TENSORS = Slot("layers.1.update.mix2.input", Role.VECTOR_FEATURE, (None, 5, 32), degree=2)
WEIGHT = Slot("layers.1.update.hidden.weight", Role.SCALAR_WEIGHT, (16, 32))
KEYS = Slot("layers.1.attention.key", Role.QUERY_KEY, (None, 4, 8))


@pytest.fixture
def x(seed):
    return torch.randn(20, 32, generator=torch.Generator().manual_seed(seed))


def calibrated(slot, spec, observer, *batches):
    quantizer = Quantizer(slot)
    quantizer.install(spec, observer)
    quantizer.observing = True
    for batch in batches:
        quantizer(batch)
    quantizer.finish_calibration()
    return quantizer


def test_a_new_quantizer_is_the_identity(x):
    quantizer = Quantizer(SCALARS)
    assert quantizer.spec == Identity()
    assert quantizer(x).value is x
    assert quantizer(x).codes is None
    assert quantizer.state_dict() == {}


def test_inactive_and_observing_let_everything_pass(x):
    quantizer = calibrated(SCALARS, Uniform(4), AbsMax(), x)
    assert not torch.equal(quantizer(x).value, x)
    quantizer.active = False
    assert quantizer(x).value is x
    quantizer.active, quantizer.observing = True, True
    assert quantizer(x).value is x


def test_a_frame_is_wanted_while_it_matters():
    quantizer = Quantizer(VECTORS)
    assert not quantizer.wants_frame
    quantizer.install(Framed(Uniform(8, per="row")), AbsMax())
    assert quantizer.wants_frame
    quantizer.active = False
    assert not quantizer.wants_frame
    quantizer.observing = True
    assert quantizer.wants_frame


def test_a_fixed_step_must_be_calibrated_first(x):
    quantizer = Quantizer(SCALARS)
    quantizer.install(Uniform(8), AbsMax())
    with pytest.raises(RecipeError, match="'layers.1.update.hidden.input' holds Uniform.*not calibrated"):
        quantizer(x)


@pytest.mark.parametrize(
    ("slot", "spec", "observer"),
    [
        (SCALARS, Uniform(8), AbsMax()),
        (WEIGHT, Uniform(4, per="channel"), MeanSquare()),
        (WEIGHT, Learned(Uniform(4, per="channel")), MeanMagnitude()),
        (VECTORS, Polar(8, Fibonacci(8)), AbsMax()),
    ],
)
def test_calibration_without_data_is_refused(slot, spec, observer):
    quantizer = Quantizer(slot)
    quantizer.install(spec, observer)
    with pytest.raises(RecipeError, match=f"slot '{slot.name}' .* saw no data"):
        quantizer.finish_calibration()


@pytest.mark.parametrize(
    ("slot", "spec", "observer"),
    [
        (SCALARS, Uniform(8, per="row"), AbsMax()),
        (WEIGHT, Uniform(8, per="channel"), AbsMax()),
        (KEYS, Uniform(8), UnitRange()),
        (VECTORS, Polar(8, Fibonacci(8), per="atom"), AbsMax()),
    ],
)
def test_what_needs_no_data_works_at_once(slot, spec, observer):
    quantizer = Quantizer(slot)
    quantizer.install(spec, observer)
    shape = tuple(4 if size is None else size for size in slot.shape)
    before = quantizer(torch.ones(shape) * 0.5).value
    quantizer.finish_calibration()
    assert torch.equal(quantizer(torch.ones(shape) * 0.5).value, before)


@pytest.mark.parametrize(
    ("slot", "spec", "observer", "said"),
    [
        (SCALARS, Uniform(8, per="row"), Percentile(), "calibrate is Percentile.*expected AbsMax"),
        (VECTORS, Polar(8, Fibonacci(8), per="atom"), Percentile(), "expected AbsMax"),
        (
            VECTORS,
            Polar(8, Fibonacci(8), magnitude="log"),
            MeanSquare(),
            "expected AbsMax\\(\\) or Percentile",
        ),
    ],
)
def test_an_observer_that_would_not_be_heard_is_refused(slot, spec, observer, said):
    with pytest.raises(RecipeError, match=said):
        Quantizer(slot).install(spec, observer)


def test_the_step_is_the_range_over_the_largest_code_and_stays(x):
    quantizer = calibrated(SCALARS, Uniform(8), AbsMax(), x, 3 * x)
    step = float(3 * x.abs().max() / 127)
    assert float(quantizer.calibrated.step) == pytest.approx(step, rel=1e-6)
    assert quantizer.calibrated.inverse_step == 1 / quantizer.calibrated.step
    assert quantizer(100 * x).value.abs().max() == quantizer.calibrated.step * 127


def test_unit_vectors_use_the_whole_range():
    quantizer = Quantizer(KEYS)
    quantizer.install(Uniform(8), UnitRange())
    codes = quantizer(torch.ones(2, 4, 8)).codes
    assert (codes == 127).all()


def test_a_weight_step_follows_its_weight(x):
    weight = x[:16]
    quantizer = calibrated(WEIGHT, Uniform(4, per="channel"), MeanSquare(), weight)
    assert torch.equal(quantizer(2 * weight).value, 2 * quantizer(weight).value)
    assert (quantizer.calibrated.ratio < 1).any()
    assert quantizer.calibrated.ratio.shape == (16, 1)


def test_the_mean_square_start_beats_the_largest_entry(x):
    weight = x[:16]
    errors = [
        float((calibrated(WEIGHT, Uniform(4, per="channel"), o, weight)(weight).value - weight).square().mean())
        for o in (MeanSquare(), AbsMax())
    ]
    assert errors[0] < errors[1]


def test_finer_groups_lose_less(x):
    weight = x[:16] * torch.linspace(0.1, 3, 32)
    specs = [Uniform(4), Uniform(4, per="channel"), Uniform(4, per="group", group=8)]
    errors = [float((calibrated(WEIGHT, s, AbsMax(), weight)(weight).value - weight).square().sum()) for s in specs]
    assert errors[0] > errors[1] > errors[2]


def test_a_learned_step_learns(x):
    """From a bad start, the step alone brings the error down to near that of the best range."""
    weight = x[:16]
    quantizer = calibrated(WEIGHT, Learned(Uniform(4, per="channel")), UnitRange(), weight)
    best = calibrated(WEIGHT, Uniform(4, per="channel"), MeanSquare(), weight)

    def error(q):
        return (q(weight).value - weight).square().mean()

    start = error(quantizer).item()
    optimizer = torch.optim.Adam(quantizer.parameters(), lr=0.03)
    for _ in range(150):
        optimizer.zero_grad()
        error(quantizer).backward()
        optimizer.step()
    assert error(quantizer).item() < 0.3 * start
    assert error(quantizer).item() < 1.2 * error(best).item()


def test_a_learned_step_cannot_reach_zero(x):
    quantizer = calibrated(WEIGHT, Learned(Uniform(4)), MeanMagnitude(), x[:16])
    with torch.no_grad():
        quantizer.calibrated.factor.fill_(-5.0)
    assert torch.isfinite(quantizer(x[:16]).value).all()
    assert quantizer(x[:16]).scale > 0


def test_higher_degrees_are_coded_by_components(seed):
    x = torch.randn(50, 5, 32, generator=torch.Generator().manual_seed(seed))
    quantizer = calibrated(TENSORS, Polar(8, Fibonacci(8)), AbsMax(), x)
    value = quantizer(x).value
    cosine = (value * x).sum(-2) / (value.norm(dim=-2) * x.norm(dim=-2))
    assert cosine.min() > 0.9999


def test_installing_again_forgets_what_was(x):
    quantizer = calibrated(SCALARS, Uniform(4), AbsMax(), x)
    quantizer.install(Identity(), AbsMax())
    assert quantizer(x).value is x
    assert quantizer.state_dict() == {}


def test_a_copy_is_independent(x):
    quantizer = calibrated(VECTORS, Polar(8, KMeans(3)), AbsMax(), x.reshape(-1, 1, 32).expand(-1, 3, -1) + 0.1)
    twin = copy.deepcopy(quantizer)
    vectors = torch.ones(2, 3, 32)
    before = quantizer(vectors).value
    with torch.no_grad():
        twin.calibrated.step.mul_(2)
    assert torch.equal(quantizer(vectors).value, before)
    state = {name: tensor + 1 for name, tensor in quantizer.state_dict().items()}
    twin.load_state_dict(state)
    assert torch.equal(quantizer(vectors).value, before)


def test_a_state_from_before_calibration_is_not_taken_for_one(x):
    fresh, other = Quantizer(SCALARS), Quantizer(SCALARS)
    for quantizer in (fresh, other):
        quantizer.install(Uniform(8), AbsMax())
    other.load_state_dict(fresh.state_dict())
    with pytest.raises(RecipeError, match="not calibrated"):
        other(x)


@pytest.mark.parametrize(
    ("spec", "bits"),
    [
        (Identity(), (16 * 32 * 32, 0)),
        (Uniform(8), (16 * 32 * 8, 32)),
        (Uniform(4, per="channel"), (16 * 32 * 4, 16 * 32)),
        (Uniform(4, per="group", group=8), (16 * 32 * 4, 16 * 4 * 32)),
    ],
)
def test_the_bits_of_a_weight(spec, bits):
    quantizer = Quantizer(WEIGHT)
    quantizer.install(spec, AbsMax())
    assert weight_bits(quantizer) == bits


def test_a_feature_is_not_stored():
    with pytest.raises(RecipeError, match="holds no weight"):
        weight_bits(Quantizer(SCALARS))
