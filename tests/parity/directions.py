"""Vectors on which a code of magnitudes and directions may go wrong, and the codes that are tried on them."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor

from gaq.geometry.octahedral import octahedral_points
from gaq.quant.direction_spec import Component, DirectionCode, Fibonacci, Icosahedral, KMeans, Octahedral
from gaq.quant.directions import FixedBook, LearnedBook, OctahedralGrid
from gaq.quant.mddq import PolarCode
from gaq.quant.spec import Polar
from parity.floats import nudged
from parity.slotted import Scheme, Slotted

STEP = 0.013  # of a magnitude; 255 of them reach 3.3
TOP = 3.3  # of a logarithmic magnitude: its largest level
LENGTHS = (1e-45, 1e-38, 1e-30, 2e-20, 1e-10, STEP / 2, 1.0, 3.3, 1e6, 1e18)  # squares of 1e18 do not overflow yet

CODES: tuple[DirectionCode, ...] = (
    *(Octahedral(4), Octahedral(8), Octahedral(16)),
    *(Fibonacci(3), Fibonacci(8), Fibonacci(12), Icosahedral(8), KMeans(4)),
    *(Component(2), Component(8), Component(16)),
)


def schemes() -> list[Scheme]:
    """Every direction code with eight bits of magnitude; magnitudes of other bits and kinds on two of them."""
    found = [Scheme(Polar(8, code), STEP) for code in CODES]
    for bits, code in itertools.product((2, 5, 12, 16), (Octahedral(16), Fibonacci(8))):
        found += [Scheme(Polar(bits, code), 3.3 / (2**bits - 1)), Scheme(Polar(bits, code, per="atom"))]
    for bits, code in itertools.product((4, 8, 16), (Octahedral(6), KMeans(4), Component(6))):
        found += [
            Scheme(Polar(bits, code, magnitude="log"), TOP),
            Scheme(Polar(bits, code, magnitude="log", per="atom")),
        ]
    return found


def ids(scheme: Scheme) -> str:
    """The name of a case."""
    spec = scheme.spec
    assert isinstance(spec, Polar)
    return f"{spec.bits}bits-{spec.magnitude}-{spec.per}-{type(spec.directions).__name__}{spec.directions.bits}"


def codewords(slot: Slotted) -> Tensor:
    """The unit vectors [codeword, 3] that directions are decoded to, as far as they are a table."""
    fitted = slot.quantizer.calibrated
    assert isinstance(fitted, PolarCode)
    known = isinstance(fitted.directions, FixedBook | LearnedBook | OctahedralGrid)
    return fitted.directions.points if known else octahedral_points(16)


def hard(points: Tensor) -> Tensor:
    """Vectors [vector, 3]: codewords, middles between neighbours, axes, planes of the fold; each of them nudged."""
    middles = points[:, None] + points[_neighbors(points)] if len(points) <= 5000 else points[:1, None]
    middles = middles.reshape(-1, 3)
    middles = middles / middles.norm(dim=-1, keepdim=True).clamp(min=1e-3)
    corners = torch.tensor(list(itertools.product((-1.0, -0.5, 0.0, 0.5, 1.0), repeat=3)))
    flat = torch.cat((points[:500], middles[:500])) * torch.tensor([1.0, 1.0, 0.0])  # on the plane where it folds
    directions = nudged(torch.cat((points, middles, corners, flat)))
    lengths = torch.tensor(LENGTHS)
    few = nudged(torch.cat((corners, points[:50], middles[:50])))
    scaled = (few[None] * lengths[:, None, None]).reshape(-1, 3)
    return torch.cat((directions, scaled))


def around_thresholds(step: float, high: int, draw: torch.Generator) -> Tensor:
    """Vectors [vector, 3] in drawn directions whose lengths lie at the thresholds of their magnitude codes, nudged."""
    codes = torch.arange(min(high, 4000)).double() + 0.5
    directions = torch.randn(len(codes), 3, generator=draw, dtype=torch.float64)
    exact = directions / directions.norm(dim=-1, keepdim=True) * (codes * step)[:, None]
    return nudged(exact.float())


def drawn(count: int, draw: torch.Generator) -> Tensor:
    """Vectors [vector, 3] in all directions, of lengths around one over some orders of magnitude."""
    lengths = torch.exp(1.5 * torch.randn(count, 1, generator=draw) - 1)
    return torch.randn(count, 3, generator=draw) * lengths


def in_channels(vectors: Tensor, channels: int = 509) -> Tensor:
    """Vectors [vector, 3] as features [atom, 3, channel]; the last atom is filled up with the first of them."""
    missing = -len(vectors) % channels
    whole = torch.cat((vectors, vectors[:1].expand(missing, 3)))
    return whole.reshape(-1, channels, 3).transpose(1, 2).contiguous()


def _neighbors(points: Tensor) -> Tensor:
    """The six nearest codewords of each [codeword, 6]."""
    return torch.cdist(points.double(), points.double()).topk(min(7, len(points)), largest=False).indices[:, 1:]
