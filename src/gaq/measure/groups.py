"""What a model makes of reflections: of a molecule and its mirror image, and of a molecule that is its own image.

Interactions of nuclei and electrons keep parity, so mirror images have the same energy. Definitions: docs/physics.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gaq.atoms.structure import Structure
from gaq.engine.protocol import Engine
from gaq.errors import BadStructure
from gaq.measure.ledger import Row, row
from gaq.measure.rotations import haar_rotations
from gaq.measure.statistics import predict_lists
from gaq.measure.symmetry import rotation_errors
from gaq.units import MEV

INVERSION = -np.eye(3)
SAME_PLACE = 0.1  # Å: how near an atom comes to where an operation takes another one
MOST_OPERATIONS = 120


def inversion(engine: Engine, structures: Sequence[Structure], data: str = "") -> list[Row]:
    """Return the largest LEE under the inversion x → −x alone: lee_inversion in meV/Å.

    Signs change and no bits, so quantizers that treat x and −x alike are exact here and not in other mirrors.
    """
    errors = rotation_errors(engine, structures, INVERSION[None])
    return [row(engine, data, "lee_inversion", float(errors.lee_pairs.max()), "meV/Å", int(errors.lee_counts.sum()))]


def enantiomers(engine: Engine, structure: Structure, rotations: int = 32, seed: int = 0, data: str = "") -> list[Row]:
    """Return how far the energies of a chiral molecule and its mirror image are apart, in meV.

    Rows: enantiomer_energy, |⟨E(−RG)⟩ − ⟨E(RG)⟩| over rotations R, and enantiomer_noise, the standard error of that
    difference from how much each energy depends on the rotation. A model that tells left from right has a difference
    beyond its noise.
    """
    matrices = haar_rotations(rotations, np.random.default_rng(seed))
    sides = [
        np.array([p.energy for (p,) in predict_lists(engine, [[structure.rotated(m)] for m in side])]) / MEV
        for side in (matrices, -matrices)
    ]
    difference = abs(float(sides[1].mean() - sides[0].mean()))
    noise = float(np.sqrt(sum(energies.var(ddof=1) / rotations for energies in sides)))
    found = (("enantiomer_energy", difference), ("enantiomer_noise", noise))
    rows = [row(engine, data, metric, value, "meV", rotations) for metric, value in found]
    return [replace(entry, rotations=rotations, seed=seed) for entry in rows]


def own_symmetry(engine: Engine, structure: Structure, operations: np.ndarray, data: str = "") -> list[Row]:
    """Return how far forces are from the molecule's own symmetry: the largest ‖F_σ(i) − R F_i‖ in meV/Å.

    `operations` [operation, 3, 3] is the point group in the axes of the structure (`group_of`), and the structure has
    to have this symmetry exactly (`symmetrized`). Rows: own_rotations and own_reflections, each where there are any.
    """
    orders = orders_of(structure, operations)
    (prediction,) = engine.evaluate([structure])
    forces = prediction.forces / MEV
    errors = np.array([
        np.linalg.norm(forces[order] - forces @ m.T, axis=1).max() for m, order in zip(operations, orders, strict=True)
    ])  # fmt: skip
    proper = np.linalg.det(operations) > 0
    identity = np.isclose(operations, np.eye(3)).all(axis=(1, 2))
    rows = []
    for metric, wanted in (("own_rotations", proper & ~identity), ("own_reflections", ~proper)):
        if wanted.any():
            rows.append(row(engine, data, metric, float(errors[wanted].max()), "meV/Å", int(wanted.sum())))
    return rows


def group_of(generators: Sequence[np.ndarray]) -> np.ndarray:
    """Return all products of orthogonal matrices [3, 3], the identity first. Raises `ValueError` for more than 120."""
    found = [np.eye(3)]
    for matrix in found:
        for generator in generators:
            product = generator @ matrix
            if not any(np.allclose(product, known, atol=1e-9) for known in found):
                found.append(product)
        if len(found) > MOST_OPERATIONS:
            raise ValueError(f"the group of these {len(generators)} matrices has more than {MOST_OPERATIONS} elements")
    return np.array(found)


def symmetrized(structure: Structure, operations: np.ndarray) -> Structure:
    """Return the structure about its centre, exactly symmetric: the mean over a whole group. Raises `BadStructure`."""
    centred = structure.moved(structure.positions - structure.positions.mean(axis=0))
    orders = orders_of(centred, operations)
    images = [centred.positions[order] @ m for m, order in zip(operations, orders, strict=True)]
    return centred.moved(np.mean(images, axis=0))


def orders_of(structure: Structure, operations: np.ndarray) -> np.ndarray:
    """Return for each operation and atom i the atom σ(i) at R x_i, [operation, atom]. Raises `BadStructure`."""
    orders = []
    for matrix in operations:
        moved = structure.positions @ matrix.T
        distance = np.linalg.norm(moved[:, None] - structure.positions[None], axis=-1)
        distance[structure.species[:, None] != structure.species[None]] = np.inf
        order = distance.argmin(axis=1)
        if distance.min(axis=1).max() > SAME_PLACE or len(set(order.tolist())) < len(structure):
            raise BadStructure("an operation takes an atom to a place where there is no other of its element")
        orders.append(order)
    return np.array(orders)
