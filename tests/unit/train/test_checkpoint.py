"""A checkpoint comes back bit for bit, quantized or not, and a damaged one is told from a whole one."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from gaq.errors import BadFile
from gaq.model.invariants import Gauge
from gaq.quant.presets import all_presets, w4
from gaq.quant.spec import KMeans, Polar
from gaq.train.checkpoint import Checkpoint, as_dtype, load_checkpoint, save_checkpoint
from tiny import batch_of, checkpoint, config, molecules

RECIPES = {name: build() for name, build in all_presets().items()} | {
    "learned": w4(learn_step=True, group=4),
    "k-means": all_presets()["gaq-w4a8"]().with_rules(),
}


def contents(path) -> tuple[dict[str, str], dict[str, torch.Tensor]]:
    with safe_open(path, framework="pt") as file:
        return file.metadata(), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


@pytest.fixture
def good(tmp_path):
    path = tmp_path / "model.ckpt"
    save_checkpoint(path, checkpoint(config(degrees=2), w4(learn_step=True)))
    return path


def assert_same(one: Checkpoint, other: Checkpoint) -> None:
    assert other.model.config == one.model.config
    assert other.model.species == one.model.species
    assert other.recipe == one.recipe
    assert other.manifest == one.manifest
    ours, theirs = one.model.state_dict(), other.model.state_dict()
    assert ours.keys() == theirs.keys()
    for name, tensor in ours.items():
        assert theirs[name].dtype == tensor.dtype, name
        assert torch.equal(theirs[name], tensor), name
    gauge = Gauge.LOCAL if one.model.framed() else Gauge.LAB
    batch = batch_of(molecules())
    assert torch.equal(other.model.energies(batch, gauge), one.model.energies(batch, gauge))


@pytest.mark.parametrize("name", RECIPES)
def test_round_trip(name, tmp_path):
    recipe = RECIPES[name]
    if name == "k-means":
        vectors = next(rule for rule in recipe.rules if isinstance(rule.spec, Polar))
        recipe = recipe.with_rules(type(vectors)(vectors.where, Polar(8, KMeans(4))))
    before = checkpoint(config(degrees=1 if name == "k-means" else 2), recipe)
    with torch.no_grad():
        for parameter_name, p in before.model.named_parameters():
            if parameter_name.endswith("factor"):
                p.mul_(1.1)
    save_checkpoint(tmp_path / "a.ckpt", before)
    after = load_checkpoint(tmp_path / "a.ckpt")
    assert_same(before, after)
    save_checkpoint(tmp_path / "b.ckpt", after)
    assert (tmp_path / "a.ckpt").read_bytes() == (tmp_path / "b.ckpt").read_bytes()


def test_float64_and_a_training_state(tmp_path):
    before = checkpoint(config())
    as_dtype(before.model, torch.float64)
    state = {"optimizer.0.step": torch.tensor(3.0), "average.x": torch.arange(4.0)}
    save_checkpoint(tmp_path / "a.ckpt", Checkpoint(before.model, before.recipe, {"run": {"step": 3}}, state))
    after = load_checkpoint(tmp_path / "a.ckpt")
    assert after.model.embedding.dtype == torch.float64
    assert after.manifest == {"run": {"step": 3}}
    assert after.state.keys() == state.keys()
    assert all(torch.equal(after.state[name], state[name]) for name in state)


def test_there_is_no_code_in_it(good):
    header, tensors = contents(good)
    assert json.loads(header["recipe"])["name"] == "w4"
    assert json.loads(header["config"])["degrees"] == 2
    assert all(isinstance(value, str) for value in header.values())
    assert b"pickle" not in good.read_bytes()
    assert len(tensors) > 20


def rewritten(path, change_header=lambda h: h, change_tensors=lambda t: t) -> None:
    header, tensors = contents(path)
    save_file(change_tensors(tensors), path, metadata=change_header(header))


def without(key):
    return lambda table: {k: v for k, v in table.items() if k != key}


def header(**changes):
    """A damage: these entries of the header are others, or gone where None is given."""

    def damage(path):
        rewritten(path, lambda h: {k: v for k, v in (h | changes).items() if v is not None})

    return damage


def recipe(*rules):
    return header(recipe=json.dumps({"name": "x", "rules": rules}))


def npz(path):
    with path.open("wb") as stream:
        np.savez(stream, x=np.zeros(3))


NOT_ONE = "not a checkpoint, or is truncated"
UNREADABLE = "header cannot be read"
MISFIT = "tensors do not fit its header"

DAMAGES = {
    "missing": (lambda p: p.unlink(), "does not exist"),
    "empty": (lambda p: p.write_bytes(b""), NOT_ONE),
    "truncated": (lambda p: p.write_bytes(p.read_bytes()[:-100]), NOT_ONE),
    "header-only": (lambda p: p.write_bytes(p.read_bytes()[:40]), NOT_ONE),
    "text": (lambda p: p.write_text("weights = 3"), NOT_ONE),
    "long-header": (lambda p: p.write_bytes(b"\xff" * 64), NOT_ONE),
    "npz": (npz, NOT_ONE),
    "torch": (lambda p: torch.save({"x": torch.zeros(3)}, p), NOT_ONE),
    "other-safetensors": (lambda p: save_file({"x": torch.zeros(3)}, p), "not a gaq checkpoint"),
    "future": (header(format_version="7"), "has checkpoint version 7; .* reads version 1"),
    "no-config": (header(config=None), f"{UNREADABLE} .*config"),
    "config-not-json": (header(config="{"), UNREADABLE),
    "unknown-key": (header(config='{"chanels": 8}'), f"{UNREADABLE} .*chanels"),
    "heads-do-not-divide": (
        header(config='{"channels": 8, "heads": 3}'),
        f"{UNREADABLE} .*multiple of heads",
    ),
    "wrong-size": (header(config=config(channels=12, degrees=2).model_dump_json()), MISFIT),
    "no-species": (header(species=None), UNREADABLE),
    "strange-species": (header(species="[1, 700]"), UNREADABLE),
    "species-is-a-text": (header(species='"HCO"'), UNREADABLE),
    "wrong-dtype": (header(dtype="int8"), UNREADABLE),
    "no-recipe": (header(recipe=None), UNREADABLE),
    "strange-recipe": (recipe({"slot": "a"}), f"{UNREADABLE} .*lacks a spec"),
    "short-recipe": (recipe({"role": "query-key", "spec": {"kind": "identity"}}), f"{UNREADABLE} .*no rule"),
    "manifest-is-a-number": (header(manifest="3"), UNREADABLE),
    "tensor-missing": (
        lambda p: rewritten(p, change_tensors=without("model.embedding")),
        f"{MISFIT} .*embedding",
    ),
    "tensor-too-many": (
        lambda p: rewritten(p, change_tensors=lambda t: t | {"model.spare": torch.zeros(2)}),
        f"{MISFIT} .*spare",
    ),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_file_is_told(good, name):
    damage, text = DAMAGES[name]
    damage(good)
    with pytest.raises(BadFile, match=f"(?s){good.name}.*{text}"):
        load_checkpoint(good)


def test_a_folder_is_no_checkpoint(tmp_path):
    with pytest.raises(BadFile, match="is no file"):
        load_checkpoint(tmp_path)


def test_the_old_file_stays_when_the_new_one_cannot_be_written(good, monkeypatch):
    before = good.read_bytes()

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(BadFile, match="no space left on device. The file that was there is as it was."):
        save_checkpoint(good, checkpoint(config()))
    assert good.read_bytes() == before
    assert [p.name for p in good.parent.iterdir()] == [good.name]


def test_precision_leaves_constants_of_the_law_alone():
    model = checkpoint(config(), w4(learn_step=True)).model
    as_dtype(model, torch.float64)
    assert {p.dtype for p in model.parameters()} == {torch.float64}
    assert model.reference.dtype == torch.float64
    assert {b.dtype for name, b in model.named_buffers() if name.endswith("start")} == {torch.float32}
