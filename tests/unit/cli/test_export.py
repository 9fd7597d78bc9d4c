"""What `gaq export` puts beside the weights, and what it says of files that it cannot pack."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from gaq.cli.export import size_rows
from gaq.cli.main import outcome
from gaq.cli.packing import packed_checkpoint
from gaq.measure.ledger import Row
from gaq.pack.format import read_packed, write_packed
from gaq.quant.install import preset
from gaq.train.checkpoint import Checkpoint, save_checkpoint
from tiny import checkpoint, config

VALIDATION = {"energy_mae_mev": 1.25, "force_mae_mev_per_angstrom": 4.5, "n": 50, "frames": "held out"}


@pytest.fixture
def model(tmp_path):
    tiny = checkpoint(config(), preset("w4"))
    path = tmp_path / "tiny.ckpt"
    save_checkpoint(path, Checkpoint(tiny.model, tiny.recipe, {"data": {"name": "springs"}, "validation": VALIDATION}))
    return path


def rows_about(*models: str) -> list[Row]:
    return [Row("force_mae", 1.5, "meV/Å", name, "w4", "torch", "test", 10) for name in models]


def test_the_packed_file_stands_beside_the_checkpoint(model):
    assert outcome(["export", str(model), "--json", str(model.with_name("rows.jsonl"))]) == 0
    found = read_packed(model.with_suffix(".gaq"))
    assert found.recipe_name == "w4"
    rows = [json.loads(line) for line in model.with_name("rows.jsonl").read_text().splitlines()]
    assert {row["metric"]: row["value"] for row in rows}["file_bytes"] == model.with_suffix(".gaq").stat().st_size
    assert {row["metric"] for row in rows} == {"file_bytes", "weight_bytes", "bits_per_weight"}


def test_sizes_are_those_of_the_file(model, tmp_path):
    packed = packed_checkpoint(model)
    write_packed(tmp_path / "m.gaq", packed)
    values = {row.metric: row.value for row in size_rows(packed, tmp_path / "m.gaq")}
    assert values["file_bytes"] == (tmp_path / "m.gaq").stat().st_size
    assert 4 < values["bits_per_weight"] < 12


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["{ckpt}", "--backward", "12"], "UsageError: --backward 12: expected 8, 16, 32"),
        (["{ckpt}", "-o", "{ckpt}"], "would be overwritten by its own export"),
        (["{gaq}"], "is packed already. Give the checkpoint it came from"),
        (["{text}"], "is not a model file"),
        (["{cut}"], "may have been cut short"),
        (["{none}"], "there is no file"),
        (["{grouped}"], "none per group of inputs. Quantize with per='channel'"),
        (["{ckpt}", "--accuracy", "{text}"], "not JSON"),
        (["{ckpt}", "--data", "{none}"], "there is no file"),
    ],
)
def test_what_cannot_be_packed_is_said_in_a_line(model, tmp_path, capsys, arguments, sentence):
    from gaq.quant.presets import w4

    names = ("none.ckpt", "text.ckpt", "cut.ckpt", "packed.gaq", "grouped.ckpt")
    none, text, cut, packed, grouped = (tmp_path / name for name in names)
    text.write_text("Once upon a time there was a molecule.\n")
    cut.write_bytes(model.read_bytes()[:-100])
    write_packed(packed, packed_checkpoint(model))
    save_checkpoint(grouped, checkpoint(config(), w4(group=4)))
    paths = {"ckpt": model, "gaq": packed, "text": text, "cut": cut, "none": none, "grouped": grouped}
    assert outcome(["export", *(argument.format(**paths) for argument in arguments)]) == 2
    assert sentence in capsys.readouterr().err


def test_rows_that_were_measured_of_the_checkpoint_go_along(model, tmp_path):
    from gaq.cli.deployed import identity_of
    from gaq.measure.ledger import keep_rows, kept_beside, read_rows

    (row,) = rows_about("tiny.ckpt")
    mine = replace(row, identity=identity_of(model, 32))
    keep_rows(kept_beside(model), [mine, replace(mine, data="x", identity="other-32"), replace(row, data="y")])
    assert outcome(["export", str(model), "-o", str(tmp_path / "small.gaq")]) == 0
    assert read_rows(tmp_path / "small.rows.jsonl") == [replace(mine, model="small.gaq")]
    assert outcome(["export", str(model), "-o", str(tmp_path / "eight.gaq"), "--backward", "8"]) == 0
    assert not (tmp_path / "eight.rows.jsonl").exists()  # another backward pass is another model
