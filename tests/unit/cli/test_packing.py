"""What goes into a packed file beside the weights: golden frames, manifest, measured errors."""

from __future__ import annotations

import pytest

from gaq.cli.packing import accuracy_rows, packed_checkpoint
from gaq.errors import UsageError
from gaq.measure.ledger import Row, write_rows
from gaq.pack.format import to_bytes
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
