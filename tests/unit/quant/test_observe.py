from __future__ import annotations

import pytest
import torch

from gaq.errors import RecipeError
from gaq.quant.observe import (
    OBSERVERS,
    AbsMax,
    MeanMagnitude,
    MeanSquare,
    Percentile,
    Statistics,
    UnitRange,
    observer_from_dict,
    observer_to_dict,
    range_of_features,
    range_of_weights,
)


@pytest.fixture
def sample(seed):
    return torch.randn(50_000, generator=torch.Generator().manual_seed(seed))


def seen(*tensors):
    statistics = Statistics()
    for tensor in tensors:
        statistics.update(tensor)
    return statistics


def error(x, largest, high):
    step = largest / high
    return float(((x / step).round().clamp(-high, high) * step - x).square().mean())


def test_the_largest(sample):
    assert range_of_features(AbsMax(), seen(sample), 127) == sample.abs().max()


@pytest.mark.parametrize("percent", [90.0, 99.9, 100])
def test_a_percentile_is_right_to_a_bin(sample, percent):
    expected = float(torch.quantile(sample.abs(), percent / 100))
    assert range_of_features(Percentile(percent), seen(sample), 127) == pytest.approx(expected, rel=0.012)


def test_the_order_and_the_batches_do_not_matter(sample):
    whole, parts = seen(sample), seen(sample[30_000:], sample[:10_000], sample[10_000:30_000])
    for observer in (AbsMax(), Percentile(99.0), MeanSquare()):
        assert range_of_features(observer, whole, 7) == range_of_features(observer, parts, 7)


@pytest.mark.parametrize("high", [1, 7, 127])
def test_the_mean_square_range_is_nearly_the_best(sample, high):
    found = error(sample, range_of_features(MeanSquare(), seen(sample), high), high)
    best = min(error(sample, float(r), high) for r in torch.linspace(0.5, 6, 200))
    assert found < 1.05 * best
    assert found < 0.95 * error(sample, float(sample.abs().max()), high), "clipping must pay here"


def test_the_start_of_lsq(sample):
    largest = range_of_features(MeanMagnitude(), seen(sample), 7)
    assert largest / 7 == pytest.approx(2 * float(sample.abs().mean()) / 7**0.5, rel=1e-5)


def test_unit_vectors_and_zeros_have_the_range_one():
    assert range_of_features(UnitRange(), Statistics(), 127) == 1
    assert range_of_features(AbsMax(), seen(torch.zeros(5)), 127) == 1
    assert range_of_features(MeanSquare(), seen(torch.zeros(5)), 127) == 1


def test_an_empty_batch_changes_nothing(sample):
    assert seen(sample, torch.zeros(0, 3)).count == len(sample)


@pytest.mark.parametrize("observer", [AbsMax(), Percentile(90.0), MeanMagnitude(), MeanSquare(), UnitRange()])
@pytest.mark.parametrize("axes", [(-1,), (0, 1)])
def test_weights_have_a_range_for_each_step(seed, observer, axes):
    weight = torch.randn(6, 40, generator=torch.Generator().manual_seed(seed)) * torch.arange(1, 7)[:, None]
    ranges = range_of_weights(observer, weight, axes, 7)
    rows = weight if axes == (-1,) else weight.reshape(1, -1)
    assert ranges.shape == (len(rows), 1)
    for row, found in zip(rows, ranges, strict=True):
        size = row.abs()
        expected = {
            AbsMax: size.max(),
            Percentile: torch.quantile(size, 0.9),
            MeanMagnitude: 2 * size.mean() * 7**0.5,
            UnitRange: torch.tensor(1.0),
            MeanSquare: found[0],
        }[type(observer)]
        torch.testing.assert_close(found[0], expected)
        if isinstance(observer, MeanSquare):
            best = min(error(row, float(r * size.max()), 7) for r in torch.linspace(0.3, 1, 71))
            assert error(row, float(found), 7) < 1.001 * best


def test_every_observer_goes_to_plain_data_and_back():
    for family in OBSERVERS:
        assert observer_from_dict(observer_to_dict(family())) == family()
    assert observer_from_dict({"kind": "percentile", "percent": 99}) == Percentile(99)


@pytest.mark.parametrize("percent", [50, 100.1, "99", True])
def test_a_percentage_out_of_range_is_refused(percent):
    with pytest.raises(RecipeError, match="percent is"):
        Percentile(percent)


def test_an_unknown_observer_is_refused():
    with pytest.raises(RecipeError, match="Did you mean 'abs-max'"):
        observer_from_dict({"kind": "absmax"})
