"""gaq: SO(3)-equivariant force fields, quantized without breaking their physics.

Importing this package touches no device, no file and no network, and does not import PyTorch; the names below
are loaded when they are first used.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_WHERE = {
    "Calculator": ("gaq.simulate.calculator", "Calculator"),
    "load": ("gaq.engine.open", "load"),
    "quantize": ("gaq.train.session", "quantize"),
    "open_engine": ("gaq.engine.open", "open_engine"),
    "read_dataset": ("gaq.data.read", "read_dataset"),
    "Recipe": ("gaq.quant.recipe", "Recipe"),
    "presets": ("gaq.quant.presets", None),
    "measure": ("gaq.measure", None),
}

__all__ = [
    "Calculator",
    "Recipe",
    "__version__",
    "load",
    "measure",
    "open_engine",
    "presets",
    "quantize",
    "read_dataset",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'gaq' has no attribute {name!r}")
    module, attribute = _WHERE[name]
    loaded = importlib.import_module(module)
    return loaded if attribute is None else getattr(loaded, attribute)
