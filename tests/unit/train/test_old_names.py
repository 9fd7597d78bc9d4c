"""A checkpoint of a PaiNN of version 2 is read under the names of today, every tensor to the bit."""

from __future__ import annotations

import re

import pytest
import torch

from gaq.errors import BadFile
from gaq.formats import container
from gaq.formats.checksum import sealed
from gaq.quant.presets import frame_w8a8, w4
from gaq.train.checkpoint import load_checkpoint, save_checkpoint
from gaq.train.old_names import new_name
from tiny import checkpoint, painn

# Names of today, of version 2.
PAIRS = {
    "embedding": "embedding",
    "layers.0.filters": "messages.0.filters",
    "layers.11.message.vector.l2.calibrated.step": "messages.11.vectors.1.calibrated.step",
    "layers.1.message.hidden.weight": "messages.1.hidden.weight",
    "layers.0.message.sent.input_quantizer.calibrated.step": "messages.0.sent.input.calibrated.step",
    "layers.0.message.scalar.calibrated.step": "messages.0.scalar.calibrated.step",
    "layers.3.update.mix1.weight_quantizer.calibrated.factor": "updates.3.mix.0.weight_quantizer.calibrated.factor",
    "layers.3.update.hidden.input_quantizer.calibrated.step": "updates.3.hidden.input.calibrated.step",
    "readout.hidden.weight": "readout.weight",
    "readout.energy.weight": "energy.weight",
    "reference": "reference",
}


@pytest.mark.parametrize(("today", "before"), PAIRS.items())
def test_names(today, before):
    assert new_name(before) == today


def old_name(name: str) -> str:
    """The inverse, written down on its own."""
    name = re.sub(r"^layers\.(\d+)\.message\.", r"messages.\1.", name)
    name = re.sub(r"^(messages\.\d+)\.vector\.l(\d)\.", lambda m: f"{m[1]}.vectors.{int(m[2]) - 1}.", name)
    name = re.sub(r"^layers\.(\d+)\.filters$", r"messages.\1.filters", name)
    name = re.sub(r"^layers\.(\d+)\.update\.mix(\d)\.", lambda m: f"updates.{m[1]}.mix.{int(m[2]) - 1}.", name)
    name = re.sub(r"^layers\.(\d+)\.update\.", r"updates.\1.", name)
    name = re.sub(r"^readout\.hidden\.", "readout.", re.sub(r"^readout\.energy\.", "energy.", name))
    for today, before in (("weight_quantizer", "coded"), ("input_quantizer", "input"), ("calibrated", "fitted")):
        name = name.replace(f".{today}.", f".{before}.")
    return name


def as_version_2(content: bytes, **more) -> bytes:
    file = container.parse(content, "file")
    tensors = {f"model.{old_name(name.removeprefix('model.'))}": array for name, array in file.tensors.items()}
    entries, payload = container.payload_of(tensors | more)
    return sealed(container.to_bytes(dict(file.metadata) | {"format_version": "2"}, entries, payload))


@pytest.mark.parametrize("recipe", [None, w4(learn_step=True), frame_w8a8()], ids=["fp32", "w4", "frame-w8a8"])
def test_a_checkpoint_of_version_2_is_read_to_the_bit(tmp_path, recipe):
    today, old = tmp_path / "today.ckpt", tmp_path / "old.ckpt"
    save_checkpoint(today, checkpoint(painn(layers=3), recipe))
    old.write_bytes(as_version_2(today.read_bytes()))
    assert old.read_bytes() != today.read_bytes()
    one, other = (load_checkpoint(path) for path in (today, old))
    assert other.recipe == one.recipe
    theirs = other.model.state_dict()
    for name, tensor in one.model.state_dict().items():
        assert torch.equal(tensor, theirs[name]), name
    save_checkpoint(old, other)
    assert old.read_bytes() == today.read_bytes(), "saved again, it is of this version"


def test_a_training_that_an_older_gaq_began_is_refused(tmp_path):
    path = tmp_path / "last.ckpt"
    save_checkpoint(path, checkpoint(painn()))
    path.write_bytes(as_version_2(path.read_bytes(), **{"optimizer.0.0.step": torch.zeros(1).numpy()}))
    with pytest.raises(BadFile, match="the state of a training that an older gaq began.*or train again"):
        load_checkpoint(path)
