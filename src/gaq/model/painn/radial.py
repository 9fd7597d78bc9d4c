"""The functions of distance that the filters of a PaiNN mix, and how they end at the cutoff."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gaq.geometry.radial import bessel, cosine_cutoff, envelope, exponential_basis
from gaq.model.architecture import ENDING_AT_THE_CUTOFF, Grid

KNOTS_PER_WIDTH = 4  # of a table; with fewer the table is seen in the forces
GRID_DECAY = 1.0  # times the cutoff: knots that are nearly equidistant, as these functions are
CLOSEST = 0.1  # Å, where tables begin
MOST_KNOTS = 4096  # of a packed file


class Exponential(nn.Module):
    """Gaussians of exp(−α r), dense at short distances: [..., basis]."""

    rows: int

    def __init__(self, count: int, cutoff: float) -> None:
        super().__init__()
        self.rows, self.cutoff, self.count = count, cutoff, count

    def forward(self, distance: Tensor) -> Tensor:
        return exponential_basis(distance, self.cutoff, self.count)

    def grid(self) -> Grid:
        """Return where a table has its knots."""
        return ENDING_AT_THE_CUTOFF


class Gaussians(nn.Module):
    """exp(−(r − μ_k)² / (2 σ_k²)), equidistant up to the cutoff unless loaded otherwise, and a constant.

    The constant is the bias of a filter: [..., basis + 1].
    """

    centres: Tensor  # [basis] float64, Å
    widths: Tensor  # [basis] float64, Å

    def __init__(self, count: int, cutoff: float) -> None:
        super().__init__()
        self.rows, self.cutoff = count + 1, cutoff
        centres = torch.linspace(0.0, cutoff, count, dtype=torch.float64)
        self.register_buffer("centres", centres)
        self.register_buffer("widths", torch.full_like(centres, cutoff / (count - 1)))

    def forward(self, distance: Tensor) -> Tensor:
        apart = (distance[..., None] - self.centres.to(distance)) / self.widths.to(distance)
        return _with_constant(torch.exp(-0.5 * apart.square()))

    def grid(self) -> Grid:
        """Return where a table has its knots."""
        return _grid(float(self.widths.abs().min()), self.cutoff)


class Bessel(nn.Module):
    """2 / cutoff · sin(k_n r) / r with k_n = nπ / cutoff unless loaded otherwise, and a constant: [..., basis + 1]."""

    frequencies: Tensor  # [basis] float64, 1/Å

    def __init__(self, count: int, cutoff: float) -> None:
        super().__init__()
        self.rows, self.cutoff = count + 1, cutoff
        numbers = torch.arange(1, count + 1, dtype=torch.float64)
        self.register_buffer("frequencies", numbers * (torch.pi / cutoff))

    def forward(self, distance: Tensor) -> Tensor:
        return _with_constant(bessel(distance, self.frequencies.to(distance), self.cutoff))

    def grid(self) -> Grid:
        """Return where a table has its knots."""
        return _grid(2.0 / float(self.frequencies.abs().max()), self.cutoff)


Basis = Exponential | Gaussians | Bessel
BASES: dict[str, type[Exponential] | type[Gaussians] | type[Bessel]] = {
    "exponential": Exponential,
    "gaussian": Gaussians,
    "bessel": Bessel,
}
ENDINGS = {"polynomial": envelope, "cosine": cosine_cutoff}


def _with_constant(functions: Tensor) -> Tensor:
    return torch.cat([functions, torch.ones_like(functions[..., :1])], -1)


def _grid(width: float, cutoff: float) -> Grid:
    """Return knots whose distance, largest at the cutoff, is a part of the width of the narrowest function."""
    decay = torch.tensor(GRID_DECAY, dtype=torch.float64)
    span = float(torch.exp(-decay * CLOSEST / cutoff) - torch.exp(-decay))
    step = width / KNOTS_PER_WIDTH * (GRID_DECAY / cutoff) * float(torch.exp(-decay))
    return Grid(GRID_DECAY, knots=min(int(span / step) + 2, MOST_KNOTS))
