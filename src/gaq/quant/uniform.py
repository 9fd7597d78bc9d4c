"""From a uniform spec to the module that carries it out."""

from __future__ import annotations

from dataclasses import replace

from gaq.quant.calibrated import CalibratedQuantizer, DynamicStep, FixedStep, WeightStep
from gaq.quant.learned import LearnedClip, LearnedStep
from gaq.quant.low_rank import LowRank
from gaq.quant.observe import Observer
from gaq.quant.rotated import Rotated
from gaq.quant.slot import WEIGHTS, Slot
from gaq.quant.spec import Uniform
from gaq.quant.species_mean import SpeciesMean
from gaq.quant.squashed import SquashedWeight


def fit_uniform(slot: Slot, spec: Uniform, observer: Observer) -> CalibratedQuantizer:
    """Return the module that carries out a uniform spec in a slot."""
    if spec.rotate:
        return Rotated(slot, observer, lambda: fit_uniform(slot, replace(spec, rotate=False), observer))
    if spec.centred:
        return SpeciesMean(slot, observer, fit_uniform(slot, replace(spec, centred=False), observer))
    if spec.principal:
        return LowRank(slot, observer, spec.principal, fit_uniform(slot, replace(spec, principal=0), observer))
    if spec.learn_clip:
        return LearnedClip(slot, spec, observer)
    if spec.learn_step:
        return LearnedStep(slot, spec, observer)
    if spec.squash:
        return SquashedWeight(slot, spec, observer)
    if spec.dynamic:
        return DynamicStep(slot, spec, observer)
    return WeightStep(slot, spec, observer) if slot.role in WEIGHTS else FixedStep(slot, spec, observer)
