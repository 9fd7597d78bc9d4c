"""A compiled training step has the loss and the gradients of the one that autograd records, for batches of any size."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
import torch

from built import compiles
from gaq.data.dataset import Dataset
from gaq.errors import UsageError
from gaq.quant.install import preset
from gaq.quant.methods.svq import svq_kmeans, svq_kmeans_ste
from gaq.quant.presets import frame_w4a8
from gaq.train import compiled
from gaq.train.calibrate import quantized_copy
from gaq.train.compiled import compiled_for
from gaq.train.config import LossConfig
from gaq.train.frames import TrainFrames, prepare
from gaq.train.gradients import TrainBatch, step_by_step
from tiny import config, dataset, network

LOSS = LossConfig()


def frames() -> TrainFrames:
    return prepare(dataset(6), 5.0)


def train_batch(data: TrainFrames, chosen: list[int], seed: int = 0) -> TrainBatch:
    """A part of a larger batch, with some atoms that pass one slot in float."""
    batch, target = data.batch(chosen)
    draw = torch.Generator().manual_seed(seed)
    spared = {"layers.0.update.hidden.input": torch.rand(len(batch.species), generator=draw) < 0.5}
    return TrainBatch(batch, target, (len(chosen) + 1, len(batch.species) + 3), spared=spared)


def gradients(differentiate, model, task: TrainBatch) -> tuple[float, list[torch.Tensor]]:
    for parameter in model.parameters():
        parameter.grad = None
    loss = differentiate(model, task, LOSS)
    return loss.item(), [torch.zeros_like(p) if p.grad is None else p.grad for p in model.parameters()]


def distance(one: list[torch.Tensor], other: list[torch.Tensor]) -> float:
    """Of two sets of gradients, relative to the larger of them."""
    one, other = (torch.cat([g.flatten() for g in each]).double() for each in (one, other))
    return ((one - other).norm() / one.norm()).item()


@pytest.fixture(scope="module")
def quantized():
    """A quantized network in float64, in which round-off flips no code, and its compiled step."""
    model = network(config(layers=1), torch.float64)
    recipe = replace(frame_w4a8(warmup=0), name="tried")
    return quantized_copy(model, recipe, frames()), compiled_for(recipe)


@pytest.mark.long
@compiles
def test_gradients_are_those_of_autograd_for_all_sizes_and_weights(quantized, monkeypatch):
    model, differentiate = quantized
    data = frames()
    for chosen in ([0, 1, 2], [3, 4], [0, 2, 3, 5]):
        task = train_batch(data, chosen)
        loss, expected = gradients(step_by_step, model, task)
        compiled_loss, found = gradients(differentiate, model, task)
        assert compiled_loss == pytest.approx(loss, rel=1e-9)
        assert distance(expected, found) < 1e-8
        # One graph does for all of them, and none is made again.
        monkeypatch.setattr(compiled, "_graph", lambda *given: pytest.fail("a second graph"))
    other = copy.deepcopy(model)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.mul_(1.1)
    changed = gradients(step_by_step, other, task)[1]
    assert distance(expected, changed) > 1e-3, "the control: other weights have other gradients"
    assert distance(changed, gradients(differentiate, other, task)[1]) < 1e-8
    spared = train_batch(data, chosen, seed=1)
    again = gradients(step_by_step, model, spared)[1]
    assert distance(expected, again) > 1e-6, "the control: it matters who is spared"
    assert distance(again, gradients(differentiate, model, spared)[1]) < 1e-8


def test_a_single_structure_is_differentiated_step_by_step(quantized, monkeypatch):
    model, differentiate = quantized
    monkeypatch.setattr(compiled, "_graph", lambda *given: pytest.fail("a graph"))
    task = train_batch(frames(), [1])
    assert distance(gradients(step_by_step, model, task)[1], gradients(differentiate, model, task)[1]) == 0


def test_what_no_graph_can_hold_is_refused():
    with pytest.raises(UsageError, match=r"svq-kmeans-ste.*codebook that moves.*without `compile`"):
        compiled_for(svq_kmeans_ste())


def test_a_codebook_that_stands_still_is_not():
    compiled_for(svq_kmeans())
    compiled_for(preset("gaq-w4a8"))


def test_data_of_the_fixture_differ_in_size():
    """Else the test of sizes would show nothing."""
    data: Dataset = dataset(6)
    assert len({len(s) for s in data.structures}) > 1
