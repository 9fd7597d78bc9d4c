"""A float model changes its precision in a copy; a quantized one keeps it."""

from __future__ import annotations

import torch

from gaq.model.precision import float_model_in
from gaq.model.protocol import dtype_of
from gaq.quant.install import preset
from tiny import checkpoint, network, painn


def test_a_float_model_is_copied_only_to_change_it():
    model = network(painn(radial="gaussian"), torch.float64)
    assert float_model_in(model, torch.float64) is model
    single = float_model_in(model, torch.float32)
    assert (dtype_of(single), dtype_of(model)) == (torch.float32, torch.float64)
    assert single.radial.centres.dtype == torch.float64, "constants keep theirs"
    assert torch.equal(single.readout.energy.weight.data, model.readout.energy.weight.data.float())


def test_codes_of_a_quantized_model_are_not_touched():
    model = checkpoint(painn(), preset("w8")).model
    assert float_model_in(model, torch.float64) is model
