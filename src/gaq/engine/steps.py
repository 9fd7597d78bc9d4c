"""The native engine as called from a C program: positions into a buffer, one call, forces out of a buffer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from gaq.atoms.structure import Structure
from gaq.engine import _library as c
from gaq.engine._frames import FrameBuffers
from gaq.engine.native import NativeEngine
from gaq.errors import BadStructure


def native_steps(
    engine: NativeEngine, structures: Sequence[Structure]
) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Return a function from positions [atom, 3] (Å) of all structures to energies [structure] (eV) and forces (eV/Å).

    It returns views of a buffer that the next call overwrites. The structures are evaluated once here, which raises
    `BadStructure` and `UnsupportedElement`; the steps raise `BadStructure`.
    """
    engine.evaluate(structures)
    handle = engine._handle()
    frames = FrameBuffers(tuple(map(len, structures)))
    frames.fill(structures)

    def step(positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        frames.move(positions)
        status, failed = handle.run(frames)
        if status != c.OK:
            raise BadStructure(f"{engine.model}, structure {failed}: {handle.last_error()}")
        return frames.views()

    return step
