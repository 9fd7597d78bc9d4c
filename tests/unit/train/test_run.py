"""A run is resumed with what it began with, or not at all."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from gaq.errors import BadFile
from gaq.quant.presets import w4, w8
from gaq.train.fit import fit
from gaq.train.quantization import QuantizationPlan, run_quantization
from gaq.train.run import begin, restore_
from gaq.train.session import prepare_training
from packed import with_array, with_text
from tiny import dataset, train_config


@pytest.fixture
def out(tmp_path):
    """The folder of a finished run of one epoch."""
    prepared = prepare_training(train_config(epochs=1), dataset(), tmp_path)
    fit(prepared.start, prepared.task)
    return tmp_path


def resumed(out, frames=None, **changes):
    prepared = prepare_training(train_config(**{"epochs": 1} | changes), frames or dataset(), out)
    return fit(prepared.start, prepared.task, resume=True)


def test_nothing_to_resume_from(tmp_path):
    with pytest.raises(BadFile, match="has no last.ckpt to resume from. Leave out `resume`"):
        resumed(tmp_path)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"epochs": 2}, "config.epochs"),
        ({"seed": 1}, "config.seed"),
        ({"batch": 3}, "config.batch"),
        ({"loss": {"energy": 0.5}}, "config.loss.energy"),
        ({"optimizer": {"ema": 0.9, "lr": 0.1}}, "config.optimizer.lr"),
        ({"model": {"channels": 12, "layers": 2, "heads": 2}}, "config.model.channels, .*model.channels"),
    ],
)
def test_another_configuration_is_refused_by_name(out, changes, named):
    with pytest.raises(BadFile, match=f"last.ckpt is the state of another run: it differs in .*{named}"):
        resumed(out, **changes)


def test_other_data_are_refused(out):
    (out / "split.json").unlink()
    with pytest.raises(BadFile, match="differs in data.sha256"):
        resumed(out, dataset(seed=1))


def test_the_same_data_under_another_name_of_the_file_are_taken(out):
    assert resumed(out, data={"file": "elsewhere.npz", "train": 6, "validation": 2})


def test_another_recipe_is_refused(out):
    parent = prepare_training(train_config(), dataset(), out).start
    (out / "q").mkdir()
    run_quantization(parent, dataset(), QuantizationPlan(w4(), epochs=1, batch=2), out / "q")
    with pytest.raises(BadFile, match="differs in recipe"):
        run_quantization(parent, dataset(), QuantizationPlan(w8(), epochs=1, batch=2), out / "q", resume=True)
    taught = QuantizationPlan(w4(), epochs=1, batch=2, distill=0.5)
    with pytest.raises(BadFile, match="differs in distillation.share"):
        run_quantization(parent, dataset(), taught, out / "q", resume=True)


def test_a_model_is_no_state(out):
    (out / "last.ckpt").write_bytes((out / "model.ckpt").read_bytes())
    with pytest.raises(BadFile, match="is a model, not the state of a run"):
        resumed(out)


def test_a_truncated_state_is_told(out):
    (out / "last.ckpt").write_bytes((out / "last.ckpt").read_bytes()[:-50])
    with pytest.raises(BadFile, match="cut short"):
        resumed(out)


def test_a_flipped_bit_of_a_state_is_told(out):
    content = bytearray((out / "last.ckpt").read_bytes())
    content[-9] ^= 4  # in the optimizer's numbers
    (out / "last.ckpt").write_bytes(content)
    with pytest.raises(BadFile, match="last.ckpt is damaged: it does not have the checksum"):
        resumed(out)


def damage(out, change):
    path = out / "last.ckpt"
    path.write_bytes(change(path.read_bytes()))


@pytest.mark.parametrize("lost", ["optimizer.0.0.exp_avg", "average.embedding"])
def test_a_state_that_lacks_a_tensor_is_told(out, lost):
    damage(out, lambda content: with_array(content, lost, lambda values: None))
    with pytest.raises(BadFile, match="last.ckpt is damaged .*it has .* tensors of the state"):
        resumed(out)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("average.embedding", lambda a: a.T),
        ("average.embedding", lambda a: a.astype(np.int32)),
        ("optimizer.0.0.exp_avg", lambda a: a[1:]),
        ("optimizer.0.0.step", lambda a: np.zeros(3, np.float32)),
    ],
)
def test_a_state_of_other_shapes_is_told(out, name, change):
    damage(out, lambda content: with_array(content, name, change))
    with pytest.raises(BadFile, match="last.ckpt is damaged"):
        resumed(out)


@pytest.mark.parametrize(
    "change",
    [
        {"step": -1},
        {"step": "many"},
        {"step": 1e300},
        {"seconds": None},
        {"loss_sum": "0x1p9999"},
        {"loss_sum": 3},
        {"best": "low"},
        {"curve": 7},
        {"curve": [{"epoch": 0}]},
        {"curve": [[1, 2]]},
        {"tensors": None},
    ],
)
def test_counters_that_are_none_are_told(out, change):
    damage(out, lambda content: with_text(content, "manifest", lambda m: m | {"run": m["run"] | change}))
    with pytest.raises(BadFile, match="last.ckpt is damaged"):
        resumed(out)


def test_everything_that_changes_is_restored(out):
    prepared = prepare_training(train_config(epochs=1), dataset(), out)
    run = begin(prepared.start, prepared.task.config, "cpu")
    fresh = run.checkpoint.model.embedding.detach().clone()
    restore_(run, out)
    assert run.step == 3
    assert run.best < float("inf")
    assert len(run.curve) == 1
    assert run.curve[0].epoch == 0
    assert not torch.equal(run.checkpoint.model.embedding, fresh)
    assert run.optimizers.tensors()["0.0.step"] == 3
    assert json.loads((out / "curve.jsonl").read_text())["loss"] == run.curve[0].loss
