"""Output of a quantizer: the value, and its integer codes where there are any."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class LowRankCompensation:
    """What was taken off before rounding: of every row, a combination of the rows that its species has in a table.

    `table` [species, k, channel], `species` [atom], `coefficients` [atom, ..., k]: how much of each of the k rows.
    """

    table: Tensor
    species: Tensor
    coefficients: Tensor

    def joined(self, other: LowRankCompensation) -> LowRankCompensation:
        """Return both together, of the same atoms."""
        table, coefficients = (
            torch.cat((self.table, other.table), 1),
            torch.cat((self.coefficients, other.coefficients), -1),
        )
        return LowRankCompensation(table, self.species, coefficients)

    def rows(self) -> Tensor:
        """[atom, ..., channel]."""
        return self._combined(self.table)

    def behind(self, weight: Tensor) -> Tensor:
        """Return the same behind a weight [out, channel]: [atom, ..., out]. Of the table the products, summed in
        float64.
        """
        return self._combined((self.table.double() @ weight.double().t()).to(self.table.dtype))

    def _combined(self, table: Tensor) -> Tensor:
        """Return product by product from first to last, so that the engine rounds as often."""
        rows = table.index_select(0, self.species)
        rows = rows.reshape(rows.shape[0], *(1,) * (self.coefficients.dim() - 2), *rows.shape[1:])
        total = self.coefficients[..., 0, None] * rows[..., 0, :]
        for k in range(1, rows.shape[-2]):
            total = total + self.coefficients[..., k, None] * rows[..., k, :]
        return total


@dataclass(frozen=True)
class Quantized:
    """A value and, where an integer product is possible, its codes: value == codes · scale to the bit.

    `codes` are integers held in floats, at most `high` in size; `scale` broadcasts with them and is
    constant along the last axis. A weight with groups has codes [out, group, input of the group] and scale
    [out, group, 1]; there the product has the shape of the value once its last two axes are joined.
    With something `compensation`, value == compensation.rows() + codes · scale.
    """

    value: Tensor
    codes: Tensor | None = None
    scale: Tensor | None = None
    high: int = 0
    compensation: LowRankCompensation | None = None
