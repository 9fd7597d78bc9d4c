"""Compute one energy with a packed model, which must not load PyTorch: python tools/one_energy.py MODEL.gaq"""

from __future__ import annotations

import sys

import numpy as np
from ase.build import molecule

import gaq

atoms = molecule("CH3CH2OH")
atoms.calc = gaq.Calculator(sys.argv[1])
energy = atoms.get_potential_energy()
assert np.isfinite(energy), energy
assert "torch" not in sys.modules, "a packed model loaded torch"
print(f"gaq {gaq.__version__}, Python {sys.version.split()[0]}: {energy:.4f} eV")
