"""The schemes in a model's slots as stored in a packed file: plain data and arrays of steps, levels and directions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gaq.errors import RecipeError
from gaq.quant.calibrated import CalibratedQuantizer
from gaq.quant.direction_spec import Component, KMeans, Octahedral
from gaq.quant.directions import FixedBook, LearnedBook, OctahedralGrid
from gaq.quant.learned import LearnedStep
from gaq.quant.low_rank import LowRank
from gaq.quant.mddq import PolarCode
from gaq.quant.plain import kind_of
from gaq.quant.quantizer import Quantizer
from gaq.quant.slot import WEIGHTS, Slot
from gaq.quant.spec import Polar, Spec, framed, has, uniform_part, wrappers_of
from gaq.quant.species_mean import SpeciesMean
from gaq.quant.wrappers import Centred, Compensated

LARGEST_STORED_GRID = 8  # bits; finer octahedral grids are computed by whoever reads the file

Scheme = dict[str, Any]
Arrays = dict[str, np.ndarray]


def packed_slots(quantizers: Iterable[Quantizer]) -> tuple[dict[str, Scheme], Arrays]:
    """Return the scheme of every slot, and the arrays that go with those of features. Raises `RecipeError`."""
    schemes: dict[str, Scheme] = {}
    arrays: Arrays = {}
    for quantizer in quantizers:
        schemes[quantizer.slot.name] = scheme_of(quantizer.spec, quantizer.slot)
        arrays |= _arrays(quantizer)
    return schemes, arrays


def scheme_of(spec: Spec, slot: Slot) -> Scheme:
    """Return a spec as plain data, without what training alone wants to know."""
    uniform = uniform_part(spec)
    if uniform is not None:
        scheme: Scheme = {"kind": "uniform", "bits": uniform.bits, "per": uniform.per}
        if slot.role in WEIGHTS:
            return scheme
        scheme |= {"framed": framed(spec)}
        scheme |= {"centred": True} if has(spec, Centred) else {}
        ranks = [wrapper.rank for wrapper in wrappers_of(spec) if isinstance(wrapper, Compensated)]
        return scheme | ({"principal": ranks[0]} if ranks else {})
    if not isinstance(spec, Polar):
        return {"kind": "identity"}
    code = spec.direction_code(slot.degree)
    scheme = {
        "kind": "polar",
        "bits": spec.bits,
        "per": spec.per,
        "magnitude": spec.magnitude,
        "gradient": spec.gradient,
        "directions": "codebook",
        "direction_bits": code.bits,
    }
    if isinstance(code, Component | Octahedral):
        scheme["directions"] = kind_of(type(code))
    elif not isinstance(code, KMeans):  # all slots with a fixed codebook share one
        scheme["book"] = f"codebook.{kind_of(type(code))}.{code.bits}"
    return scheme


def array_of(tensor: Tensor) -> np.ndarray:
    """Return a tensor's numbers, in memory of their own; a single number has shape [1]."""
    copied: np.ndarray = tensor.detach().cpu().reshape(tensor.shape or (1,)).contiguous().numpy().copy()
    return copied


def _arrays(quantizer: Quantizer) -> Arrays:
    """Steps, levels and directions of a feature slot."""
    name, spec, calibrated = quantizer.slot.name, quantizer.spec, quantizer.calibrated
    if calibrated is None:
        return {}
    if not calibrated.ready or not quantizer.active:
        raise RecipeError(
            f"slot {name!r} holds {spec}, which is not calibrated or not yet active; quantize the model with data"
        )
    if quantizer.slot.role in WEIGHTS:
        return {}
    if isinstance(calibrated, SpeciesMean | LowRank):
        return _compensation(name, calibrated)
    if isinstance(calibrated, LearnedStep):
        step = calibrated.step().detach()
        return {f"{name}.step": array_of(step), f"{name}.inverse_step": array_of(1 / step)}
    kept = ("step", "inverse_step", "levels", "thresholds")
    arrays = {
        f"{name}.{key}": array_of(buffer) for key, buffer in calibrated.named_buffers(recurse=False) if key in kept
    }
    return arrays | _directions(name, spec, quantizer.slot, calibrated)


def _compensation(name: str, calibrated: SpeciesMean | LowRank) -> Arrays:
    """Return means and principal directions."""
    if isinstance(calibrated, LowRank):
        codes, scale = calibrated.codes.flatten(0, 1), calibrated.scale.flatten()
        return {f"{name}.principal.codes": array_of(codes), f"{name}.principal.scale": array_of(scale)}
    mean = {
        f"{name}.centre.codes": array_of(calibrated.codes),
        f"{name}.centre.scale": array_of(calibrated.scale[:, 0]),
    }
    return mean if calibrated.along is None else mean | _compensation(name, calibrated.along)


def _directions(name: str, spec: Spec, slot: Slot, calibrated: CalibratedQuantizer) -> Arrays:
    if not isinstance(spec, Polar) or not isinstance(calibrated, PolarCode):
        return {}
    directions, bits = calibrated.directions, spec.direction_code(slot.degree).bits
    if isinstance(directions, OctahedralGrid) and bits <= LARGEST_STORED_GRID:
        return {f"octahedral.{bits}.points": array_of(directions.points)}
    if isinstance(directions, FixedBook | LearnedBook):
        book = scheme_of(spec, slot).get("book", name)
        found = directions.book()
        return {f"{book}.points": array_of(found.points), f"{book}.cells": array_of(found.cells.to(torch.int32))}
    return {}
