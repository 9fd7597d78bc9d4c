"""A zero point per species: round the difference from the mean over atoms of the species.

Features of a molecule say first of all what element an atom is: the mean over atoms of a species is most of a row, and
its step is as large as that. The mean is a constant. Subtracted before rounding, and added back after the product as a
constant for each species (W times the mean), it costs the integers nothing, and the steps are those of what is left.
Scalars alone: their means are invariants. A mean of vectors would be a direction, even in the local frame of an atom,
whose axes turn about when two neighbours change places.
"""

from __future__ import annotations

import torch
from torch import Tensor

from gaq.quant.calibrated import CalibratedQuantizer, species_index
from gaq.quant.low_rank import LowRank
from gaq.quant.observe import Observer
from gaq.quant.quantized import LowRankCompensation, Quantized
from gaq.quant.scheme import dynamic_steps, encode_uniform
from gaq.quant.slot import Slot

HIGH = 127  # means are stored in eight bits: any number near the mean does


class SpeciesMean(CalibratedQuantizer):
    """x → c + Q(x - c), c the mean of the atom's species, itself rounded to eight bits with a step for each row.

    With principal directions of what is left, x → c + p·U + Q(x - c - p·U), as in `low_rank.py`.
    Where the model gives no species (`slot.n_species` is 1), c is the mean of all. A species that calibration
    did not see has c = 0, and so have all without calibration. Ours.
    """

    codes: Tensor  # int8 [species, channel]
    scale: Tensor  # float32 [species, 1]

    def __init__(self, slot: Slot, observer: Observer, inner: CalibratedQuantizer) -> None:
        super().__init__(slot, observer)
        self.inner = inner
        self.register_buffer("codes", torch.zeros((slot.n_species, slot.shape[-1] or 1), dtype=torch.int8))
        self.register_buffer("scale", torch.zeros((slot.n_species, 1)))
        self.total: Tensor | None = None
        self.count: Tensor | None = None

    @property
    def along(self) -> LowRank | None:
        """The directions that are subtracted after the mean, if there are any."""
        return self.inner if isinstance(self.inner, LowRank) else None

    @property
    def scheme(self) -> CalibratedQuantizer:
        """What rounds the rest."""
        return self.inner if self.along is None else self.along.inner

    def forward(self, x: Tensor, species: Tensor | None = None) -> Quantized:
        compensation = self.compensation(x, species)
        rows = compensation.rows()
        rest = self.scheme(x - rows)
        return Quantized(rows + rest.value, rest.codes, rest.scale, rest.high, compensation)

    def compensation(self, x: Tensor, species: Tensor | None = None) -> LowRankCompensation:
        """Return what is subtracted from rows x [atom, channel]: the mean, and their component along directions."""
        mean = self.mean(x, species)
        return mean if self.along is None else mean.joined(self.along.compensation(x - mean.rows(), species))

    def mean(self, x: Tensor, species: Tensor | None = None) -> LowRankCompensation:
        """Return the mean of each atom's species, once."""
        table = (self.codes.to(x.dtype) * self.scale.to(x.dtype))[:, None]
        return LowRankCompensation(table, species_index(x, species, self.slot), torch.ones_like(x[:, :1]))

    def observe(self, x: Tensor, species: Tensor | None = None) -> None:
        """Add to the sums of each species."""
        index = species_index(x, species, self.slot)
        if self.total is None or self.count is None:
            self.total = torch.zeros(self.codes.shape, dtype=torch.float64, device=x.device)
            self.count = torch.zeros(len(self.codes), dtype=torch.float64, device=x.device)
        self.total.index_add_(0, index, x.double())
        self.count.index_add_(0, index, torch.ones_like(index, dtype=torch.float64))
        self.inner.observe(x, species)

    def fit(self) -> None:
        if self.total is None or self.count is None:
            return
        mean = self.total / self.count.clamp(min=1)[:, None]
        if self.along is not None:
            self.along.take_off(mean, self.count)
        self.inner.fit()
        steps = dynamic_steps(mean.float(), (-1,), HIGH)
        self.codes.copy_(encode_uniform(mean.float(), steps.inverse_step, HIGH).to(torch.int8))
        self.scale.copy_(steps.step)
        self.total = self.count = None
