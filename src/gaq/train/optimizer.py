"""Optimizers and their schedule: Muon for matrices, Adam for the rest (measured choice: docs/results/programs.md)."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi

import torch
from torch import Tensor, nn

from gaq.train.config import OptimizerConfig
from gaq.train.muon import Muon


def is_matrix(name: str, parameter: Tensor) -> bool:
    """Return whether Muon may orthogonalise the update of this parameter: linear weights and radial filters."""
    matrix = parameter.ndim == 2 and min(parameter.shape) > 1
    return matrix and name.rsplit(".", 1)[-1] in ("weight", "filters")


@dataclass
class Optimizers:
    """The optimizers of one run, stepped together."""

    parts: tuple[torch.optim.Optimizer, ...]
    rates: tuple[float, ...]  # peak learning rate of each part

    def step(self, factor: float) -> None:
        """One step at `factor` times the peak learning rates."""
        for part, rate in zip(self.parts, self.rates, strict=True):
            for group in part.param_groups:
                group["lr"] = rate * factor
            part.step()

    def clear(self) -> None:
        for part in self.parts:
            part.zero_grad(set_to_none=True)

    def tensors(self) -> dict[str, Tensor]:
        """Return the state as named tensors: `part.parameter.name`."""
        return {
            f"{k}.{index}.{name}": torch.as_tensor(value)
            for k, part in enumerate(self.parts)
            for index, state in part.state_dict()["state"].items()
            for name, value in state.items()
        }

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """The inverse of `tensors`. Raises ValueError for one that belongs to no parameter, or not to its shape."""
        for k, part in enumerate(self.parts):
            state: dict[int, dict[str, Tensor]] = {}
            parameters = [p for group in part.param_groups for p in group["params"]]
            for key, value in tensors.items():
                which, index, name = key.split(".", 2)
                if not (0 <= int(which) < len(self.parts) and int(index) >= 0):
                    raise ValueError(f"the optimizer has no {key}")
                if int(which) != k:
                    continue
                if int(index) >= len(parameters) or value.shape not in ((), parameters[int(index)].shape):
                    raise ValueError(f"the optimizer's {key} has the shape {list(value.shape)}")
                state.setdefault(int(index), {})[name] = value
            part.load_state_dict({"state": state, "param_groups": part.state_dict()["param_groups"]})


def build_optimizers(model: nn.Module, config: OptimizerConfig) -> Optimizers:
    """Muon and Adam side by side, or Adam alone with `name = "adam"`."""
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    matrices = [p for name, p in named if config.name == "muon" and is_matrix(name, p)]
    chosen = {id(p) for p in matrices}
    rest = [p for _, p in named if id(p) not in chosen]
    parts: list[torch.optim.Optimizer] = [torch.optim.AdamW(rest, config.adam_lr, weight_decay=0.0)]
    rates = [config.adam_lr]
    if matrices:
        parts.append(Muon(matrices, config.lr, config.weight_decay))
        rates.append(config.lr)
    return Optimizers(tuple(parts), tuple(rates))


def schedule(step: int, total: int, warmup: int) -> float:
    """Linear warm-up, then a half cosine to zero: the factor on the learning rate of step 0…total−1."""
    rise = min(1.0, (step + 1) / max(1, warmup))
    return rise * 0.5 * (1.0 + cos(pi * min(1.0, step / max(1, total))))


class Average:
    """Exponential moving average of the weights, with a short memory at the start."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self.weights = {name: p.detach().clone() for name, p in model.named_parameters()}

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        """Fold in the weights after `step` steps."""
        decay = min(self.decay, (1.0 + step) / (10.0 + step))
        torch._foreach_lerp_(list(self.weights.values()), list(model.parameters()), 1.0 - decay)

    @torch.no_grad()
    def exchange(self, model: nn.Module) -> None:
        """Swap the model's weights and the averaged ones; a second call swaps back."""
        for name, parameter in model.named_parameters():
            kept = parameter.detach().clone()
            parameter.copy_(self.weights[name])
            self.weights[name].copy_(kept)
