"""What is measured is the packed file, and a checkpoint and its packed file are one model."""

from __future__ import annotations

import pytest

from built import native_library
from gaq.cli.deployed import identity_of, open_deployed
from gaq.cli.main import outcome
from gaq.errors import NotAvailable, RecipeError
from gaq.quant.install import preset
from gaq.train.checkpoint import save_checkpoint
from tiny import checkpoint, config


@pytest.fixture
def model(tmp_path):
    save_checkpoint(tmp_path / "tiny.ckpt", checkpoint(config(), preset("w4")))
    return tmp_path / "tiny.ckpt"


def test_a_checkpoint_is_opened_as_the_file_that_export_makes(model):
    native_library()
    found = open_deployed(model)
    assert outcome(["export", str(model)]) == 0
    packed = open_deployed(model.with_suffix(".gaq"))
    assert (found.engine.name, found.engine.model, found.engine.recipe) == ("native", "tiny.ckpt", "w4")
    assert found.file_bytes == packed.file_bytes == model.with_suffix(".gaq").stat().st_size
    assert found.sizes() == packed.sizes()
    assert found.identity == packed.identity
    assert found.note == ""


def test_in_pytorch_it_has_the_size_of_the_packed_file_and_another_identity(model):
    native = open_deployed(model)
    found = open_deployed(model, engine="torch")
    assert found.engine.name == "torch"
    assert found.sizes()["file_bytes"] == native.file_bytes
    assert found.sizes()["file_bytes"] != model.stat().st_size
    assert found.identity.split("-")[0] == native.identity.split("-")[0]
    assert found.note == ""  # it was asked for


def test_without_a_native_engine_pytorch_is_measured_and_it_is_said(model, monkeypatch):
    def none(*arguments, **options):
        raise NotAvailable("there is no library")

    monkeypatch.setattr("gaq.engine.native.NativeEngine", none)
    found = open_deployed(model)
    assert found.engine.name == "torch"
    assert "measured in PyTorch, not as a packed file: there is no library" in found.note


def test_a_recipe_without_a_place_in_a_packed_file_is_measured_in_pytorch(tmp_path, monkeypatch):
    save_checkpoint(tmp_path / "m.ckpt", checkpoint(config(), preset("w4")))

    def refuse(*arguments):
        raise RecipeError("no place for it")

    monkeypatch.setattr("gaq.cli.packing.packed_checkpoint", refuse)
    found = open_deployed(tmp_path / "m.ckpt")
    assert (found.engine.name, found.file_bytes) == ("torch", None)
    assert "no place for it" in found.note
    assert "file_bytes" not in found.sizes()
    with pytest.raises(RecipeError, match="no place for it"):
        open_deployed(tmp_path / "m.ckpt", engine="native")


def test_another_checkpoint_or_backward_pass_is_another_model(model, tmp_path):
    save_checkpoint(tmp_path / "other.ckpt", checkpoint(config(), preset("w8")))
    found = {identity_of(path, bits) for path in (model, tmp_path / "other.ckpt") for bits in (8, 16, 32, None)}
    assert len(found) == 8
