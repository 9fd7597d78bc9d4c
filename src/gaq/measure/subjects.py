"""What to try a force field on when nobody gives data: its own golden frames, or small molecules of its
elements.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gaq.atoms.from_ase import from_ase
from gaq.atoms.structure import Structure
from gaq.engine.protocol import Engine
from gaq.errors import UsageError

RATTLE = 0.05  # Å, standard deviation per coordinate
AT_REST = 0.1  # eV/Å; below it forces are those of a relaxed structure
ORGANIC = frozenset({1, 6, 8})  # what to assume of a calculator that does not name its elements


@dataclass(frozen=True)
class Subjects:
    """Structures and what the rows of the ledger call them."""

    name: str
    structures: tuple[Structure, ...]


def own_subjects(engine: Engine, count: int = 8, seed: int = 0) -> Subjects:
    """The engine's `golden_structures()` where it has them, else rattled molecules of its elements.

    Molecules are those of ASE's G2 collection with only known elements, at least three atoms if there are
    such, those with most elements and then with about nine atoms first. Raises `UsageError` when no molecule
    fits.
    """
    golden = getattr(engine, "golden_structures", None)
    found = tuple(golden()) if golden is not None else ()
    if found:
        return Subjects("golden frames", found[:count])
    name, molecule = _molecule(engine.species or ORGANIC, engine.model)
    return Subjects(f"{name} (ASE, rattled)", rattled_copies(molecule, count, seed))


def stirred(engine: Engine, structures: Sequence[Structure], seed: int = 0) -> tuple[Structure, ...]:
    """The same structures, those rattled whose forces are nearly zero: a structure at rest hides most
    faults.
    """
    rng = np.random.default_rng(seed)
    found = engine.evaluate(structures)
    return tuple(
        rattled(s, rng) if np.max(np.abs(p.forces)) < AT_REST else s for s, p in zip(structures, found, strict=True)
    )


def rattled_copies(structure: Structure, count: int, seed: int = 0) -> tuple[Structure, ...]:
    """So many copies, each rattled on its own."""
    rng = np.random.default_rng(seed)
    return tuple(rattled(structure, rng) for _ in range(count))


def rattled(structure: Structure, rng: np.random.Generator) -> Structure:
    """Atoms displaced at random, 0.05 Å per coordinate."""
    return structure.moved(structure.positions + RATTLE * rng.standard_normal(structure.positions.shape))


def _molecule(species: frozenset[int], model: str) -> tuple[str, Structure]:
    from ase.collections import g2

    fitting = [(name, g2[name]) for name in g2.names if set(g2[name].numbers.tolist()) <= species]
    if not fitting:
        raise UsageError(f"no small molecule consists of the elements of {model}; give structures with --data")
    name, atoms = min(fitting, key=lambda item: _rank(item[1].numbers))
    atoms.pbc = False
    return name, from_ase(atoms)


def _rank(numbers: np.ndarray) -> tuple[bool, int, int]:
    return (len(numbers) < 3, -len(set(numbers.tolist())), abs(len(numbers) - 9))
