"""The laws in a model's slots as a packed file says them: plain data and arrays of steps, levels and directions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gaq.errors import RecipeError
from gaq.quant.centred import Centred
from gaq.quant.directions import FixedBook, LearnedBook, OctahedralGrid
from gaq.quant.fitted import Fitted
from gaq.quant.learned import LEAST_FACTOR, LearnedStep
from gaq.quant.mddq import PolarCode
from gaq.quant.plain import kind_of
from gaq.quant.principal import Principal
from gaq.quant.quantizer import Quantizer
from gaq.quant.slot import WEIGHTS, Slot
from gaq.quant.spec import Component, KMeans, Octahedral, Polar, Spec, framed, uniform_part

LARGEST_STORED_GRID = 8  # bits; finer octahedral grids are computed by whoever reads the file

Law = dict[str, Any]
Arrays = dict[str, np.ndarray]


def packed_slots(quantizers: Iterable[Quantizer]) -> tuple[dict[str, Law], Arrays]:
    """The law of every slot, and the arrays that go with those of features. Raises `RecipeError`."""
    laws: dict[str, Law] = {}
    arrays: Arrays = {}
    for quantizer in quantizers:
        laws[quantizer.slot.name] = law_of(quantizer.spec, quantizer.slot)
        arrays |= _arrays(quantizer)
    return laws, arrays


def law_of(spec: Spec, slot: Slot) -> Law:
    """A spec as plain data, without what training alone wants to know."""
    uniform = uniform_part(spec)
    if uniform is not None:
        law: Law = {"kind": "uniform", "bits": uniform.bits, "per": uniform.per}
        if slot.role in WEIGHTS:
            return law
        law |= {"framed": framed(spec)}
        law |= {"centred": True} if uniform.centred else {}
        return law | {"principal": uniform.principal} if uniform.principal else law
    if not isinstance(spec, Polar):
        return {"kind": "identity"}
    code = spec.direction_code(slot.degree)
    law = {
        "kind": "polar",
        "bits": spec.bits,
        "per": spec.per,
        "magnitude": spec.magnitude,
        "gradient": spec.gradient,
        "directions": "codebook",
        "direction_bits": code.bits,
    }
    if isinstance(code, Component | Octahedral):
        law["directions"] = kind_of(type(code))
    elif not isinstance(code, KMeans):  # all slots with a fixed codebook share one
        law["book"] = f"codebook.{kind_of(type(code))}.{code.bits}"
    return law


def array_of(tensor: Tensor) -> np.ndarray:
    """A tensor's numbers, in memory of their own; a single number has shape [1]."""
    copied: np.ndarray = tensor.detach().cpu().reshape(tensor.shape or (1,)).contiguous().numpy().copy()
    return copied


def _arrays(quantizer: Quantizer) -> Arrays:
    """Steps, levels and directions of a feature slot."""
    name, spec, fitted = quantizer.slot.name, quantizer.spec, quantizer.fitted
    if fitted is None:
        return {}
    if not fitted.ready or not quantizer.active:
        raise RecipeError(
            f"slot {name!r} holds {spec}, which is not calibrated or not yet active; quantize the model with data"
        )
    if quantizer.slot.role in WEIGHTS:
        return {}
    if isinstance(fitted, Centred | Principal):
        return _apart(name, fitted)
    if isinstance(fitted, LearnedStep):
        step = fitted.start * fitted.factor.detach().clamp(min=LEAST_FACTOR).reshape(fitted.start.shape)
        return {f"{name}.step": array_of(step), f"{name}.inverse_step": array_of(1 / step)}
    kept = ("step", "inverse_step", "levels", "thresholds")
    arrays = {f"{name}.{key}": array_of(buffer) for key, buffer in fitted.named_buffers(recurse=False) if key in kept}
    return arrays | _directions(name, spec, quantizer.slot, fitted)


def _apart(name: str, fitted: Centred | Principal) -> Arrays:
    """Means and principal directions."""
    if isinstance(fitted, Principal):
        codes, scale = fitted.codes.flatten(0, 1), fitted.scale.flatten()
        return {f"{name}.principal.codes": array_of(codes), f"{name}.principal.scale": array_of(scale)}
    mean = {f"{name}.centre.codes": array_of(fitted.codes), f"{name}.centre.scale": array_of(fitted.scale[:, 0])}
    return mean if fitted.along is None else mean | _apart(name, fitted.along)


def _directions(name: str, spec: Spec, slot: Slot, fitted: Fitted) -> Arrays:
    if not isinstance(spec, Polar) or not isinstance(fitted, PolarCode):
        return {}
    directions, bits = fitted.directions, spec.direction_code(slot.degree).bits
    if isinstance(directions, OctahedralGrid) and bits <= LARGEST_STORED_GRID:
        return {f"octahedral.{bits}.points": array_of(directions.points)}
    if isinstance(directions, FixedBook | LearnedBook):
        book = law_of(spec, slot).get("book", name)
        found = directions.book()
        return {f"{book}.points": array_of(found.points), f"{book}.cells": array_of(found.cells.to(torch.int32))}
    return {}
