"""Recipes that users write: every width, what does not exist, and as little data as there can be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from gaq.cli.main import outcome
from gaq.engine.open import open_engine
from gaq.quant.mddq import PolarCode
from gaq.train.checkpoint import load_checkpoint, save_checkpoint
from tiny import checkpoint, config, molecule

FEATURES = ("scalar-feature", "vector-feature", "query-key", "scalar-message", "vector-message")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    save_checkpoint(tmp_path / "float.ckpt", checkpoint(config()))
    return tmp_path


def rule(where: str, spec: str, key: str = "role", calibrate: str = "") -> str:
    more = f"calibrate = {{ {calibrate} }}\n" if calibrate else ""
    return f'[[rules]]\n{key} = "{where}"\nspec = {{ {spec} }}\n{more}'


def weights(bits: int) -> str:
    return "".join(
        rule(role, f'kind = "uniform", bits = {bits}, per = "channel"') for role in ("scalar-weight", "vector-weight")
    )


FRAMES = ("--data", "embedded", "--limit", "4", "--epochs", "0")  # calibrated, not trained
FLOAT = "".join(rule(role, 'kind = "identity"') for role in FEATURES)


def quantize(text: str, *more: str) -> int:
    Path("mine.toml").write_text(f'name = "mine"\n{text}')
    return outcome(["quantize", "float.ckpt", "--recipe", "mine.toml", "--out", "q", *more])


@pytest.mark.parametrize("bits", [2, 3, 5, 8])
def test_weights_of_any_width_up_to_eight_are_quantized_and_exported(bits):
    assert quantize(weights(bits) + FLOAT, *FRAMES) == 0
    assert outcome(["export", "q/model.ckpt", "-o", "m.gaq"]) == 0
    (prediction,) = open_engine("q/model.ckpt").evaluate([molecule("CH3CH2OH")])
    assert np.isfinite(prediction.forces).all()


def test_weights_of_sixteen_bits_are_quantized_but_not_packed(capsys):
    assert quantize(weights(16) + FLOAT) == 0
    assert outcome(["export", "q/model.ckpt", "-o", "m.gaq"]) == 2
    assert "packed weights have at most 8 bits" in capsys.readouterr().err
    assert not Path("m.gaq").exists()


@pytest.mark.parametrize("bits", [3, 5, 16])
def test_features_of_these_widths_are_quantized_and_exported(bits):
    rows = f'kind = "uniform", bits = {bits}, per = "row"'
    framed = f'kind = "framed", inner = {{ {rows} }}'
    rest = "".join(rule(role, 'kind = "identity"') for role in FEATURES[2:])
    text = weights(4) + rule("scalar-feature", rows) + rule("vector-feature", framed) + rest
    assert quantize(text, *FRAMES) == 0
    assert outcome(["export", "q/model.ckpt", "-o", "m.gaq"]) == 0


WRONG = {
    "bits-17": (weights(17) + FLOAT, "Uniform: bits is 17; expected an integer from 2 to 16"),
    "bits-1": (weights(1) + FLOAT, "Uniform: bits is 1; expected an integer from 2 to 16"),
    "half-a-bit": ((weights(8) + FLOAT).replace("bits = 8", "bits = 4.5"), "bits is 4.5; expected an integer"),
    "no-such-slot": (
        weights(8) + FLOAT + rule("layers.0.update.gate.weight", 'kind = "identity"', "slot"),
        "no slot is named 'layers.0.update.gate.weight'. Did you mean 'layers.0.update.gates.weight'?",
    ),
    "two-rules": (
        weights(8) + FLOAT + weights(4),
        "recipe 'mine' has 2 rules of equal strength for slot 'layers.0.attention.project.weight'",
    ),
    "one-point": (
        weights(8)
        + FLOAT.replace(
            'role = "vector-feature"\nspec = { kind = "identity" }',
            'role = "vector-feature"\nspec = { kind = "polar", bits = 8, directions = { kind = "kmeans", bits = 0 } }',
        ),
        "bits is 0; expected an integer from 2 to 12",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_is_one_sentence(name, capsys):
    text, said = WRONG[name]
    assert quantize(text, *FRAMES) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error


@pytest.mark.parametrize("name", ["naive-int8", "gaq-w8a8", "frame-w4a8"])
def test_one_frame_is_enough_to_calibrate(name):
    frames = ["--data", "embedded", "--limit", "1"]
    assert outcome(["quantize", "float.ckpt", "--recipe", name, *frames, "--epochs", "0", "--out", "q"]) == 0
    assert outcome(["sensitivity", "float.ckpt", "--recipe", name, *frames, "--by", "role", "--path-frames", "0"]) == 0


def test_a_codebook_that_one_frame_cannot_fill_is_filled_up():
    text = weights(8) + FLOAT.replace(
        'role = "vector-feature"\nspec = { kind = "identity" }',
        'role = "vector-feature"\nspec = { kind = "polar", bits = 8, directions = { kind = "kmeans", bits = 8 } }',
    )
    assert quantize(text, "--data", "embedded", "--limit", "1") == 0
    books = [
        q.calibrated.directions.points
        for q in load_checkpoint("q/model.ckpt").model.quantizers()
        if isinstance(q.calibrated, PolarCode)
    ]
    assert books
    for points in books:
        assert len(torch.unique(points, dim=0)) == 256
        assert torch.linalg.vector_norm(points, dim=-1).sub(1).abs().max() < 1e-5
