"""A model as a force of OpenMM: `system.addForce(force_of("model.gaq", topology))`.

OpenMM uses kJ/mol, nm and ps; the model eV and Å. Masses and equations of motion are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gaq.atoms.checks import check_atomic_numbers, check_species, list_atoms
from gaq.atoms.elements import HEAVIEST
from gaq.atoms.structure import Structure
from gaq.engine.open import engine_of
from gaq.engine.protocol import Engine
from gaq.errors import BadStructure
from gaq.simulate.hosts import imported
from gaq.simulate.velocities import masses_of
from gaq.units import KJ_PER_MOL, NANOMETER


class Computation:
    """The function that OpenMM calls at every step. Pickling, as in XmlSerializer, includes the whole model."""

    def __init__(self, engine: Engine, structure: Structure) -> None:
        self.engine, self.structure = engine, structure

    def __call__(self, state: Any) -> tuple[float, np.ndarray]:
        """Return energy (kJ/mol) and forces [atom, 3] (kJ/mol/nm) of an openmm.State. Raises `BadStructure`."""
        rest = self.structure
        positions = NANOMETER * _plain(state.getPositions(asNumpy=True))
        cell = rest.cell
        if rest.periodic.any():
            cell = NANOMETER * _plain(state.getPeriodicBoxVectors(asNumpy=True))
        (prediction,) = self.engine.evaluate([Structure(rest.species, positions, cell, rest.periodic)])
        return prediction.energy / KJ_PER_MOL, prediction.forces * (NANOMETER / KJ_PER_MOL)


def force_of(
    model: str | Path | Engine,
    atoms: Any,
    *,
    periodic: bool | None = None,
    subset: Sequence[int] | None = None,
    threads: int | None = None,
) -> Any:
    """Return the model as an `openmm.PythonForce`, called from Python at every step.

    `atoms` is an `openmm.app.Topology` or the atomic numbers of all particles. A topology with box vectors is periodic
    unless `periodic` says otherwise. `subset` lists the particles of the model if the system has others.
    Raises `BadFile`, `BadStructure`, `UnsupportedElement`, `NotAvailable` without OpenMM.
    """
    openmm = imported("openmm")
    species = species_of(atoms, subset)
    if periodic is None:
        periodic = _box_of(atoms) is not None
    elif periodic and hasattr(atoms, "getPeriodicBoxVectors") and _box_of(atoms) is None:
        raise BadStructure(
            "the topology has no box, but periodic=True; the system would get OpenMM's default of 2 nm. "
            "Give it one (topology.setPeriodicBoxVectors), or leave periodic out"
        )
    engine = engine_of(model, threads=threads)
    structure = Structure(species, np.zeros((len(species), 3)), np.zeros((3, 3)), np.full(3, periodic))
    check_species(structure, engine.species, engine.model)
    force = openmm.PythonForce(Computation(engine, structure))
    force.setUsesPeriodicBoundaryConditions(bool(periodic))
    force.setName("gaq")
    if subset is not None:
        force.setParticles([int(index) for index in subset])
    return force


def create_system(model: str | Path | Engine, atoms: Any, *, box: Any = None, threads: int | None = None) -> Any:
    """Return an `openmm.System` with the masses of gaq and the model as its only force.

    `atoms` as in `force_of`. `box`, three vectors in nm in the reduced form that OpenMM requires, makes it periodic; a
    topology has its own. No constraints, no removal of the centre's motion. Raises the errors of `force_of`.
    """
    openmm = imported("openmm")
    species = species_of(atoms)
    box = _box_of(atoms) if box is None else box
    force = force_of(model, species, periodic=box is not None, threads=threads)
    system = openmm.System()
    for mass in masses_of(Structure.molecule(species, np.zeros((len(species), 3)))):
        system.addParticle(float(mass))
    if box is not None:
        system.setDefaultPeriodicBoxVectors(*box)
    system.addForce(force)
    return system


def species_of(atoms: Any, subset: Sequence[int] | None = None) -> np.ndarray:
    """Return atomic numbers [atom] of an `openmm.app.Topology`, or those given; only of the particles in `subset`.

    Raises `BadStructure` if one of them is no atom, such as a virtual site; other particles may be anything.
    """
    if not hasattr(atoms, "getNumAtoms"):
        species = np.asarray(atoms, dtype=np.int64)
    else:
        elements = [atom.element for atom in atoms.atoms()]
        species = np.array([0 if e is None else e.atomic_number for e in elements], dtype=np.int64)
    if species.ndim != 1 or len(species) == 0:
        raise BadStructure(f"species of shape {species.shape}; expected the atomic numbers of one atom or more")
    if subset is None:
        check_atomic_numbers(species, "The topology")
        return species
    chosen = _within(subset, len(species))
    wrong = chosen[(species[chosen] < 1) | (species[chosen] > HEAVIEST)]
    if len(wrong):
        raise BadStructure(
            f"the subset has {list_atoms(wrong)} without an element, such as virtual sites; expected atoms. Leave them "
            f"out of the subset"
        )
    return species[chosen]


def _box_of(atoms: Any) -> Any:
    return atoms.getPeriodicBoxVectors() if hasattr(atoms, "getPeriodicBoxVectors") else None


def _within(subset: Sequence[int], particles: int) -> np.ndarray:
    chosen = np.asarray(list(subset))
    wrong = (
        chosen.dtype.kind not in "iu"
        or chosen.ndim != 1
        or len(chosen) == 0
        or chosen.min() < 0
        or chosen.max() >= particles
    )
    if wrong or len(np.unique(chosen)) != len(chosen):
        raise BadStructure(f"subset {list(subset)}: expected different particles of 0 to {particles - 1}")
    return chosen.astype(np.int64)


def _plain(quantity: Any) -> np.ndarray:
    """Return an OpenMM length as numbers in nm."""
    from openmm.unit import nanometer

    return np.asarray(quantity.value_in_unit(nanometer), dtype=np.float64)
