"""Every spec there is, each with a slot that it fits, and a calibrated quantizer for it."""

from __future__ import annotations

import itertools

import pytest
import torch

from gaq.quant.direction_spec import Component, Fibonacci, Icosahedral, KMeans, Octahedral
from gaq.quant.methods.dorefa import Squashed
from gaq.quant.methods.lsq import FreelyLearned
from gaq.quant.methods.pact import LearnedRange
from gaq.quant.methods.quarot import Mixed
from gaq.quant.observe import AbsMax, MeanSquare, Percentile
from gaq.quant.quantizer import Quantizer
from gaq.quant.slot import Role, Slot
from gaq.quant.spec import Framed, Identity, Polar, Uniform, uniform_part
from gaq.quant.wrappers import Learned

VECTORS = Slot("layers.0.update.mix1.input", Role.VECTOR_FEATURE, (None, 3, 16), degree=1)
WEIGHT = Slot("layers.0.update.mix1.weight", Role.VECTOR_WEIGHT, (12, 16), degree=1)
ATOMS = 40


def feature_specs():
    yield Identity()
    for bits, per in itertools.product((2, 4, 8, 16), ("tensor", "row", "atom", "vector")):
        yield Uniform(bits, per=per)
    yield Learned(Uniform(8))
    yield LearnedRange(Uniform(8))
    yield FreelyLearned(Uniform(8))
    yield Framed(Uniform(8, per="row"))
    yield Framed(Uniform(16))
    yield Framed(Mixed(Uniform(8, per="row")))
    yield Mixed(Uniform(8, per="row"))
    codes = (
        Fibonacci(6),
        Fibonacci(12),
        Icosahedral(8),
        Octahedral(8),
        Octahedral(16),
        KMeans(5),
        Component(8),
    )
    for code, scale, per in itertools.product(codes, ("linear", "log"), ("tensor", "atom")):
        yield Polar(8, code, magnitude=scale, per=per)
    for gradient in ("plain", "rotation", "hard"):
        yield Polar(4, Fibonacci(8), gradient=gradient)
    yield Polar(8, KMeans(5, decay=0.9), gradient="plain", commitment=0.1)


def weight_specs():
    yield Identity()
    for bits, learn in itertools.product((2, 4, 8, 16), (False, True)):
        for plain in (Uniform(bits), Uniform(bits, per="channel"), Uniform(bits, per="group", group=4)):
            yield Learned(plain) if learn else plain
    yield Squashed(Uniform(8))
    yield Mixed(Uniform(4, per="channel"))
    yield Uniform(8, per="group", group=5)
    yield Squashed(Uniform(4, per="channel"))


def every_case():
    """Every spec with a slot that it fits."""
    for slot, specs in ((VECTORS, feature_specs()), (WEIGHT, weight_specs())):
        for spec in specs:
            yield pytest.param(slot, spec, id=f"{slot.role.value}-{spec}".replace(" ", ""))


def polar_cases():
    return [case for case in every_case() if isinstance(case.values[1], Polar)]


every_spec = pytest.mark.parametrize(("slot", "spec"), list(every_case()))


def drawn(slot, seed, dtype=torch.float32):
    generator = torch.Generator().manual_seed(seed)
    shape = tuple(ATOMS if size is None else size for size in slot.shape)
    x = torch.randn(shape, generator=generator, dtype=torch.float64)
    if slot is VECTORS:  # vectors of very different lengths
        x = x * torch.exp(0.6 * torch.randn(ATOMS, 1, 16, generator=generator, dtype=torch.float64))
    return x.to(dtype)


def observer_for(slot, spec):
    uniform = uniform_part(spec)
    if isinstance(spec, Polar):
        return AbsMax() if spec.dynamic else Percentile(99.0)
    if uniform is None or uniform.dynamic:
        return AbsMax()
    return MeanSquare()


def calibrated(slot, spec, seed=1):
    quantizer = Quantizer(slot)
    quantizer.install(spec, observer_for(slot, spec))
    quantizer.observing = True
    for shift in range(3):
        quantizer(drawn(slot, seed + 100 * shift))
    quantizer.finish_calibration()
    return quantizer
