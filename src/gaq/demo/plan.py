"""Sizes, lengths and candidates of the demo."""

from __future__ import annotations

from dataclasses import dataclass

from gaq.quant.recommended import RECOMMENDED


@dataclass(frozen=True)
class DemoModel:
    """A row of the table: a recipe, and whether it is trained after quantization."""

    name: str  # name in the table, and folder
    recipe: str  # the preset
    trained: bool
    about: str


PARENT = DemoModel("fp32", "fp32", False, "the float model that all others start from")
DEMO_MODELS = (
    PARENT,
    DemoModel(RECOMMENDED, RECOMMENDED, True, "the recommended recipe: 4- and 8-bit weights, 16-bit features, GPTQ"),
    DemoModel("fp32-control", "fp32", True, "the control: the float model trained for as long as the others"),
    DemoModel("naive-int8", "naive-int8", False, "8 bits along x, y, z, not trained: the papers' baseline"),
    DemoModel("gaq-w4a8", "gaq-w4a8", True, "4-bit weights, vectors as magnitude and direction: the papers' method"),
    DemoModel("w4", "w4", True, "4-bit weights, everything else in float"),
)


@dataclass(frozen=True)
class DemoPlan:
    """Sizes and lengths. The molecule is that of the embedded data."""

    train: int = 450  # frames
    validation: int = 50
    test: int = 100  # labelled during the demo
    interval: int = 50  # steps of dynamics between test frames
    equilibration: float = 250.0  # fs before the first of each replica
    replicas: int = 4
    channels: int = 64
    layers: int = 2
    epochs: int = 30  # float training
    tuning: int = 8  # epochs after quantization, and of the control
    tuning_rate: float = 5e-3  # their learning rate
    rotations: int = 8  # per test frame
    checked: int = 40  # test frames of the rotation check
    steps: int = 60_000  # of dynamics at constant energy, in the native engine; 10 ps are too short for drifts
    slow_steps: int = 1000  # the same in PyTorch
    timestep: float = 0.5  # fs
    temperature: float = 300.0  # K, initial
    seed: int = 0


QUICK = DemoPlan(
    train=40,
    validation=8,
    test=4,
    interval=4,
    equilibration=4.0,
    replicas=1,
    channels=16,
    layers=2,
    epochs=3,
    tuning=2,
    rotations=2,
    checked=2,
    steps=40,
    slow_steps=20,
)
