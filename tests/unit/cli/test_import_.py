"""`gaq import` writes a checkpoint, says what it read, and replaces nothing but its own files."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gaq.cli.import_ import atomic_numbers
from gaq.cli.main import outcome
from gaq.errors import UsageError
from gaq.train.checkpoint import load_checkpoint, save_checkpoint
from tiny import checkpoint, config

SEVENNET = Path(__file__).parents[2] / "references" / "sevennet" / "unit-l3"


@pytest.fixture
def file(tmp_path):
    shutil.copytree(SEVENNET, tmp_path / "net")
    return next((tmp_path / "net").glob("*.safetensors"))


def test_the_checkpoint_stands_beside_the_arrays(file, capsys):
    assert outcome(["import", str(file)]) == 0
    said = capsys.readouterr().out
    assert "SevenNet, settings from config.json" in said
    assert "cutoff" in said
    assert load_checkpoint(file.with_suffix(".ckpt")).recipe.name == "fp32"


def test_its_own_output_is_replaced_and_nothing_else(file, tmp_path, capsys):
    out = tmp_path / "a.ckpt"
    for _ in range(2):
        assert outcome(["import", str(file), "-o", str(out)]) == 0
    save_checkpoint(out, checkpoint(config()))
    before = out.read_bytes()
    assert outcome(["import", str(file), "-o", str(out)]) == 2
    assert "is not a checkpoint of `gaq import`" in capsys.readouterr().err
    assert out.read_bytes() == before
    assert outcome(["import", str(file), "-o", str(out), "--overwrite"]) == 0
    assert outcome(["import", str(file), "-o", str(file), "--overwrite"]) == 2
    assert "is read by the same command" in capsys.readouterr().err


def test_a_refusal_is_a_line_and_leaves_nothing(file, tmp_path, capsys):
    file.write_bytes(file.read_bytes()[:-1])
    assert outcome(["import", str(file), "-o", str(tmp_path / "a.ckpt")]) == 2
    assert capsys.readouterr().err.startswith("BadFile: ")
    assert not (tmp_path / "a.ckpt").exists()
    assert outcome(["import", str(file), "--architecture", "nequipp"]) == 2
    assert outcome(["import", str(file), "--elements", "Q"]) == 2


def test_a_model_of_gaq_is_told_so_before_its_output_is_looked_at(tmp_path, capsys):
    save_checkpoint(tmp_path / "a.ckpt", checkpoint(config()))
    assert outcome(["import", str(tmp_path / "a.ckpt")]) == 2
    assert "a model of gaq already" in capsys.readouterr().err


def test_elements_are_symbols():
    assert atomic_numbers(" O, H,C") == (1, 6, 8)
    assert atomic_numbers("") == ()
    for wrong in ("H,", "h", "X", "8"):
        with pytest.raises(UsageError, match="is no element"):
            atomic_numbers(wrong)
