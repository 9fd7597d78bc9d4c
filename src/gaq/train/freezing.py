"""Freeze low-bit weights that oscillate between two values (Nagel et al., 2022).

Straight-through training drives a weight whose best value lies between two codes to the threshold in the middle, and
then across it with every other step: the network never is what its weights will be in the end, and where the last step
leaves each of them is chance. With four bits that noise, not the coarseness of the grid, is much of the error. A weight
whose code has recently changed too often is therefore held at the code where it mostly was, and the others learn around
it. Source: Nagel et al., Overcoming Oscillations in Quantization-Aware Training, ICML 2022, section 4.2.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import cos, pi

import torch
from torch import Tensor, nn

from gaq.model.linear import Linear
from gaq.quant.learned import LearnedStep

LARGEST_CODE = 7  # of four bits; steps of eight are so fine that going back and forth costs nothing
MEMORY = 0.02  # share of a new step in the running means
# A weight is held once its code has changed in more than this share of steps: early, and at the end of training.
EARLY, LATE = 0.04, 0.004
BEGIN = 0.2  # share of the training before which nothing is held


@dataclass
class Watched:
    """What is known of the codes of one weight, each tensor in the shape of its codes."""

    before: Tensor  # codes at the last step
    changes: Tensor  # running mean of: has changed
    mean: Tensor  # running mean of the code
    held: Tensor  # bool
    at: Tensor  # the code that a held weight has

    @staticmethod
    def of(codes: Tensor) -> Watched:
        none = torch.zeros_like(codes)
        return Watched(codes.clone(), none, codes.clone(), none.bool(), codes.clone())

    def tensors(self) -> dict[str, Tensor]:
        return dict(vars(self))


@dataclass
class Freezer:
    """Watches the weights with learned steps of four bits or fewer."""

    watched: dict[str, Watched] = field(default_factory=dict)

    @torch.no_grad()
    def step(self, model: nn.Module, done: float) -> None:
        """After each step of the optimizer; `done` is the share of the training that is over."""
        limit = LATE + (EARLY - LATE) * 0.5 * (1 + cos(pi * done))
        for name, layer in model.named_modules():
            if isinstance(layer, Linear) and _coarse(layer):
                self._hold(name, layer, limit if done >= BEGIN else 1.0)

    def _hold(self, name: str, layer: Linear, limit: float) -> None:
        found = layer.weight_quantizer(layer.weight)
        assert found.codes is not None
        seen = self.watched.setdefault(name, Watched.of(found.codes))
        seen.changes.lerp_((found.codes != seen.before).to(seen.changes), MEMORY)
        seen.mean.lerp_(found.codes, MEMORY)
        new = (seen.changes > limit) & ~seen.held
        seen.at = torch.where(new, seen.mean.round(), seen.at)
        seen.held = seen.held | new
        seen.before = torch.where(seen.held, seen.at, found.codes)
        rest = (seen.at * found.scale).reshape(layer.weight.shape)
        layer.weight.copy_(torch.where(seen.held.reshape(layer.weight.shape), rest, layer.weight))

    def tensors(self) -> dict[str, Tensor]:
        """Return the state as named tensors: `layer/what`."""
        return {f"{name}/{what}": t for name, w in self.watched.items() for what, t in w.tensors().items()}

    def restore(self, tensors: dict[str, Tensor], model: nn.Module) -> None:
        """The inverse of `tensors`. Raises ValueError or TypeError for one that belongs to no weight of `model`."""
        weights = {name: layer.weight for name, layer in model.named_modules() if isinstance(layer, Linear)}
        layers: dict[str, dict[str, Tensor]] = {}
        for key, value in tensors.items():
            name, what = key.rsplit("/", 1)
            if name not in weights or value.numel() != weights[name].numel():
                raise ValueError(f"no weight has {list(value.shape)} numbers of {key}")
            layers.setdefault(name, {})[what] = value.to(weights[name].device)
        self.watched = {name: Watched(**found) for name, found in layers.items()}


def _coarse(layer: Linear) -> bool:
    scheme = layer.weight_quantizer.calibrated
    return layer.weight_quantizer.active and type(scheme) is LearnedStep and scheme.high <= LARGEST_CODE
