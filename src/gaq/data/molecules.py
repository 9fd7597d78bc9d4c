"""Molecules by name, by SMILES or from a file: ASE's collections, everyday names, RDKit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gaq.atoms.from_ase import from_ase
from gaq.atoms.structure import Structure
from gaq.data.common_names import G2_NAMES, SMILES
from gaq.data.read import read_structures
from gaq.data.smiles import from_smiles, looks_like_smiles
from gaq.errors import UsageError, nearest

PREFIX = "smiles:"
ALIKE = 0.75  # share of equal characters: `glycine` is not `pyridine`


@dataclass(frozen=True)
class Molecule:
    """A structure in open space, its origin, and its charge and multiplicity if known."""

    structure: Structure
    source: str
    charge: int = 0
    multiplicity: int = 1


def find_molecule(name: str) -> Molecule:
    """Return a molecule by everyday name, by its name in a collection of ASE, by SMILES, or from a file.

    Files take precedence over names, and names over SMILES (`CO` is carbon monoxide); `smiles:CO` is always a SMILES.
    Raises UsageError for an unknown name or a periodic structure, NotAvailable for a SMILES without RDKit, BadFile and
    BadStructure for a broken file.
    """
    if name.startswith(PREFIX):
        return _of_smiles(name.removeprefix(PREFIX))
    if Path(name).is_file():
        return _of_file(name)
    plain = name.lower().replace(" ", "-")
    if plain in G2_NAMES:
        return _of_ase(G2_NAMES[plain], "g2")
    for collection, names in _collections().items():
        if name in names:
            return _of_ase(name, collection)
    if plain in SMILES:
        return _of_smiles(SMILES[plain])
    if looks_like_smiles(name):
        return _of_smiles(name)
    if Path(name).suffix or "/" in name:
        return _of_file(name)
    known = [*G2_NAMES, *SMILES, *(one for names in _collections().values() for one in names)]
    raise UsageError(
        f"no molecule is called {name!r}.{nearest(plain, known, ALIKE)} Give its SMILES, such as CCO for ethanol, a "
        f"file such as molecule.xyz, or one of {len(known)} names: everyday ones such as methanol, glycine or aspirin, "
        f"and those of ASE's collections {', '.join(_collections())}."
    )


def _collections() -> Mapping[str, list[str]]:
    """Return the names of ASE's collections of molecules."""
    from ase.collections import g2, s22

    return {"g2": g2.names, "s22": s22.names}


def _of_ase(name: str, collection: str) -> Molecule:
    import ase.collections
    from ase.build import molecule

    atoms = molecule(name) if collection == "g2" else getattr(ase.collections, collection)[name]
    unpaired = round(abs(float(atoms.get_initial_magnetic_moments().sum())))
    return Molecule(from_ase(atoms), f"{name} of ASE's collection {collection}", multiplicity=unpaired + 1)


def _of_smiles(smiles: str) -> Molecule:
    structure, charge, multiplicity = from_smiles(smiles)
    return Molecule(structure, f"SMILES {smiles}", charge, multiplicity)


def _of_file(name: str) -> Molecule:
    structure = read_structures(name, limit=1)[0]
    if structure.periodic.any():
        raise UsageError(f"{name} is periodic; labels are made for molecules in open space. Set pbc to F F F.")
    return Molecule(structure, f"the first structure of {name}")
