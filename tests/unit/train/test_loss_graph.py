"""The function that is compiled has the loss and gradients of a batch, whatever batch it was made with."""

from __future__ import annotations

import pickle
from dataclasses import replace

import torch

from gaq.geometry.rotations import random_rotations
from gaq.train.config import LossConfig
from gaq.train.frames import prepare
from gaq.train.gradients import TrainBatch, step_by_step
from gaq.train.loss_graph import LossGraph, inputs_of, kind_of
from tiny import config, dataset, network

SLOT = "layers.0.update.hidden.input"


def batch_of(chosen: list[int]) -> TrainBatch:
    batch, target = prepare(dataset(6), 5.0).batch(chosen)
    passing = {SLOT: torch.arange(len(batch.species)) % 2 == 0}
    rotations = random_rotations(len(chosen), torch.Generator().manual_seed(0))
    return TrainBatch(batch, target, (len(chosen) + 1, len(batch.species)), rotations, passing)


def assert_same(graph: LossGraph, model, train_batch: TrainBatch) -> None:
    loss, *found = graph.function()(list(inputs_of(model, train_batch).values()))
    for parameter in model.parameters():
        parameter.grad = None
    assert torch.equal(loss.detach(), step_by_step(model, train_batch, graph.config))
    for parameter, gradient in zip(model.parameters(), found, strict=True):
        expected = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        assert torch.allclose(gradient, expected, rtol=1e-12, atol=1e-12 * expected.abs().max().item())


def test_it_is_a_function_of_its_inputs_alone():
    config_of_loss = LossConfig(symmetry=0.1)
    graph = LossGraph(network(config(), torch.float64), batch_of([0, 1]), config_of_loss)
    before = [p.clone() for p in graph.model.parameters()]
    assert_same(graph, graph.model, batch_of([0, 1]))
    assert_same(graph, network(config(), torch.float64, seed=1), batch_of([2, 3, 4]))
    assert all(torch.equal(p, b) for p, b in zip(graph.model.parameters(), before, strict=True))


def test_it_can_be_sent_to_another_process():
    graph = LossGraph(network(config(), torch.float64), batch_of([0, 1]), LossConfig(symmetry=0.1))
    assert_same(pickle.loads(pickle.dumps(graph)), graph.model, batch_of([2, 3]))


def test_sizes_that_vary_are_those_of_batches_and_species():
    graph = LossGraph(network(config()), batch_of([0, 1]), LossConfig())
    assert {
        "species",
        "positions",
        "sender",
        "label forces",
        f"spared {SLOT}",
        "embedding",
        "rotations",
    } <= graph.varying
    assert graph.varying <= graph.inputs.keys()
    other = inputs_of(graph.model, batch_of([2, 3, 4]))
    changed = {name for name, tensor in graph.inputs.items() if tensor.shape != other[name].shape}
    assert {"species", "rotations"} < changed <= graph.varying
    assert all(graph.inputs[name].shape[1:] == other[name].shape[1:] for name in other)


def test_what_a_trace_cannot_ask_makes_a_kind():
    one = batch_of([0, 1])
    assert kind_of(one) == (False, True, False)
    assert kind_of(replace(one, rotations=None)) == (False, False, False)
