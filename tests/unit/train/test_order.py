"""The order of layers is seen from the network; the control is a network that is told another way."""

from __future__ import annotations

import torch

from gaq.quant.install import preset
from gaq.train.frames import prepare
from gaq.train.order import stages_of
from gaq.train.session import quantize
from tiny import config, dataset, molecules, network, painn

READOUT = [("readout.hidden",), ("readout.energy",)]


def layers(*stages, count=2):
    named = [[tuple(f"layers.{i}.{name}" for name in stage) for stage in stages] for i in range(count)]
    return [stage for one in named for stage in one] + READOUT


def test_a_mix_and_the_output_of_attention_do_not_see_each_other():
    expected = layers(
        ("attention.project",),
        ("attention.output", "update.mix1", "update.mix2"),
        ("update.hidden",),
        ("update.gates",),
    )
    assert stages_of(network(config(degrees=2)), prepare(dataset(2), 5.0)) == expected


def test_of_painn():
    expected = layers(("message.hidden",), ("message.sent",), ("update.mix1",), ("update.hidden",), ("update.gates",))
    assert stages_of(network(painn()), prepare(dataset(2), 5.0)) == expected


def test_quantizers_without_a_gradient_hide_nothing():
    model = network(config())
    stopped = quantize(model, preset("svq-kmeans", 0), molecules())
    frames = prepare(dataset(2), 5.0)
    active = [q.active for q in stopped.quantizers()]
    assert stages_of(stopped, frames) == stages_of(model, frames)
    assert [q.active for q in stopped.quantizers()] == active
    assert not any(m._forward_hooks for m in stopped.modules())


def test_layers_that_do_not_feed_each_other_share_a_stage(monkeypatch):
    """The control: with the scalars cut off from the update, its layers are met alongside the projection."""
    model = network(config(layers=1))
    monkeypatch.setattr(type(model.layers[0].attention), "forward", _detached(type(model.layers[0].attention).forward))
    found = stages_of(model, prepare(dataset(2), 5.0))
    assert found[0] == ("layers.0.attention.project", "layers.0.attention.output", "layers.0.update.mix1")


def _detached(forward):
    def without_history(self, s, geometry):
        return tuple(torch.Tensor.detach(t) for t in forward(self, s, geometry))

    return without_history
