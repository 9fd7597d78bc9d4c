"""AtomBatch: several structures as one set of tensors, with their neighbour pairs in canonical order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from gaq.atoms.neighbors import Neighbors
from gaq.atoms.structure import Structure


@dataclass(frozen=True)
class Edges:
    """Directed pairs within the cutoff, sorted by (receiver, sender, shift)."""

    receiver: Tensor  # [edge] int64
    sender: Tensor  # [edge] int64
    shift: Tensor  # [edge, 3] float64, lattice translations of the sender

    @cached_property
    def crossing(self) -> bool:
        """Whether any pair reaches across a boundary; looked up once, as a trace of the network cannot ask."""
        return bool((self.shift != 0).any())


@dataclass(frozen=True)
class AtomBatch:
    """Atoms of one or more structures. Lengths in Å and float64; lattice vectors are rows."""

    species: Tensor  # [atom] int64
    positions: Tensor  # [atom, 3] float64
    structure: Tensor  # [atom] int64, which structure each atom belongs to
    cells: Tensor  # [structure, 3, 3] float64
    edges: Edges

    @property
    def count(self) -> int:
        """Number of structures."""
        return self.cells.shape[0]

    def moved(self, positions: Tensor) -> AtomBatch:
        """Return the same atoms and pairs at other positions [atom, 3]."""
        return replace(self, positions=positions)

    def strained(self, strain: Tensor) -> AtomBatch:
        """Return the batch with positions and lattice vectors x (1 + ε), ε [structure, 3, 3] one for each structure."""
        moved = self.positions + torch.einsum("na,nab->nb", self.positions, strain[self.structure])
        return replace(self, positions=moved, cells=self.cells + torch.einsum("ska,sab->skb", self.cells, strain))

    def rotated(self, rotations: Tensor) -> AtomBatch:
        """Return each structure turned by its own rotation [structure, 3, 3]: x → R x, lattice vectors alike."""
        turned = torch.einsum("nab,nb->na", rotations[self.structure], self.positions)
        return replace(self, positions=turned, cells=torch.einsum("sab,skb->ska", rotations, self.cells))

    def to(self, device: torch.device | str) -> AtomBatch:
        """Return the batch on another device."""
        edges = self.edges
        return AtomBatch(
            self.species.to(device),
            self.positions.to(device),
            self.structure.to(device),
            self.cells.to(device),
            Edges(edges.receiver.to(device), edges.sender.to(device), edges.shift.to(device)),
        )


def edge_vectors(batch: AtomBatch) -> Tensor:
    """Return displacements [edge, 3] from receiver to sender, across the boundary where need be (Å, float64)."""
    edges = batch.edges
    vectors = batch.positions[edges.sender] - batch.positions[edges.receiver]
    if edges.crossing:
        cell = batch.cells[batch.structure[edges.receiver]]
        vectors = vectors + torch.einsum("ek,ekx->ex", edges.shift, cell)
    return vectors


def per_structure(values: Tensor, batch: AtomBatch) -> Tensor:
    """Sum values [atom] to [structure]."""
    total = torch.zeros(batch.count, dtype=values.dtype, device=values.device)
    return total.index_add(0, batch.structure, values)


def collate(structures: Sequence[Structure], neighbors: Sequence[Neighbors]) -> AtomBatch:
    """Return one batch out of structures and their neighbour pairs, in the order given."""
    sizes = [len(s) for s in structures]
    offsets = np.concatenate(([0], np.cumsum(sizes)[:-1])).astype(np.int64)
    edges = Edges(
        _joined([n.receiver + o for n, o in zip(neighbors, offsets, strict=True)], np.int64),
        _joined([n.sender + o for n, o in zip(neighbors, offsets, strict=True)], np.int64),
        _joined([n.shift for n in neighbors], np.float64),
    )
    return AtomBatch(
        species=_joined([s.species for s in structures], np.int64),
        positions=_joined([s.positions for s in structures], np.float64),
        structure=torch.from_numpy(np.repeat(np.arange(len(sizes)), sizes)),
        cells=torch.from_numpy(np.stack([s.cell for s in structures]).astype(np.float64)),
        edges=edges,
    )


def _joined(parts: list[np.ndarray], dtype: type) -> Tensor:
    return torch.from_numpy(np.concatenate(parts).astype(dtype))
