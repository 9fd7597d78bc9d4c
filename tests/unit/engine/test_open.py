"""A file name becomes an engine, or a sentence that says why it does not."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gaq.engine.open import check_device, open_engine
from gaq.errors import BadFile, NotAvailable, UsageError
from gaq.quant.install import preset
from gaq.train.checkpoint import save_checkpoint
from tiny import checkpoint, config, molecules


@pytest.fixture
def path(tmp_path):
    save_checkpoint(tmp_path / "ethanol-w4.ckpt", checkpoint(config(), preset("w4")))
    return tmp_path / "ethanol-w4.ckpt"


def test_a_checkpoint_is_opened(path):
    found = open_engine(path)
    assert (found.name, found.model, found.recipe) == ("torch", "ethanol-w4.ckpt", "w4")
    assert found.footprint()["file_bytes"] == path.stat().st_size
    (prediction,) = found.evaluate([molecules()[0]])
    assert np.isfinite(prediction.energy)
    again = open_engine(str(path), engine="torch").evaluate([molecules()[0]])[0]
    assert again.energy == prediction.energy
    assert (again.forces == prediction.forces).all()


def test_threads_are_set_when_they_are_named(path):
    before = torch.get_num_threads()
    try:
        open_engine(path)
        assert torch.get_num_threads() == before
        open_engine(path, threads=before + 1)
        assert torch.get_num_threads() == before + 1
    finally:
        torch.set_num_threads(before)


def test_unknown_engines_and_the_one_that_is_not_there_yet(path):
    with pytest.raises(UsageError, match="--engine 'trch': expected one of torch, native"):
        open_engine(path, engine="trch")
    with pytest.raises(NotAvailable, match="native engine is not part of this version. Leave out --engine"):
        open_engine(path, engine="native")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (None, "there is no file"),
        (b"", "is empty"),
        (b"not a checkpoint", "is not a checkpoint, or is truncated"),
    ],
)
def test_bad_files(tmp_path, content, text):
    bad = tmp_path / "bad.ckpt"
    if content is not None:
        bad.write_bytes(content)
    with pytest.raises(BadFile, match=text):
        open_engine(bad)
    with pytest.raises(BadFile, match="is a folder"):
        open_engine(tmp_path)


def test_devices(monkeypatch):
    assert check_device("cpu") == "cpu"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(NotAvailable, match="--device cuda:1: this PyTorch sees no CUDA"):
        check_device("cuda:1")
    with pytest.raises(UsageError, match="--device 'gpu': expected cpu, cuda, or cuda:N"):
        check_device("gpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert check_device("cuda") == "cuda"
