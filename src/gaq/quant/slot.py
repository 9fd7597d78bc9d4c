"""A place in a model where a quantizer sits. The list of slots is all that quantization knows of a model."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Role(Enum):
    """What flows through a slot."""

    SCALAR_WEIGHT = "scalar-weight"  # [out, in], multiplies invariant features
    VECTOR_WEIGHT = "vector-weight"  # [out, in], mixes channels of equivariant features
    SCALAR_FEATURE = "scalar-feature"  # [atom, channel], input of a scalar linear layer
    VECTOR_FEATURE = "vector-feature"  # [atom, 2l+1, channel], input of a channel mixing
    QUERY_KEY = "query-key"  # [atom, head, channel], unit length per head
    SCALAR_MESSAGE = "scalar-message"  # [atom, channel], sent to neighbours; meets no weight
    VECTOR_MESSAGE = "vector-message"  # [atom, 2l+1, channel], sent to neighbours; meets no weight


WEIGHTS = frozenset({Role.SCALAR_WEIGHT, Role.VECTOR_WEIGHT})
VECTORS = frozenset({Role.VECTOR_FEATURE, Role.VECTOR_MESSAGE})


@dataclass(frozen=True)
class Slot:
    """A place in a model where a quantizer sits, such as `layers.2.update.mix1.weight`."""

    name: str
    role: Role
    shape: tuple[int | None, ...]  # None along atoms
    degree: int = 0  # l of an equivariant feature, 0 for anything else
    n_species: int = 1  # species that the model tells apart; 1 where it gives no species
