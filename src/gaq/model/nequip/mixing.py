"""Linear layers of one feature for each irrep: channels are mixed, components never."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from gaq.model.flow import Flow
from gaq.model.geometry import Geometry
from gaq.model.linear import Linear
from gaq.model.nequip.irreps import INVARIANT, Channels, Irrep
from gaq.quant.slot import Role

# [atom, channel] for invariants, [atom, 2l+1, channel] for every other irrep.
Features = Mapping[Irrep, Tensor]


class Mixing(nn.Module):
    """A linear layer for each irrep that is among the inputs and the outputs.

    With `by_species` each species has weights of its own: the layer reads the features in the place of the atom's
    species, and zeros in the places of all others. Only invariants may have a `bias`.
    """

    def __init__(
        self,
        name: str,
        inputs: Channels,
        outputs: Channels,
        n_species: int,
        *,
        tags: tuple[str, ...] = (),
        by_species: bool = False,
        bias: bool = False,
    ) -> None:
        super().__init__()
        self.n_species, self.by_species = n_species, by_species
        self._irreps = tuple(irrep for irrep in inputs if irrep in outputs)
        places = n_species if by_species else 1
        for irrep in self._irreps:
            layer = Linear(
                f"{name}.{irrep.name}",
                places * inputs[irrep],
                outputs[irrep],
                bias=bias and irrep == INVARIANT,
                degree=irrep.degree,
                feature=Role.SCALAR_FEATURE if irrep == INVARIANT else Role.VECTOR_FEATURE,
                n_species=n_species,
                tags=tags,
            )
            self.add_module(irrep.name, layer)

    def forward(self, features: Features, geometry: Geometry) -> dict[Irrep, Tensor]:
        """Return mixed features; irreps that the layer does not know are left out."""
        return {irrep: self._mixed(irrep, features[irrep], geometry) for irrep in features if self.has(irrep)}

    def has(self, irrep: Irrep) -> bool:
        """Return whether there is a layer for an irrep."""
        return irrep in self._irreps

    def irreps(self) -> tuple[Irrep, ...]:
        """Return the irreps that have a layer, in order."""
        return self._irreps

    def layer(self, irrep: Irrep) -> Linear:
        """Return the layer of an irrep."""
        return cast(Linear, self.get_submodule(irrep.name))

    def inputs(self, irrep: Irrep) -> Iterator[slice]:
        """Yield the inputs of the layer of an irrep that are the channels of a feature, one slice for each species."""
        total = self.layer(irrep).weight.shape[1]
        width = total // self.n_species if self.by_species else total
        return (slice(start, start + width) for start in range(0, total, width))

    def _mixed(self, irrep: Irrep, x: Tensor, geometry: Geometry) -> Tensor:
        frame = None if geometry.frames is None or not irrep.degree else geometry.frames[irrep.degree - 1]
        if self.by_species:
            assert geometry.species is not None
            place = one_hot(geometry.species, self.n_species).to(x)
            place = place.reshape(len(place), *(1,) * (x.dim() - 2), self.n_species, 1)
            x = (x.unsqueeze(-2) * place).flatten(-2)
        mixed: Tensor = self.layer(irrep)(x, frame, geometry.species)
        return mixed


def features_of(flow: Flow, channels: Channels) -> dict[Irrep, Tensor]:
    """Return the features of a flow by their irreps, which `channels` names in order."""
    vectors = [irrep for irrep in channels if irrep != INVARIANT]
    return {INVARIANT: flow.scalars, **dict(zip(vectors, flow.vectors, strict=True))}


def added(one: Features, other: Features) -> dict[Irrep, Tensor]:
    """Return the sum of features, where either may lack an irrep."""
    return {
        irrep: torch.add(one[irrep], other[irrep]) if irrep in one and irrep in other else (one | other)[irrep]  # type: ignore[operator]
        for irrep in dict.fromkeys((*one, *other))
    }
