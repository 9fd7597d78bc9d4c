"""What `gaq show` prints, without torch for a packed file."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from gaq.cli.main import VERBS, outcome
from gaq.pack.format import write_packed
from gaq.quant.install import preset
from gaq.train.checkpoint import save_checkpoint
from packed import packed
from tiny import checkpoint, config

WITHOUT_TORCH = """
import sys
from gaq.cli.main import outcome
code = outcome(["show", sys.argv[1]])
print(f"code {code}, torch loaded: {'torch' in sys.modules}")
"""


@pytest.fixture
def file(tmp_path):
    write_packed(tmp_path / "m.gaq", packed(preset("w4")))
    return tmp_path / "m.gaq"


def test_a_packed_file_is_shown_without_torch(file):
    command = [sys.executable, "-c", WITHOUT_TORCH, str(file)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert result.stdout.endswith("code 0, torch loaded: False\n"), result.stderr


def test_the_page(file, capsys):
    assert outcome(["show", str(file), "--all", "--json", str(file.with_suffix(".jsonl"))]) == 0
    page = capsys.readouterr().out
    for words in ("packed model", "4 bits per channel", "radial table", "golden frames", "share", "100.0%"):
        assert words in page
    assert "layers.0.update.hidden.codes" in page
    metrics = [json.loads(line)["metric"] for line in file.with_suffix(".jsonl").read_text().splitlines()]
    assert {"file_bytes", "weight_bytes", "bits_per_weight", "bytes_radial_table"} <= set(metrics)


def test_tensors_are_listed_only_when_asked_for(file, capsys):
    assert outcome(["show", str(file)]) == 0
    assert "layers.0.update.hidden.codes" not in capsys.readouterr().out


def test_a_checkpoint_is_shown_too(tmp_path, capsys):
    save_checkpoint(tmp_path / "m.ckpt", checkpoint(config(), preset("gaq-w4a8")))
    assert outcome(["show", str(tmp_path / "m.ckpt")]) == 0
    page = capsys.readouterr().out
    assert "checkpoint, written by" in page
    assert "magnitude and direction of vectors apart" in page


@pytest.mark.parametrize(("content", "sentence"), [(b"Once upon a time", "is not a model file"), (b"", "is empty")])
def test_what_is_no_model_is_said_in_a_line(tmp_path, capsys, content, sentence):
    (tmp_path / "x").write_bytes(content)
    assert outcome(["show", str(tmp_path / "x")]) == 2
    assert sentence in capsys.readouterr().err


def test_a_file_cut_short_is_said_in_a_line(file, capsys):
    file.write_bytes(file.read_bytes()[:-8])
    assert outcome(["show", str(file)]) == 2
    assert "may have been cut short" in capsys.readouterr().err


def test_the_old_name_of_the_verb_works_and_is_not_listed(file, capsys):
    (old,) = next(verb.old_names for verb in VERBS if verb.name == "show")
    assert outcome(["show", str(file)]) == 0
    page = capsys.readouterr().out
    assert outcome([old, str(file)]) == 0
    assert capsys.readouterr().out == page
    assert outcome(["--help"]) == 0
    listed = capsys.readouterr().out
    assert " show " in listed
    assert f" {old} " not in listed
