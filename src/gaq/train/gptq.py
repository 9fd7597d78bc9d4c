"""GPTQ: weights are rounded one input after the other, and those to come make up for the error."""

from __future__ import annotations

import torch
from torch import Tensor

from gaq.model.linear import Linear
from gaq.model.protocol import Network
from gaq.quant.ptq import Gptq
from gaq.train.activity import activity, linears
from gaq.train.frames import TrainFrames
from gaq.train.grid import grid_of, has_grid, snap_to_grid_
from gaq.train.order import stages_of


def gptq_(model: Network, ptq_pass: Gptq, frames: TrainFrames) -> None:
    """Round every weight that has a grid, in the order of the forward pass, each after those before it.

    Layers that follow each other are taken together where none of them feeds another; the rest see what was rounded.
    """
    for names in stages_of(model, frames):
        seen = activity(model, frames, names)
        for name in names:
            layer = linears(model)[name]
            if has_grid(layer):
                scale, high = grid_of(layer)
                snap_to_grid_(layer, codes_of(layer, seen[name].gram, scale, high, ptq_pass.damp), scale)


def codes_of(layer: Linear, gram: Tensor, scale: Tensor, high: int, damp: float) -> Tensor:
    """Return codes in the shape of the scheme's own, which is that of the weight or [out, group, input of the
    group].
    """
    weight = layer.weight.detach().double().cpu()
    steps = scale.detach().double().cpu()
    if steps.dim() == 3:
        steps = steps.expand(-1, -1, weight.shape[1] // steps.shape[1]).reshape(weight.shape)
    codes = compensated(weight, gram, steps.expand_as(weight), high, damp).to(layer.weight)
    return codes.reshape(*scale.shape[:-1], -1) if scale.dim() == 3 else codes


def compensated(weight: Tensor, gram: Tensor, steps: Tensor, high: int, damp: float) -> Tensor:
    """Return codes [out, in] by the algorithm of the paper, inputs from the largest of the Hessian's diagonal to the
    least.

    All float64. With U the upper Cholesky factor of H⁻¹, the error of input i, divided by U_ii, times U_ij is taken
    from each input j to come. Source: Frantar et al., GPTQ, ICLR 2023, section 3.3 (`act-order`: its code).
    """
    diagonal = gram.diagonal()
    damping = damp * diagonal.mean().clamp(min=1e-12)
    order = torch.argsort(diagonal, descending=True, stable=True)
    hessian = gram[order][:, order] + damping * torch.eye(len(gram), dtype=gram.dtype)
    upper = torch.linalg.cholesky(torch.cholesky_inverse(torch.linalg.cholesky(hessian)), upper=True)
    left, grid = weight[:, order].clone(), steps[:, order]
    codes = torch.zeros_like(left)
    for i in range(left.shape[1]):
        safe = torch.where(grid[:, i] > 0, grid[:, i], torch.ones_like(grid[:, i]))
        codes[:, i] = torch.round(left[:, i] / safe).clamp(-high, high) * (grid[:, i] > 0)
        error = (left[:, i] - codes[:, i] * grid[:, i]) / upper[i, i]
        left[:, i + 1 :] -= error[:, None] * upper[i, i + 1 :]
    back = torch.empty_like(codes)
    back[:, order] = codes
    return back
