"""Messages of NequIP: what neighbours send, times harmonics of the direction and weights of the distance."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from gaq.geometry.coupling import wigner_3j
from gaq.model.carry import carried, scalar_message_slot, summed
from gaq.model.geometry import Geometry
from gaq.model.nequip.irreps import INVARIANT, Channels, Irrep, Path
from gaq.model.nequip.mixing import Features
from gaq.quant.quantizer import Quantizer
from gaq.quant.slot import Role, Slot


class ProductMessage(nn.Module):
    """Σ_j w_p(r_ij) · C_p(x_j, Y(r̂_ij)) for each path p, C_p the Wigner 3j symbols: a product for each channel.

    Scaled so that a product of independent features of variance 1 per component has variance 1 per component. Paths
    with the same target stand side by side, as channels. Source: Batzner et al., 2022 (arXiv 2101.03164), eq. 6.
    """

    def __init__(self, name: str, channels: Channels, paths: tuple[Path, ...]) -> None:
        super().__init__()
        self.paths = paths
        for i, path in enumerate(paths):
            self.register_buffer(f"coupling{i}", _scaled_coupling(path), persistent=False)
        self.scalar = Quantizer(scalar_message_slot(name, channels[INVARIANT]))
        self.vector = nn.ModuleDict(
            {
                irrep.name: Quantizer(_slot(name, irrep, count))
                for irrep, count in channels.items()
                if irrep != INVARIANT
            }
        )

    def forward(self, sent: Features, weights: Tensor, geometry: Geometry) -> dict[Irrep, Tensor]:
        """Features of atoms and weights [edge, path · channel] → sums over neighbours, paths side by side."""
        atoms = sent[INVARIANT].shape[0]
        arriving = {irrep: self._arriving(irrep, x, geometry) for irrep, x in sent.items()}
        parts: dict[Irrep, list[Tensor]] = {}
        columns = weights.split([path.channels for path in self.paths], -1)
        for i, (path, factor) in enumerate(zip(self.paths, columns, strict=True)):
            x = arriving[path.source] * factor[:, None, :]
            coupling = self.get_buffer(f"coupling{i}").to(x.dtype)
            if path.harmonic:
                product = torch.einsum("kij,ej->eki", coupling, geometry.harmonics[path.harmonic - 1])
                x = torch.matmul(product, x)
            else:
                x = torch.matmul(coupling[:, :, 0], x)
            parts.setdefault(path.target, []).append(summed(x, geometry.receiver, atoms))
        gathered = {irrep: torch.cat(group, -1) for irrep, group in parts.items()}
        return {irrep: x[:, 0] if irrep == INVARIANT else x for irrep, x in gathered.items()}

    def _arriving(self, irrep: Irrep, x: Tensor, geometry: Geometry) -> Tensor:
        """Return features [edge, 2l+1, channel] of the senders in the receivers' axes."""
        if irrep == INVARIANT:
            return self.scalar(x).value.index_select(0, geometry.sender)[:, None, :]
        return carried(cast(Quantizer, self.vector[irrep.name]), irrep.degree, x, geometry)


def _scaled_coupling(path: Path) -> Tensor:
    """Return [2c+1, 2a+1, 2b+1]; harmonics of gaq have length 1, not variance 1 per component."""
    a, b, c = path.source.degree, path.harmonic, path.target.degree
    return wigner_3j(a, b, c).dense() * ((2 * c + 1) * (2 * b + 1)) ** 0.5


def _slot(name: str, irrep: Irrep, channels: int) -> Slot:
    return Slot(f"{name}.vector.{irrep.name}", Role.VECTOR_MESSAGE, (None, irrep.components, channels), irrep.degree)
