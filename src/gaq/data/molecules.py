"""Molecules by name: the G2 set of ASE, with everyday names for the common ones, or a file."""

from __future__ import annotations

from pathlib import Path

from gaq.atoms.from_ase import from_ase
from gaq.atoms.structure import Structure
from gaq.data.read import read_structures
from gaq.errors import UsageError, nearest

EVERYDAY_NAMES = {
    "acetaldehyde": "CH3CHO",
    "acetamide": "CH3CONH2",
    "acetic-acid": "CH3COOH",
    "acetone": "CH3COCH3",
    "acetonitrile": "CH3CN",
    "acetylene": "C2H2",
    "ammonia": "NH3",
    "benzene": "C6H6",
    "butane": "trans-butane",
    "carbon-dioxide": "CO2",
    "dimethyl-ether": "CH3OCH3",
    "dimethyl-sulfoxide": "C2H6SO",
    "ethane": "C2H6",
    "ethanol": "CH3CH2OH",
    "ethylene": "C2H4",
    "formaldehyde": "H2CO",
    "formic-acid": "HCOOH",
    "furan": "C4H4O",
    "glyoxal": "OCHCHO",
    "isopropanol": "C2H6CHOH",
    "methane": "CH4",
    "methanol": "CH3OH",
    "propane": "C3H8",
    "pyridine": "C5H5N",
    "pyrrole": "C4H4NH",
    "thiophene": "C4H4S",
    "water": "H2O",
}


def find_molecule(name: str) -> Structure:
    """A molecule by everyday name, by its name in ASE's G2 set, or the first structure of a file (Å).

    Raises UsageError for an unknown name or a periodic structure, BadFile and BadStructure for a broken file.
    """
    from ase.build import molecule
    from ase.collections import g2

    known = EVERYDAY_NAMES.get(name.lower().replace(" ", "-"), name)
    if known in g2.names:
        return from_ase(molecule(known))
    if not Path(name).exists() and not Path(name).suffix:
        hint = nearest(name, [*EVERYDAY_NAMES, *g2.names])
        raise UsageError(
            f"no molecule is called {name!r}.{hint} Known are {', '.join(EVERYDAY_NAMES)}, the names of "
            f"ASE's G2 set, and files such as molecule.xyz."
        )
    structure = read_structures(name, limit=1)[0]
    if structure.periodic.any():
        raise UsageError(f"{name} is periodic; labels are made for molecules in open space. Set pbc to F F F.")
    return structure
