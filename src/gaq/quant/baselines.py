"""Published quantization methods on gaq's slots, with the source of each and what was changed to fit a force field.

None of them has a warm-up, and none treats vectors specially: components are rounded along x, y and z unless the
method says otherwise. Queries and keys have sixteen bits, as in our own recipes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from gaq.quant.observe import AbsMax, MeanMagnitude, Percentile
from gaq.quant.ptq import ActivationAware, Gptq, PtqPass, Reconstruct, Smooth
from gaq.quant.recipe import Recipe, Rule
from gaq.quant.rules import (
    FLOWS,
    QUERY_KEY_BITS,
    READOUT_WEIGHTS,
    Rules,
    features,
    in_float,
    queries,
    recipe_of,
    weight_only,
    weights,
)
from gaq.quant.slot import Role
from gaq.quant.spec import KMeans, Polar, Uniform


def lsq_w8a8() -> Recipe:
    """Eight bits, every step of weights and features learned (LSQ), one per tensor.

    Source: Esser et al., Learned Step Size Quantization, ICLR 2020: start 2·mean|x|/√high, gradient over √(N·high).
    """
    return _lsq("lsq-w8a8", 8)


def lsq_w4a8() -> Recipe:
    """As lsq-w8a8 with four-bit weights, those of the readout at eight, as the source keeps its last layer."""
    return _lsq("lsq-w4a8", 4)


def pact() -> Recipe:
    """Eight bits; the range of every feature is learned from what it clips (PACT).

    Source: Choi et al., PACT, arXiv 1805.06085. Its weights are those of DoReFa, which would hide on a trained parent
    what the ranges do: here weights are rounded plainly, one step per tensor.
    """
    learned = Uniform(8, learn_clip=True)
    return recipe_of(
        "pact",
        "8 bits, learned ranges of features",
        weights(Uniform(8), Uniform(8)),
        features(learned, Percentile(99.9), learned, Percentile(99.9)),
        queries(QUERY_KEY_BITS),
    )


def dorefa() -> Recipe:
    """Eight bits; weights pass through a hyperbolic tangent before they are rounded (DoReFa).

    Source: Zhou et al., DoReFa-Net, arXiv 1606.06160. Its features are clipped to a fixed range and its gradients
    rounded too; here features keep the range that calibration finds, and gradients are float. The source trains from
    scratch: on a trained parent the tangent bends weights that nobody trained to be bent.
    """
    return recipe_of(
        "dorefa",
        "8 bits, weights bent by a tangent",
        weights(Uniform(8, squash=True), Uniform(8, squash=True)),
        features(Uniform(8), AbsMax(), Uniform(8), AbsMax()),
        queries(QUERY_KEY_BITS),
    )


def degree_quant(bits: int = 8) -> Recipe:
    """Eight bits, percentile ranges; in training, atoms with many neighbours stay in float more often (Degree-Quant).

    Source: Tailor et al., Degree-Quant, ICLR 2021: probabilities 0 to 0.1, at four bits 0.1 to 0.2. On a molecule in
    which nearly all atoms have equally many neighbours this is protection at random.
    """
    chances = (0.0, 0.1) if bits > 4 else (0.1, 0.2)
    inputs = features(Uniform(bits), Percentile(99.9), Uniform(bits), Percentile(99.9))
    spared = tuple(replace(rule, protect=chances) if rule.spec == Uniform(bits) else rule for rule in inputs)
    return recipe_of(
        "degree-quant" if bits == 8 else f"degree-quant-w{bits}a{bits}",
        "protection of well-connected atoms in training",
        weights(Uniform(bits), Uniform(bits)),
        spared,
        queries(QUERY_KEY_BITS),
    )


def svq_kmeans() -> Recipe:
    """Eight bits; vector directions from hard spherical k-means, with zero gradient (SVQ).

    Source: the baseline SVQ-KMeans of arXiv 2603.05343, table II. Only the magnitude of a vector is still
    differentiable: forces lose what the direction contributes, and training cannot repair it.
    """
    return _svq("svq-kmeans", Polar(8, KMeans(8), gradient="hard"))


def svq_kmeans_ste() -> Recipe:
    """As svq-kmeans with straight-through gradients, a codebook that follows the vectors, and commitment.

    Source: van den Oord et al., Neural Discrete Representation Learning, NeurIPS 2017: decay 0.99, commitment 0.25,
    which here is 0.25 % of it, for the loss is in eV.
    """
    return _svq("svq-kmeans-ste", Polar(8, KMeans(8, decay=0.99), gradient="plain", commitment=0.0025))


def smoothquant() -> Recipe:
    """Eight bits; range moves from features to weights, channel by channel, and is folded in (SmoothQuant).

    Source: Xiao et al., SmoothQuant, ICML 2023, α = 0.5. Vectors count by ‖v_c‖, so the scales know no direction. A
    force field has no normalisation before its layers to fold into: where a scale can go, `train/fold.py` says.
    """
    recipe = recipe_of(
        "smoothquant",
        "8 bits with scales per channel",
        weights(Uniform(8, per="channel"), Uniform(8, per="channel")),
        features(Uniform(8), AbsMax(), Uniform(8), AbsMax()),
        queries(QUERY_KEY_BITS),
    )
    return replace(recipe, ptq_passes=(Smooth(),))


def zeroquant() -> Recipe:
    """Four-bit weights in groups of 32, eight-bit features with a step per atom, layers distilled (ZeroQuant).

    Source: Yao et al., ZeroQuant, NeurIPS 2022: group-wise weights, token-wise features, layer-by-layer distillation.
    """
    rows = Uniform(8, per="row")
    grouped = Uniform(4, per="group", group=32)
    recipe = recipe_of(
        "zeroquant",
        "grouped weights, a step per atom",
        weights(grouped, grouped),
        features(rows, AbsMax(), rows, AbsMax()),
        queries(QUERY_KEY_BITS),
    )
    return replace(recipe, ptq_passes=(Reconstruct(learn="weights", same_input=True),))


def gptq_w8() -> Recipe:
    """Eight-bit weights rounded so that errors make up for each other (GPTQ), float features.

    Source: Frantar et al., GPTQ, ICLR 2023. The Hessian of a channel mixing is Σ_m V_m V_mᵀ, which no rotation
    changes; weights alone are rounded, so symmetry and conservation stay exact.
    """
    return _weights_only("gptq-w8", 8, Gptq())


def gptq_w4() -> Recipe:
    """As gptq-w8 with four-bit weights, those of the readout at eight."""
    return _weights_only("gptq-w4", 4, Gptq())


def awq_w4() -> Recipe:
    """Four-bit weights, finer for channels that carry much (AWQ), float features.

    Source: Lin et al., AWQ, MLSys 2024. Scales are folded as in smoothquant; one step per output, no groups.
    """
    return _weights_only("awq-w4", 4, ActivationAware())


def adaround_w4() -> Recipe:
    """Four-bit weights; up or down is learned for each, block by block (AdaRound), float features.

    Source: Nagel et al., AdaRound, ICML 2020, with the blocks of Li et al., BRECQ, ICLR 2021: one layer each.
    """
    return _weights_only("adaround-w4", 4, Reconstruct())


def qdrop() -> Recipe:
    """Four-bit weights by AdaRound, eight-bit features with learned steps, half of them dropped meanwhile (QDrop).

    Source: Wei et al., QDrop, ICLR 2022, p = 0.5, block = one layer.
    """
    learned = Uniform(8, learn_step=True)
    recipe = recipe_of(
        "qdrop",
        "block reconstruction with dropped rounding",
        weight_only(4, learn_step=False, group=None),
        features(learned, AbsMax(), learned, AbsMax()),
        queries(QUERY_KEY_BITS),
    )
    return replace(recipe, ptq_passes=(Reconstruct(drop=0.5),))


def all_baselines() -> dict[str, Callable[[], Recipe]]:
    """Every method by the name of its recipe, callable without arguments."""
    return {
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
    }


def _weights_only(name: str, bits: int, ptq_pass: PtqPass) -> Recipe:
    parts = weight_only(bits, learn_step=False, group=None), in_float(*FLOWS)
    return replace(recipe_of(name, "weights only", *parts), ptq_passes=(ptq_pass,))


def _svq(name: str, vectors: Polar) -> Recipe:
    return recipe_of(
        name,
        "directions from a learned codebook",
        weights(Uniform(8, per="channel"), Uniform(8, per="channel")),
        features(Uniform(8), AbsMax(), vectors, AbsMax()),
        queries(QUERY_KEY_BITS),
    )


def _lsq(name: str, weight_bits: int) -> Recipe:
    weight, feature = Uniform(weight_bits, learn_step=True), Uniform(8, learn_step=True)
    start = MeanMagnitude()
    learned: Rules = (Rule(Role.SCALAR_WEIGHT, weight, start), Rule(Role.VECTOR_WEIGHT, weight, start))
    if weight_bits < 8:
        learned += (Rule(READOUT_WEIGHTS, Uniform(8, learn_step=True), start),)
    return recipe_of(
        name,
        "learned steps, one per tensor",
        learned,
        features(feature, start, feature, start),
        queries(QUERY_KEY_BITS),
    )
