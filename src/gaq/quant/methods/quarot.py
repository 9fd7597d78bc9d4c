"""QuaRot: channels are mixed by a Hadamard matrix before rounding, which spreads outliers over many channels."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from gaq.errors import RecipeError
from gaq.quant.calibrated import CalibratedQuantizer
from gaq.quant.observe import AbsMax, Observer
from gaq.quant.quantized import Quantized
from gaq.quant.recipe import Recipe, Rule
from gaq.quant.registry import fit_inner
from gaq.quant.rules import QUERY_KEY_BITS, features, queries, readout, recipe_of, weight_only
from gaq.quant.slot import Role, Slot
from gaq.quant.spec import Framed, Uniform, UniformSpec, Wrapper, has
from gaq.quant.wrappers import Centred, Compensated


@dataclass(frozen=True)
class Mixed(Wrapper):
    """Rounds in channels that a Hadamard matrix has mixed, and mixes back."""

    keeps_codes = False
    refusal = "packed models do not turn channels at run time. Take the scheme without Mixed"

    def __post_init__(self) -> None:
        super().__post_init__()
        if has(self, Centred, Compensated):
            raise RecipeError(f"{self}: means and directions of a species are those of channels that are not mixed")


class Rotated(CalibratedQuantizer):
    """x → Q(x H) H with a Hadamard matrix H over the channels; H is symmetric and its own inverse.

    H mixes channels and never components, so it commutes with rotations of space. With the same H on both sides of
    a product, (x H)(W H)ᵀ = x Wᵀ: folded into the weights it costs nothing there, but features must be turned at
    run time, since sums and products per channel stand between one linear layer and the next.
    Source: Ashkboos et al., QuaRot, NeurIPS 2024, section 3.
    """

    mixing: Tensor

    def __init__(self, slot: Slot, observer: Observer, inner: CalibratedQuantizer) -> None:
        super().__init__(slot, observer)
        self.inner = inner
        self.register_buffer("mixing", hadamard(slot.shape[-1] or 1), persistent=False)
        self.ready = self.inner.ready

    def forward(self, x: Tensor, species: Tensor | None = None) -> Quantized:
        mixing = self.mixing.to(x.dtype)
        return Quantized(torch.matmul(self.inner(torch.matmul(x, mixing)).value, mixing))

    def observe(self, x: Tensor, species: Tensor | None = None) -> None:
        self.inner.observe(torch.matmul(x, self.mixing.to(x.dtype)))

    def fit(self) -> None:
        self.inner.fit()
        self.ready = self.inner.ready


def hadamard(size: int) -> Tensor:
    """[size, size] orthogonal, ±1/√b in blocks of b channels, b the largest power of two that divides `size`."""
    block = size & -size
    matrix = torch.ones((1, 1))
    while len(matrix) < block:
        matrix = torch.cat((torch.cat((matrix, matrix), 1), torch.cat((matrix, -matrix), 1)))
    return torch.block_diag(*[matrix * block**-0.5] * (size // block))


def fit_mixed(slot: Slot, spec: Mixed, observer: Observer) -> CalibratedQuantizer:
    """Return the module of a scheme in mixed channels."""
    return Rotated(slot, observer, fit_inner(slot, spec.inner, observer))


def hadamard_w4a8(warmup: int = 5) -> Recipe:
    """As frame-w4a8 with channels mixed by a Hadamard matrix before everything is rounded.

    Source: Ashkboos et al., QuaRot, NeurIPS 2024. The matrix is folded into weights; features are turned at run time.
    """
    rows = Uniform(8, per="row")
    plain = recipe_of(
        "hadamard-w4a8",
        "vectors in the local frame of their atom",
        weight_only(4, learn_step=True, group=None, warmup=warmup),
        features(rows, AbsMax(), Framed(rows), AbsMax(), warmup),
        queries(QUERY_KEY_BITS),
        readout(16),
    )
    return replace(plain, rules=tuple(_with_mixed_channels(rule) for rule in plain.rules))


def _with_mixed_channels(rule: Rule) -> Rule:
    spec = rule.spec
    if rule.where is Role.QUERY_KEY:
        return rule
    if isinstance(spec, Framed):
        return replace(rule, spec=Framed(Mixed(spec.inner)))
    return replace(rule, spec=Mixed(spec)) if isinstance(spec, UniformSpec) else rule
