"""Tensors keep the names in files that they had when attributes of the network had other names."""

from __future__ import annotations

from gaq.formats.container import read_container
from gaq.quant.install import preset
from gaq.train.checkpoint import Checkpoint, save_checkpoint
from gaq.train.session import quantize
from gaq.train.stored_names import network_name, stored_name
from tiny import config, molecules, network


def test_names_in_a_network_and_in_a_file_belong_together():
    recipe = preset("w4a16")
    names = list(quantize(network(config()), recipe, molecules()).state_dict())
    assert any("weight_quantizer" in name for name in names)
    assert [network_name(stored_name(name)) for name in names] == names
    assert len({stored_name(name) for name in names}) == len(names)
    assert stored_name("messages.0.project.weight") == "messages.0.project.weight"


def test_a_file_has_the_names_of_shipped_checkpoints(tmp_path):
    recipe = preset("gaq-w8a8", 0)
    save_checkpoint(tmp_path / "m.ckpt", Checkpoint(quantize(network(config()), recipe, molecules()), recipe))
    names = set(read_container(tmp_path / "m.ckpt").tensors)
    assert "model.updates.0.hidden.weight_quantizer.calibrated.ratio" in names
    assert any(name.endswith(".input.calibrated.step") for name in names)
    assert not any("quantizer" in name or "calibrated" in name for name in names)
