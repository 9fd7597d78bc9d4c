"""Equivariant local frames: for every atom an orthonormal right-handed triad that turns with the molecule.

A frame is Gram-Schmidt on the directions to neighbours. Which ones is decided by a rule on invariants
(`choose_neighbors`), so a rotation, a translation or a renumbering of the atoms changes nothing. Where the two nearest
are about to change places, as neighbours at equal distances do with every vibration, the frame no longer asks which of
them is nearer (`evenness`): the exchange only turns two of its axes about, and no quantizer notices a sign. All in
float64: in float32 a rotated copy differs by round-off, which now and then flips a code of a quantized
component.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

HYDROGEN_HANDICAP = 1.0  # scaled-distance units: heavy neighbours change their order far less often
EVEN = 0.5  # scaled-distance units: the lead at which the nearest neighbour has the first axis to itself
SINE_FLOOR = 0.3  # two directions must be this far from collinear to be preferred
COLLINEAR = 1e-3  # below this sine the neighbourhood counts as a straight line
TIE = 2.0**-30  # keys this near are equal: the round-off of a rotated copy must not settle a symmetric tie


@dataclass(frozen=True)
class FrameChoice:
    """For each atom the edges that span its frame; −1 where there is none (no neighbour, or only collinear
    ones).
    """

    first: Tensor  # [atom] int64, the nearest
    other: Tensor  # [atom] int64, the second nearest, which may come to be the nearest
    second: Tensor  # [atom] int64, the one that tells e₂: `other`, unless that is nearly collinear with `first`


def neighbor_key(distance: Tensor, scale: Tensor) -> Tensor:
    """Scaled distances r / scale [edge], by which neighbours are ordered, differentiable in r.

    `scale` [edge] is the sum of covalent radii (Å), given negative where the neighbour is hydrogen, which then counts
    as one unit further away.
    """
    return distance / scale.abs() + HYDROGEN_HANDICAP * (scale < 0)


def choose_neighbors(receiver: Tensor, key: Tensor, unit: Tensor, atoms: int) -> FrameChoice:
    """Return the two edges of each atom with the smallest `key` [edge], and the nearest that is off their line.

    Of equal neighbours, as symmetric molecules have them, the first edge counts, however the molecule lies.
    `receiver` [edge] is sorted, `unit` is [edge, 3].
    """
    with torch.no_grad():
        order, infinity = grained(key), torch.full_like(key, torch.inf)
        first = _smallest(order, receiver, atoms)
        if unit.shape[0] == 0:
            return FrameChoice(first, first.clone(), first.clone())
        # One place more, for atoms without a first: the size of nothing here depends on values, so it can be compiled.
        places = torch.zeros(key.shape[0] + 1, dtype=torch.bool, device=key.device)
        taken = places.index_fill_(0, torch.where(first >= 0, first, key.shape[0]), True)[:-1]
        other = _smallest(torch.where(taken, infinity, order), receiver, atoms)
        axis = _normalized(_first_axis(unit, key, first, other))[receiver]
        off = _sine(axis, unit)
        preferred = _smallest(torch.where(off >= SINE_FLOOR, order, infinity), receiver, atoms)
        widest = _smallest(torch.where(off >= COLLINEAR, -off, infinity), receiver, atoms)
        second = torch.where(preferred >= 0, preferred, widest)
        spread = _sine(unit[first.clamp(min=0)], unit[other.clamp(min=0)]) >= SINE_FLOOR
        return FrameChoice(first, other, torch.where(spread & (other >= 0), other, second))


def _sine(one: Tensor, other: Tensor) -> Tensor:
    return grained(torch.linalg.vector_norm(torch.linalg.cross(one, other), dim=-1))


def grained(x: Tensor, grain: float = TIE) -> Tensor:
    """Return the nearest multiples of `grain`: what differs by float64 round-off is equal, and zero is zero."""
    return torch.round(x / grain) * grain


def _smallest(key: Tensor, receiver: Tensor, atoms: int) -> Tensor:
    """Return the index of the edge with the smallest finite key of each receiver, the first of equals; −1 where there
    is none.
    """
    lowest = torch.full((atoms,), torch.inf, dtype=key.dtype, device=key.device)
    lowest = lowest.scatter_reduce(0, receiver, key, "amin")
    wins = (key == lowest[receiver]) & torch.isfinite(key)
    count = key.shape[0]
    index = torch.arange(count, device=key.device)
    found = torch.full((atoms,), count, dtype=torch.int64, device=key.device)
    found = found.scatter_reduce(0, receiver, torch.where(wins, index, count), "amin")
    return torch.where(found < count, found, -1)


def evenness(lead: Tensor) -> Tensor:
    """1 − x³(10 − 15x + 6x²) with x = lead / EVEN: 1 for neighbours with equal keys, 0 beyond, smooth."""
    x = (lead / EVEN).clamp(0.0, 1.0)
    return 1.0 - x * x * x * (10.0 + x * (6.0 * x - 15.0))


def build_frames(unit: Tensor, key: Tensor, choice: FrameChoice) -> Tensor:
    """Return frames G [atom, 3, 3] in float64, columns e₁ e₂ e₃: v_lab = G v_local. Differentiable in `unit` [edge, 3]
    and `key` [edge].

    With u, w the directions to the two nearest neighbours and s the evenness of their keys, e₁ is along u − s w, and e₂
    is w + s u, or the direction to a neighbour off their line, made orthogonal to it. For s = 1 an exchange of the two
    turns e₁ and e₃ about. Where an atom sees one line only, the turn about it is arbitrary (every feature is
    symmetric about that line); where it sees nothing, the frame is the identity.
    """
    identity = torch.eye(3, dtype=unit.dtype, device=unit.device)
    if unit.shape[0] == 0:
        return identity.expand(choice.first.shape[0], 3, 3)
    one = _normalized(_first_axis(unit, key, choice.first, choice.other))
    across = identity[one.detach().abs().argmin(-1)]  # the axis of space that is least along e₁
    two = torch.where((choice.second >= 0)[:, None], unit[choice.second.clamp(min=0)], across)
    both = (choice.second >= 0) & (choice.second == choice.other)
    share = torch.where(both, _share(key, choice.first, choice.other), 0.0)[:, None]
    two = two + share * unit[choice.first.clamp(min=0)]
    two = _normalized(two - (two * one).sum(-1, keepdim=True) * one)
    return torch.stack((one, two, torch.linalg.cross(one, two)), -1)


def _first_axis(unit: Tensor, key: Tensor, first: Tensor, other: Tensor) -> Tensor:
    """u − s w [atom, 3]; without a neighbour the third axis of space."""
    identity = torch.eye(3, dtype=unit.dtype, device=unit.device)
    one = torch.where((first >= 0)[:, None], unit[first.clamp(min=0)], identity[2])
    return one - _share(key, first, other)[:, None] * unit[other.clamp(min=0)]


def _share(key: Tensor, first: Tensor, other: Tensor) -> Tensor:
    """Return the evenness s [atom] of the two nearest neighbours, zero where there are no two."""
    return torch.where(other >= 0, evenness(key[other.clamp(min=0)] - key[first.clamp(min=0)]), 0.0)


def _normalized(vectors: Tensor) -> Tensor:
    return vectors / torch.linalg.vector_norm(vectors, dim=-1, keepdim=True)
