"""Scales that move range from features to weights before rounding: SmoothQuant and AWQ, folded into the network."""

from __future__ import annotations

import torch
from torch import Tensor

from gaq.model.linear import Linear
from gaq.model.transformer import Transformer
from gaq.quant.ptq import ActivationAware, Smooth
from gaq.quant.quantizer import Quantizer
from gaq.quant.recipe import Recipe, Rule
from gaq.train.activity import Activity, activity
from gaq.train.fold import Stream, streams
from gaq.train.frames import TrainFrames

# Channels that are never used get no scale that could overflow.
LEAST = 1e-5


def smooth_(model: Transformer, ptq_pass: Smooth, frames: TrainFrames) -> None:
    """a = max|x|^α / max|W|^(1-α) for every channel that can take it; what the network computes stays."""
    seen = activity(model, frames)
    for stream in streams(model):
        peak = torch.stack([seen[_name(layer)].peak[inputs] for layer, inputs in stream.readers]).amax(0)
        weight = torch.stack([layer.weight[:, inputs].abs().amax(0) for layer, inputs in stream.readers]).amax(0)
        scale = peak.clamp(min=LEAST) ** ptq_pass.strength
        scale = scale / weight.detach().double().cpu().clamp(min=LEAST) ** (1 - ptq_pass.strength)
        stream.scale_(_middling(scale))


def protect_(model: Transformer, ptq_pass: ActivationAware, recipe: Recipe, frames: TrainFrames) -> None:
    """a = rms(x)^α with the α that rounds the weights with the least error of what the layers give."""
    seen = activity(model, frames)
    rules = recipe.resolve([q.slot for q in model.quantizers()])
    for stream in streams(model):
        sizes = torch.stack([seen[_name(layer)].rms[inputs] for layer, inputs in stream.readers])
        rms = sizes.square().mean(0).sqrt().clamp(min=LEAST)
        candidates = [_middling(rms ** (k / ptq_pass.grid)) for k in range(ptq_pass.grid)]
        errors = [_output_error(stream, scale, seen, rules) for scale in candidates]
        stream.scale_(candidates[errors.index(min(errors))])


def _output_error(stream: Stream, scale: Tensor, seen: dict[str, Activity], rules: dict[str, Rule]) -> float:
    """Σ ‖(Q(W·a)/a - W) x‖² over the layers that read the stream, each relative to what it gives."""
    total = 0.0
    for layer, inputs in stream.readers:
        rule, gram = rules[layer.weight_quantizer.slot.name], seen[_name(layer)].gram
        weight = layer.weight.detach().double().cpu()
        stretch = torch.ones(weight.shape[1], dtype=torch.float64)
        stretch[inputs] = scale
        change = rounded(layer, rule, weight * stretch) / stretch - weight
        size = torch.einsum("oi,ij,oj->", weight, gram, weight).item()
        total += torch.einsum("oi,ij,oj->", change, gram, change).item() / max(size, LEAST)
    return total


def rounded(layer: Linear, rule: Rule, weight: Tensor) -> Tensor:
    """Return a weight as a rule rounds it, float64."""
    scheme = Quantizer(layer.weight_quantizer.slot)
    scheme.install(rule.spec, rule.calibrate)
    scheme.observing = True
    scheme(weight.float())
    scheme.finish_calibration()
    with torch.no_grad():
        value: Tensor = scheme(weight.float()).value.double()
    return value


def _middling(scale: Tensor) -> Tensor:
    """With a geometric mean of one: only ratios between channels matter."""
    return scale / scale.log().mean().exp()


def _name(layer: Linear) -> str:
    return layer.weight_quantizer.slot.name.removesuffix(".weight")
