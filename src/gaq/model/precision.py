"""The precision of a network's parameters."""

from __future__ import annotations

import copy

import torch

from gaq.model.layered import Layered
from gaq.model.protocol import dtype_of
from gaq.quant.spec import Identity


def as_dtype(model: Layered, dtype: torch.dtype) -> Layered:
    """Convert the parameters to another precision; references and quantizer constants keep theirs."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.data = parameter.data.to(dtype)
    return model


def float_model_in(model: Layered, dtype: torch.dtype) -> Layered:
    """Return a float model in this precision: the model itself, or a copy where it has another.

    A quantized model stays as it is: its weights could round to other codes.
    """
    if dtype_of(model) == dtype or any(not isinstance(q.spec, Identity) for q in model.quantizers()):
        return model
    return as_dtype(copy.deepcopy(model), dtype)
