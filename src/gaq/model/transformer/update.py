"""Update of an atom from its messages: channel mixings, their products and invariants, and gates from both."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import silu

from gaq.geometry.coupling import coupled, products
from gaq.geometry.vectors import limited, smooth_length
from gaq.model.geometry import Geometry
from gaq.model.linear import Linear
from gaq.model.transformer.shapes import products_of, sections_of
from gaq.quant.slot import AGGREGATED_MESSAGES

LIMIT = 16.0  # of a feature; in training data the largest of any are 3 to 5


class Update(nn.Module):
    """With channel mixings A = V U and B = V W of each degree, and products C = A ⊗ B of degrees 1 and 2 (none without
    degree 2), p_l = ⟨A, B⟩_l, n_l = ‖B‖_l and q_l = ⟨A, C⟩_l:

    gates = MLP([s, p, n, q]);  s += a + Σ_l b_l p_l;  V^l += c_l A^l + d_l C^l.

    Only invariants meet a nonlinearity. The `last` layer leaves vectors as they are, because nothing reads them. An
    update grows with the fourth power of what it reads, so each feature is `limited` behind it: far from its training
    data a network gives wrong energies, but no enormous ones.
    Products of the summed neighbourhood: after NEMP (arXiv 2508.16086).
    """

    limits: Tensor  # [2, channel]: of scalars, and of the lengths of vectors

    def __init__(self, name: str, channels: int, degrees: int, hidden: int, n_species: int, *, last: bool) -> None:
        super().__init__()
        self.channels, self.degrees, self.last = channels, degrees, last
        self.register_buffer("limits", torch.full((2, channels), LIMIT))
        for degree in range(1, degrees + 1):
            tags = (AGGREGATED_MESSAGES,)
            layer = Linear(f"{name}.mix{degree}", channels, 2 * channels, degree=degree, n_species=n_species, tags=tags)
            self.add_module(f"mix{degree}", layer)
        read, gated = sections_of(degrees), sections_of(degrees, last=last, gates=True)
        self.hidden = Linear(f"{name}.hidden", read * channels, hidden, n_species=n_species)
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
        made = self.products(a, b)
        dots = [(x * y).sum(-2) for x, y in zip(a, b, strict=True)]
        norms = [smooth_length(y, -2) for y in b]
        higher = [(x * y).sum(-2) for x, y in zip(a, made, strict=False)]
        hidden = self.hidden(torch.cat([s, *dots, *norms, *higher], -1), species=geometry.species)
        gate = self.gates(silu(hidden), species=geometry.species).split(self.channels, -1)
        degrees = len(v)
        s = s + gate[0]
        for k in range(degrees):
            s = s + gate[1 + k] * dots[k]
        s = limited(s, self.limits[0])
        if self.last:
            return s, v
        grown = [x + gate[1 + degrees + k][:, None, :] * a[k] for k, x in enumerate(v)]
        for k, x in enumerate(made):
            grown[k] = grown[k] + gate[1 + 2 * degrees + k][:, None, :] * x
        return s, tuple(limited(x, self.limits[1], -2) for x in grown)

    def products(self, a: tuple[Tensor, ...], b: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Return A ⊗ B of degrees 1 and 2, or nothing without degree 2."""
        if not products_of(self.degrees):
            return ()
        return products(lambda c: coupled(c, a[c.a - 1], b[c.b - 1]))
