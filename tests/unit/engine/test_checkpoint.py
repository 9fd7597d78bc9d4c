"""The model of a checkpoint keeps all that the file says, and is written as it was read."""

from __future__ import annotations

import pytest

from gaq.engine.checkpoint import CheckpointModel
from gaq.errors import BadFile
from gaq.quant.install import preset
from gaq.train.checkpoint import load_checkpoint, save_checkpoint
from tiny import checkpoint, config, molecules


def test_it_is_written_as_it_was_read(tmp_path):
    save_checkpoint(tmp_path / "a.ckpt", checkpoint(config(), preset("w4")))
    model = CheckpointModel(load_checkpoint(tmp_path / "a.ckpt"), "a.ckpt")
    model.evaluate(molecules())
    model.save(tmp_path / "b.ckpt")
    assert (tmp_path / "b.ckpt").read_bytes() == (tmp_path / "a.ckpt").read_bytes()


def test_it_says_what_the_file_says():
    model = CheckpointModel(checkpoint(config(), preset("frame-w4a8")), "a.ckpt", strict=True)
    assert (model.name, model.model, model.recipe, model.strict) == ("torch", "a.ckpt", "frame-w4a8", True)
    assert (model.cutoff, model.species) == (config().cutoff, frozenset({1, 6, 7, 8}))


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(BadFile, match="it is a folder"):
        CheckpointModel(checkpoint(config()), "a.ckpt").save(tmp_path)
