"""Which presets packed models can hold, and which of them ask something of the engine that no other asks."""

from __future__ import annotations

import json
from functools import cache

from gaq.errors import RecipeError
from gaq.pack.refusals import refuse
from gaq.pack.slots import scheme_of
from gaq.quant.install import install_, preset
from gaq.quant.presets import all_presets
from tiny import config, network


def _schemes(name: str) -> str | None:
    """The schemes that a packed model of this recipe says, as one text; None where it is refused."""
    model = network(config())
    install_(model.quantizers(), preset(name))
    try:
        refuse(model)
    except RecipeError:
        return None
    return json.dumps({q.slot.name: scheme_of(q.spec, q.slot) for q in model.quantizers()}, sort_keys=True)


@cache
def refused() -> tuple[str, ...]:
    """Presets that packed models have no place for."""
    return tuple(name for name in all_presets() if _schemes(name) is None)


@cache
def packable() -> tuple[str, ...]:
    """One preset for each set of schemes; others differ in how they find their numbers, which no engine sees."""
    by_schemes: dict[str, str] = {}
    for name in all_presets():
        schemes = _schemes(name)
        if schemes is not None:
            by_schemes.setdefault(schemes, name)
    return tuple(by_schemes.values())
