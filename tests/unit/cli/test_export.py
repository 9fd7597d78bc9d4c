"""What `gaq export` puts beside the weights, and what it says of files that it cannot pack."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

<<<<<<< d03dfefeb30d33a73590f4e04a405e131543669b
from gaq.cli.export import accuracy_rows, packed_checkpoint, size_rows
=======
from gaq.cli.export import size_rows
>>>>>>> 45cdee018d1bccabfbfa71891656c01b601fa783
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


<<<<<<< d03dfefeb30d33a73590f4e04a405e131543669b
def test_the_name_of_the_checkpoint_does_not_matter(model, tmp_path):
    (tmp_path / "other.ckpt").write_bytes(model.read_bytes())
    assert to_bytes(packed_checkpoint(model)) == to_bytes(packed_checkpoint(tmp_path / "other.ckpt"))


def test_where_it_came_from_is_in_the_manifest(model):
    from gaq.files import sha256_of

    origin = packed_checkpoint(model).manifest["export"]
    assert origin["checkpoint_sha256"] == sha256_of(model)
    assert origin["golden_frames"].endswith("(ASE, rattled)")
    assert packed_checkpoint(model, data="embedded").manifest["export"]["golden_frames"] == "given frames"


def test_errors_on_held_out_frames_become_rows(model):
    rows = packed_checkpoint(model).accuracy
    found = [(row["metric"], row["value"], row["unit"], row["n"], row["data"]) for row in rows]
    where = (50, "springs, held out")
    assert found == [("energy_mae", 1.25, "meV", *where), ("force_mae", 4.5, "meV/Å", *where)]


def test_rows_of_a_ledger_are_those_about_the_model(tmp_path):
    write_rows(tmp_path / "two.jsonl", rows_about("a.ckpt", "b.ckpt"))
    write_rows(tmp_path / "one.jsonl", rows_about("a.ckpt"))
    assert [row["model"] for row in accuracy_rows(tmp_path / "two.jsonl", "b.ckpt")] == ["b.ckpt"]
    assert [row["model"] for row in accuracy_rows(tmp_path / "one.jsonl", "renamed.ckpt")] == ["a.ckpt"]
    assert accuracy_rows(None, "a.ckpt") == []
    with pytest.raises(UsageError, match=r"no row is about c.ckpt; there are rows about a.ckpt, b.ckpt"):
        accuracy_rows(tmp_path / "two.jsonl", "c.ckpt")


def test_rows_about_the_size_of_the_checkpoint_stay_behind(tmp_path):
    size = Row("file_bytes", 1e6, "bytes", "a.ckpt", "w4", "torch", "test", 1)
    write_rows(tmp_path / "rows.jsonl", [*rows_about("a.ckpt"), size])
    assert [row["metric"] for row in accuracy_rows(tmp_path / "rows.jsonl", "a.ckpt")] == ["force_mae"]


def test_a_ledger_takes_the_place_of_the_manifest(model, tmp_path):
    write_rows(tmp_path / "rows.jsonl", rows_about("tiny.ckpt"))
    assert [row["value"] for row in packed_checkpoint(model, accuracy=tmp_path / "rows.jsonl").accuracy] == [1.5]


=======
>>>>>>> 45cdee018d1bccabfbfa71891656c01b601fa783
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
