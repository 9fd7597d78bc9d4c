"""Untrained PaiNN as SchNetPack's ASE calculator, float or after PyTorch's `quantize_dynamic`:

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
    """Return PaiNN with the linear layers that `quantized` names in 8 bits.

    `representation` excludes the readout. `all` includes it; PyTorch then suggests allow_unused, as in
    `all, unused allowed`. `untouched` keeps SchNetPack's layers, which PyTorch skips as subclasses of nn.Linear.
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
    """Rewrite dense layers as nn.Linear and activation."""
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
        warnings.simplefilter("ignore")  # deprecation warning
        return quantize_dynamic(module, {nn.Linear}, dtype=torch.qint8)


def _allow_unused() -> None:
    """Set allow_unused; missing gradients become zero."""
    strict = response.grad

    def grad(*arguments: Any, **options: Any) -> Any:
        return strict(*arguments, **options, allow_unused=True)

    response.grad = grad
