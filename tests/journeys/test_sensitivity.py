"""`gaq sensitivity` and `gaq quantize --budget` as a user types them, and molecules of every odd shape."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gaq.cli.main import outcome
from gaq.engine.open import open_engine
from gaq.measure.ledger import find, read_rows
from gaq.quant.recipe import Recipe
from gaq.train.checkpoint import load_checkpoint, save_checkpoint
from tiny import checkpoint, config, molecule

DATA = ["--data", "embedded", "--limit", "4"]
UNTRAINED = [*DATA, "--epochs", "0"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    save_checkpoint(tmp_path / "float.ckpt", checkpoint(config()))
    return tmp_path


def write_frames(path: Path, names: list[str]) -> None:
    """Extended XYZ with forces that add up to zero."""
    lines = []
    for k, name in enumerate(names):
        found = molecule(name, k, noise=0.0)
        symbols = {1: "H", 6: "C", 7: "N", 8: "O"}
        forces = np.random.default_rng(k).normal(size=found.positions.shape)
        forces -= forces.mean(0)
        lines += [str(len(found)), 'energy=-40.0 Properties=species:S:1:pos:R:3:forces:R:3 pbc="F F F"']
        for z, x, f in zip(found.species, found.positions, forces, strict=True):
            lines.append(f"{symbols[int(z)]} " + " ".join(f"{v:.12f}" for v in [*x, *f]))
    path.write_text("\n".join(lines) + "\n")


def test_a_table_sorted_by_cost_a_picture_and_rows(folder, capsys):
    command = ["sensitivity", "float.ckpt", *DATA, "--by", "kind", "--rotations", "2"]
    assert outcome([*command, "--json", "rows.jsonl", "--plot", "costs.png"]) == 0
    said = capsys.readouterr().out
    assert said.index(" all ") < said.index(" weights ") < said.index(" attention.query ")
    assert "float parent: energy_invariance" in said
    rows = read_rows(folder / "rows.jsonl")
    assert find([r for r in rows if r.model == "slots/weights"], "force_fidelity").value > 0
    assert (folder / "costs.png").read_bytes().startswith(b"\x89PNG")


def test_the_bound_of_a_float_and_of_a_quantized_model(folder, capsys):
    assert outcome(["sensitivity", "float.ckpt", *DATA, "--recipe", "gaq-w8a8", "--bound", "--json", "r.jsonl"]) == 0
    assert "bound" in capsys.readouterr().out
    first = [r for r in read_rows(folder / "r.jsonl") if r.model == "layers/0"]
    assert 0 < find(first, "layer_defect_max").value <= find(first, "layer_defect_bound_max").value
    assert outcome(["quantize", "float.ckpt", *UNTRAINED, "--recipe", "frame-w4a8", "--out", "q"]) == 0
    assert outcome(["sensitivity", "q/model.ckpt", *DATA, "--bound", "--json", "r.jsonl"]) == 0
    rows = read_rows(folder / "r.jsonl")
    assert {r.recipe for r in rows} == {"frame-w4a8"}
    assert max(r.value for r in rows if r.metric == "layer_defect_max") < 1e-12


@pytest.mark.parametrize("epochs", ["0", "2"])
def test_a_budget(epochs, folder, capsys):
    frames = ["--data", "embedded", "--limit", "16", "--budget-frames", "4"]
    command = ["quantize", "float.ckpt", "--recipe", "frame-w4a8", "--budget", "bits=9.5", *frames, "--out", "q"]
    assert outcome([*command, "--epochs", epochs, "--batch", "4"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "layers.0.update.mix1.weight" in said
    assert "bits per weight; without training" in said
    written = Recipe.from_toml(folder / "q" / "recipe.toml")
    assert load_checkpoint(folder / "q" / "model.ckpt").recipe == written
    assert open_engine("q/model.ckpt").footprint()["bits_per_weight"] <= 9.5
    # The file is a recipe like any other.
    assert outcome(["quantize", "float.ckpt", "--recipe", "q/recipe.toml", *UNTRAINED, "--out", "again"]) == 0
    assert load_checkpoint(folder / "again" / "model.ckpt").recipe == written


WRONG = {
    "part": (["sensitivity", "float.ckpt", *DATA, "--by", "layers"], "--by 'layers': expected one of slot, kind"),
    "float": (["sensitivity", "float.ckpt", *DATA, "--recipe", "fp32"], "recipe 'fp32' leaves every slot in float"),
    "picture": (["sensitivity", "float.ckpt", *DATA, "--plot", "a.pdf"], "pictures are PNG files"),
    "picture-of-bound": (
        ["sensitivity", "float.ckpt", *DATA, "--bound", "--plot", "a.png"],
        "--bound has a table only",
    ),
    "missing": (["sensitivity", "none.ckpt", *DATA], "there is no file none.ckpt"),
    "budget": (["quantize", "float.ckpt", *DATA, "--budget", "bit=4"], "Did you mean 'bits'?"),
    "budget-blind": (["quantize", "float.ckpt", "--budget", "bits=5"], "give some with --data"),
    "too-small": (
        ["quantize", "float.ckpt", *DATA, "--recipe", "frame-w4a8", "--budget", "bits=2"],
        "The nearest possible is bits=",
    ),
    "too-exact": (
        ["quantize", "float.ckpt", *DATA, "--recipe", "frame-w4a8", "--budget", "force=0.001"],
        "The nearest possible is force=",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_is_one_sentence(name, capsys):
    arguments, text = WRONG[name]
    assert outcome(arguments) == 2
    said = capsys.readouterr().err
    assert text in said
    assert "Traceback" not in said


def test_costs_are_those_of_a_float_model(capsys):
    assert outcome(["quantize", "float.ckpt", "--recipe", "w8", "--out", "q"]) == 0
    assert outcome(["sensitivity", "q/model.ckpt", *DATA]) == 2
    assert "is already quantized (recipe 'w8'). Give the float checkpoint" in capsys.readouterr().err


@pytest.mark.parametrize(
    "names", [["CO2", "C2H2"], ["C6H6", "H2O"], ["N2", "CO", "H2"]], ids=["linear", "planar", "two"]
)
@pytest.mark.parametrize("recipe", ["frame-w4a8", "gaq-w8a8"])
def test_molecules_of_odd_shapes(names, recipe, folder, capsys):
    write_frames(folder / "odd.xyz", names)
    data = ["--data", "odd.xyz"]
    assert outcome(["quantize", "float.ckpt", "--recipe", recipe, *data, "--epochs", "0", "--out", "q"]) == 0
    evaluate = ["evaluate", "q/model.ckpt", "--parent", "float.ckpt", *data, "--rotations", "4", "--path-frames", "2"]
    assert outcome([*evaluate, "--json", "e.jsonl"]) == 0
    assert outcome(["sensitivity", "float.ckpt", "--recipe", recipe, *data, "--by", "role", "--json", "s.jsonl"]) == 0
    assert outcome(["sensitivity", "q/model.ckpt", *data, "--bound", "--json", "b.jsonl"]) == 0
    rows = [r for name in ("e", "s", "b") for r in read_rows(folder / f"{name}.jsonl")]
    assert [r for r in rows if not np.isfinite(r.value)] == []
    assert "Traceback" not in capsys.readouterr().err
