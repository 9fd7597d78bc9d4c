"""A checkpoint becomes a packed model that says where it came from, on any number of threads."""

from __future__ import annotations

import pytest
import torch

from gaq.deploy import digest_of, packed_model, validation_rows
from gaq.errors import RecipeError
from gaq.files import sha256_of
from gaq.pack.format import to_bytes
from gaq.quant.install import preset
from gaq.quant.presets import w4
from gaq.train.checkpoint import save_checkpoint
from tiny import checkpoint, config, molecules

SAID = {"energy_mae_mev": 1.25, "force_mae_mev_per_angstrom": 4.5, "n": 50, "frames": "held out"}


def test_the_digest_is_that_of_the_file_a_checkpoint_is_saved_as(tmp_path):
    model = checkpoint(config(), preset("w4"))
    save_checkpoint(tmp_path / "a.ckpt", model)
    assert digest_of(model) == sha256_of(tmp_path / "a.ckpt")
    assert digest_of(checkpoint(config(), preset("fp32"))) != digest_of(model)


def test_where_it_came_from_is_in_the_manifest():
    model = checkpoint(config(), preset("w4"))
    packed = packed_model(model, "a.ckpt", "123")
    assert packed.manifest["export"]["checkpoint_sha256"] == "123"
    assert packed.manifest["export"]["golden_frames"].endswith("(ASE, rattled)")
    given = packed_model(model, "a.ckpt", "123", [molecules()[0]])
    assert given.manifest["export"]["golden_frames"] == "given frame, rattled"


def test_the_number_of_threads_stays_and_changes_nothing():
    model, before = checkpoint(config(), preset("w4")), torch.get_num_threads()
    contents = []
    try:
        for threads in (1, 3):
            torch.set_num_threads(threads)
            contents.append(to_bytes(packed_model(model, "a.ckpt", "123")))
            assert torch.get_num_threads() == threads
        with pytest.raises(RecipeError, match="none per group of inputs"):
            packed_model(checkpoint(config(), w4(group=4)), "a.ckpt", "123")
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
    assert contents[0] == contents[1]


def test_errors_on_held_out_frames_become_rows_and_others_do_not():
    rows = validation_rows({"validation": SAID, "data": {"name": "springs"}}, "w4")
    assert [(row["metric"], row["value"], row["n"]) for row in rows] == [
        ("energy_mae", 1.25, 50),
        ("force_mae", 4.5, 50),
    ]
    assert {row["data"] for row in rows} == {"springs, held out"}
    assert validation_rows({"validation": SAID | {"frames": "calibration"}}, "w4") == []
    assert validation_rows({}, "w4") == []
