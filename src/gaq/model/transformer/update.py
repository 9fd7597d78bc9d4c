"""Update of an atom from its messages: channel mixings, their invariants, and gates from both."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import silu

from gaq.geometry.vectors import smooth_length
from gaq.model.geometry import Geometry
from gaq.model.linear import Linear
from gaq.quant.slot import AGGREGATED_MESSAGES


class Update(nn.Module):
    """With A = V U and B = V W for each degree (channel mixings), p_l = ⟨A, B⟩_l and n_l = ‖B‖_l:

    gates = MLP([s, p, n]);  s += a + Σ_l b_l p_l;  V^l += c_l A^l. Only invariants meet a nonlinearity. The `last` layer
    leaves vectors as they are, for nobody reads them.
    """

    def __init__(self, name: str, channels: int, degrees: int, hidden: int, n_species: int, *, last: bool) -> None:
        super().__init__()
        self.channels, self.degrees, self.last = channels, degrees, last
        for degree in range(1, degrees + 1):
            tags = (AGGREGATED_MESSAGES,)
            layer = Linear(f"{name}.mix{degree}", channels, 2 * channels, degree=degree, n_species=n_species, tags=tags)
            self.add_module(f"mix{degree}", layer)
        self.hidden = Linear(f"{name}.hidden", (1 + 2 * degrees) * channels, hidden, n_species=n_species)
        gated = 1 + degrees if last else 1 + 2 * degrees
        self.gates = Linear(f"{name}.gates", hidden, gated * channels, n_species=n_species)

    @property
    def mix(self) -> tuple[Linear, ...]:
        """The channel mixings `mix1`, `mix2`, … of all degrees."""
        found = (self.get_submodule(f"mix{degree}") for degree in range(1, self.degrees + 1))
        return tuple(layer for layer in found if isinstance(layer, Linear))

    def forward(self, s: Tensor, v: tuple[Tensor, ...], geometry: Geometry) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Scalars [atom, channel] and vectors per degree → the same, updated."""
        mixed = [
            mix(x, None if geometry.frames is None else geometry.frames[k], geometry.species)
            for k, (mix, x) in enumerate(zip(self.mix, v, strict=True))
        ]
        a, b = zip(*(m.split(self.channels, -1) for m in mixed), strict=True)
        products = [(x * y).sum(-2) for x, y in zip(a, b, strict=True)]
        norms = [smooth_length(y, -2) for y in b]
        hidden = self.hidden(torch.cat([s, *products, *norms], -1), species=geometry.species)
        gates = self.gates(silu(hidden), species=geometry.species)
        gate = gates.split(self.channels, -1)
        degrees = len(v)
        s = s + gate[0]
        for k in range(degrees):
            s = s + gate[1 + k] * products[k]
        if self.last:
            return s, v
        grown = tuple(x + gate[1 + degrees + k][:, None, :] * a[k] for k, x in enumerate(v))
        return s, grown
