"""Networks of other programs: what recognises their arrays, and what builds the network of gaq that computes the same.

A file of arrays says names, shapes and numbers. What they do not say, such as units, is in the settings that the other
program wrote beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gaq.errors import BadFile, nearest
from gaq.formats.texts import shown
from gaq.model.layered import Layered

Shapes = Mapping[str, tuple[int, ...]]
ForeignState = Mapping[str, np.ndarray]
ForeignSettings = Mapping[str, Any]
SHOWN = 4  # names in a sentence
ELEMENTS = "elements"  # the key of settings with the atomic numbers that the caller asks for


def nothing_assumed(arrays: ForeignState, settings: ForeignSettings) -> tuple[str, ...]:
    """Return no remark: arrays and settings say everything."""
    return ()


@dataclass(frozen=True, eq=False)
class Foreign:
    """A kind of network as another program stores it.

    `read` returns a network of gaq in eV and Å, in the precision in which it gives the numbers of the other program. It
    uses every array: one that is missing, left over or of another
    shape, and settings that the architecture cannot represent, are a `BadFile` that names them.
    """

    name: str  # "SchNetPack's PaiNN"
    architecture: str  # of gaq
    recognises: Callable[[Shapes], bool]  # by names and shapes of arrays
    read: Callable[[ForeignState, ForeignSettings], Layered]
    # Sentences on what `read` assumes.
    remarks: Callable[[ForeignState, ForeignSettings], tuple[str, ...]] = nothing_assumed


class ForeignArrays:
    """The arrays of a file, each of which is taken once; `kind` is what the sentences call the network."""

    def __init__(self, arrays: ForeignState, kind: str) -> None:
        self.left, self.kind = dict(arrays), kind

    def __contains__(self, name: str) -> bool:
        return name in self.left

    def shape(self, name: str, axes: int) -> tuple[int, ...]:
        """Return the shape of an array, without taking it. Raises `BadFile` for another number of axes."""
        found = self._named(name).shape
        if len(found) != axes:
            raise BadFile(f"array {name!r} has shape {list(found)}; expected {axes} axes, as in {self.kind}.")
        return found

    def take(self, name: str, shape: Sequence[int]) -> Tensor:
        """Return an array in float64. Raises `BadFile` where it is missing, of another shape or not finite."""
        array = self._named(name)
        if array.shape != tuple(shape):
            raise BadFile(
                f"array {name!r} has shape {list(array.shape)}; expected {list(shape)}, as the other arrays and the "
                "settings ask for."
            )
        if array.dtype.kind != "f":
            raise BadFile(f"array {name!r} holds {array.dtype.name}; expected floating-point numbers.")
        if not np.isfinite(array).all():
            raise BadFile(f"array {name!r} holds numbers that are not finite.")
        del self.left[name]
        return torch.from_numpy(array.astype(np.float64))

    def check_all_used(self) -> None:
        """Raise `BadFile` for arrays that were not taken."""
        if self.left:
            some = ", ".join(shown(name) for name in sorted(self.left)[:SHOWN])
            more = f" and {len(self.left) - SHOWN} more" if len(self.left) > SHOWN else ""
            raise BadFile(
                f"arrays that have no place in {self.kind} as gaq knows it: {some}{more}. Nothing is left out in "
                "silence, so the network is not imported."
            )

    def _named(self, name: str) -> np.ndarray:
        if name not in self.left:
            raise BadFile(f"array {name!r} is missing, which {self.kind} has.{nearest(name, self.left, 0.8)}")
        return self.left[name]
