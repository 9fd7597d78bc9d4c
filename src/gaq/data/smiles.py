"""A structure from a SMILES by RDKit: hydrogens added, embedded in space, relaxed by a classical force field.

Source: ETKDG, Riniker and Landrum, J. Chem. Inf. Model. 55, 2562 (2015).
"""

from __future__ import annotations

import re

import numpy as np

from gaq.atoms.structure import Structure
from gaq.errors import NotAvailable, UsageError
from gaq.extras import how_to_install

SEED = 1  # of the embedding: one SMILES gives one structure
ATTEMPTS = 10
# Element symbols, aromatic atoms, brackets, bonds, branches and ring numbers; names rarely consist of these alone.
_LOOKS_LIKE_ONE = re.compile(r"(\[[^\]]+\]|Br|Cl|[BCNOPSFI]|[bcnops]|[-=#$:/\\.()%\d@])+")


def looks_like_smiles(text: str) -> bool:
    """Return whether a text could be a SMILES, judging by its characters."""
    return _LOOKS_LIKE_ONE.fullmatch(text) is not None


def from_smiles(smiles: str) -> tuple[Structure, int, int]:
    """Return a structure (Å), its charge and its multiplicity; deterministic for one version of RDKit.

    Raises `UsageError` for an invalid SMILES or more than one molecule; `NotAvailable` without RDKit.
    """
    try:
        from rdkit import Chem
        from rdkit.Chem.rdDistGeom import EmbedMolecule
        from rdkit.Chem.rdForceFieldHelpers import MMFFHasAllMoleculeParams, MMFFOptimizeMolecule
        from rdkit.rdBase import BlockLogs
    except ImportError as error:
        raise NotAvailable(f"SMILES need RDKit, which is not installed. {how_to_install('smiles')}") from error
    with BlockLogs():
        parsed = Chem.MolFromSmiles(smiles)
        if parsed is None or parsed.GetNumAtoms() == 0:
            raise UsageError(f"{smiles!r} is not a SMILES that RDKit understands. 'CCO' is that of ethanol.")
        parts = len(Chem.GetMolFrags(parsed))
        if parts > 1:
            raise UsageError(f"{smiles!r} is {parts} molecules; give one, or a structure file with all of them.")
        molecule = Chem.AddHs(parsed)
        if EmbedMolecule(molecule, randomSeed=SEED, maxAttempts=ATTEMPTS) != 0:
            code = EmbedMolecule(molecule, randomSeed=SEED, useRandomCoords=True)
            if code != 0:
                raise UsageError(f"{smiles!r} cannot be placed in space by RDKit; give a structure file instead.")
        if MMFFHasAllMoleculeParams(molecule):
            MMFFOptimizeMolecule(molecule, maxIters=2000)
    species = np.array([atom.GetAtomicNum() for atom in molecule.GetAtoms()])
    unpaired = sum(atom.GetNumRadicalElectrons() for atom in molecule.GetAtoms())
    positions = np.array(molecule.GetConformer().GetPositions())
    return Structure.molecule(species, positions), Chem.GetFormalCharge(molecule), unpaired + 1
