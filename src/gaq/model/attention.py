"""Attention on invariants, smooth at the cutoff: its weights are the same in every frame of reference."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from gaq.geometry.vectors import unit_per_head
from gaq.model.geometry import Geometry
from gaq.quant.quantizer import Quantizer
from gaq.quant.slot import Role, Slot


def cosine(vectors: Tensor) -> Tensor:
    """Queries and keys of unit length: logits are bounded by τ, so no maximum has to be subtracted."""
    return unit_per_head(vectors)


def plain(vectors: Tensor) -> Tensor:
    """Ordinary scaled dot products: q·k / √d. The control of the cosine ablation."""
    return vectors * vectors.shape[-1] ** -0.25


NORMALISERS: dict[str, Callable[[Tensor], Tensor]] = {"cosine": cosine, "dot": plain}


class Attention(nn.Module):
    """α_ij = φ(r) e^a / (1 + Σ_k φ(r) e^a) with a = τ q̂_i·k̂_j + b(r_ij), per head.

    φ and the constant in the denominator together keep the energy smooth when an atom enters or leaves the
    cutoff.
    """

    def __init__(self, name: str, channels: int, heads: int, basis: int, normalise: str = "cosine") -> None:
        super().__init__()
        self.heads = heads
        self.normalise = NORMALISERS[normalise]
        self.temperature = nn.Parameter(torch.full((heads,), 10.0 if normalise == "cosine" else 1.0))
        self.bias = nn.Parameter(torch.zeros(basis, heads))
        shape = (None, heads, channels // heads)
        self.query = Quantizer(Slot(f"{name}.query", Role.QUERY_KEY, shape))
        self.key = Quantizer(Slot(f"{name}.key", Role.QUERY_KEY, shape))

    def forward(self, query: Tensor, key: Tensor, geometry: Geometry) -> Tensor:
        """Queries and keys [atom, channel] → weights [edge, head]."""
        shape = (query.shape[0], self.heads, -1)
        q = self.query(self.normalise(query.reshape(shape))).value
        k = self.key(self.normalise(key.reshape(shape))).value
        products = q.index_select(0, geometry.receiver) * k.index_select(0, geometry.sender)
        logits = self.temperature * products.sum(-1) + geometry.radial @ self.bias
        weight = geometry.envelope[:, None] * torch.exp(logits)
        total = weight.new_ones((query.shape[0], self.heads))
        total = total.index_add(0, geometry.receiver, weight)
        return weight / total.index_select(0, geometry.receiver)
