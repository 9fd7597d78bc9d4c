"""Training, quantization and checkpoints.

The package is also the function `gaq.train`: Python sets an imported package as the attribute of its parent, so that a
function of the same name there could not be found any more. Calling the package calls `gaq.api.train`.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any


class _Function(ModuleType):
    """This package when it is called: `gaq.api.train`."""

    @property
    def __call__(self) -> Callable[..., Any]:
        train: Callable[..., Any] = importlib.import_module("gaq.api").train
        return train


sys.modules[__name__].__class__ = _Function
