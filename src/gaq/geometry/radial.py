"""Functions of one distance: the radial basis and the envelope that ends it smoothly at the cutoff."""

from __future__ import annotations

import torch
from torch import Tensor


def envelope(distance: Tensor, cutoff: float) -> Tensor:
    """φ(r) = 1 − 28 x⁶ + 48 x⁷ − 21 x⁸ with x = r / cutoff, zero beyond; twice differentiable at the cutoff.

    Gasteiger et al., arXiv 2003.03123, eq. 8 with p = 6.
    """
    x = (distance / cutoff).clamp(max=1.0)
    x6 = x**6
    return 1.0 - x6 * (28.0 - x * (48.0 - 21.0 * x))


def exponential_basis(distance: Tensor, cutoff: float, count: int) -> Tensor:
    """exp(−β (e^{−α r} − μ_k)²) for k = 1…count → [..., count]: dense where bonds are (arXiv 1902.08408, eq.
    7).

    The centres μ_k are equally spaced between e^{−cutoff·α} and 1, with α = 5 / cutoff.
    """
    low = torch.exp(torch.tensor(-5.0, dtype=torch.float64)).item()
    centres = torch.linspace(low, 1.0, count, dtype=torch.float64).to(distance)
    beta = (2.0 / count * (1.0 - low)) ** -2
    x = torch.exp(distance * (-5.0 / cutoff))
    return torch.exp(-beta * (x[..., None] - centres) ** 2)


def bessel(distance: Tensor, frequencies: Tensor, cutoff: float) -> Tensor:
    """2 / cutoff · sin(k_n r) / r → [..., n]; with k_n = nπ / cutoff they are zero at the cutoff.

    Gasteiger et al., arXiv 2003.03123, eq. 7, with the factor of NequIP.
    """
    r = distance[..., None]
    return (2.0 / cutoff) * torch.sin(frequencies * r) / r


def xplor(distance: Tensor, switch: float, cutoff: float) -> Tensor:
    """1 up to `switch`, (c² − r²)² (c² + 2 r² − 3 s²) / (c² − s²)³ from there to the cutoff, zero beyond.

    Its slope is continuous, its curvature is not. Brooks et al., CHARMM, 1983: as in HOOMD-blue.
    """
    square, end, start = distance.square(), cutoff * cutoff, switch * switch
    falling = (end - square).clamp(min=0.0).square() * (end + 2.0 * square - 3.0 * start) / (end - start) ** 3
    return torch.where(distance < switch, torch.ones_like(falling), falling)


def cosine_cutoff(distance: Tensor, cutoff: float) -> Tensor:
    """(1 + cos(π r / cutoff)) / 2, zero beyond; its slope is continuous, its curvature is not.

    Behler and Parrinello, Phys. Rev. Lett. 98, 146401 (2007), eq. 4. The cutoff itself belongs to the inside, up to
    round-off, where a table has the curvature of its last knot.
    """
    x = distance / cutoff
    inside = 0.5 * (1.0 + torch.cos(torch.pi * x))
    return torch.where(x < 1.0 + 1e-7, inside, torch.zeros_like(inside))
