"""Published quantization methods on gaq's slots, each with its source and what was changed to fit a force field.

None of them has a warm-up but QuaRot, and none treats vectors specially: components are rounded along x, y and z unless
the method says otherwise. Queries and keys have sixteen bits, as in our own recipes.

They are registered here and use nothing but what a quantizer of your own can use (`gaq/quant/registry.py`).
"""

from __future__ import annotations

from gaq.quant.methods.adaround import adaround_w4
from gaq.quant.methods.awq import awq_w4
from gaq.quant.methods.degree_quant import degree_quant
from gaq.quant.methods.dorefa import Squashed, SquashedWeight, dorefa
from gaq.quant.methods.gptq import gptq_w4, gptq_w8
from gaq.quant.methods.lsq import FreelyLearned, FreeStep, lsq_w4a8, lsq_w8a8
from gaq.quant.methods.pact import LearnedClip, LearnedRange, pact
from gaq.quant.methods.qdrop import qdrop
from gaq.quant.methods.quarot import Mixed, fit_mixed, hadamard_w4a8
from gaq.quant.methods.smoothquant import smoothquant
from gaq.quant.methods.svq import svq_kmeans, svq_kmeans_ste
from gaq.quant.methods.zeroquant import zeroquant
from gaq.quant.registry import Build, register_preset, register_quantizer

PRESETS: dict[str, Build] = {
    "lsq-w8a8": lsq_w8a8,
    "lsq-w4a8": lsq_w4a8,
    "pact": pact,
    "dorefa": dorefa,
    "degree-quant": degree_quant,
    "svq-kmeans": svq_kmeans,
    "svq-kmeans-ste": svq_kmeans_ste,
    "smoothquant": smoothquant,
    "zeroquant": zeroquant,
    "gptq-w8": gptq_w8,
    "gptq-w4": gptq_w4,
    "awq-w4": awq_w4,
    "adaround-w4": adaround_w4,
    "qdrop": qdrop,
    "hadamard-w4a8": hadamard_w4a8,
}

register_quantizer(
    LearnedRange, lambda slot, spec, observer: LearnedClip(slot, spec.uniform, observer), stored_key="learn_clip"
)
register_quantizer(
    Squashed, lambda slot, spec, observer: SquashedWeight(slot, spec.uniform, observer), stored_key="squash"
)
register_quantizer(FreelyLearned, lambda slot, spec, observer: FreeStep(slot, spec.uniform, observer))
register_quantizer(Mixed, fit_mixed, stored_key="rotate")
for _name, _build in PRESETS.items():
    register_preset(_name, _build)
