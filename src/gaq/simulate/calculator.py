"""An ASE calculator over any engine: `atoms.calc = gaq.Calculator("model.ckpt")`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ase.calculators.calculator import Calculator as AseCalculator
from ase.calculators.calculator import all_changes

from gaq.atoms.from_ase import from_ase
from gaq.engine.protocol import Engine


class Calculator(AseCalculator):
    """Energy (eV) and forces (eV/Å) of a model file, or of an `Engine`, for ASE.

    A checkpoint is computed by PyTorch, which is imported here and only then; a packed file is not. Raises
    `BadFile` for a path that is no model, `UnsupportedElement` and `BadStructure` for atoms it cannot
    evaluate.
    """

    implemented_properties = ("energy", "free_energy", "forces")

    def __init__(
        self,
        model: str | Path | Engine,
        *,
        engine: str | None = None,
        device: str = "cpu",
        threads: int | None = None,
    ) -> None:
        super().__init__()
        self.engine: Engine
        if isinstance(model, str | Path):
            from gaq.engine.open import open_engine

            self.engine = open_engine(str(model), engine=engine, device=device, threads=threads)
        else:
            self.engine = model

    def calculate(
        self,
        atoms: Any = None,
        properties: Sequence[str] = ("energy",),
        system_changes: Sequence[str] = all_changes,
    ) -> None:
        """Compute energy and forces together; ASE calls this when positions, cell or species have changed."""
        super().calculate(atoms, list(properties), list(system_changes))
        structure = from_ase(self.atoms)
        (prediction,) = self.engine.evaluate([structure])
        self.results = {
            "energy": prediction.energy,
            "free_energy": prediction.energy,
            "forces": np.array(prediction.forces),
        }
