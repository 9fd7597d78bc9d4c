"""Equivariant local frames: for every atom an orthonormal right-handed triad that turns with the molecule.

A frame is Gram-Schmidt on the directions to two neighbours. Which two is decided by a rule on invariants
(`choose_neighbors`), so a rotation, a translation or a renumbering of the atoms changes nothing. All in
float64: in float32 a rotated copy differs by round-off, which now and then flips a code of a quantized
component.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

HYDROGEN_HANDICAP = 1.0  # scaled-distance units: heavy neighbours change their order far less often
SINE_FLOOR = 0.3  # two directions must be this far from collinear to be preferred
COLLINEAR = 1e-3  # below this sine the neighbourhood counts as a straight line
TIE = 2.0**-30  # keys this near are equal: the round-off of a rotated copy must not settle a symmetric tie


@dataclass(frozen=True)
class FrameChoice:
    """For each atom the edges that span its frame; −1 where there is none (no neighbour, or only collinear
    ones).
    """

    first: Tensor  # [atom] int64
    second: Tensor  # [atom] int64


def choose_neighbors(receiver: Tensor, distance: Tensor, unit: Tensor, scale: Tensor, atoms: int) -> FrameChoice:
    """The two edges of each atom with the smallest scaled distance r / scale that are not nearly collinear.

    Of equal neighbours, as symmetric molecules have them, the first edge counts, however the molecule lies.
    `receiver` [edge] is sorted, `unit` [edge, 3]; `scale` [edge] is the sum of covalent radii (Å), given
    negative where the neighbour is hydrogen, which then counts as one unit further away.
    """
    with torch.no_grad():
        key = _grained(distance / scale.abs() + HYDROGEN_HANDICAP * (scale < 0))
        first = _smallest(key, receiver, atoms)
        has_first = first >= 0
        if unit.shape[0] == 0:
            return FrameChoice(first, first.clone())
        axis = unit[first.clamp(min=0)][receiver]
        sine = _grained(torch.linalg.vector_norm(torch.linalg.cross(axis, unit), dim=-1))
        infinity = torch.full_like(key, torch.inf)
        preferred = _smallest(torch.where(sine >= SINE_FLOOR, key, infinity), receiver, atoms)
        widest = _smallest(torch.where(sine >= COLLINEAR, -sine, infinity), receiver, atoms)
        second = torch.where(preferred >= 0, preferred, widest)
        return FrameChoice(first, torch.where(has_first, second, first))


def _grained(key: Tensor) -> Tensor:
    return torch.round(key / TIE) * TIE


def _smallest(key: Tensor, receiver: Tensor, atoms: int) -> Tensor:
    """Index of the edge with the smallest finite key of each receiver, the first of equals; −1 where there is
    none.
    """
    lowest = torch.full((atoms,), torch.inf, dtype=key.dtype, device=key.device)
    lowest = lowest.scatter_reduce(0, receiver, key, "amin")
    wins = (key == lowest[receiver]) & torch.isfinite(key)
    count = key.shape[0]
    index = torch.arange(count, device=key.device)
    found = torch.full((atoms,), count, dtype=torch.int64, device=key.device)
    found = found.scatter_reduce(0, receiver, torch.where(wins, index, count), "amin")
    return torch.where(found < count, found, -1)


def build_frames(unit: Tensor, choice: FrameChoice) -> Tensor:
    """Frames G [atom, 3, 3] in float64, columns e₁ e₂ e₃: v_lab = G v_local. Differentiable in `unit` [edge,
    3].

    Where an atom sees one line only, the turn about it is arbitrary (every feature is symmetric about that
    line); where it sees nothing, the frame is the identity.
    """
    identity = torch.eye(3, dtype=unit.dtype, device=unit.device)
    if unit.shape[0] == 0:
        return identity.expand(choice.first.shape[0], 3, 3)
    one = unit[choice.first.clamp(min=0)]
    one = torch.where((choice.first >= 0)[:, None], one, identity[2])
    across = identity[one.detach().abs().argmin(-1)]  # the axis of space that is least along e₁
    two = torch.where((choice.second >= 0)[:, None], unit[choice.second.clamp(min=0)], across)
    two = two - (two * one).sum(-1, keepdim=True) * one
    two = two / torch.linalg.vector_norm(two, dim=-1, keepdim=True)
    return torch.stack((one, two, torch.linalg.cross(one, two)), -1)
