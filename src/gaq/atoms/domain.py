"""Where a model was trained, in a few numbers of each species, and what lies outside.

Three signs are looked for: a pair closer than the data have it, an atom with more or fewer neighbours, and last
features larger than any that the data made. They are cheap, and none is a proof: what is inside may still be wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gaq.atoms.distances import pair_lengths
from gaq.atoms.neighbors import Neighbors
from gaq.atoms.short_range import check_table
from gaq.atoms.structure import Structure
from gaq.errors import BadFile
from gaq.formats.texts import shown

CLOSER = 0.95  # of the smallest distance in the data
CROWD = 0.1  # of the largest number of neighbours in the data: by so many there may be more, or fewer than the least
LARGER = 1.5  # times the largest features in the data
MOST_FRAMES = 2**53
KEYS = ("frames", "closest", "neighbors", "features")


@dataclass(frozen=True, eq=False)
class Domain:
    """What the training frames hold; species in the order of the model."""

    frames: int
    closest: np.ndarray  # [species, species] Å; the cutoff for two species that are never within it
    neighbors: np.ndarray  # [species, 2] int64, fewest and most neighbours within the cutoff
    features: np.ndarray  # [species, 3] norm of the last scalar features: mean, standard deviation, largest

    def to_json(self) -> dict[str, Any]:
        """As files hold it: tables one row after the other."""
        return {
            "frames": self.frames,
            "closest": self.closest.flatten().tolist(),
            "neighbors": self.neighbors.flatten().tolist(),
            "features": self.features.flatten().tolist(),
        }

    def joined(self, other: Domain) -> Domain:
        """Return the domain of the data of both; of the features, mean and deviation of the other's."""
        ends = np.stack([self.neighbors, other.neighbors])
        features = other.features.copy()
        features[:, 2] = np.maximum(self.features[:, 2], other.features[:, 2])
        return Domain(
            max(self.frames, other.frames),  # often the same ones
            np.minimum(self.closest, other.closest),
            np.stack([ends[:, :, 0].min(0), ends[:, :, 1].max(0)], axis=1),
            features,
        )


def check_domain(said: object, species: Sequence[int], cutoff: float, name: str, way_out: str) -> Domain | None:
    """Return the domain in a file, or None for an empty object. Raises BadFile for anything else."""
    if said == {}:
        return None
    if not isinstance(said, dict) or set(said) != set(KEYS):
        raise BadFile(f"{name}: domain is {shown(said)}; expected an object of {', '.join(KEYS)}, or {{}}. {way_out}")
    frames, count = said["frames"], len(species)
    if not isinstance(frames, int) or isinstance(frames, bool) or not 1 <= frames <= MOST_FRAMES:
        raise BadFile(f"{name}: the domain is of {shown(frames)} frames; expected a positive integer. {way_out}")
    shapes = {"closest": (count, count), "neighbors": (count, 2), "features": (count, 3)}
    tables = {key: check_table(said[key], shape, f"{name}: domain {key}", way_out) for key, shape in shapes.items()}
    closest, neighbors = tables["closest"], tables["neighbors"]
    if not np.array_equal(closest, closest.T) or not (closest <= cutoff).all():
        raise BadFile(f"{name}: the closest pairs of the domain are not symmetric or beyond the cutoff. {way_out}")
    if not all(isinstance(x, int) for x in said["neighbors"]) or (neighbors[:, 0] > neighbors[:, 1]).any():
        raise BadFile(f"{name}: the neighbours of the domain are not two ascending integers a species. {way_out}")
    return Domain(frames, closest, neighbors.astype(np.int64), tables["features"])


def outside(
    domain: Domain, species: Sequence[int], structure: Structure, pairs: Neighbors, norms: np.ndarray, cutoff: float
) -> str:
    """Return what is odd about a structure, naming atoms; empty when nothing is.

    `species` are the model's, ascending; `norms` [atom] are of the last scalar features. The native engine says the
    same in the same words.
    """
    row = np.searchsorted(species, structure.species)
    z = structure.species
    said = []
    length = pair_lengths(structure, pairs)
    limit = domain.closest[row[pairs.receiver], row[pairs.sender]]
    near = np.flatnonzero((length < CLOSER * limit) & (pairs.receiver <= pairs.sender))
    if len(near):
        worst = near[(length[near] / limit[near]).argmin()]
        i, j = int(pairs.receiver[worst]), int(pairs.sender[worst])
        said.append(
            f"atoms {i} and {j} (Z = {z[i]} and {z[j]}) are {length[worst]:.3f} Å apart; the training data have "
            f"such atoms at {limit[worst]:.3f} Å at the least{_more(len(near))}"
        )
    count = np.bincount(pairs.receiver, minlength=len(z))
    fewest, most = domain.neighbors[row, 0], domain.neighbors[row, 1]
    off = np.maximum(fewest - count, count - most) - CROWD * most
    crowd = np.flatnonzero(off > 0)
    if len(crowd):
        worst = crowd[off[crowd].argmax()]
        noun = "neighbour" if count[worst] == 1 else "neighbours"
        few, many = fewest[worst], most[worst]
        said.append(
            f"atom {worst} (Z = {z[worst]}) has {count[worst]} {noun} within {cutoff:g} Å; in the training "
            f"data such atoms have {few if few == many else f'{few} to {many}'}{_more(len(crowd))}"
        )
    largest = domain.features[row, 2]
    large = np.flatnonzero(~(norms <= LARGER * largest))
    if len(large):
        worst = large[np.nan_to_num(norms[large] / largest[large], nan=np.inf, posinf=np.inf).argmax()]
        said.append(
            f"the last features of atom {worst} (Z = {z[worst]}) are {norms[worst] / largest[worst]:.3g} times the "
            f"largest of such atoms in the training data{_more(len(large))}"
        )
    return "; ".join(said)


def _more(count: int) -> str:
    return "" if count == 1 else f" (and {count - 1} more)"
