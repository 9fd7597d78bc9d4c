"""Matrices go to Muon and the rest to Adam; the schedule rises and falls; the average follows the weights."""

from __future__ import annotations

import pytest
import torch

from gaq.quant.presets import w4
from gaq.train.config import OptimizerConfig
from gaq.train.muon import Muon
from gaq.train.optimizer import Average, build_optimizers, is_matrix, schedule
from gaq.train.session import quantize
from tiny import config, network


def sizes(optimizer: torch.optim.Optimizer) -> list[int]:
    return [id(p) for group in optimizer.param_groups for p in group["params"]]


def test_each_parameter_has_one_optimizer():
    model = quantize(network(config(degrees=2)), w4(learn_step=True))
    optimizers = build_optimizers(model, OptimizerConfig())
    adam, muon = optimizers.parts
    assert isinstance(adam, torch.optim.AdamW)
    assert isinstance(muon, Muon)
    assert sorted(sizes(adam) + sizes(muon)) == sorted(id(p) for p in model.parameters())
    names = {id(p): name for name, p in model.named_parameters()}
    by_muon = {names[i] for i in sizes(muon)}
    assert {"layers.0.filters", "layers.1.update.mix2.weight", "readout.hidden.weight"} <= by_muon
    assert not by_muon & {"embedding", "readout.energy.weight", "layers.0.attention.bias", "readout.hidden.bias"}
    assert any("factor" in names[i] for i in sizes(adam)), "learned steps"
    assert not any("factor" in name for name in by_muon)


def test_adam_alone():
    model = network(config())
    optimizers = build_optimizers(model, OptimizerConfig(name="adam", adam_lr=3e-4))
    assert len(optimizers.parts) == 1
    assert optimizers.rates == (3e-4,)
    assert len(sizes(optimizers.parts[0])) == len(list(model.parameters()))


@pytest.mark.parametrize(
    ("name", "shape", "expected"),
    [
        ("readout.hidden.weight", (4, 4), True),
        ("layers.0.filters", (8, 4), True),
        ("readout.energy.weight", (1, 4), False),
        ("embedding", (4, 4), False),
        ("attention.bias", (8, 4), False),
        ("readout.hidden.bias", (4,), False),
    ],
)
def test_what_is_a_matrix(name, shape, expected):
    assert is_matrix(name, torch.zeros(shape)) is expected


def test_a_step_moves_at_the_given_share_of_the_rate():
    model = network(config())
    optimizers = build_optimizers(model, OptimizerConfig(lr=0.1, adam_lr=0.01))
    for p in model.parameters():
        p.grad = torch.ones_like(p)
    optimizers.step(0.5)
    assert [g["lr"] for part in optimizers.parts for g in part.param_groups] == [0.005, 0.05]
    optimizers.clear()
    assert all(p.grad is None for p in model.parameters())


def test_state_goes_through_tensors_and_back(seed):
    def stepped(count, model, optimizers, draw):
        for _ in range(count):
            for p in model.parameters():
                p.grad = torch.randn(p.shape, generator=draw)
            optimizers.step(1.0)

    first, second = network(config()), network(config())
    one = build_optimizers(first, OptimizerConfig())
    stepped(3, first, one, torch.Generator().manual_seed(seed))
    second.load_state_dict(first.state_dict())
    other = build_optimizers(second, OptimizerConfig())
    other.restore({name: t.clone() for name, t in one.tensors().items()})
    assert one.tensors().keys() == other.tensors().keys()
    stepped(2, first, one, torch.Generator().manual_seed(seed + 1))
    stepped(2, second, other, torch.Generator().manual_seed(seed + 1))
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    fresh = build_optimizers(second, OptimizerConfig())
    stepped(1, first, one, torch.Generator().manual_seed(seed + 2))
    stepped(1, second, fresh, torch.Generator().manual_seed(seed + 2))
    assert not torch.equal(first.embedding, second.embedding), "a state that is not restored would be seen"


@pytest.mark.parametrize("key", ["2.0.step", "-1.0.step", "0.999.step", "0.-1.step", "1.0.momentum", "a.b.c"])
def test_a_state_of_another_network_is_refused(key):
    with pytest.raises(ValueError, match="the optimizer|invalid literal"):
        build_optimizers(network(config()), OptimizerConfig()).restore({key: torch.zeros(3)})


def test_the_schedule_rises_then_falls_to_zero():
    factors = [schedule(step, 100, 10) for step in range(101)]
    assert factors[0] == pytest.approx(0.1)
    assert max(factors) == pytest.approx(factors[9])
    assert factors[9] == pytest.approx(0.5 * (1 + torch.cos(torch.tensor(0.09 * torch.pi)).item()), rel=1e-6)
    assert factors[:10] == sorted(factors[:10])
    assert factors[9:] == sorted(factors[9:], reverse=True)
    assert len(set(factors)) > 95
    assert factors[50] == pytest.approx(0.5)
    assert factors[100] == 0
    assert schedule(0, 100, 0) == 1
    assert schedule(0, 0, 0) == 1


def test_the_average_has_a_short_memory_at_first():
    """After step n the weight of the new value is 1 − min(decay, (1 + n) / (10 + n))."""
    model = network(config())
    average = Average(model, decay=0.5)
    start = model.readout.hidden.bias.detach().clone()
    with torch.no_grad():
        model.readout.hidden.bias.add_(1.0)
    average.update(model, 1)
    expected = start + (1 - 2 / 11)
    assert torch.allclose(average.weights["readout.hidden.bias"], expected, atol=1e-6)
    average.update(model, 1000)
    assert torch.allclose(average.weights["readout.hidden.bias"], 0.5 * (expected + start + 1.0), atol=1e-6)


def test_exchange_swaps_and_swaps_back():
    model = network(config())
    average = Average(model, decay=0.9)
    kept = {name: t.clone() for name, t in average.weights.items()}
    with torch.no_grad():
        for p in model.parameters():
            p.add_(1.0)
    live = {name: p.detach().clone() for name, p in model.named_parameters()}
    average.exchange(model)
    assert all(torch.equal(p, kept[name]) for name, p in model.named_parameters())
    assert all(torch.equal(average.weights[name], live[name]) for name in live)
    average.exchange(model)
    assert all(torch.equal(p, live[name]) for name, p in model.named_parameters())
