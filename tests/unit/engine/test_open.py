"""A file name becomes an engine, or a sentence that says why it does not."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch

import gaq.engine
from built import native_library
from gaq.engine._library import load_library
from gaq.engine.checkpoint import CheckpointModel
from gaq.engine.open import check_device, is_packed, known_engine, load, open_engine
from gaq.engine.packing import packed_in_memory
from gaq.errors import BadFile, NotAvailable, UsageError
from gaq.quant.install import preset
from gaq.train.checkpoint import save_checkpoint
from tiny import checkpoint, config, molecules


@pytest.fixture
def path(tmp_path):
    save_checkpoint(tmp_path / "ethanol-w4.ckpt", checkpoint(config(), preset("w4")))
    return tmp_path / "ethanol-w4.ckpt"


@pytest.fixture
def packed(tmp_path):
    model = checkpoint(config(), preset("w4")).model
    (tmp_path / "ethanol-w4.gaq").write_bytes(packed_in_memory(model, preset("w4")))
    return tmp_path / "ethanol-w4.gaq"


def test_a_checkpoint_is_opened(path):
    found = open_engine(path)
    assert (found.name, found.model, found.recipe) == ("torch", "ethanol-w4.ckpt", "w4")
    assert "file_bytes" not in found.footprint()  # a checkpoint is larger than the packed file
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


def test_unknown_engines(path):
    with pytest.raises(UsageError, match="`engine` 'trch': expected one of torch, native. Did you mean 'torch'"):
        open_engine(path, engine="trch")
    assert known_engine(None) is None
    assert known_engine("torch") == "torch"


def test_the_native_engine_where_it_is_not_built(path, packed, monkeypatch, tmp_path):
    monkeypatch.setattr(gaq.engine, "__path__", [str(tmp_path)])
    load_library.cache_clear()
    try:
        for file, name in ((path, "native"), (packed, "native"), (packed, None)):
            with pytest.raises(NotAvailable, match="native engine is not part of this installation.*compiler"):
                open_engine(file, engine=name)
    finally:
        load_library.cache_clear()


def test_a_packed_file_is_known_by_what_it_says(path, packed, tmp_path):
    assert is_packed(packed)
    assert not is_packed(path)
    renamed = tmp_path / "renamed.bin"
    renamed.write_bytes(packed.read_bytes())
    assert is_packed(renamed)
    disguised = tmp_path / "disguised.gaq"
    disguised.write_bytes(path.read_bytes())
    assert not is_packed(disguised)


@pytest.mark.parametrize("content", [b"", b"no header", bytes(8), b"\xff" * 20, b"\x02" + bytes(7) + b"[]"])
def test_of_a_file_without_a_header_the_ending_decides(tmp_path, content):
    for ending in (".gaq", ".ckpt"):
        file = tmp_path / f"bad{ending}"
        file.write_bytes(content)
        assert is_packed(file) == (ending == ".gaq")


def test_a_packed_file_is_opened(packed):
    native_library()
    found = open_engine(packed, threads=2)
    assert (found.name, found.model, found.recipe, found.threads) == ("native", "ethanol-w4.gaq", "w4", 2)
    again = open_engine(str(packed), engine="native").evaluate([molecules()[0]])[0]
    assert again.energy == found.evaluate([molecules()[0]])[0].energy


def test_a_checkpoint_is_packed_for_the_native_engine(path, packed):
    native_library()
    found = open_engine(path, engine="native")
    assert (found.name, found.model, found.recipe) == ("native", "ethanol-w4.ckpt", "w4")
    one, other = found.evaluate(molecules()), open_engine(packed).evaluate(molecules())
    assert [p.energy for p in one] == [p.energy for p in other]


def test_what_a_packed_file_cannot_do(packed):
    with pytest.raises(UsageError, match="packed model: it holds codes.*`engine` torch runs the checkpoint"):
        open_engine(packed, engine="torch")
    with pytest.raises(UsageError, match="`device` cuda: the native engine computes on the CPU"):
        open_engine(packed, device="cuda")


def test_load_gives_one_type_for_both_kinds_of_file(path, packed):
    assert load(path, strict=True).strict
    assert isinstance(load(path), CheckpointModel)
    with pytest.raises(BadFile, match="there is no file"):
        load(path.with_name("none.gaq"))
    native_library()
    assert load(packed).evaluate([molecules()[0]])[0].energy == open_engine(packed).evaluate([molecules()[0]])[0].energy
    said = [(model.cutoff, model.species, model.recipe) for model in (load(path), load(packed))]
    assert said[0] == said[1] == (config().cutoff, frozenset({1, 6, 7, 8}), "w4")


def test_without_torch_a_checkpoint_names_the_extra_and_a_packed_file_runs(path, packed, monkeypatch):
    native_library()
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    for open_ in (load, open_engine, lambda file: open_engine(file, engine="native")):
        with pytest.raises(NotAvailable, match=r"PyTorch is not installed.*\[train\]"):
            open_(path)
    assert load(packed).evaluate(molecules())[0].energy == open_engine(packed).evaluate(molecules())[0].energy


def test_a_packed_file_needs_no_torch(packed):
    native_library()
    slow = "{'torch', 'pydantic', 'typer', 'rich', 'scipy', 'safetensors', 'matplotlib'}"
    code = (
        "import sys, gaq\n"
        "from ase import Atoms\n"
        "atoms = Atoms('OH2', [[0, 0, 0.12], [0, 0.76, -0.48], [0, -0.76, -0.48]])\n"
        f"atoms.calc = gaq.Calculator({str(packed)!r})\n"
        f"assert atoms.get_potential_energy() == gaq.load({str(packed)!r}).evaluate([gaq_structure(atoms)])[0].energy\n"
        f"sys.exit(bool({slow} & set(sys.modules)))"
    ).replace("gaq_structure", "__import__('gaq.atoms.from_ase', fromlist=['x']).as_structure")
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (None, "there is no file"),
        (b"", "is empty"),
        (b"not a checkpoint", "is not a model file: it does not begin with a header"),
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
    with pytest.raises(NotAvailable, match="`device` cuda:1: this PyTorch sees no CUDA"):
        check_device("cuda:1")
    with pytest.raises(UsageError, match="`device` 'gpu': expected cpu, cuda, or cuda:N"):
        check_device("gpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert check_device("cuda") == "cuda"
