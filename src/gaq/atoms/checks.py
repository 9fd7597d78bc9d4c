"""What makes a structure impossible to evaluate, said in words: empty, not finite, coinciding atoms.

Every reader and every engine calls these, so that the same mistake has the same answer everywhere.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from gaq.atoms.distances import closest_pairs, closest_within
from gaq.atoms.elements import HEAVIEST, NAMES, SYMBOLS
from gaq.atoms.structure import Structure
from gaq.errors import BadStructure, UnsupportedElement

# No bond is shorter than 0.7 Å and no collision at thermal energies reaches 0.4 Å. Coordinates in nanometres
# come with bonds of 0.07 to 0.15 "Å", which this limit catches too.
COINCIDING = 0.2  # Å
FEW_ATOMS = 256
FARTHEST = 1e15  # Å; beyond, neighbouring numbers of double precision are more than 0.1 Å apart


def check_structure(structure: Structure, index: int = 0, where: str = "") -> None:
    """Refuse a structure that no force field can evaluate.

    Checked: at least one atom; shapes; elements 1 to 118; finite positions (Å) and cell; periodic directions
    with lattice vectors that span a volume; no two atoms closer than `COINCIDING`, images included. `index`
    and `where` (a file name) say in the text which structure it was. Raises BadStructure.
    """
    label = structure_label(index, where)
    check_arrays(structure, label)
    _check_finite(structure.positions, label)
    _check_cell(structure, label)
    distance, pair = _closest(structure)
    if distance < COINCIDING:
        raise BadStructure(_too_close(label, distance, pair))


def check_arrays(structure: Structure, label: str = "Structure 0") -> None:
    """Refuse a structure without atoms, with arrays of other shapes or kinds of numbers, or with numbers of no element.

    `label` begins the text. Raises BadStructure.
    """
    if np.size(structure.species) == 0:
        raise BadStructure(f"{label} has no atoms. Remove it, or give a structure with at least one atom.")
    atoms = np.shape(structure.species)[:1]
    for name, shape, kinds, expected in (
        ("species", atoms, "iu", "integers"),
        ("positions", (*atoms, 3), "fiu", "numbers in Å"),
        ("cell", (3, 3), "fiu", "numbers in Å"),
        ("periodic", (3,), "b", "booleans"),
    ):
        array = np.asarray(getattr(structure, name))
        if array.shape != shape or array.dtype.kind not in kinds:
            raise BadStructure(
                f"{label} has {name} of shape {array.shape} and type {array.dtype}; expected {expected} of shape "
                f"{shape}, for {atoms[0] if atoms else 1} atoms."
            )
    check_atomic_numbers(structure.species, label)


def check_conformations(species: np.ndarray, positions: np.ndarray, where: str = "") -> None:
    """The same for many conformations of one molecule in open space, at once.

    `species` is [atom], `positions` [frame, atom, 3] in Å. Raises BadStructure for the first bad frame.
    """
    if len(species) == 0:
        raise BadStructure(f"{structure_label(0, where)} has no atoms. Give a file with at least one atom.")
    check_atomic_numbers(species, structure_label(0, where))
    broken = np.flatnonzero(~np.isfinite(positions).all(axis=(1, 2)))
    if len(broken):
        _check_finite(positions[broken[0]], structure_label(int(broken[0]), where))
    distance, pair = closest_pairs(positions)
    close = np.flatnonzero(distance < COINCIDING)
    if len(close):
        frame = int(close[0])
        raise BadStructure(_too_close(structure_label(frame, where), distance[frame], pair[frame]))


def check_species(structure: Structure, known: Collection[int], model: str, index: int = 0) -> None:
    """Refuse an element that the model was not trained on; an empty `known` means the model does not say.

    `known` holds atomic numbers, `model` is what the text calls the model. Raises UnsupportedElement.
    """
    if not known:
        return
    strange = sorted(set(structure.species.tolist()) - set(known))
    if not strange:
        return
    place = "; ".join(f"{SYMBOLS[z]} at {list_atoms(np.flatnonzero(structure.species == z))}" for z in strange)
    names = _join([NAMES[z] for z in strange])
    raise UnsupportedElement(
        f"{model} knows {', '.join(SYMBOLS[z] for z in sorted(known))}. Structure {index} has {place}. "
        f"Train with {names} data or choose another model."
    )


def check_atomic_numbers(species: np.ndarray, label: str) -> None:
    """Refuse numbers that are not those of an element, 1 to 118. Raises BadStructure."""
    wrong = np.flatnonzero((species < 1) | (species > HEAVIEST))
    if len(wrong):
        values = ", ".join(str(v) for v in sorted(set(species[wrong].tolist())))
        raise BadStructure(
            f"{label} has atomic number {values} at {list_atoms(wrong)}; expected 1 to {HEAVIEST}. "
            f"Dummy atoms have no place in a force field: remove them."
        )


def structure_label(index: int, where: str) -> str:
    """`file.xyz, structure 3`, or `Structure 3` when there is no file."""
    return f"{where}, structure {index}" if where else f"Structure {index}"


def list_atoms(atoms: np.ndarray) -> str:
    """`atom 4`, `atoms 3 and 7`, `atoms 0, 1, 2 and 9 more`."""
    shown = [str(int(a)) for a in atoms[:6]]
    if len(atoms) > len(shown):
        shown.append(f"{len(atoms) - len(shown)} more")
    return ("atom " if len(atoms) == 1 else "atoms ") + _join(shown)


def _join(words: list[str]) -> str:
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]


def _check_finite(positions: np.ndarray, label: str) -> None:
    broken = np.flatnonzero(~np.isfinite(positions).all(axis=1))
    if len(broken):
        value = positions[broken[0]][~np.isfinite(positions[broken[0]])][0]
        raise BadStructure(
            f"{label} has positions that are not finite ({value}) at {list_atoms(broken)}; "
            f"expected numbers in Å. Remove the structure or repair the file."
        )
    far = np.argwhere(np.abs(positions) > FARTHEST)
    if len(far):
        atom, axis = far[0]
        raise BadStructure(
            f"{label} has atom {atom} at {positions[atom, axis]:.3g} Å; expected less than {FARTHEST:.0e} Å, beyond "
            f"which numbers in double precision no longer tell atoms apart. Move the structure to the origin."
        )


def _check_cell(structure: Structure, label: str) -> None:
    if structure.cell.shape != (3, 3) or not np.isfinite(structure.cell).all():
        raise BadStructure(f"{label} has a cell that is not nine finite numbers; expected three lattice vectors in Å.")
    vectors = structure.cell[structure.periodic]
    if len(vectors) == 0:
        return
    lengths = np.linalg.norm(vectors, axis=1)
    flat = lengths.min() <= 0 or np.linalg.svd(vectors / lengths[:, None], compute_uv=False)[-1] < 1e-6
    if flat:
        raise BadStructure(
            f"{label} is periodic, but its lattice vectors {vectors.tolist()} span no volume. "
            f'Give the cell (Lattice="..." in extended XYZ), or set pbc="F F F" for a molecule.'
        )


def _closest(structure: Structure) -> tuple[float, np.ndarray]:
    if not structure.periodic.any() and len(structure) <= FEW_ATOMS:  # without scipy, which takes time to import
        distance, pair = closest_pairs(structure.positions[None])
        return float(distance[0]), pair[0]
    return closest_within(structure, COINCIDING)


def _too_close(label: str, distance: float, pair: np.ndarray) -> str:
    return (
        f"{label} has atoms {int(pair[0])} and {int(pair[1])} at {distance:.4f} Å from each other, closer "
        f"than {COINCIDING} Å. Remove the structure, or check that positions are in Å and not in nm or in "
        f"fractions of the cell."
    )
