"""A model by name in OpenMM-ML: `MLPotential("gaq", modelPath="model.gaq").createSystem(topology)`.

OpenMM-ML finds the factory by the entry point `gaq` of the group `openmmml.potentials`. It requires two methods, but
no base class, so OpenMM-ML need not be imported here.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gaq.engine.open import engine_of
from gaq.engine.protocol import Engine
from gaq.errors import UsageError
from gaq.simulate.openmm import force_of


class Potential:
    """One model for OpenMM-ML."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def addForces(self, topology: Any, system: Any, atoms: Iterable[int] | None, forceGroup: int) -> None:
        """Add the model's force for all atoms of the topology, or for some. Raises the errors of `force_of`."""
        force = force_of(self.engine, topology, subset=None if atoms is None else list(atoms))
        force.setForceGroup(forceGroup)
        system.addForce(force)

    def getSupportedEmbeddings(self) -> list[str]:
        """Return no embeddings of its own; OpenMM-ML provides some, such as `mechanical`."""
        return []

    def getMLLongRange(self) -> bool:
        """Return that a model has no long-range part."""
        return False


class Factory:
    """The factory that OpenMM-ML registers under the name `gaq`."""

    def createImpl(self, name: str, modelPath: str | Path | None = None, threads: int | None = None) -> Potential:
        """Return the model at `modelPath`. Raises `UsageError` without one, `BadFile`, `NotAvailable`."""
        if modelPath is None:
            raise UsageError(f"MLPotential({name!r}) needs a model: MLPotential({name!r}, modelPath='model.gaq')")
        return Potential(engine_of(modelPath, threads=threads))
