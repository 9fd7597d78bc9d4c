"""The quantizers of gaq itself, registered as anybody registers theirs."""

from __future__ import annotations

from gaq.quant.calibrated import CalibratedQuantizer, DynamicStep, FixedStep, WeightStep
from gaq.quant.learned import LearnedStep
from gaq.quant.low_rank import LowRank
from gaq.quant.mddq import PolarCode
from gaq.quant.observe import Observer
from gaq.quant.registry import fit, fit_inner, register_quantizer
from gaq.quant.slot import WEIGHTS, Slot
from gaq.quant.spec import Framed, Identity, Polar, Uniform
from gaq.quant.species_mean import SpeciesMean
from gaq.quant.wrappers import Centred, Compensated, Learned


def _uniform(slot: Slot, spec: Uniform, observer: Observer) -> CalibratedQuantizer:
    if spec.dynamic:
        return DynamicStep(slot, spec, observer)
    return WeightStep(slot, spec, observer) if slot.role in WEIGHTS else FixedStep(slot, spec, observer)


def _centred(slot: Slot, spec: Centred, observer: Observer) -> CalibratedQuantizer:
    return SpeciesMean(slot, observer, fit_inner(slot, spec.inner, observer))


def _compensated(slot: Slot, spec: Compensated, observer: Observer) -> CalibratedQuantizer:
    return LowRank(slot, observer, spec.rank, fit_inner(slot, spec.inner, observer))


register_quantizer(Identity, lambda slot, spec, observer: None)
register_quantizer(Uniform, _uniform)
register_quantizer(Framed, lambda slot, spec, observer: fit(slot, spec.inner, observer))
register_quantizer(Polar, PolarCode)
register_quantizer(Learned, lambda slot, spec, observer: LearnedStep(slot, spec.uniform, observer), "learn_step")
register_quantizer(Centred, _centred, "centred")
register_quantizer(Compensated, _compensated, "principal")
