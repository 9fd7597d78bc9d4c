"""Geometry of a batch as input of a network: computed in float64, then cast once to the network's precision.

In the *lab gauge* the components of a feature are those of space. In the *local gauge* they are those in the
atom's own frame, and vectors that atoms send are carried from the sender's frame into the receiver's by R_iᵀR_j: then
every number computed from it is an invariant, and a rotated copy of a molecule gives the same bits. Both gauges
compute the same function; the lab gauge is cheaper, the local one exact.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

import torch
from ase.data import covalent_radii
from torch import Tensor

from gaq.atoms.batch import AtomBatch, edge_vectors
from gaq.geometry.frames import FrameChoice, build_frames, choose_neighbors, grained, neighbor_key
from gaq.geometry.harmonics import harmonics, wigner
from gaq.geometry.radial import envelope, exponential_basis
from gaq.geometry.vectors import length
from gaq.model.repulsion import Repulsion


class Gauge(Enum):
    """In which axes equivariant features are held."""

    LAB = "lab"
    LOCAL = "local"


GRAIN = 2.0**-24  # of numbers in local frames; half of it is half a last place of the floats just below 1


@dataclass(frozen=True)
class Geometry:
    """Per edge and per atom what the layers need; tuples run over degrees l = 1…L."""

    receiver: Tensor  # [edge] int64
    sender: Tensor  # [edge] int64
    envelope: Tensor  # [edge]
    radial: Tensor  # [edge, basis]
    harmonics: tuple[Tensor, ...]  # [edge, 2l+1], in the receiver's axes
    # [edge, 2l+1, 2l+1], sender's axes → receiver's; None in the lab gauge, and where no vectors are sent
    transport: tuple[Tensor, ...] | None
    # [atom, 2l+1, 2l+1], local → lab; only where slots want them in the lab gauge
    frames: tuple[Tensor, ...] | None
    species: Tensor | None = None  # [atom] rows of the network's own table
    repulsion: Tensor | None = None  # [edge] float64, eV: the receiver's share; None in a network without one
    distance: Tensor | None = None  # [edge] Å, float64, as the network sees it

    def of_edges(self, edges: slice) -> Geometry:
        """Return what layers need of some edges; all atoms stay."""
        return replace(
            self,
            receiver=self.receiver[edges],
            sender=self.sender[edges],
            envelope=self.envelope[edges],
            radial=self.radial[edges],
            harmonics=tuple(y[edges] for y in self.harmonics),
            transport=None if self.transport is None else tuple(d[edges] for d in self.transport),
            repulsion=None if self.repulsion is None else self.repulsion[edges],
            distance=None if self.distance is None else self.distance[edges],
        )


def describe(
    batch: AtomBatch,
    *,
    degrees: int,
    cutoff: float,
    basis: int,
    gauge: Gauge,
    framed: bool,
    dtype: torch.dtype,
    species: Tensor | None = None,
    repulsion: Repulsion | None = None,
    sends_vectors: bool = True,
) -> Geometry:
    """Return the invariants of a batch, differentiable in its positions.

    `framed` says that quantizers want local components; a float model in the lab gauge builds no frames at
    all. A network that `sends_vectors` gets the rotations that carry them between local frames. `species` [atom] are
    rows of the network's table, which `repulsion` needs.
    """
    edges = batch.edges
    vectors = edge_vectors(batch)
    distance = length(vectors)
    unit = vectors / distance[:, None]
    seen_distance, wall = distance, None
    if repulsion is not None and species is not None:
        pair = species[edges.receiver] * repulsion.count + species[edges.sender]
        seen_distance, wall = repulsion(_rounded(distance, dtype), pair)
    cast = seen_distance.to(dtype)
    frames = _frames(batch, distance, unit) if framed or gauge is Gauge.LOCAL else None
    transport, lab_frames = None, None
    grain = gauge is Gauge.LOCAL and dtype is torch.float32
    if gauge is Gauge.LOCAL and frames is not None:
        towards = frames.index_select(0, edges.receiver)
        unit = torch.einsum("eab,ea->eb", towards, unit)
        if sends_vectors:
            relative = towards.transpose(-1, -2) @ frames.index_select(0, edges.sender)
            transport = tuple(_cast(wigner(relative, degree), dtype, grain) for degree in range(1, degrees + 1))
    elif frames is not None:
        lab_frames = tuple(wigner(frames, degree).to(dtype) for degree in range(1, degrees + 1))
    return Geometry(
        receiver=edges.receiver,
        sender=edges.sender,
        envelope=envelope(cast, cutoff),
        radial=exponential_basis(cast, cutoff, basis),
        harmonics=tuple(_cast(harmonics(unit, degree), dtype, grain) for degree in range(1, degrees + 1)),
        transport=transport,
        frames=lab_frames,
        species=species,
        repulsion=wall,
        distance=seen_distance,
    )


def frame_choice(batch: AtomBatch, distance: Tensor, unit: Tensor) -> tuple[Tensor, FrameChoice]:
    """Return the keys of all edges, and which of them span the frames."""
    radii = torch.from_numpy(covalent_radii.copy()).to(distance)
    edges, species = batch.edges, batch.species
    scale = radii[species[edges.receiver]] + radii[species[edges.sender]]
    key = neighbor_key(distance, torch.where(species[edges.sender] == 1, -scale, scale))
    return key, choose_neighbors(edges.receiver, key.detach(), unit.detach(), species.shape[0])


def _cast(x: Tensor, dtype: torch.dtype, grain: bool) -> Tensor:
    """Return x in another type, its value on a grid that is as fine as float32 just below one and coarser near zero.

    A component that is zero by the choice of the frame is float64 round-off, another one in each rotated copy; float32
    would keep it. Sums that cancel would then differ in their last bits. The gradient is that of x.
    """
    return (x + (grained(x, GRAIN) - x).detach() if grain else x).to(dtype)


def _rounded(distance: Tensor, dtype: torch.dtype) -> Tensor:
    """Return the distance as the network sees it, in float64: its value has the precision of `dtype`, its gradient has
    not.

    So a rotated copy has the same repulsion, to the last bit, wherever it has the same energy of the network.
    """
    return distance + (distance.to(dtype).to(distance) - distance).detach()


def _frames(batch: AtomBatch, distance: Tensor, unit: Tensor) -> Tensor:
    key, choice = frame_choice(batch, distance, unit)
    return build_frames(unit, key, choice)
