"""What to try a force field on when nobody gives data: its own golden frames, or small molecules of its
elements.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gaq.atoms.elements import formula
from gaq.atoms.from_ase import from_ase
from gaq.atoms.structure import Structure
from gaq.engine.protocol import Engine, HasGolden, unwatched
from gaq.errors import NotFinite, UsageError

RATTLE = 0.05  # Å, standard deviation per coordinate
AT_REST = 0.1  # eV/Å; below it forces are those of a relaxed structure
LARGEST_GOLDEN = 200  # atoms
LARGEST_SENSIBLE = 20.0  # eV/Å; forces of rattled molecules are some 5 eV/Å
LARGEST_CALM = 7.0  # eV/Å; beyond, a network far from its training data bends within a hundredth of an Å
ORGANIC = frozenset({1, 6, 8})  # what to assume of a calculator that does not name its elements


@dataclass(frozen=True)
class Subjects:
    """Structures and what the rows of the ledger call them."""

    name: str
    structures: tuple[Structure, ...]


def own_subjects(engine: Engine, count: int = 8, seed: int = 0) -> Subjects:
    """Return the engine's `golden_structures()` where it has them, else rattled molecules of its elements.

    Molecules are those of ASE's G2 collection with only known elements, at least three atoms if there are
    such, those with most elements and then with about nine atoms first. Of a model that tells its elements, which may
    say anything far from its training data, the first with sensible forces. Golden structures whose atoms are alone are
    passed over. Raises `UsageError` when no molecule fits.
    """
    found = tuple(engine.golden_structures())[:count] if isinstance(engine, HasGolden) else ()
    if any(np.any(p.forces != 0) for p in unwatched(engine).evaluate(found)):
        return Subjects(f"golden frames of {formula(found[0].species.tolist())}", found)
    molecules = _molecules(engine.species or ORGANIC, engine.model)
    return (_sensible(engine, molecules, count, seed, LARGEST_CALM) if engine.species else None) or _rattled(
        molecules[0], count, seed
    )


def golden_subjects(engine: Engine, given: Sequence[Structure] = (), count: int = 3, seed: int = 0) -> Subjects:
    """So many structures of the same atoms in open space, for a packed model to carry along.

    Of the `given` frames those with the atoms of the first, spread over the file; its rattled copies where there are
    too few. Where none are given, rattled copies of the first molecule of the engine's elements on which the forces are
    sensible: far from its training data a network may say anything. Raises `UsageError`.
    """
    if not given:
        found = _sensible(engine, _molecules(engine.species or ORGANIC, engine.model), count, seed)
        if found is not None:
            return found
        raise UsageError(f"{engine.model} has sensible forces on no small molecule; give `frames` like its own")
    first = given[0]
    if len(first) > LARGEST_GOLDEN:
        raise UsageError(
            f"golden frames have at most {LARGEST_GOLDEN} atoms, the first frame given has {len(first)}; give smaller "
            "`frames`, or none"
        )
    alike = [Structure.molecule(s.species, s.positions) for s in given if np.array_equal(s.species, first.species)]
    if len(alike) < count:
        return Subjects("given frame, rattled", rattled_copies(alike[0], count, seed))
    places = np.linspace(0, len(alike) - 1, count).round().astype(int)
    return Subjects("given frames", tuple(alike[i] for i in places))


def stirred(engine: Engine, structures: Sequence[Structure], seed: int = 0) -> tuple[Structure, ...]:
    """Return the same structures, those rattled whose forces are nearly zero: a structure at rest hides most faults."""
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
    """Return atoms displaced at random, 0.05 Å per coordinate."""
    return structure.moved(structure.positions + RATTLE * rng.standard_normal(structure.positions.shape))


def _sensible(
    engine: Engine,
    molecules: Sequence[tuple[str, Structure]],
    count: int,
    seed: int,
    largest: float = LARGEST_SENSIBLE,
) -> Subjects | None:
    """Return the first molecule with forces below `largest` (eV/Å) on its rattled copies, three at least; those
    copies.
    """
    tried = unwatched(engine)
    for named in molecules:
        copies = _rattled(named, count, seed)
        kept = tuple(s for s in copies.structures if _is_sensible(tried, s, largest))
        if len(named[1]) > 1 and len(kept) >= min(count, 3):
            return replace(copies, structures=kept)
    return None


def _is_sensible(engine: Engine, structure: Structure, largest: float) -> bool:
    try:
        (found,) = engine.evaluate([structure])
    except NotFinite:
        return False
    return bool(np.isfinite(found.energy) and np.max(np.abs(found.forces)) < largest)


def _rattled(named: tuple[str, Structure], count: int, seed: int) -> Subjects:
    name, molecule = named
    return Subjects(f"{name} (ASE, rattled)", rattled_copies(molecule, count, seed))


def _molecules(species: frozenset[int], model: str) -> list[tuple[str, Structure]]:
    """Those of ASE's G2 collection that consist of known elements, the best to try a model on first."""
    from ase.collections import g2

    fitting = [(name, g2[name]) for name in g2.names if set(g2[name].numbers.tolist()) <= species]
    if not fitting:
        raise UsageError(f"no small molecule consists of the elements of {model}; give `structures`")
    fitting.sort(key=lambda item: _rank(item[1].numbers))
    for _, atoms in fitting:
        atoms.pbc = False
    return [(name, from_ase(atoms)) for name, atoms in fitting]


def _rank(numbers: np.ndarray) -> tuple[bool, int, int]:
    return (len(numbers) < 3, -len(set(numbers.tolist())), abs(len(numbers) - 9))
