"""gaq: SO(3)-equivariant force fields, quantized without breaking their physics.

Importing this package touches no device, no file and no network, and does not import PyTorch; the names below
are loaded when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from gaq.version import __version__

# What editors and type checkers see. At run time `__getattr__` loads each name when it is first used.
if TYPE_CHECKING:
    from gaq import errors, measure
    from gaq.api import export, quantize, save, train
    from gaq.data.read import read_dataset
    from gaq.engine.open import load, open_engine
    from gaq.engine.protocol import Model
    from gaq.quant import presets
    from gaq.quant.recipe import Recipe
    from gaq.simulate.calculator import Calculator

_WHERE = {
    "Calculator": ("gaq.simulate.calculator", "Calculator"),
    "Model": ("gaq.engine.protocol", "Model"),
    "Recipe": ("gaq.quant.recipe", "Recipe"),
    "errors": ("gaq.errors", None),
    "export": ("gaq.api", "export"),
    "load": ("gaq.engine.open", "load"),
    "measure": ("gaq.measure", None),
    "open_engine": ("gaq.engine.open", "open_engine"),
    "presets": ("gaq.quant.presets", None),
    "quantize": ("gaq.api", "quantize"),
    "read_dataset": ("gaq.data.read", "read_dataset"),
    "save": ("gaq.api", "save"),
    "train": ("gaq.train", None),  # a package that can be called: importing it gives this name to the package
}

__all__ = [
    "Calculator",
    "Model",
    "Recipe",
    "__version__",
    "errors",
    "export",
    "load",
    "measure",
    "open_engine",
    "presets",
    "quantize",
    "read_dataset",
    "save",
    "train",
]


if not TYPE_CHECKING:  # otherwise a type checker would take any name for one of gaq

    def __getattr__(name: str) -> Any:
        if name not in _WHERE:
            raise AttributeError(f"module 'gaq' has no attribute {name!r}")
        module, attribute = _WHERE[name]
        try:
            loaded = importlib.import_module(module)
        except ModuleNotFoundError as error:
            from gaq.extras import missing_attribute

            raise missing_attribute(error) from error
        return loaded if attribute is None else getattr(loaded, attribute)


def __dir__() -> list[str]:
    return [*__all__]
