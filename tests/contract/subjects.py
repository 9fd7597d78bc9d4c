"""The networks and structures that the contract of a force field is tested with."""

from __future__ import annotations

import torch

from gaq.atoms.structure import Structure
from gaq.engine.pytorch import TorchEngine
from gaq.model.geometry import Gauge
from gaq.quant.install import preset
from gaq.train.session import quantize
from tiny import box, config, molecules, nequip, network, painn

SHAPES = {
    "l1": config(),
    "l2": config(degrees=2),
    "l3": config(degrees=3),
    "dot": config(attention="dot"),
    "deep": config(degrees=2, layers=3, attention="dot", heads=4),
    "painn": painn(layers=3),
    "painn-gaussian": painn(layers=2, radial="gaussian", ending="cosine", readout=5),
    "nequip": nequip(layers=3),
    "nequip-l3": nequip(
        layers=3, degrees=3, vector_channels=[4, 4, 4], parities="natural", self_connection="linear", channels=16
    ),
}
DTYPES = {"float32": torch.float32, "float64": torch.float64}
FRAMED = ("frame-w4a8", "frame-w8a8", "w4a16", "mixed-w4a8", "mixed-w4a16", "hadamard-w4a8")
WEIGHT_ONLY = ("fp32", "w8", "w4", "gptq-w4", "awq-w4")
EXACT = 1e-9  # meV/Å, meV

# Largest error of a force component (eV/Å) and of an energy (eV) that round-off explains, forces of 1 eV/Å.
ROUND_OFF = {torch.float32: (2e-5, 1e-4), torch.float64: (1e-12, 1e-10)}


def engine(settings, dtype=torch.float32, recipe: str = "fp32", gauge: Gauge | None = None) -> TorchEngine:
    """A network, quantized by a preset without warm-up and calibrated on molecules."""
    model = network(settings, dtype)
    if recipe != "fp32":
        model = quantize(model, preset(recipe, 0), molecules())
    return TorchEngine(model, "tiny", recipe, gauge=gauge)


def everything() -> list[Structure]:
    return [*molecules(), box()]
