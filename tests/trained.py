"""Recipes on trained weights: shipped checkpoints, and shipped float models quantized without training."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from built import REPOSITORY
from gaq.data.read import read_dataset
from gaq.quant.install import preset
from gaq.train.calibrate import quantized_copy
from gaq.train.checkpoint import Checkpoint, load_checkpoint
from gaq.train.frames import prepare

MODELS = REPOSITORY / "models"
CALIBRATION = 100  # frames, as `gaq quantize` takes
MOLECULES = ("azobenzene", "ethanol")
RECIPES = ("fp32", "w8", "w4", "w4a16", "mixed-w4a16", "mixed-w4a8", "frame-w8a8", "frame-w4a8")
RECIPES += ("gaq-w8a8", "gaq-w4a8", "int8-per-vector", "naive-int8")


def shipped(molecule: str, recipe: str, suffix: str = ".gaq") -> Path:
    """The shipped model of a recipe."""
    return MODELS / f"rmd17-{molecule}-{recipe}{suffix}"


@cache
def trained(molecule: str, recipe: str, data_folder: Path) -> Checkpoint:
    """The shipped checkpoint of a recipe, or else the shipped float model quantized without training."""
    if (path := shipped(molecule, recipe, ".ckpt")).exists():
        return load_checkpoint(path)
    parent = load_checkpoint(shipped(molecule, "fp32", ".ckpt"))
    data = read_dataset(data_folder / "rmd17" / f"rmd17_{molecule}_train_01.npz").subset(range(CALIBRATION))
    asked = preset(recipe)
    return Checkpoint(
        quantized_copy(parent.model, asked, prepare(data, parent.model.cutoff)), asked, {"parent": parent.manifest}
    )
