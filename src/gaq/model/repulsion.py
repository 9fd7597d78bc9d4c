"""Short-range repulsion: a wall between atoms that come closer than any did in the training data.

Below `outer`, two things happen with one weight. The screened repulsion of nuclei is switched on, and the network is
switched off: the distance that it sees stops short, so that it cannot pull atoms through the wall. Beyond `outer`,
which is less than any distance in the training data, nothing changes, to the last bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from ase.data import covalent_radii
from torch import Tensor, nn

from gaq.atoms.short_range import TABLES, screening
from gaq.units import COULOMB

MARGIN = 0.95  # of the smallest distance in the training data: where the wall begins at the latest
FARTHEST = 1.5  # sums of covalent radii: where it begins at the latest for a pair that the data have farther apart only
UNSEEN = 1.0  # sums of covalent radii: where it begins for a pair that the data do not have within the cutoff
FULL = 0.7  # of that distance: where it has its full height

# The universal screening function: gaq.atoms.short_range names the source.
FACTORS = (0.18175, 0.50986, 0.28022, 0.02817)
RATES = (3.19980, 0.94229, 0.40290, 0.20162)
NARROWEST = 1e-9  # Å; keeps a division finite where there is no wall


class Close(NamedTuple):
    """What becomes of the distances [edge] in Å."""

    distance: Tensor  # [edge] Å, what the network sees
    energy: Tensor  # [edge] eV, half the repulsion of the pair: the receiver's share


class Repulsion(nn.Module):
    """V(r) = S(r) Z_i Z_j e² / (4πε₀ r) φ(r / a) with the universal potential of Ziegler, Biersack and Littmark.

    S is 1 up to `inner`, 0 from `outer` on, and has two continuous derivatives. Tables are [species · species], one row
    after the other; a model without repulsion has zeros for radii.
    """

    inner: Tensor  # float64, Å
    outer: Tensor  # float64, Å
    screening: Tensor  # float64, Å: a
    strength: Tensor  # float64, eV·Å: Z_i Z_j e² / (4πε₀)

    def __init__(self, species: tuple[int, ...]) -> None:
        super().__init__()
        self.species, self.count = species, len(species)
        z = torch.tensor(species, dtype=torch.float64)
        tables = {
            "inner": torch.zeros(self.count**2, dtype=torch.float64),
            "outer": torch.zeros(self.count**2, dtype=torch.float64),
            "screening": torch.tensor(screening(species), dtype=torch.float64),
            "strength": (COULOMB * z[:, None] * z[None, :]).flatten(),
        }
        for name, table in tables.items():  # a checkpoint has them in its header
            self.register_buffer(name, table, persistent=False)

    @property
    def present(self) -> bool:
        """Whether there is a wall between atoms of any two species."""
        return bool((self.outer > 0).any())

    def build_(self, closest: Tensor) -> None:
        """Build the wall for training data with the smallest distances `closest` [species, species] in Å.

        Infinity is for a pair of species that never is within the cutoff.
        """
        radii = torch.from_numpy(covalent_radii[list(self.species)]).to(self.outer)
        sums = (radii[:, None] + radii[None, :]).flatten()
        nearest = closest.to(self.outer).flatten()
        seen = torch.minimum(MARGIN * nearest, FARTHEST * sums)
        self._begin_at_(torch.where(nearest.isfinite(), seen, UNSEEN * sums))

    def recede_(self, closest: Tensor) -> None:
        """Make room for further training data with these smallest distances; where there is no wall, none is built."""
        self._begin_at_(torch.minimum(self.outer, MARGIN * closest.to(self.outer).flatten()))

    def said(self) -> dict[str, Any]:
        """Return the tables as files hold them, an empty object for no wall: gaq.atoms.short_range."""
        tables = {name: getattr(self, name).tolist() for name in TABLES}
        return {"kind": "zbl", **tables} if self.present else {}

    def load_(self, said: Mapping[str, Any]) -> None:
        """Take the tables of a file, which were checked."""
        for name in TABLES if said else ():
            getattr(self, name).copy_(torch.tensor(said[name], dtype=torch.float64))

    def _begin_at_(self, outer: Tensor) -> None:
        self.outer.copy_(torch.floor(outer * 1e4) / 1e4)
        self.inner.copy_(FULL * self.outer)

    def forward(self, distance: Tensor, pair: Tensor) -> Close:
        """Return distances [edge] in Å and float64; `pair` [edge] is the place of the pair of species in the tables."""
        inner, outer = self.inner[pair], self.outer[pair]
        width = (outer - inner).clamp(min=NARROWEST)
        x = ((distance - inner) / width).clamp(0.0, 1.0)
        close = distance < outer
        # Its slope is 1 − S.
        seen = outer - 0.5 * width + width * x**4 * (2.5 - x * (3.0 - x))
        switch = 1.0 - x**3 * (10.0 - x * (15.0 - 6.0 * x))
        reduced = distance / self.screening[pair]
        screened = sum(c * torch.exp(-d * reduced) for c, d in zip(FACTORS, RATES, strict=True))
        energy = 0.5 * self.strength[pair] / distance * screened * switch
        return Close(torch.where(close, seen, distance), torch.where(close, energy, torch.zeros_like(energy)))
