"""Low-rank float compensation: the component along a few channel directions is removed before rounding.

The vectors of an atom, one for each channel, lie along few combinations of channels: in azobenzene four of 64 hold 97 %
of their squares (studies/few_bits). What an atom has along these is taken off before rounding and
added back after the product, so that the steps are those of the rest. It is odd (turning the axes of a frame about
turns all signs) and mixes no components, so that nothing of the symmetry depends on it. What scalars differ by from the
mean of their species goes together in the same way (`species_mean.py`).
"""

from __future__ import annotations

import torch
from torch import Tensor

from gaq.quant.calibrated import CalibratedQuantizer, species_index
from gaq.quant.observe import Observer
from gaq.quant.product import exact_type
from gaq.quant.quantized import LowRankCompensation, Quantized
from gaq.quant.scheme import dynamic_steps, encode_uniform
from gaq.quant.slot import Slot

HIGH = 127  # directions are stored in eight bits: nearly orthogonal does
EMPTY = 1e-9  # share of all squares below which a direction is left out
VECTOR_AXES = 3  # atom, component, channel; scalars have no components


class LowRank(CalibratedQuantizer):
    """v → p·U + Q(v - p·U), U the principal directions of the atom's species among channels, p how much of each.

    p is a product of integers, of U's codes with those of v by the inner scheme: it depends on no order of a sum, and
    what that rounding does to p is in what is left. Without calibration, and for a species that it did not see, U is
    zero and so is p. Ours; a part of low rank beside few bits is known for weights (Li et al., SVDQuant, ICLR 2025).
    """

    codes: Tensor  # int8 [species, k, channel]
    scale: Tensor  # float32 [species, k, 1]

    def __init__(self, slot: Slot, observer: Observer, count: int, inner: CalibratedQuantizer) -> None:
        super().__init__(slot, observer)
        self.inner = inner
        channels = slot.shape[-1] or 1
        self.register_buffer("codes", torch.zeros((slot.n_species, count, channels), dtype=torch.int8))
        self.register_buffer("scale", torch.zeros((slot.n_species, count, 1)))
        self.squares: Tensor | None = None
        self.least: Tensor | None = None  # [species] squares that are nothing

    def forward(self, x: Tensor, species: Tensor | None = None) -> Quantized:
        compensation = self.compensation(x, species)
        rows = compensation.rows()
        rest = self.inner(x - rows)
        return Quantized(rows + rest.value, rest.codes, rest.scale, rest.high, compensation)

    @torch.no_grad()
    def compensation(self, x: Tensor, species: Tensor | None = None) -> LowRankCompensation:
        """Return what vectors x [atom, 2l+1, channel], or scalars [atom, channel], have along their directions."""
        index = species_index(x, species, self.slot)
        first = self.inner(x)
        assert first.codes is not None
        assert first.scale is not None
        exact = exact_type(first.high, HIGH, x.shape[-1], f"slot {self.slot.name!r}, principal directions")
        codes, steps = (t if x.dim() == VECTOR_AXES else t[:, None] for t in (first.codes, first.scale))
        totals = codes.to(exact) @ self.codes.to(exact).index_select(0, index).transpose(-1, -2)
        scale = self.scale.to(x.dtype)
        coefficients = totals.to(x.dtype) * (steps * scale.index_select(0, index).transpose(-1, -2))
        return LowRankCompensation(
            self.codes.to(x.dtype) * scale, index, coefficients if x.dim() == VECTOR_AXES else coefficients[:, 0]
        )

    def observe(self, x: Tensor, species: Tensor | None = None) -> None:
        """Add Σ_m v_m v_mᵀ to the sums of each species."""
        index = species_index(x, species, self.slot)
        if self.squares is None:
            n_species, _, channels = self.codes.shape
            self.squares = torch.zeros((n_species, channels, channels), dtype=torch.float64, device=x.device)
        rows = x.double() if x.dim() == VECTOR_AXES else x.double()[:, None]
        self.squares.index_add_(0, index, rows.transpose(-1, -2) @ rows)

    def take_off(self, mean: Tensor, count: Tensor) -> None:
        """Make of the squares those about a mean [species, channel] of `count` [species] rows."""
        if self.squares is not None:
            self.least = EMPTY * self.squares.diagonal(dim1=-2, dim2=-1).sum(-1)
            self.squares -= count[:, None, None] * mean[:, :, None] * mean[:, None, :]

    def fit(self) -> None:
        if self.squares is None:
            return
        count = min(self.codes.shape[1:])
        least = EMPTY * self.squares.diagonal(dim1=-2, dim2=-1).sum(-1) if self.least is None else self.least
        sizes, directions = torch.linalg.eigh(self.squares)  # ascending
        sizes, directions = sizes.flip(-1)[:, :count], directions.flip(-1)[..., :count].transpose(-1, -2)
        there = sizes > least[:, None]
        largest = directions.gather(-1, directions.abs().argmax(-1, keepdim=True))
        directions = torch.where(there[..., None], directions * largest.sign(), torch.zeros_like(directions)).float()
        steps = dynamic_steps(directions, (-1,), HIGH)
        self.codes[:, :count] = encode_uniform(directions, steps.inverse_step, HIGH).to(torch.int8)
        self.scale[:, :count] = steps.step
        self.squares = self.least = None
