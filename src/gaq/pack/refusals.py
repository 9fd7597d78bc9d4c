"""What a packed file cannot hold, refused by name before anything is written."""

from __future__ import annotations

import torch

from gaq.errors import RecipeError
from gaq.model.linear import Linear
from gaq.model.protocol import Network, dtype_of
from gaq.quant.quantizer import Quantizer
from gaq.quant.slot import MESSAGES, WEIGHTS, Role
from gaq.quant.spec import Identity, Polar, has, integer_product, uniform_part, without, wrappers_of
from gaq.quant.wrappers import Centred, Compensated

MOST_WEIGHT_BITS = 8
MOST_FEATURE_BITS = 16
PACKED_GRADIENTS = ("geometric", "plain")
LARGEST_TOTAL = 2**31 - 1  # of a sum of integer products


def refuse(model: Network) -> None:
    """Raise `RecipeError` with the slot, the reason and a way out when the model cannot be packed."""
    if dtype_of(model) != torch.float32:
        raise RecipeError(f"the model is {dtype_of(model)}; a packed model is float32. Train with dtype = 'float32'.")
    for quantizer in model.quantizers():
        reason = _reason(quantizer)
        if reason:
            raise RecipeError(f"slot {quantizer.slot.name!r} holds {quantizer.spec}: {reason}")
    for layer in model.modules():
        if isinstance(layer, Linear):
            _refuse_large_sums(layer)
            _refuse_float_weight(layer)


def _reason(quantizer: Quantizer) -> str:
    role, spec = quantizer.slot.role, quantizer.spec
    uniform = uniform_part(spec)
    if role in MESSAGES and not isinstance(spec, Identity):
        return "packed models send messages in float. Leave messages as Identity()"
    if role in WEIGHTS and uniform is not None and uniform.group is not None:
        return "packed models have one scale per output, none per group of inputs. Quantize with per='channel'"
    if role in WEIGHTS and uniform is not None and uniform.bits > MOST_WEIGHT_BITS:
        return f"packed weights have at most {MOST_WEIGHT_BITS} bits. Take fewer, or Identity() for float weights"
    if uniform is not None and uniform.bits > MOST_FEATURE_BITS:
        return f"packed features have at most {MOST_FEATURE_BITS} bits. Take fewer, or Identity() for float features"
    refusals = [part.refusal for part in (spec, *wrappers_of(spec)) if part.refusal]
    if refusals:
        return refusals[0]
    if isinstance(spec, Polar) and spec.gradient not in PACKED_GRADIENTS:
        return (
            f"forces go through the gradient of a scheme, and packed models have no gradient {spec.gradient!r}. "
            f"Take gradient={' or '.join(map(repr, PACKED_GRADIENTS))}"
        )
    if role is Role.QUERY_KEY and uniform is not None and uniform.dynamic:
        return "packed queries and keys have one step. Take per='tensor' with UnitRange(), or Identity() for float ones"
    return ""


def largest_total(feature_bits: int, weight_bits: int, inputs: int) -> int:
    """Return the largest sum of so many products of codes; kernels move 8-bit features up by 128 to 0…255."""
    high = 255 if feature_bits <= 8 else 2 ** (feature_bits - 1) - 1
    return high * (2 ** (weight_bits - 1) - 1) * inputs


def _refuse_large_sums(layer: Linear) -> None:
    features, weight = uniform_part(layer.input_quantizer.spec), uniform_part(layer.weight_quantizer.spec)
    if features is None or weight is None or not integer_product(layer.input_quantizer.spec):
        return
    inputs = layer.weight.shape[1]
    if largest_total(features.bits, weight.bits, inputs) > LARGEST_TOTAL:
        raise RecipeError(
            f"layer {layer.weight_quantizer.slot.name.removesuffix('.weight')!r}: a sum of {inputs} products of "
            f"{features.bits}-bit features and {weight.bits}-bit weights can exceed 32 bits. Take fewer bits for one."
        )


def _refuse_float_weight(layer: Linear) -> None:
    features = uniform_part(layer.input_quantizer.spec)
    if features is None or uniform_part(layer.weight_quantizer.spec) is not None:
        return
    spec = layer.input_quantizer.spec
    if has(spec, Centred, Compensated):
        way = without(spec, Centred, Compensated)
        raise RecipeError(
            f"slot {layer.input_quantizer.slot.name!r} holds {spec}: packed models have centres "
            "and directions only before quantized weights. "
            f"Quantize {layer.weight_quantizer.slot.name!r}, or take {way}."
        )
