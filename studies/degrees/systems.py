"""Structures for networks of many elements: frames of ethanol, and crystals that are strained and shaken."""

from __future__ import annotations

import numpy as np
from ase.build import bulk

from gaq.atoms.structure import Structure
from gaq.data.read import read_dataset

# Prototype and lattice constant in Å, a cubic cell each.
CRYSTALS = {"Si": ("diamond", 5.43), "Cu": ("fcc", 3.61), "NaCl": ("rocksalt", 5.64), "MgO": ("rocksalt", 4.21)}
SHAKE, STRAIN = 0.08, 0.02  # Å for each coordinate; the largest entry of a strain


def frames(of_each: int, seed: int) -> list[Structure]:
    """Return so many structures of ethanol and of each crystal; other ones for another seed."""
    rng = np.random.default_rng(seed)
    ethanol = read_dataset("embedded").structures
    found = [ethanol[k] for k in rng.choice(len(ethanol), of_each, replace=False)]
    for name, (prototype, length) in CRYSTALS.items():
        crystal = bulk(name, prototype, a=length, cubic=True)
        for _ in range(of_each):
            strain = np.eye(3) + rng.uniform(-STRAIN, STRAIN, (3, 3))
            positions = crystal.positions @ strain + SHAKE * rng.standard_normal(crystal.positions.shape)
            cell = crystal.cell.array @ strain
            found.append(Structure(crystal.numbers.astype(np.int64), positions, cell, np.ones(3, dtype=bool)))
    return found
