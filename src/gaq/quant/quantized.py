"""What leaves a quantizer: the value, and the whole numbers behind it where there are any."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Centre:
    """What scalars were rounded about: a row of `table` [species, channel] for each atom, by `species` [atom]."""

    table: Tensor
    species: Tensor

    def rows(self) -> Tensor:
        """[atom, channel]."""
        return self.table.index_select(0, self.species)


@dataclass(frozen=True)
class Quantized:
    """A value and, where an integer product is possible, its codes: value == codes · scale to the bit.

    `codes` are whole numbers held in floats, at most `high` in size; `scale` broadcasts with them and is
    constant along the last axis. A weight with groups has codes [out, group, input of the group] and scale
    [out, group, 1]; there the product has the shape of the value once its last two axes are joined.
    With a `centre`, value == centre + codes · scale.
    """

    value: Tensor
    codes: Tensor | None = None
    scale: Tensor | None = None
    high: int = 0
    centre: Centre | None = None
