"""Rounding schemes and wrappers of engines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from gaq.atoms.structure import Prediction, Structure
from gaq.engine.protocol import Engine
from gaq.engine.pytorch import TorchEngine
from gaq.model.linear import Linear
from gaq.model.transformer.network import Transformer
from gaq.quant import pullback
from gaq.quant.quantized import Quantized
from gaq.quant.scheme import decode_uniform, dynamic_steps, encode_uniform
from gaq.quant.slot import WEIGHTS
from gaq.quant.spec import uniform_part
from studies.staircase.variants import BASE, COARSE, MODEL, shipped


class Rounding(nn.Module):
    """Uniform rounding with dynamic steps."""

    ready = True

    def __init__(self, high: int, seed: int) -> None:
        super().__init__()
        self.high = high
        self.random = torch.Generator().manual_seed(seed)

    def forward(self, x: Tensor) -> Quantized:
        """Round with a straight-through gradient."""
        with torch.no_grad():
            steps = dynamic_steps(x, (-1,), self.high)
            shifted = x + self.added(x, steps.step)
            codes = self.taken_off(encode_uniform(shifted, steps.inverse_step, self.high))
            value = decode_uniform(codes, steps.step)
        value = pullback.straight_through(x, value)
        self.done(x, shifted, value)
        return Quantized(value, codes, steps.step, self.high)

    def added(self, x: Tensor, step: Tensor) -> Tensor:
        return torch.zeros_like(x)

    def taken_off(self, codes: Tensor) -> Tensor:
        return codes

    def done(self, x: Tensor, shifted: Tensor, value: Tensor) -> None:
        """What is kept of it."""


class Dither(Rounding):
    """Uniform noise of half a step."""

    drawn: Tensor | None = None

    def added(self, x: Tensor, step: Tensor) -> Tensor:
        self.drawn = torch.rand(x.shape, generator=self.random) - 0.5
        return self.drawn * step


class SubtractedDither(Dither):
    """Dither, subtracted after rounding."""

    def taken_off(self, codes: Tensor) -> Tensor:
        return codes if self.drawn is None else codes - self.drawn


class FixedDither(SubtractedDither):
    """Subtracted dither, drawn only once."""

    def added(self, x: Tensor, step: Tensor) -> Tensor:
        return super().added(x, step) if self.drawn is None else self.drawn * step


class Feedback(Rounding):
    """Add the last rounding error."""

    error: Tensor | None = None

    def added(self, x: Tensor, step: Tensor) -> Tensor:
        return torch.zeros_like(x) if self.error is None else self.error

    def done(self, x: Tensor, shifted: Tensor, value: Tensor) -> None:
        self.error = shifted - value.detach()


class Remembered(Rounding):
    """Record the first-order energy error per atom, Σ dE/dq (x − q)."""

    def __init__(self, high: int, seed: int) -> None:
        super().__init__(high, seed)
        self.terms: list[Tensor] = []

    def done(self, x: Tensor, shifted: Tensor, value: Tensor) -> None:
        super().done(x, shifted, value)
        if value.requires_grad:
            error = (x - value).detach()
            value.register_hook(lambda slope: self.terms.append((slope * error).flatten(1).double().sum(1)))


class RememberedFeedback(Remembered, Feedback):
    """Both."""


Kind = Callable[[int, int], Rounding]


class Frozen(nn.Module):
    """A quantized weight."""

    ready = True

    def __init__(self, coded: Quantized) -> None:
        super().__init__()
        self.coded = coded

    def forward(self, x: Tensor) -> Quantized:
        return self.coded


def with_rounding(rounding: Kind, seed: int = 0) -> Transformer:
    """Replace rounding in all 8-bit slots."""
    model = shipped(BASE).model.requires_grad_(False)
    for linear in (m for m in model.modules() if isinstance(m, Linear)):
        if linear.weight_quantizer.calibrated is not None:
            linear.weight_quantizer.calibrated = Frozen(linear.weight_quantizer(linear.weight))  # type: ignore[assignment]
    for number, quantizer in enumerate(model.quantizers()):
        uniform = uniform_part(quantizer.spec)
        if quantizer.slot.role not in WEIGHTS and uniform is not None and uniform.bits <= COARSE:
            quantizer.calibrated = rounding(uniform.high, 1000 * seed + number)  # type: ignore[assignment]
    return model


class Around:
    """An engine that wraps another one."""

    def __init__(self, inner: Engine, recipe: str) -> None:
        self.inner, self.recipe = inner, recipe
        self.name, self.model, self.cutoff, self.species = inner.name, inner.model, inner.cutoff, inner.species

    def evaluate(self, structures: Sequence[Structure]) -> list[Prediction]:
        return [self.one(structure) for structure in structures]

    def one(self, structure: Structure) -> Prediction:
        (prediction,) = self.inner.evaluate([structure])
        return prediction


def rounded(name: str, rounding: Kind, seed: int = 0) -> Around:
    return Around(TorchEngine(with_rounding(rounding, seed), f"{MODEL}-{BASE}", name), name)


class Averaged(Around):
    """Mean over several copies of the molecule."""

    def __init__(self, inner: Engine, recipe: str, copies: int) -> None:
        super().__init__(inner, recipe)
        self.copies = copies

    def one(self, structure: Structure) -> Prediction:
        found = self.inner.evaluate([structure] * self.copies)
        forces = sum(p.forces for p in found[1:]) + found[0].forces
        return Prediction(sum(p.energy for p in found) / self.copies, forces / self.copies)


class Corrected(Around):
    """Subtract the first-order rounding error."""

    def __init__(self, network: Transformer, recipe: str, at_once: int = 1) -> None:
        super().__init__(TorchEngine(network, f"{MODEL}-{BASE}", recipe), recipe)
        self.at_once = at_once  # 1 if rounding has a memory
        self.roundings = [m for m in network.modules() if isinstance(m, Remembered)]

    def evaluate(self, structures: Sequence[Structure]) -> list[Prediction]:
        found: list[Prediction] = []
        for start in range(0, len(structures), self.at_once):
            found += self._together(structures[start : start + self.at_once])
        return found

    def _together(self, structures: Sequence[Structure]) -> list[Prediction]:
        for rounding in self.roundings:
            rounding.terms.clear()
        found = self.inner.evaluate(structures)
        by_atom = torch.stack([term for rounding in self.roundings for term in rounding.terms]).sum(0)
        shares = by_atom.split([len(s) for s in structures])
        return [replace(p, energy=p.energy + float(share.sum())) for p, share in zip(found, shares, strict=True)]


class MultipleSteps(Around):
    """At every n-th call forces are inner + n (outer − inner), with the energy of the outer model; otherwise inner.

    In velocity Verlet this is the impulse method (Tuckerman et al., J. Chem. Phys. 97, 1990 (1992)).
    """

    def __init__(self, inner: Engine, outer: Engine, recipe: str, every: int) -> None:
        super().__init__(inner, recipe)
        self.outer, self.every, self.calls = outer, every, 0

    def one(self, structure: Structure) -> Prediction:
        fast = super().one(structure)
        self.calls += 1
        if (self.calls - 1) % self.every:
            return fast
        (slow,) = self.outer.evaluate([structure])
        return replace(slow, forces=fast.forces + self.every * (slow.forces - fast.forces))
