"""A small untrained MACE as ASE calculator, for `gaq check`:

gaq check benchmarks/speed/peers/calculator_mace.py:make --python build/peers/mace/bin/python --steps 0
"""

from __future__ import annotations

from typing import Any

import run_mace

import numpy as np
import torch
from mace.calculators import MACECalculator

SPECIES = np.array([1, 6, 7, 8])


def make(dtype: str = "float64", features: str = "16x0e + 16x1o") -> Any:
    """Return an untrained MACE."""
    torch.manual_seed(0)
    network = run_mace.network(SPECIES, features).requires_grad_(False).eval()
    return MACECalculator(models=[network], default_dtype=dtype)
