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
    RADIAL_FEATURE = "radial-feature"  # [edge, channel], a function of distance alone; input of a radial MLP


WEIGHTS = frozenset({Role.SCALAR_WEIGHT, Role.VECTOR_WEIGHT})
VECTORS = frozenset({Role.VECTOR_FEATURE, Role.VECTOR_MESSAGE})
MESSAGES = frozenset({Role.SCALAR_MESSAGE, Role.VECTOR_MESSAGE})


# Tags say where in a network a slot is, so that a recipe can speak of a place without the names of one network.
READOUT = "readout"  # the layers that turn the last features into a property
AGGREGATED_MESSAGES = "aggregated-messages"  # the first layers that read what was summed over neighbours


@dataclass(frozen=True)
class Slot:
    """A place in a model where a quantizer sits, such as `layers.2.update.mix1.weight`."""

    name: str
    role: Role
    shape: tuple[int | None, ...]  # None along atoms
    degree: int = 0  # l of an equivariant feature, 0 for anything else
    n_species: int = 1  # species that the model tells apart; 1 where it gives no species
    tags: tuple[str, ...] = ()  # where it is: READOUT, AGGREGATED_MESSAGES, or tags of a network of one's own
