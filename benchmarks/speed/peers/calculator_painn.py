"""PaiNN with drawn weights behind SchNetPack's own ASE calculator, in float, or after PyTorch's `quantize_dynamic`:

gaq check benchmarks/speed/peers/calculator_painn.py:make --python build/peers/painn/bin/python --steps 0
gaq check benchmarks/speed/peers/calculator_painn.py:make --python build/peers/painn/bin/python --steps 0 \
    --args '{"quantized": "representation"}'
"""

from __future__ import annotations

import tempfile
import warnings
from typing import Any

import run_painn

import torch
from schnetpack.atomistic import response
from schnetpack.interfaces import SpkCalculator
from schnetpack.nn.base import Dense
from schnetpack.transform import MatScipyNeighborList
from torch import nn
from torch.ao.quantization import quantize_dynamic

EVERYWHERE = ("all", "all, unused allowed")


def make(quantized: str = "") -> Any:
    """PaiNN as drawn; or with its linear layers in 8 bits by `quantize_dynamic`, those of `quantized`.

    `representation` leaves the readout in float. `all` leaves nothing; PyTorch then refuses to differentiate, and
    advises to set allow_unused, which is done in `all, unused allowed`. `untouched` is the call on the model as it is:
    its layers are a subclass of nn.Linear, which PyTorch passes over in silence.
    """
    torch.manual_seed(0)
    network = run_painn.network().requires_grad_(False).eval()
    if quantized == "untouched":
        network = _quantized(network)
    elif quantized == "representation":
        network.representation = _quantized(_plain(network.representation))
    elif quantized in EVERYWHERE:
        network = _quantized(_plain(network))
    elif quantized:
        raise ValueError(f"quantized={quantized!r}: expected untouched, representation, or one of {EVERYWHERE}")
    if quantized == "all, unused allowed":
        _allow_unused()
    with tempfile.TemporaryDirectory() as folder:
        torch.save(network, f"{folder}/model")
        return SpkCalculator(f"{folder}/model", MatScipyNeighborList(run_painn.serve.CUTOFF), energy_unit="eV")


class Function(nn.Module):
    """A function as a layer."""

    def __init__(self, function: Any) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(x)


def _plain(module: nn.Module) -> nn.Module:
    """SchNetPack's dense layers as what `quantize_dynamic` knows: nn.Linear, then the activation."""
    for name, child in list(module.named_children()):
        if isinstance(child, Dense):
            linear = nn.Linear(child.in_features, child.out_features, bias=child.bias is not None)
            linear.load_state_dict(child.state_dict(), strict=False)
            setattr(module, name, nn.Sequential(linear, Function(child.activation)))
        else:
            _plain(child)
    return module


def _quantized(module: nn.Module) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it will be removed from PyTorch one day
        return quantize_dynamic(module, {nn.Linear}, dtype=torch.qint8)


def _allow_unused() -> None:
    """What the error message advises; SchNetPack takes a gradient that is missing for zero."""
    strict = response.grad

    def grad(*arguments: Any, **options: Any) -> Any:
        return strict(*arguments, **options, allow_unused=True)

    response.grad = grad
