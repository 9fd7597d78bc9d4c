"""`gaq quantize` as a user types it: every preset, training, what is left behind, and what goes wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from built import compiles
from gaq.cli.main import outcome
from gaq.data.read import read_dataset
from gaq.engine.open import open_engine
from gaq.quant.presets import all_presets
from gaq.quant.recommended import RECOMMENDED
from gaq.train.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from gaq.train.compilation import Compilation
from gaq.train.loss_graph import LossGraph
from tiny import batch_of, checkpoint, config, molecule, train_config


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    """A folder with a float model that was trained on twelve frames and validated on four."""
    monkeypatch.chdir(tmp_path)
    parent = checkpoint(config())
    settings = train_config(data={"train": 12, "validation": 4})
    facts = {"config": settings.model_dump(mode="json")}
    save_checkpoint(tmp_path / "float.ckpt", Checkpoint(parent.model, parent.recipe, facts))
    return tmp_path


def quantize(*arguments: str, out: str = "q", data: bool = True, model: str = "float.ckpt") -> int:
    frames = ["--data", "embedded", "--limit", "16"] if data else []
    return outcome(["quantize", model, *arguments, "--out", out, *frames])


@pytest.mark.parametrize("name", all_presets())
def test_every_preset_without_training(name, folder, capsys):
    assert quantize("--recipe", name, "--epochs", "0") == 0
    assert f"q/model.ckpt  recipe {name}  E " in capsys.readouterr().out
    found = open_engine("q/model.ckpt")
    assert found.recipe == name
    (prediction,) = found.evaluate([molecule("CH3CH2OH")])
    assert np.isfinite(prediction.forces).all()
    assert (found.footprint()["bits_per_weight"] < 32) is (name != "fp32")


@pytest.mark.parametrize("name", ["frame-w4a8", "gaq-w4a8", "fp32"])
def test_two_epochs_of_training(name, folder, capsys):
    trained = ["--recipe", name, "--epochs", "2", "--warmup", "1", "--batch", "4", "--distill", "0.5"]
    assert quantize(*trained, "--lee", "0.01", "--seed", "7") == 0
    assert "on 4 held out frames" in capsys.readouterr().out
    lines = [json.loads(line) for line in (folder / "q" / "curve.jsonl").read_text().splitlines()]
    assert [line["complete"] for line in lines] == [name == "fp32", True]
    kept = load_checkpoint(folder / "q" / "model.ckpt")
    assert kept.manifest["config"]["seed"] == 7
    assert kept.manifest["config"]["loss"]["symmetry"] == 0.01
    assert kept.manifest["parent"]["config"]["data"]["train"] == 12
    parent = load_checkpoint(folder / "float.ckpt").model
    batch = batch_of(list(read_dataset("embedded", 2).structures))
    assert (kept.model.energies(batch) - parent.energies(batch)).abs().max() > 1e-4


def test_a_rounding_is_part_of_the_name(folder, capsys):
    assert quantize("--recipe", "w4", "--epochs", "0", out="plain") == 0
    assert quantize("--recipe", "w4+gptq", "--epochs", "0", out="rounded") == 0
    plain, rounded = (load_checkpoint(folder / out / "model.ckpt") for out in ("plain", "rounded"))
    assert rounded.recipe.name == "w4+gptq"
    assert [type(ptq_pass).__name__ for ptq_pass in rounded.recipe.ptq_passes] == ["Gptq"]
    # That it pays is for tests/unit/train/test_gptq.py to show: on one network this small it may not.
    one, other = (found.model.state_dict() for found in (plain, rounded))
    weights = [name for name in one if name.endswith("project.weight")]
    assert weights
    assert not any(torch.equal(one[name], other[name]) for name in weights)
    capsys.readouterr()
    assert quantize("--recipe", "qdrop+gptq", out="none") == 2
    assert "'qdrop' rounds its weights by Reconstruct; leave out +gptq" in capsys.readouterr().err


def test_the_recommended_recipe_is_the_default_however_it_is_spelled(folder, capsys):
    assert quantize("--epochs", "0", out="default") == 0
    assert quantize("--recipe", "mixed-w4a16+gptq", "--epochs", "0", out="spelled") == 0
    assert "4-bit weights without training" in capsys.readouterr().err
    default, spelled = ((folder / out / "model.ckpt").read_bytes() for out in ("default", "spelled"))
    assert default == spelled
    assert load_checkpoint(folder / "default" / "model.ckpt").recipe.name == RECOMMENDED


@pytest.mark.parametrize("name", ["", "w4", "frame-w4a8", "w4a16+gptq", "gptq-w8", "naive-int8+gptq"])
def test_what_needs_data_is_refused_without(name, folder, capsys):
    recipe = ["--recipe", name] if name else []
    assert quantize(*recipe, data=False) == 2
    said = capsys.readouterr().err
    typed = f"gaq quantize float.ckpt{' '.join(['', *recipe])} --data FRAMES --out q"
    assert f"Type: {typed}." in said
    assert not (folder / "q").exists()


@pytest.mark.long
def test_data_alone_train_weights_of_few_bits_and_no_others(folder, capsys):
    assert quantize("--recipe", "frame-w8a8", out="eight") == 0
    assert not (folder / "eight" / "curve.jsonl").exists()
    capsys.readouterr()
    assert quantize("--batch", "1", out="four") == 0
    assert "mixed-w4a16: 60 epochs on 16 frames; --epochs changes that" in capsys.readouterr().err
    assert len((folder / "four" / "curve.jsonl").read_text().splitlines()) == 60


def test_a_budget_may_stand_in_the_name(folder, capsys):
    assert quantize("--recipe", "w4a16+gptq+bits=9", "--epochs", "0", "--budget-frames", "2") == 0
    assert 7.4 < open_engine("q/model.ckpt").footprint()["bits_per_weight"] <= 9
    assert quantize("--recipe", "w4a16+bits=6.2", "--budget", "kb=9", out="r") == 2
    assert "has more than one budget: bits=6.2, kb=9" in capsys.readouterr().err


def test_an_earlier_run_is_not_replaced_by_accident(folder, capsys):
    assert quantize("--recipe", "w8", data=False) == 0
    before = (folder / "q" / "model.ckpt").read_bytes()
    assert quantize("--recipe", "frame-w8a8") == 2
    said = capsys.readouterr().err
    assert "UsageError: q/model.ckpt exists: q holds an earlier run. --overwrite replaces it" in said
    assert (folder / "q" / "model.ckpt").read_bytes() == before
    assert quantize("--recipe", "frame-w8a8", "--overwrite") == 0
    assert load_checkpoint(folder / "q" / "model.ckpt").recipe.name == "frame-w8a8"
    assert quantize("--overwrite", "--resume") == 2
    assert "choose one" in capsys.readouterr().err


def test_eight_bit_weights_alone_need_no_data(folder, capsys):
    assert quantize("--recipe", "w8", data=False) == 0
    assert "recipe w8  (not validated: no data)" in capsys.readouterr().out
    assert quantize("--recipe", "naive-int8", data=False, out="r") == 2
    said = capsys.readouterr().err
    assert "UsageError: recipe 'naive-int8' has steps that are fixed by calibration" in said


def test_interrupted_and_resumed(folder):
    """A command of its own, stopped by Ctrl-C after its first epoch, ends as if nothing had happened."""
    data = ["--data", "embedded", "--limit", "16"]
    options = [*data, "--recipe", "frame-w4a8", "--epochs", "12", "--batch", "4"]
    process = subprocess.Popen(
        [sys.executable, "-m", "gaq", "quantize", "float.ckpt", *options, "--out", "parts"],
        env=os.environ | {"OMP_NUM_THREADS": "1", "NO_COLOR": "1"},
        stderr=subprocess.PIPE,
        text=True,
    )
    limit = time.monotonic() + 60
    while not (folder / "parts" / "curve.jsonl").exists() and time.monotonic() < limit:
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert outcome(["quantize", "float.ckpt", *options, "--out", "parts", "--resume"]) == 0
    assert outcome(["quantize", "float.ckpt", *options, "--out", "whole"]) == 0
    parts, whole = (folder / x / "model.ckpt" for x in ("parts", "whole"))
    assert parts.read_bytes() == whole.read_bytes()


def test_the_recipes_are_listed_with_whole_sentences(run_gaq):
    done = run_gaq("quantize", "--list-recipes")
    assert done.returncode == 0, done.stderr
    told = " ".join(done.stdout.split())
    assert [name for name in all_presets() if name not in told] == []
    assert "switched on after the scalars." in told


def test_a_recipe_of_ones_own(folder, capsys):
    rules = "".join(
        f'[[rules]]\nrole = "{role}"\nspec = {{ kind = "identity" }}\n'
        for role in ("scalar-feature", "vector-feature", "query-key", "scalar-message", "vector-message")
    )
    weights = "".join(
        f'[[rules]]\nrole = "{role}"\nspec = {{ kind = "uniform", bits = 5, per = "channel" }}\n'
        for role in ("scalar-weight", "vector-weight")
    )
    (folder / "five.toml").write_text(f'name = "five"\n{rules}{weights}')
    assert quantize("--recipe", "five.toml", data=False) == 2
    assert "Type: gaq quantize float.ckpt --recipe five.toml --data FRAMES --out q." in capsys.readouterr().err
    assert quantize("--recipe", "five.toml+gptq", "--epochs", "0") == 0
    assert load_checkpoint(folder / "q" / "model.ckpt").recipe.name == "five+gptq"
    assert quantize("--recipe", "five.toml", "--epochs", "0", "--overwrite") == 0
    assert load_checkpoint(folder / "q" / "model.ckpt").recipe.name == "five"
    assert 5 < open_engine("q/model.ckpt").footprint()["bits_per_weight"] < 12


HEAD = "2\nenergy=-1 Properties=species:S:1:pos:R:3:forces:R:3\n"


def nan_positions(path: Path) -> None:
    path.write_text(f"{HEAD}O 0 0 nan 0 0 0\nH 0 0 1 0 0 0\n")


def silicon(path: Path) -> None:
    path.write_text(f"{HEAD}Si 0 0 0 0 0 1\nH 0 0 1.5 0 0 -1\n" * 3)


WRONG = {
    "no-model": ([], "UsageError: gaq quantize needs a float checkpoint, or --list-recipes"),
    "missing": (["none.ckpt"], "BadFile: there is no file none.ckpt"),
    "not-a-checkpoint": (["nan.xyz"], "BadFile: nan.xyz is not a model file: it does not begin with a header"),
    "wrong-recipe": (
        ["float.ckpt", "--recipe", "frame-w4a9"],
        "RecipeError: there is no recipe 'frame-w4a9'. Did you mean 'frame-w4a8'?",
    ),
    "no-recipe-file": (["float.ckpt", "--recipe", "none.toml"], "RecipeError: recipe file none.toml"),
    "recipe-is-no-recipe": (
        ["float.ckpt", "--recipe", "nan.xyz"],
        "RecipeError: recipe file nan.xyz is not TOML",
    ),
    "epochs-without-data": (
        ["float.ckpt", "--recipe", "w4", "--epochs", "2"],
        "UsageError: --epochs 2 trains, but there is no data",
    ),
    "negative-epochs": (["float.ckpt", "--recipe", "w4", "--epochs", "-2"], "Invalid value for '--epochs'"),
    "late-stage": (
        ["float.ckpt", "--recipe", "gaq-w4a8", "--epochs", "2", "--warmup", "2", "--data", "embedded"],
        "from epoch 2 on, but training ends after 2",
    ),
    "one-frame": (
        ["float.ckpt", "--recipe", "w4", "--epochs", "1", "--data", "embedded", "--limit", "1"],
        "UsageError: ethanol-gfn2-xtb has 1 frames, 1 of which would be held out for validation",
    ),
    "nan": (["float.ckpt", "--recipe", "w4", "--data", "nan.xyz"], "BadStructure: nan.xyz, structure 0 has"),
    "other-elements": (
        ["float.ckpt", "--recipe", "w4", "--data", "si.xyz"],
        "UnsupportedElement: the model knows H, C, N, O. Structure 0 has Si at atom 0",
    ),
    "file-in-the-way": (
        ["float.ckpt", "--recipe", "w8", "--out", "nan.xyz"],
        "BadFile: nan.xyz is a file; a folder for the output was expected",
    ),
    "no-data": (
        ["float.ckpt", "--recipe", "w4", "--data", "none.npz"],
        "BadFile: there is no file none.npz",
    ),
    "nothing-to-resume": (
        ["float.ckpt", "--recipe", "w4", "--epochs", "1", "--data", "embedded", "--resume"],
        "has no last.ckpt to resume from",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_is_one_sentence(name, folder, capsys):
    nan_positions(folder / "nan.xyz")
    silicon(folder / "si.xyz")
    arguments, text = WRONG[name]
    assert outcome(["quantize", *arguments]) == 2
    said = capsys.readouterr().err
    assert text in said
    assert "Traceback" not in said
    assert [path.name for path in folder.glob("**/*.ckpt")] == ["float.ckpt"]


def test_a_quantized_model_is_not_quantized_again(folder, capsys):
    assert quantize("--recipe", "w8", data=False) == 0
    assert quantize("--recipe", "w4", "--epochs", "0", out="r", model="q/model.ckpt") == 2
    assert "UsageError: the model is already quantized (recipe 'w8')" in capsys.readouterr().err


def test_what_cannot_be_compiled_says_so(folder, capsys):
    assert quantize("--recipe", "svq-kmeans-ste", "--epochs", "1", "--compile") == 2
    said = capsys.readouterr().err
    assert "'svq-kmeans-ste' has a codebook that moves" in said
    assert "without --compile" in said
    assert not (folder / "q" / "model.ckpt").exists()


def test_without_a_compiler_nothing_is_begun(folder, capsys, monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")
    assert quantize("--recipe", "w4", "--epochs", "1", "--batch", "4", "--compile") == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "--compile needs a C++ compiler, and there is no no-such-compiler" in said
    assert "Without --compile none is needed." in said
    assert not (folder / "q" / "model.ckpt").exists()


@compiles
def test_a_compilation_that_fails_is_told_and_training_continues(folder, capsys, monkeypatch):
    """The child cannot read what it is sent; the training lasts until that is known."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    monkeypatch.setattr("gaq.train.compilation.pickle.dump", lambda graph, file: file.write(b"nothing"))
    begun = Compilation.__init__

    def awaited(self: Compilation, graph: LossGraph, key: str) -> None:
        begun(self, graph, key)
        self.wait()

    monkeypatch.setattr(Compilation, "__init__", awaited)
    assert quantize("--recipe", "w4", "--epochs", "1", "--batch", "4", "--compile") == 0
    said = " ".join(capsys.readouterr().err.split())
    assert "warning: the training step could not be compiled: UnpicklingError: " in said
    assert "without --compile" in said
    assert "Training continues uncompiled." in said
    assert (folder / "q" / "model.ckpt").exists()
    assert [path.name for path in (folder / "cache" / "gaq" / "graphs").iterdir()] == [".lock"]
