"""Whole jobs: what they write down, how they split, and what they refuse."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from gaq.atoms.structure import Labels
from gaq.data.dataset import Dataset
from gaq.errors import BadFile, BadStructure, RecipeError, UnsupportedElement, UsageError
from gaq.quant.install import preset
from gaq.train.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from gaq.train.fit import fit
from gaq.train.quantization import QuantizationPlan, run_quantization
from gaq.train.session import finish_training, load, prepare_training, quantize
from tiny import REFERENCES, checkpoint, config, dataset, molecule, molecules, network, train_config


@pytest.fixture
def parent(tmp_path) -> Checkpoint:
    return prepare_training(train_config(), dataset(), tmp_path).start


def test_a_training_begins_at_the_reference_energies(tmp_path):
    prepared = prepare_training(train_config(), dataset(), tmp_path)
    model = prepared.start.model
    assert model.species == (1, 6, 8)
    assert model.scale.item() == pytest.approx(_rms(dataset().subset(_split(tmp_path)["train"])), rel=1e-6)
    assert len(prepared.task.frames) == 6
    assert len(prepared.task.validation) == 2
    assert prepared.start.recipe == preset("fp32")
    assert prepared.start.manifest["data"] == {"name": "tiny", "sha256": dataset().sha256, "frames": 8}
    assert prepared.start.manifest["config"]["model"]["channels"] == 8


def _split(out):
    import json

    return json.loads((out / "split.json").read_text())


def _rms(data):
    return np.sqrt(np.mean(np.concatenate([label.forces for label in data.labels]) ** 2))


def test_the_split_on_disk_is_used_again_unless_its_sizes_are_others(tmp_path):
    prepare_training(train_config(), dataset(), tmp_path)
    first = _split(tmp_path)
    other_seed = {"data": {"train": 6, "validation": 2, "split_seed": 9}}
    prepare_training(train_config(**other_seed), dataset(), tmp_path)
    assert _split(tmp_path) == first
    prepare_training(train_config(data={"train": 5, "validation": 3}), dataset(), tmp_path)
    assert len(_split(tmp_path)["train"]) == 5


def test_a_finished_training_has_no_mean_energy_error_and_says_how_good_it_is(tmp_path):
    prepared = prepare_training(train_config(), dataset(), tmp_path)
    best = fit(prepared.start, prepared.task)
    forces = _forces(best.model)
    done = finish_training(best, prepared.task)
    batch, target = prepared.task.frames.batch(range(6))
    atoms = len(batch.species)
    assert abs((done.model.energies(batch).detach() - target.energies).sum().item()) / atoms < 1e-9
    assert torch.equal(_forces(done.model), forces)
    facts = load_checkpoint(tmp_path / "model.ckpt").manifest["validation"]
    assert facts.keys() == {"energy_mae_mev", "force_mae_mev_per_angstrom", "n", "frames"}
    assert (facts["n"], facts["frames"]) == (2, "held out")


def _forces(model):
    from gaq.model.forces import energy_and_forces
    from tiny import batch_of

    return energy_and_forces(model, batch_of(list(dataset().structures)))[1]


def test_a_network_is_loaded_and_quantized(tmp_path):
    save_checkpoint(tmp_path / "m.ckpt", checkpoint(config()))
    model = load(tmp_path / "m.ckpt")
    quantized = quantize(model, preset("frame-w4a8"), calibration=molecules())
    assert quantized.framed()
    assert not model.framed()
    with pytest.raises(BadFile, match="there is no file"):
        load(tmp_path / "none.ckpt")


def test_structures_for_calibration_are_checked():
    model = network(config())
    bad = molecules()[0].moved(molecules()[0].positions * np.nan)
    with pytest.raises(BadStructure, match="Structure 1 has positions that are not finite"):
        quantize(model, preset("naive-int8"), [molecules()[1], bad])
    with pytest.raises(UnsupportedElement, match="the model knows H, C, N, O. Structure 0 has S at atom"):
        quantize(model, preset("naive-int8"), [molecule("SO2")])


def test_a_plan_takes_the_numbers_of_the_parent(parent):
    plan = QuantizationPlan(preset("w4"), epochs=7, lr=0.02, batch=3, seed=4, symmetry=0.5)
    found = plan.config(parent, 8)
    assert (found.epochs, found.batch, found.seed) == (7, 3, 4)
    assert (found.data.train, found.data.validation) == (6, 2), "the frames that the parent held out"
    assert (found.optimizer.lr, found.optimizer.adam_lr) == (0.02, 0.002)
    assert found.optimizer.ema == 0.9
    assert found.loss.symmetry == 0.5
    assert found.model == parent.model.config
    assert [plan.config(parent, frames).data.validation for frames in (2, 10, 100, 5000)] == [1, 1, 5, 50]
    assert plan.config(parent, 100).data.train is None, "all the others"


def test_the_child_is_validated_on_what_the_parent_never_saw(parent, tmp_path):
    first = _split(tmp_path)
    (tmp_path / "q").mkdir()
    plan = QuantizationPlan(preset("w4"), epochs=1, batch=2)
    run_quantization(parent, dataset(), plan, tmp_path / "q")
    assert _split(tmp_path / "q")["validation"] == first["validation"]


def test_post_training_leaves_a_model_with_its_history(parent, tmp_path):
    done = run_quantization(parent, dataset(), QuantizationPlan(preset("frame-w8a8", 0)), tmp_path)
    kept = load_checkpoint(tmp_path / "model.ckpt")
    assert kept.recipe.name == "frame-w8a8"
    assert kept.manifest["parent"] == parent.manifest
    assert kept.manifest["validation"] == done.manifest["validation"]
    assert not (tmp_path / "last.ckpt").exists()


def test_without_data(parent, tmp_path):
    run_quantization(parent, None, QuantizationPlan(preset("w4")), tmp_path)
    assert "validation" not in load_checkpoint(tmp_path / "model.ckpt").manifest
    with pytest.raises(UsageError, match="give some structures as `calibration`"):
        run_quantization(parent, None, QuantizationPlan(preset("naive-int8")), tmp_path)


def test_what_is_quantized_is_not_quantized_again(tmp_path):
    child = checkpoint(config(), preset("w8"))
    with pytest.raises(UsageError, match=r"already quantized \(recipe 'w8'\). Give the float checkpoint"):
        run_quantization(child, dataset(), QuantizationPlan(preset("w4")), tmp_path)


def test_a_stage_that_would_never_begin_is_refused(parent, tmp_path):
    plan = QuantizationPlan(preset("gaq-w4a8", 3), epochs=3, batch=2)
    with pytest.raises(UsageError, match="quantizes role .* from epoch 3 on, but training ends after 3"):
        run_quantization(parent, dataset(), plan, tmp_path)
    run_quantization(parent, dataset(), replace(plan, epochs=0), tmp_path)


def test_other_elements_than_the_parent_knows_are_refused(parent, tmp_path):
    sulphur = molecule("SO2")
    strange = Dataset("s", (sulphur,), (Labels(-1.0, np.zeros((3, 3))),), "")
    with pytest.raises(UnsupportedElement, match="S at atom"):
        run_quantization(parent, strange, QuantizationPlan(preset("w4")), tmp_path)


def test_a_recipe_that_does_not_fit_is_refused(parent, tmp_path):
    recipe = replace(preset("w4"), rules=preset("w4").rules[:2])
    with pytest.raises(RecipeError, match="has no rule for slot"):
        run_quantization(parent, dataset(), QuantizationPlan(recipe), tmp_path)


def test_a_parent_whose_manifest_was_tampered_with_is_told(parent, tmp_path):
    tampered = replace(parent, manifest={"config": {"epochs": "many"}})
    with pytest.raises(BadFile, match="configuration in its manifest cannot be read"):
        run_quantization(tampered, dataset(), QuantizationPlan(preset("w4")), tmp_path)


def test_the_control_is_trained_like_the_others(parent, tmp_path):
    """fp32 with epochs: the float model trained on for as long."""
    done = run_quantization(parent, dataset(), QuantizationPlan(preset("fp32"), epochs=2, batch=2), tmp_path)
    assert done.recipe.name == "fp32"
    assert not torch.equal(done.model.embedding, parent.model.embedding)
    assert done.model.reference.tolist() != [REFERENCES[z] for z in (1, 6, 8)]
