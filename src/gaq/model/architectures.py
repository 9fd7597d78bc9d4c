"""The architectures that gaq knows. Whoever needs a network by its name finds it here."""

from __future__ import annotations

from gaq.errors import nearest
from gaq.model.architecture import Architecture
from gaq.model.layered import Layered
from gaq.model.nequip.initialise import initialise_ as initialise_nequip
from gaq.model.nequip.network import NequIP, NequIPConfig
from gaq.model.painn.initialise import initialise_ as initialise_painn
from gaq.model.painn.network import PaiNN, PaiNNConfig
from gaq.model.painn.pack import packed as packed_painn
from gaq.model.transformer.initialise import initialise_ as initialise_transformer
from gaq.model.transformer.network import Transformer, TransformerConfig
from gaq.model.transformer.pack import packed as packed_transformer

ARCHITECTURES = (
    Architecture("transformer", TransformerConfig, Transformer, initialise_transformer, packed_transformer),
    Architecture("painn", PaiNNConfig, PaiNN, initialise_painn, packed_painn),
    Architecture("nequip", NequIPConfig, NequIP, initialise_nequip, None),
)
DEFAULT = ARCHITECTURES[0].name


def architecture_named(name: object) -> Architecture:
    """Return the architecture of a name. Raises `ValueError`, with the names that there are, for any other."""
    known = {architecture.name: architecture for architecture in ARCHITECTURES}
    if not isinstance(name, str) or name not in known:
        hint = nearest(name, known) if isinstance(name, str) else ""
        raise ValueError(f"expected one of the architectures {', '.join(map(repr, known))}.{hint}")
    return known[name]


def architecture_of(model: Layered) -> Architecture:
    """Return the architecture that a network was built by."""
    return architecture_named(model.config.architecture)
